"""From what the grammar found to the statements of networks and experiments; one function per rule, as in `build_expressions`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from plasticdsl.diagnostics.diagnostic import Hint
from plasticdsl.source import Span
from plasticdsl.syntax import tree
from plasticdsl.syntax.build_dynamics import after, drawn, kinds, target_of
from plasticdsl.syntax.build_expressions import Parts, argument, count_and_name, name_of, sampled, span_of
from plasticdsl.syntax.problems import misplaced_line
from plasticdsl.syntax.refusal import Refusal, twice
from plasticdsl.syntax.tables import Cell, Table
from plasticdsl.syntax.tokens import Token

Setting = tree.Define | tree.Draw | tree.Initial


def _setting(parts: Parts) -> Setting:
    """`w = 0.2 mV`, `w ~ N(0, 1)`, `V(0) = …` in a population or projection."""
    left, sign, right, *series = parts
    if sign.kind == "~":
        return drawn(parts)
    if series:
        right = sampled(right, series[0])
    match left:
        case tree.Apply(function=tree.Name() as name, arguments=(tree.Argument(value=tree.Number(text="0")),)):
            return tree.Initial(name, right, False, span_of(parts))
        case tree.Apply(function=tree.Name() as name, arguments=(tree.Argument(keyword=None, value=tree.Name(name="t")),)):
            value = right if isinstance(right, tree.OverTime) else tree.OverTime(right, None, False, right.span)
            return tree.Define(name, (), value, span_of(parts))
        case tree.Binary(implicit=True, left=tree.Name(text="grow") as word):
            raise misplaced_line(word.text, word.span)
        case _:
            return tree.Define(target_of(left), (), right, span_of(parts))


def single_name(expression: tree.Expr) -> tree.Name:
    """The name that a population, projection or set of patterns gets."""
    if isinstance(expression, tree.Name):
        return expression
    raise Refusal("bad-left-side", expression.span, "‘{0}’ is not a name.", "The left side is one name.", quoted=(expression.span,))


def count_and_kind(value: tree.Expr, units: bool) -> tuple[tree.Expr, tree.Name, tuple[tree.Argument, ...]] | None:
    """Size, kind and arguments of `8000 LIF(τ_m = 10 ms)`; None for what is no product with a name at its end. `units`: whether the unit of a number
    (`5 C`) is read as such a name."""
    match value:
        case tree.Number() if units:
            counted = count_and_name(value)
            return None if counted is None else (*counted, ())
        case tree.Binary(operator="*", implicit=True, left=size, right=tree.Name() as kind):
            return size, kind, ()
        case tree.Binary(operator="*", implicit=True, left=size, right=tree.Apply(function=tree.Name() as kind, primes=0) as made):
            return size, kind, made.arguments
        case tree.Binary(operator="*", implicit=False, left=factor, right=tree.Binary(implicit=True) | tree.Number() as rest, span=span):
            inner = count_and_kind(rest, units)  # `0.8·N Cell`: the sign binds less than the blank
            if inner is None:
                return None
            size, kind, arguments = inner
            return tree.Binary("*", factor, size, Span(span.start, size.span.end, span.path)), kind, arguments
        case _:
            return None


def _population(parts: Parts) -> tree.Population:
    """`8000 LIF(τ_m = 10 ms)`: read as a product first; the last factor is the kind of neuron, the others the size."""
    value: tree.Expr = parts[2]
    made = count_and_kind(value, units=True)
    if made is None:
        message = "‘{0}’ is not a population: it needs a number and a neuron or source."
        raise Refusal("not-a-population", value.span, message, "For example ‘E = 8000 LIF’ or ‘food = 1 Source’.", quoted=(value.span,))
    settings = tuple(part for part in parts[3:] if not isinstance(part, Token))
    return tree.Population(single_name(parts[0]), *made, settings, span_of(parts))


def _place(parts: Parts) -> tree.Place:
    """`on a ring of 1 mm`, `at random on a sheet of 1 mm × 2 mm`."""
    article, shape = (part for part in parts if isinstance(part, Token) and part.kind == "NAME")
    if article.text != "a":
        message = f"After ‘on’ stands ‘a’, not ‘{article.text}’."
        raise Refusal("bad-place", article.span, message, "A population is, for example, ‘on a ring of 1 mm’.")
    extent = None if isinstance(parts[-1], Token) else parts[-1]
    return tree.Place((), name_of(shape), extent, kinds(parts)[0] == "at", span_of(parts))


def _named_place(parts: Parts) -> tree.Place:
    """The same, with what its coordinates are called: `x on a line of 1 mm`, `(x, y) on a torus of 1 mm × 1 mm`."""
    written: tree.Expr = parts[0]
    place: tree.Place = parts[1]
    names = written.items if isinstance(written, tree.Listing) else (written,)
    return replace(place, names=tuple(map(single_name, names)), span=span_of(parts))


def _patterns(parts: Parts) -> tree.Patterns:
    """`P random patterns of …`, `patterns […]` or `patterns from "…"`, each `over` a population."""
    place = next(i for i, part in enumerate(parts) if isinstance(part, Token) and part.text == "over")
    made = parts[2:place]
    source: tree.RandomPatterns | tree.Listing | tree.PatternFile
    match kinds(made):
        case ["patterns", "[", "]"]:
            source = tree.Listing(tuple(made[2]), span_of(made))
        case ["patterns", "from", *_]:
            source = tree.PatternFile(made[2].text[1:-1], made[2].span, span_of(made))
        case _:
            source = _random_patterns(made, parts[place + 2 :])
    return tree.Patterns(single_name(parts[0]), source, name_of(parts[place + 1]), span_of(parts))


def _random_patterns(made: Parts, settings: Parts) -> tree.RandomPatterns:
    options: dict[str, tree.Expr] = {}
    for setting in settings[1::2]:
        name = setting.target.name if isinstance(setting, tree.Define) and isinstance(setting.target, tree.Name) else ""
        if name not in ("p", "active"):
            message = "Random patterns have the options ‘p = …’ and ‘active = …’."
            raise Refusal(
                "unknown-option", setting.span, message, "‘p = 0.1’: the probability of the second value; ‘active = 10 %’: its share."
            )
        if name in options:
            raise twice(name, setting.span)
        options[name] = setting.rhs
    values = made[4]
    if isinstance(values, Token):
        values = tree.Listing(tuple(made[5]), span_of(made[4:]))
    return tree.RandomPatterns(made[0], values, options.get("p"), options.get("active"), span_of(made))


def _end(parts: Parts) -> tree.Name | tree.Indexed:
    name = name_of(parts[0])
    return name if len(parts) == 1 else tree.Indexed(name, tuple(parts[2]), span_of(parts))


def _projection(parts: Parts) -> tree.Projection:
    named = isinstance(parts[1], Token) and parts[1].kind == "="
    name = single_name(parts[0]) if named else None
    start = 2 if named else 0
    source, _, targets, _, uses = parts[start : start + 5]
    rules = after(parts, "with") or ()
    written = [clause for part in parts[start + 6 :: 2] if part is not rules for clause in part]
    clauses = [_named_clause(clause) for clause in _with_cases(written)]
    connectivity = tuple(c for c in clauses if isinstance(c, tree.Connectivity))
    delays = tuple(c for c in clauses if isinstance(c, tree.Delay))
    values = tuple(c for c in clauses if isinstance(c, tree.Define | tree.Draw | tree.Initial))
    return tree.Projection(name, source, targets, tuple(uses), tuple(rules), connectivity, values, delays, span_of(parts))


def _clause(parts: Parts) -> list[Any]:
    """One clause after a comma, with its `except self`."""
    return [tree.Connectivity("where", parts[1], span_of(parts))] if isinstance(parts[0], Token) else parts


def _with_cases(clauses: Parts) -> Parts:
    """`w = 1 if c, 2 if d, 0 otherwise` is one clause."""
    found: Parts = []
    for clause in clauses:
        before = found[-1] if found else None
        match clause, before:
            case tree.Case(span=span), tree.Define(rhs=tree.Cases() as cases):
                whole = tree.Cases((*cases.cases, clause), cases.span.to(span))
                found[-1] = replace(before, rhs=whole, span=before.span.to(span))
            case tree.Case(span=span), _:
                raise Refusal(
                    "unexpected", span, "This case belongs to no value.", "Cases follow each other: ‘w = 1 if i < j, 2 otherwise’."
                )
            case _:
                found.append(clause)
    return found


def _named_clause(clause: Any) -> Any:
    """`p = …` and `delay = …` are clauses of their own."""
    match clause:
        case tree.Define(target=tree.Name(name="p"), rhs=value, span=span):
            return tree.Connectivity("probability", value, span)
        case tree.Define(target=tree.Name(name="delay"), rhs=value, span=span):
            return tree.Delay("", value, False, span)
        case tree.Draw(target=tree.Name(name="delay"), distribution=value, span=span):
            return tree.Delay("", value, True, span)
        case _:
            return clause


def _by_cases(parts: Parts) -> tree.Define:
    left, _, value, _, condition = parts
    case = tree.Case(value, condition, span_of(parts[2:]))
    return tree.Define(target_of(left), (), tree.Cases((case,), case.span), span_of(parts))


def _connectivity(parts: Parts) -> tree.Connectivity:
    words = [part.text for part in parts if isinstance(part, Token)]
    value = None if isinstance(parts[-1], Token) else parts[-1]
    return tree.Connectivity(" ".join(words), value, span_of(parts))


NETWORKS: Mapping[str, Callable[[Parts], Any]] = {
    "setting": _setting,
    "changing": _setting,
    "own_step": lambda parts: tree.OwnStep(parts[1], span_of(parts)),
    "population": _population,
    "place": _place,
    "named_place": _named_place,
    "patterns": _patterns,
    "targets": lambda parts: tuple(parts[2::2]) if parts[0].text == "each" else (_end(parts),),
    "end": _end,
    "uses": lambda parts: parts[::2],
    "one_use": lambda parts: tree.Use(name_of(parts[0]), tuple(map(argument, parts[2])) if len(parts) == 4 else (), span_of(parts)),
    "projection": _projection,
    "clause": _clause,
    "by_cases": _by_cases,
    "later_case": lambda parts: tree.Case(parts[0], parts[2] if len(parts) == 3 else None, span_of(parts)),
    "connectivity": _connectivity,
    "except": _connectivity,
    "delay": lambda parts: tree.Delay(parts[0].text, parts[3], parts[2].kind == "~", span_of(parts)),
}


# --- experiments -----------------------------------------------------------------------------------------------------


class _Option(NamedTuple):
    """`where c`, `shuffled`, `10 epochs`, `within tol`, and the moments `at T`, `over last T` as a word with its value."""

    word: str
    value: Any
    span: Span


def _option(parts: Parts) -> _Option:
    word = next(w for w in kinds(parts) if w != ",")
    value = next((part for part in parts if not isinstance(part, Token)), None)
    return _Option(word, value, span_of(parts))


def _moment(parts: Parts) -> _Option:
    """One of `at end`, `at T`, `every T`, `over last T`, `over x`, `in phase P`."""
    match kinds(parts):
        case ["at", "end"]:
            return _Option("at end", True, span_of(parts))
        case ["in phase", *_]:
            return _Option("in phase", name_of(parts[-1]), span_of(parts))
        case words:
            return _Option(" ".join(words), parts[-1], span_of(parts))


def _at_spikes(parts: Parts) -> tree.AtSpikes:
    """`E.V at spikes`, `E.V at spikes of E`."""
    return tree.AtSpikes(parts[0], after(parts, "of"), span_of(parts))


def _options(parts: Parts) -> dict[str, Any]:
    """The options among the parts, each once."""
    found: dict[str, Any] = {}
    for part in parts:
        if isinstance(part, _Option):
            if part.word in found:
                raise twice(part.word, part.span)
            found[part.word] = part.value
    return found


def _joined(parts: Parts) -> tree.Moment | None:
    """All the moments of one statement as one."""
    given = [part for part in parts if isinstance(part, _Option)]
    if not given:
        return None
    options = _options(given)
    at, every, last, over, during = (options.get(word) for word in ("at", "every", "over last", "over", "in phase"))
    return tree.Moment("at end" in options, at, every, last, over, during, span_of(given))


def _phase(parts: Parts) -> tree.Phase:
    what = parts[2]
    each = what if isinstance(what, tree.ForEach) else None
    until = what if isinstance(what, tree.Until) else None
    return tree.Phase(name_of(parts[1]), None if each or until else what, each, until, (), span_of(parts))


def _for_each(parts: Parts) -> tree.ForEach:
    names, source = tuple(after(parts, "(") or (name_of(parts[2]),)), name_of(after(parts, "in"))
    options = _options(parts)
    where, epochs, each_for, pause, until, times = (options.get(word) for word in ("where", "epochs", "for", "pause", "again", "at"))
    if until is None and times is not None:
        raise Refusal("unknown-option", times.span, "‘at most … times’ belongs after ‘again until …’.")
    again = None if until is None else tree.Until(until, None, None, times, until.span)
    return tree.ForEach(names, source, where, "shuffled" in options, epochs, each_for, pause, again, span_of(parts))


def _repeat(parts: Parts) -> tree.Repeat:
    what = parts[1]
    return tree.Repeat(None, what, (), span_of(parts)) if isinstance(what, tree.Until) else tree.Repeat(what, None, (), span_of(parts))


def _until(parts: Parts) -> tree.Until:
    options = _options(parts)
    condition = None if isinstance(parts[1], Token) else parts[1]
    return tree.Until(condition, options.get("within"), options.get("up"), options.get("at"), span_of(parts))


def _start(parts: Parts) -> tree.Start:
    changed, words = after(parts, "with"), kinds(parts)
    flipped, redrawn = (changed if word in words else None for word in ("flipped", "redrawn"))
    return tree.Start(parts[1], parts[3], flipped, redrawn, span_of(parts))


def _cell(parts: Parts) -> Cell:
    expected = isinstance(parts[0], Token)
    tolerance = after(parts, "+-")
    return Cell(expected, parts[1 if expected else 0], tolerance, _joined(parts), span_of(parts))


def _begin(parts: Parts) -> tree.Begin:
    return tree.Begin(name_of(parts[-1]), span_of(parts))


def _schedule(parts: Parts) -> tree.Schedule:
    words = kinds(parts)
    return tree.Schedule("asynchronously" in words, "fixed" if "fixed" in words else "random", span_of(parts))


def _record(parts: Parts) -> tree.Record:
    alias = after(parts, "as")
    items: tuple[tree.Expr, ...] = tuple(parts[1])
    if isinstance(items[-1], tree.AtSpikes) and not any(isinstance(item, tree.AtSpikes) for item in items[:-1]):
        last = items[-1]  # what it says, it says of all
        items = (*(replace(last, item=item, span=item.span.to(last.span)) for item in items[:-1]), last)
    return tree.Record(items, _joined(parts), name_of(alias) if alias else None, span_of(parts))


def _event_of(parts: Parts) -> tree.Apply:
    """`burst of E`: the times and units of an event, as `spikes(E.burst)`; `spikes of E` as `spikes(E)`."""
    event, _, whose = parts
    name, span = name_of(event), span_of(parts)
    of = whose if name.name == "spikes" else tree.Member(whose, name, span)
    return tree.Apply(replace(name, name="spikes"), (tree.Argument(None, of, span),), 0, span)


def _plot(parts: Parts) -> tree.Plot:
    planes = [tuple(part) for part in parts[2:] if isinstance(part, list)]
    if len(planes) > 1:
        raise twice("over", planes[1][0].span)
    return tree.Plot(tuple(parts[1]), _joined(parts), span_of(parts), planes[0] if planes else None)


def _claim(parts: Parts, relation: str, right: tree.Expr | None = None, tolerance: tree.Expr | None = None) -> tree.Expect:
    """What is expected, whatever the moment."""
    return tree.Expect(parts[0], relation, right, tolerance, None, None, span_of(parts))


def _expect(parts: Parts) -> tree.Expect:
    claim: tree.Expect = parts[1] if isinstance(parts[1], tree.Expect) else _claim(parts[1:2], "holds")
    return replace(claim, moment=_joined(parts), when=after(parts, "when"), span=span_of(parts))


def _approximately(parts: Parts) -> tree.Expect:
    if len(parts) == 3:
        message = "‘≈’ needs to know how close is close enough."
        end = span_of(parts).end
        hint = Hint("Add ‘± 5 %’, or a tolerance in the unit of what is compared.", (" ± 5 %",), Span(end, end, parts[0].span.path))
        raise Refusal("missing-tolerance", span_of(parts), message, hint)
    return _claim(parts, "≈", parts[2], parts[4])


def _sweep_part(parts: Parts) -> Any:
    match kinds(parts):
        case ["logarithmic"]:
            return parts[0]
        case ["repeats"]:
            return _Option("repeats", parts[0], span_of(parts))
        case ["in", "[", "]"]:
            values = tuple(parts[3]) if len(parts) == 5 else ()
            return tree.SweepAxis(parts[0], values, None, None, None, False, span_of(parts))
        case _:
            return tree.SweepAxis(parts[0], (), parts[2], parts[4], parts[6], False, span_of(parts))


def _sweep(parts: Parts) -> tree.Sweep:
    axes: list[tree.SweepAxis] = []
    for part in parts[1::2]:
        if isinstance(part, tree.SweepAxis):
            axes.append(part)
        elif isinstance(part, Token) and axes and axes[-1].count is not None:
            axes[-1] = replace(axes[-1], logarithmic=True)
        elif isinstance(part, Token):
            raise Refusal("unknown-option", part.span, "‘logarithmic’ belongs after ‘from … to … in … values’.")
    return tree.Sweep(tuple(axes), _options(parts).get("repeats"), span_of(parts))


EXPERIMENTS: Mapping[str, Callable[[Parts], Any]] = {
    "phase": _phase,
    "for_time": lambda parts: parts[1],
    "for_each": _for_each,
    "each_option": _option,
    "repeat": _repeat,
    "begin": _begin,
    "table": lambda parts: Table(name_of(parts[1]), name_of(parts[3]), span_of(parts)),
    "row": lambda parts: tuple(part for part in parts if isinstance(part, Cell)),
    "cell": _cell,
    "until": _until,
    "until_option": _option,
    "rules_off": lambda parts: tree.RulesOff(tuple(after(parts, "for") or ()), span_of(parts)),
    "start": _start,
    "schedule": _schedule,
    "moment": _moment,
    "at_spikes": _at_spikes,
    "readings": lambda parts: parts[::2],
    "record": _record,
    "taken": lambda parts: parts[::2],
    "event_of": _event_of,
    "plot": _plot,
    "plane": lambda parts: [parts[1], parts[3]],
    "range": lambda parts: tree.Range(parts[0], parts[2], parts[4], span_of(parts)),
    "expect": _expect,
    "approximately": _approximately,
    "trend": lambda parts: _claim(parts, f"never {parts[2].text}"),
    "sweep": _sweep,
    "sweep_part": _sweep_part,
    "data": lambda parts: tree.Data(name_of(parts[1]), parts[3].text[1:-1] if len(parts) > 2 else "", span_of(parts)),
}
