"""What an experiment takes from a run: `record` and `expect` lines, with their moments and statistics.

Comes in: statements of the syntax tree. Goes out: `Recording` and `Expectation`. Where no moment is written, a recording is taken
at every step, an expectation at the end (of its phase, if it stands in one), and a statistic of spikes over the whole run (or phase).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from fractions import Fraction

from plasticdsl.check.experiments.readings import Taking, text_of
from plasticdsl.check.experiments.statistics import SERIES, STATISTICS, statistic, taken_at_once
from plasticdsl.check.report import Reporter
from plasticdsl.check.terms.amounts import constant
from plasticdsl.check.terms.context import Context, Typed
from plasticdsl.check.terms.expressions import translate, translate_as, translate_condition, translate_number
from plasticdsl.check.terms.mismatch import require_same
from plasticdsl.check.terms.scope import Declared
from plasticdsl.check.terms.unification import PURE, SECONDS
from plasticdsl.check.terms.written_units import shown_in
from plasticdsl.diagnostics.diagnostic import Hint
from plasticdsl.diagnostics.suggest import did_you_mean, nearest
from plasticdsl.model import Distribution, Network, Role
from plasticdsl.model.experiments import GOAL, Expectation, Recording, Window
from plasticdsl.model.expr import Call, Expr, Number, Ref, Special, children, refs, substitute, walk
from plasticdsl.model.owners import OfTable, Whose
from plasticdsl.model.parts import NUMBERS
from plasticdsl.source import Span
from plasticdsl.syntax import tree
from plasticdsl.units.dimension import ONE
from plasticdsl.units.display import coherent

# --- statements ------------------------------------------------------------------------------------------------------


#: What is looked at once, or of several moments at each by itself.
_AT_ONCE = ("near", "holds", GOAL)

HOW_AT_SPIKES = "A stretch of time can be said: ‘over last 5 s’, ‘in phase p’; ‘mean(E.V at spikes) every 1 s’ is of those in each second."


def recordings(statement: tree.Record, taking: Taking) -> Iterator[Recording]:
    """One recording per item; `as name` names the only item."""
    window = window_of(statement.moment, taking)
    if statement.alias is not None and len(statement.items) > 1:
        message = f"‘as {statement.alias.text}’ can name one recording, and here are {len(statement.items)}."
        taking.context.report.error("alias-of-several", message, statement.alias.span, "Write one ‘record’ line for each.")
    for item in statement.items:
        alias = statement.alias.text if statement.alias is not None else ""
        yield recording(item, window, alias, "record", taking)


def is_word(node: tree.Expr | None, word: str) -> bool:
    """Whether a node is this name alone."""
    return isinstance(node, tree.Name) and node.name == word


def recording(item: tree.Expr, window: Window, alias: str, statement: str, taking: Taking) -> Recording:
    """One thing that is recorded or plotted."""
    context = taking.reading(statement)
    found = _of_recording(item, taking, context) if statement == "plot" else None
    found = found or translate(item, context)
    dimension = context.solver.resolve(found.dim).known
    unit, scale = _shown(found, taking, context)
    text = text_of(item.span, taking.sources)
    if isinstance(item, tree.AtSpikes):
        text = f"{text_of(item.item.span, taking.sources)} at spikes"
        if window.at_end or window.at is not None or window.every is not None or isinstance(window.over, Expr):
            context.report.error("not-here", f"‘{text}’ says when already.", item.span, HOW_AT_SPIKES)
    (read,) = taking.placed((found.expr,), item.span)
    if any(refuse_series(child, item.span, context.report) for child in children(read)):
        read = context.unknown.expr
    return Recording(read, text, window, alias, dimension, unit, scale, item.span)


def refuse_series(expr: Expr, span: Span, report: Reporter) -> bool:
    """Whether an expression that is part of another, or that something is plotted over, holds what is drawn or kept as it is; reports it."""
    found = next((node.function for node in walk(expr) if isinstance(node, Call) and node.function in SERIES), None)
    if found is not None:
        message = f"‘{found}(…)’ is more than one number, and nothing can be computed with it."
        report.error(
            "wrong-statistic", message, span, f"It stands alone: ‘{found}(…)’, with commas between it and what is shown beside it."
        )
    return found is not None


def _shown(found: Typed, taking: Taking, context: Context) -> tuple[str, float]:
    """The unit that it is shown in, and its value in SI; a power density in that of what it is of, squared, per frequency."""
    match found.expr:
        case Call(function="spectrum", arguments=(item, _)):
            unit, scale = shown_in((), Typed(item, (found.dim / SECONDS) ** Fraction(1, 2)), taking.network, context)
            return f"{unit}²/Hz" if unit else "1/Hz", scale * scale
        case _:
            return shown_in((), found, taking.network, context)


def _of_recording(item: tree.Expr, taking: Taking, context: Context) -> Typed | None:
    """Reports the name of a recording in place of what it records."""
    recorded = taking.aliases.get(item.name) if isinstance(item, tree.Name) and context.scope.find(item) is None else None
    if recorded is None or not isinstance(item, tree.Name):
        return None
    text = text_of(recorded.span, taking.sources)
    message = f"‘{item.text}’ names a recording, which expectations read; a plot line says itself what it shows, and when."
    return context.refuse("unknown-name", message, item.span, Hint(f"Write ‘{text}’.", (text,)))


def with_recorded(recorded: Mapping[str, Declared], taking: Taking) -> Taking:
    """With what is recorded in sight; anything else of such a name wins."""
    scope = taking.context.scope
    known = scope.child({name: entry for name, entry in recorded.items() if scope.find(name) is None})
    return replace(taking, context=taking.context.inside(known))


def expectation(statement: tree.Expect, taking: Taking) -> Expectation:
    """An `expect` line."""
    context = taking.reading("expect")
    left, relation, right, tolerance, relative = _claim(statement, context)
    moment = statement.moment
    repeats = moment is not None and is_word(moment.over, "repeats")
    if moment is not None and moment.over is not None and not repeats:
        hint = "‘when P = 50’ chooses runs of a sweep, ‘over repeats’ takes all repeats together, ‘over last 5 s’ is a time."
        context.report.error("not-here", "An expectation cannot be over a variable.", moment.span, hint)
    moment = None if moment is None else replace(moment, over=None)
    window = window_of(moment, taking)
    if moment is None or not _says_when(moment):
        at_once = relation in _AT_ONCE and taken_at_once(left.expr)
        throughout = at_once and moment is not None and moment.during is not None and any(map(_takes_values, (left.expr, right, tolerance)))
        window = replace(window, at_end=at_once and not throughout, throughout=throughout)
    when = translate_condition(statement.when, taking.context) if statement.when is not None else None
    written = tuple(e for e in (statement.right, statement.tolerance, statement.left) if e is not None)
    unit, scale = shown_in(written, left, taking.network, context)
    text = _said(statement, taking)
    compared = tuple(e for e in (left.expr, right, tolerance) if e is not None)
    first, *others = taking.placed(compared, statement.span)
    right, tolerance = (*others, None, None)[:2]
    found = Expectation(first, relation, right, tolerance, relative, window, when, text, unit, scale, statement.span, repeats)
    if relation == GOAL:
        dimension = context.solver.resolve(left.dim).known or ONE
        found = replace(found, dimension=dimension, unit="" if dimension.is_one else coherent(dimension), scale=1.0)
    if repeats:
        _check_over_repeats(found, taking)
    recorded = next((name for e in found.compared for name in _recorded_as_such(e)), None)
    if window.at is not None and recorded is not None:
        message = f"‘{recorded}’ is everything that has been recorded up to then, and not its value at that time."
        context.report.error("not-here", message, statement.span, f"Write what it records, or take a statistic of it: ‘mean({recorded})’.")
    if (repeats or window.every is not None or relation not in _AT_ONCE) and any(map(_is_traced, found.compared)):
        message = "A spectrum, a synchrony, and what is taken ‘over time’ are of all values in a window; they are looked at once, when that is over."
        context.report.error("not-here", message, statement.span, "It needs a window, ‘over last T’ or ‘in phase p’.")
    return found


def _recorded_as_such(expr: Expr) -> Iterator[str]:
    """The names of recordings that stand outside of statistics."""
    match expr:
        case Ref(Whose.RECORDED, name):
            yield name
        case Call(function) if function in STATISTICS:
            pass
        case _:
            for child in children(expr):
                yield from _recorded_as_such(child)


def _takes_values(expr: Expr | None) -> bool:
    """Whether it holds a statistic of values of the network, not of what was recorded."""
    if expr is None:
        return False
    read = (refs(n) for n in walk(expr) if isinstance(n, Call) and (s := STATISTICS.get(n.function)) is not None and not s.of_spikes)
    return any(r.owner is not Whose.RECORDED for owners in read for r in owners)


def _is_traced(expr: Expr) -> bool:
    return any(isinstance(n, Call) and n.function in STATISTICS and STATISTICS[n.function].traced for n in walk(expr))


def _said(statement: tree.Expect, taking: Taking) -> str:
    """What is expected, as written; in a table, where it is not written in one place, with what its row sets."""

    def text(node: tree.Expr) -> str:
        return text_of(node.span, taking.sources)

    if statement.settings is None:
        return text_of(statement.span, taking.sources).removeprefix("expect ")
    settings = ", ".join(f"{text(s.target)} = {text(s.rhs)}" for s in statement.settings)
    match statement:
        case tree.Expect(left=tree.Compare(operands=(left, right))):
            said = f"{text(left)} = {text(right)}"
        case tree.Expect(left=left, right=right, tolerance=tolerance) if right is not None and tolerance is not None:
            said = f"{text(left)} ≈ {text(right)} ± {text(tolerance)}"
        case _:
            said = text(statement.left)
    return f"{settings}: {said}" if settings else said


#: What is claimed: left, relation, right, tolerance, and whether the tolerance is relative.
#: What may stand behind ‘at’ beside a time.
_MOMENTS = ("end", "spikes")

_Claim = tuple[Typed, str, Expr | None, Expr | None, bool]


def _claim(statement: tree.Expect, context: Context) -> _Claim:
    match statement:
        case tree.Expect(left=left, right=right, tolerance=tolerance) if right is not None:
            return _near(left, right, tolerance, context)
        case tree.Expect(left=tree.Compare(operands=(left, right), operators=("=",)), relation="holds"):
            return _near(left, right, None, context)
        case tree.Expect(left=left, relation="holds"):
            shown = translate_number(left.operands[0], context).dim if isinstance(left, tree.Compare) and len(left.operands) == 2 else PURE
            return Typed(translate_condition(left, context), shown, is_condition=True), "holds", None, None, False
        case _:
            return translate_number(statement.left, context), statement.relation, None, None, False


def _near(left: tree.Expr, right: tree.Expr, tolerance: tree.Expr | None, context: Context) -> _Claim:
    """`left ≈ right ± tolerance`; without a tolerance `left = right`, which is for whole numbers."""
    value, wanted = translate_number(left, context), translate_number(right, context)
    require_same(left, value.dim, right, wanted.dim, context, "be compared")
    if tolerance is None:
        if isinstance(wanted.expr, Number) and not wanted.expr.value.is_integer():
            message = "‘=’ compares exactly, which is only sensible for whole numbers."
            context.report.error("exact-comparison", message, right.span, "Write ‘≈ … ± …’ and say how close is close enough.")
        return value, "near", wanted.expr, Number(0.0), False
    by = translate_number(tolerance, context)
    relative = isinstance(tolerance, tree.Number) and any(word == "%" for word, _ in tolerance.unit)
    if not relative:
        require_same(right, wanted.dim, tolerance, by.dim, context, "be compared")
    return value, "near", wanted.expr, by.expr, relative


def _says_when(moment: tree.Moment) -> bool:
    return moment.at_end or any(part is not None for part in (moment.at, moment.every, moment.last, moment.start))


# --- moments ---------------------------------------------------------------------------------------------------------


def window_of(moment: tree.Moment | None, taking: Taking) -> Window:
    """The moment as written; inside a phase it is of that phase."""
    if moment is None:
        return Window(during=taking.phase)
    _require_one_window(moment, taking)
    during = taking.phase
    if moment.during is not None:
        during = moment.during.name
        if during not in taking.phases:
            hint = did_you_mean(moment.during.text, taking.phases, "The phases are")
            taking.context.report.error("unknown-phase", f"There is no phase ‘{moment.during.text}’.", moment.during.span, hint)
        else:
            taking.context.report.means(moment.during, taking.phases[during], "a phase")

    over: Expr | str | None = "time" if is_word(moment.over, "time") else None
    if moment.over is not None and over is None:
        (over,) = taking.placed((translate_number(moment.over, taking.reading("plot")).expr,), moment.over.span)

    if isinstance(moment.at, tree.Name) and taking.context.scope.find(moment.at) is None and nearest(moment.at.text, _MOMENTS) is not None:
        message = f"‘at {moment.at.text}’ is no moment."
        taking.context.report.error("unknown-name", message, moment.at.span, did_you_mean(moment.at.text, _MOMENTS))
        moment = replace(moment, at=None)

    def time(expr: tree.Expr | None, what: str) -> Expr | None:
        return None if expr is None else translate_as(expr, SECONDS, what, taking.context)

    window = Window(
        moment.at_end,
        time(moment.at, "A moment"),
        time(moment.every, "An interval"),
        time(moment.last, "The length of a window"),
        during,
        over,
        start=time(moment.start, "The beginning of a window"),
        stop=time(moment.stop, "The end of a window"),
    )
    return _checked(window, moment, taking)


def _require_one_window(moment: tree.Moment, taking: Taking) -> None:
    """Reports a stretch of time that is said twice."""
    if moment.start is not None and (moment.last is not None or moment.at is not None or moment.at_end):
        message = "‘from … to …’ says already when."
        taking.context.report.error("not-here", message, moment.span, "Leave out ‘over last …’ or ‘at …’.")


def _checked(window: Window, moment: tree.Moment, taking: Taking) -> Window:
    """The window, after reporting a stretch of time that is none."""
    ends = [window.start, window.stop]
    if None in ends or len({end is not None and Special("dt") in walk(end) for end in ends}) > 1:
        return window
    first, last = (constant(substitute(end, {Special("dt"): Number(1.0)}), taking.constants) for end in ends if end is not None)
    if first is not None and last is not None and last <= first:
        taking.context.report.error("empty-interval", "This stretch of time ends where it begins, or before.", moment.span)
    return window


# --- over repeats ----------------------------------------------------------------------------------------------------


def _check_over_repeats(expectation: Expectation, taking: Taking) -> None:
    """Reports moments of which there are many, and what has a value of its own in each run: what an expectation over repeats reads belongs to statistics,
    which are of all runs together; outside of them only what is the same in every run has a meaning."""
    message = hint = ""
    if expectation.right is None and expectation.relation != "holds":
        message = "What happens from step to step is looked at in each run, not over repeats."
    elif expectation.window.every is not None:
        message, hint = "Repeats are looked at together once, not at every moment.", "Write ‘at end’ or ‘over last T’."
    elif any(_differs(e, taking.network) for e in expectation.compared):
        message = "Over repeats there is one value for each run, so a statistic must say what is compared."
        hint = "For example ‘mean(…)’, ‘min(…)’ or ‘fraction(… > …)’."
    if message:
        taking.context.report.error("not-here", message, expectation.span, hint)


def _differs(expr: Expr, network: Network) -> bool:
    """Whether it reads, outside of statistics of values, what has a value of its own in each run: all but parameters of the network that are not drawn."""
    match expr:
        case Call(function, arguments) if (found := statistic(function, len(arguments))) is not None:
            return found[1].of_spikes
        case Call(function) if function == NUMBERS:
            return False
        case Ref(OfTable()):
            return False
        case Ref(Whose.NETWORK, name):
            fixed = (v for v in network.variables if v.role in (Role.PARAMETER, Role.GIVEN) and not isinstance(v.value, Distribution))
            return all(v.name != name for v in fixed)
        case Ref():
            return True
        case _:
            return any(_differs(child, network) for child in children(expr))
