"""What an experiment takes from a run: `record`, `plot` and `expect` lines, with their moments and statistics.

Comes in: statements of the syntax tree. Goes out: `Recording`, `PlotSpec` and `Expectation`. Where no moment is written, a recording is taken
at every step, an expectation at the end (of its phase, if it stands in one), and a statistic of spikes over the whole run (or phase).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from plasticdsl.check.experiments.readings import Taking, text_of
from plasticdsl.check.experiments.statistics import STATISTICS, statistic, taken_at_once
from plasticdsl.check.networks.from_data import refuse_arrays
from plasticdsl.check.terms.context import Context, Typed
from plasticdsl.check.terms.expressions import translate, translate_as, translate_condition, translate_number
from plasticdsl.check.terms.mismatch import require_same
from plasticdsl.check.terms.unification import PURE, SECONDS
from plasticdsl.check.terms.written_units import shown_in
from plasticdsl.diagnostics.diagnostic import Hint
from plasticdsl.diagnostics.suggest import did_you_mean, nearest
from plasticdsl.model import Distribution, Network, Role
from plasticdsl.model.experiments import Expectation, Plane, PlotSpec, Recording, Side, Window
from plasticdsl.model.expr import Call, Expr, Number, Ref, children, refs, walk
from plasticdsl.model.owners import OfPopulation, OfTable, Whose
from plasticdsl.model.parts import NUMBERS
from plasticdsl.syntax import tree

# --- statements ------------------------------------------------------------------------------------------------------


HOW_AT_SPIKES = "A stretch of time can be said: ‘over last 5 s’, ‘in phase p’; ‘mean(E.V at spikes) every 1 s’ is of those in each second."


def recordings(statement: tree.Record, taking: Taking) -> Iterator[Recording]:
    """One recording per item; `as name` names the only item."""
    window = _window(statement.moment, taking)
    if statement.alias is not None and len(statement.items) > 1:
        message = f"‘as {statement.alias.text}’ can name one recording, and here are {len(statement.items)}."
        taking.context.report.error("alias-of-several", message, statement.alias.span, "Write one ‘record’ line for each.")
    for item in statement.items:
        alias = statement.alias.text if statement.alias is not None else ""
        yield _recording(item, window, alias, "record", taking)


def plot(statement: tree.Plot, taking: Taking) -> PlotSpec:
    """A plot line; a histogram without a moment is taken at the end."""
    plane = statement.plane
    text = text_of(statement.span, taking.sources).removeprefix("plot ")
    if plane is not None or any(_is_contours(item) for item in statement.items):
        return _contours(statement, plane, text, taking)
    window = _window(statement.moment, taking)
    items = tuple(_recording(item, window, "", "plot", taking) for item in statement.items)
    if statement.moment is None:
        items = tuple(replace(i, window=replace(window, at_end=True)) if _calls(i, "histogram") else i for i in items)
    _require_time(statement, items, taking.context)
    return PlotSpec(items, window, text, statement.span)


def _calls(recording: Recording, function: str) -> bool:
    return isinstance(recording.item, Call) and recording.item.function == function


def _require_time(statement: tree.Plot, items: tuple[Recording, ...], context: Context) -> None:
    """A raster is over time, intervals are of a stretch of it, a histogram is of moments."""
    moment = statement.moment
    if moment is None:
        return
    elsewhere = moment.over is not None and not _is_word(moment.over, "time")
    for item in items:
        if _calls(item, "raster") and (elsewhere or moment.at_end or moment.at is not None):
            hint = "Give it a ‘plot’ line of its own: ‘plot raster(E)’, ‘… over last 200 ms’, ‘… in phase test’."
            context.report.error("not-here", "A raster shows spikes over time.", item.span, hint)
        if _calls(item, "isi_histogram") and (elsewhere or moment.at_end or moment.at is not None):
            hint = "Give it a ‘plot’ line of its own: ‘plot isi_histogram(E)’, ‘… over last 2 s’, ‘… in phase test’."
            context.report.error("not-here", "A histogram of intervals is of a stretch of time.", item.span, hint)
        if elsewhere and any(_calls(item, name) for name in ("psth", "correlogram", "autocorrelogram", "intervals", "spectrum")):
            message = "This is a curve, and has an axis of its own."
            context.report.error(
                "not-here", message, item.span, "Leave that out, or plot a number of it: ‘plot max(psth(E, 5 ms, cue)) over ν’."
            )
        if _calls(item, "histogram") and elsewhere:
            message = "A histogram shows moments, and nothing over another variable."
            context.report.error("not-here", message, item.span, "Leave out what it is over: each run of a sweep has its own outline.")


def _is_contours(item: tree.Expr) -> bool:
    return isinstance(item, tree.Apply) and _is_word(item.function, "contours")


def _is_word(node: tree.Expr | None, word: str) -> bool:
    return isinstance(node, tree.Name) and node.name == word


def _contours(statement: tree.Plot, plane: tuple[tree.Range, tree.Range] | None, text: str, taking: Taking) -> PlotSpec:
    """`contours(E) over x from a to b, y from c to d at [levels]`; the path of the run is taken with it."""
    context = taking.reading("plot")
    window = Window(during=taking.phase)
    moment = statement.moment
    if moment is not None and (moment.at_end or any(p is not None for p in (moment.every, moment.last, moment.over, moment.during))):
        context.report.error("not-here", "Contours are drawn as they are at the end of the run.", moment.span, "Leave the moment out.")
    items = tuple(_recording(item, window, "", "plot", taking) for item in statement.items)
    if plane is None or len(items) != 1 or not _is_contours(statement.items[0]):
        message = "A contour plot is of one expression over a plane of two variables."
        hint = "Write ‘plot contours(E) over cell.a from 0 to 1, cell.b from 0 to 1’."
        context.report.error("not-here", message, statement.span, hint)
        return PlotSpec((), window, text, statement.span)
    levels = _levels(statement.items[0], moment, taking)
    sides = _side(plane[0], window, taking), _side(plane[1], window, taking)
    return PlotSpec(items, window, text, statement.span, Plane(*sides, levels))


def _levels(item: tree.Expr, moment: tree.Moment | None, taking: Taking) -> tuple[Expr, ...]:
    """The values at which contours are drawn, as listed."""
    if moment is None or moment.at is None:
        return ()
    written = moment.at.items if isinstance(moment.at, tree.Listing) else (moment.at,)
    return _comparable(item, written, taking)


def _comparable(item: tree.Expr, written: Iterable[tree.Expr], taking: Taking) -> tuple[Expr, ...]:
    """Values that `item` is compared with."""
    context = taking.reading("plot")
    dim = translate(item, context).dim
    values = [translate_number(node, context) for node in written]
    for node, value in zip(written, values, strict=True):
        require_same(item, dim, node, value.dim, context, "be compared")
        refuse_arrays(value.expr, "What is needed here", node.span, context, taking.files)
    return tuple(value.expr for value in values)


def _side(side: tree.Range, window: Window, taking: Taking) -> Side:
    """One side of the plane: a variable of a population, or of one of its units."""
    target = _recording(side.target, window, "", "plot", taking)
    variable = target.item.arguments[0] if isinstance(target.item, Call) and target.item.function == "unit" else target.item
    if not isinstance(variable, Ref) or not isinstance(variable.owner, OfPopulation):
        message = f"‘{target.text}’ is no variable of a population, so there is nothing to vary."
        hint = "A side of the plane is ‘cell.V’, or ‘cell.V[1]’ of several cells."
        taking.context.report.error("not-here", message, side.target.span, hint)
    start, stop = _comparable(side.target, (side.start, side.stop), taking)
    return Side(target, start, stop)


def _recording(item: tree.Expr, window: Window, alias: str, statement: str, taking: Taking) -> Recording:
    context = taking.reading(statement)
    found = _of_recording(item, taking, context) if statement == "plot" else None
    found = found or translate(item, context)
    dimension = context.solver.resolve(found.dim).known
    unit, scale = shown_in((), found, taking.network, context)
    text = text_of(item.span, taking.sources)
    if isinstance(item, tree.AtSpikes):
        text = f"{text_of(item.item.span, taking.sources)} at spikes"
        if window.at_end or window.at is not None or window.every is not None or isinstance(window.over, Expr):
            context.report.error("not-here", f"‘{text}’ says when already.", item.span, HOW_AT_SPIKES)
    (read,) = taking.placed((found.expr,), item.span)
    return Recording(read, text, window, alias, dimension, unit, scale, item.span)


def _of_recording(item: tree.Expr, taking: Taking, context: Context) -> Typed | None:
    """Reports the name of a recording in place of what it records."""
    recorded = taking.aliases.get(item.name) if isinstance(item, tree.Name) and context.scope.find(item) is None else None
    if recorded is None or not isinstance(item, tree.Name):
        return None
    text = text_of(recorded.span, taking.sources)
    message = f"‘{item.text}’ names a recording, which expectations read; a plot line says itself what it shows, and when."
    return context.refuse("unknown-name", message, item.span, Hint(f"Write ‘{text}’.", (text,)))


def expectation(statement: tree.Expect, taking: Taking) -> Expectation:
    """An `expect` line."""
    context = taking.reading("expect")
    left, relation, right, tolerance, relative = _claim(statement, context)
    moment = statement.moment
    repeats = moment is not None and _is_word(moment.over, "repeats")
    if moment is not None and moment.over is not None and not repeats:
        hint = "‘when P = 50’ chooses runs of a sweep, ‘over repeats’ takes all repeats together, ‘over last 5 s’ is a time."
        context.report.error("not-here", "An expectation cannot be over a variable.", moment.span, hint)
    moment = None if moment is None else replace(moment, over=None)
    window = _window(moment, taking)
    if moment is None or not _says_when(moment):
        at_once = relation in ("near", "holds") and taken_at_once(left.expr)
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
    if repeats:
        _check_over_repeats(found, taking)
    recorded = next((name for e in found.compared for name in _recorded_as_such(e)), None)
    if window.at is not None and recorded is not None:
        message = f"‘{recorded}’ is everything that has been recorded up to then, and not its value at that time."
        context.report.error("not-here", message, statement.span, f"Write what it records, or take a statistic of it: ‘mean({recorded})’.")
    if (repeats or window.every is not None or relation not in ("near", "holds")) and any(map(_is_traced, found.compared)):
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
    return moment.at_end or any(part is not None for part in (moment.at, moment.every, moment.last))


# --- moments ---------------------------------------------------------------------------------------------------------


def _window(moment: tree.Moment | None, taking: Taking) -> Window:
    """The moment as written; inside a phase it is of that phase."""
    if moment is None:
        return Window(during=taking.phase)
    during = taking.phase
    if moment.during is not None:
        during = moment.during.name
        if during not in taking.phases:
            hint = did_you_mean(moment.during.text, taking.phases, "The phases are")
            taking.context.report.error("unknown-phase", f"There is no phase ‘{moment.during.text}’.", moment.during.span, hint)
        else:
            taking.context.report.means(moment.during, taking.phases[during], "a phase")

    over: Expr | str | None = "time" if _is_word(moment.over, "time") else None
    if moment.over is not None and over is None:
        (over,) = taking.placed((translate_number(moment.over, taking.reading("plot")).expr,), moment.over.span)

    if isinstance(moment.at, tree.Name) and taking.context.scope.find(moment.at) is None and nearest(moment.at.text, _MOMENTS) is not None:
        message = f"‘at {moment.at.text}’ is no moment."
        taking.context.report.error("unknown-name", message, moment.at.span, did_you_mean(moment.at.text, _MOMENTS))
        moment = replace(moment, at=None)

    def time(expr: tree.Expr | None, what: str) -> Expr | None:
        return None if expr is None else translate_as(expr, SECONDS, what, taking.context)

    return Window(
        moment.at_end,
        time(moment.at, "A moment"),
        time(moment.every, "An interval"),
        time(moment.last, "The length of a window"),
        during,
        over,
    )


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
