"""From what the grammar found to the statements of experiments; one function per rule, as in `build_expressions`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from plasticdsl.diagnostics.diagnostic import Hint
from plasticdsl.source import Span
from plasticdsl.syntax import tree
from plasticdsl.syntax.build_dynamics import after, kinds
from plasticdsl.syntax.build_expressions import Parts, name_of, span_of
from plasticdsl.syntax.refusal import Refusal, twice
from plasticdsl.syntax.tables import Cell, Table
from plasticdsl.syntax.tokens import Token


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
    """One of `at end`, `at T`, `every T`, `over last T`, `over x`, `in phase P`, `from T to T`."""
    match kinds(parts):
        case ["at", "end"]:
            return _Option("at end", True, span_of(parts))
        case ["in phase", *_]:
            return _Option("in phase", name_of(parts[-1]), span_of(parts))
        case ["from", "to"]:
            return _Option("from", (parts[1], parts[3]), span_of(parts))
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
    start, stop = options.get("from", (None, None))
    return tree.Moment("at end" in options, at, every, last, over, during, span_of(given), start, stop)


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
    """The items, and what is said of them; an `as …` at the end of the line is of its only item, or of all."""
    drawings, said = tuple(parts[1]), [part for part in parts[2:] if isinstance(part, tree.DrawnAs)]
    drawings = tuple(replace(one, drawn_as=(*one.drawn_as, *said)) for one in drawings)
    if len(drawings) > 1 and (named := next((s for s in said if s.text), None)) is not None:
        hint = f'Write it directly behind the item: ‘…, E.V as "{named.text}" over time’.'
        raise Refusal("unexpected", named.span, "Here are several items, and this names one of them.", hint)
    titles = [part for part in parts[2:] if isinstance(part, Token) and part.kind == "STRING"]
    if len(titles) > 1:
        raise twice("titled", titles[1].span)
    over = next((part.ranges for part in parts[2:] if isinstance(part, _Over)), ())
    axes = next((part.axes for part in parts[2:] if isinstance(part, _Axes)), ())
    return tree.Plot(drawings, _joined(parts[2:]), over, titles[0].text[1:-1] if titles else "", axes, span_of(parts))


def _drawn_as(parts: Parts) -> tree.DrawnAs:
    how: Token = parts[1]
    if how.kind == "STRING":
        return tree.DrawnAs(how.text[1:-1], "", None, span_of(parts))
    return tree.DrawnAs("", how.text, parts[2] if len(parts) > 2 else None, span_of(parts))


def _axis(parts: Parts) -> tree.Axis:
    logarithmic = parts[0].kind != "NAME"
    name, said = name_of(parts[1 if logarithmic else 0]), after(parts, "as")
    if name.text not in ("x", "y"):
        raise Refusal("unexpected", name.span, f"‘{name.text}’ is no axis: x is the horizontal one, y the vertical one.")
    start, stop = after(parts, "from"), after(parts, "to")
    if not logarithmic and not said and start is None:
        what = f'‘log {name.text}’, ‘{name.text} from … to …’ or ‘{name.text} as "…"’'
        raise Refusal("unexpected", name.span, f"Nothing is said here of the axis {name.text}. Each has words of its own: {what}.")
    return tree.Axis(name.text, logarithmic, said.text[1:-1] if said else "", start, stop, span_of(parts))


class _Over(NamedTuple):
    ranges: tuple[tree.Range, ...]
    span: Span


class _Axes(NamedTuple):
    axes: tuple[tree.Axis, ...]
    span: Span


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
            return tree.SweepAxis(parts[0], (), None, None, None, False, span_of(parts))
        case ["in"]:
            values = _values(parts[2])
            if isinstance(parts[0], tree.Listing):
                return _sweep_together(parts[0].items, values, span_of(parts))
            return tree.SweepAxis(parts[0], values, None, None, None, False, span_of(parts))
        case _:
            return tree.SweepAxis(parts[0], (), parts[2], parts[4], parts[6], False, span_of(parts))


def _values(written: tree.Expr) -> tuple[tree.Expr, ...]:
    """The values of `[1, 2]`; `[1, 2] mV` as the one thing that stands there, since what is a unit depends on what has a name."""
    match written:
        case tree.Listing(items=items):
            return items
        case tree.Group(inner=inner, square=True):
            return (inner,)
        case tree.Binary() if _is_listed(written):
            return (written,)
        case _:
            raise Refusal("bad-sweep", written.span, "The values stand in square brackets.", "For example ‘sweep τ in [10, 20, 40] ms’.")


def _is_listed(written: tree.Expr) -> bool:
    """Whether a list in square brackets stands first."""
    match written:
        case tree.Binary(operator="*" | "/", left=left):
            return _is_listed(left)
        case _:
            return isinstance(written, tree.Listing | tree.Group)


def _sweep_together(targets: Sequence[tree.Expr], rows: Sequence[tree.Expr], span: Span) -> tree.SweepAxis:
    """`(a, b) in [(1, 2), (3, 4)]`: a row of values for each run."""
    for row in rows:
        if not isinstance(row, tree.Listing) or len(row.items) != len(targets):
            hint = "For example ‘sweep (τ, k) in [(10 ms, 1), (20 ms, 2)]’."
            raise Refusal("bad-sweep", row.span, f"Here stand {len(targets)} values in brackets, one for each of what is swept.", hint)
    columns = [tuple(row.items[place] for row in rows if isinstance(row, tree.Listing)) for place in range(len(targets))]
    first, *others = (tree.SweepAxis(t, values, None, None, None, False, span) for t, values in zip(targets, columns, strict=True))
    return replace(first, together=tuple(others))


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


def _fit_part(parts: Parts) -> Any:
    match kinds(parts):
        case ["logarithmic"]:
            return parts[0]
        case ["trials"]:
            return _Option("trials", parts[0], span_of(parts))
        case _:
            return tree.SweepAxis(parts[0], (), parts[2], parts[4], None, False, span_of(parts))


def _fit(parts: Parts) -> tree.Fit:
    axes: list[tree.SweepAxis] = []
    for number, part in enumerate(parts[1:]):
        if isinstance(part, tree.SweepAxis):
            axes.append(part)
        elif isinstance(part, Token) and part.text == "logarithmic":
            if not isinstance(parts[number - 1], tree.SweepAxis):
                raise Refusal("unknown-option", part.span, "‘logarithmic’ belongs after the two ends of what is fitted.")
            axes[-1] = replace(axes[-1], logarithmic=True)
    goal = next(number for number, part in enumerate(parts) if isinstance(part, Token) and part.text == "to") + 1
    maximise = parts[goal].text.startswith("max")
    return tree.Fit(tuple(axes), _options(parts).get("trials"), parts[goal + 1], maximise, _joined(parts[goal + 2 :]), span_of(parts))


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
    "when": _moment,
    "stretch": _moment,
    "at_spikes": _at_spikes,
    "record": _record,
    "taken": lambda parts: parts[::2],
    "event_of": _event_of,
    "plot": _plot,
    "drawings": lambda parts: parts[::2],
    "drawing": lambda parts: tree.Drawing(parts[0], tuple(parts[1:]), span_of(parts)),
    "drawn_as": _drawn_as,
    "over": lambda parts: _Over(tuple(parts[1::2]), span_of(parts)),
    "range": lambda parts: tree.Range(parts[0], after(parts, "from"), after(parts, "to"), span_of(parts)),
    "titled": lambda parts: parts[1],
    "axis": _axis,
    "with_axes": lambda parts: _Axes(tuple(parts[1::2]), span_of(parts)),
    "expect": _expect,
    "approximately": _approximately,
    "trend": lambda parts: _claim(parts, f"never {parts[2].text}"),
    "sweep": _sweep,
    "sweep_part": _sweep_part,
    "fit": _fit,
    "fit_part": _fit_part,
    "data": lambda parts: tree.Data(name_of(parts[1]), parts[3].text[1:-1] if len(parts) > 2 else "", span_of(parts)),
}
