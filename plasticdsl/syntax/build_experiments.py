"""From what the grammar found to the statements of experiments; one function per rule, as in `build_expressions`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from plasticdsl.diagnostics.diagnostic import Hint
from plasticdsl.source import Span
from plasticdsl.syntax import tree
from plasticdsl.syntax.build_dynamics import after, kinds
from plasticdsl.syntax.build_expressions import Parts, name_of, span_of
from plasticdsl.syntax.refusal import Refusal
from plasticdsl.syntax.tokens import Token


def _phase(parts: Parts) -> tree.Phase:
    name, what = name_of(parts[1]), parts[2]
    span = parts[0].span.to(parts[-1].span)
    each = what if isinstance(what, tree.ForEach) else None
    until = what if isinstance(what, tree.Until) else None
    duration = None if each or until else what
    return tree.Phase(name, duration, each, until, (), span)


Option = tuple[str, tree.Expr | None, Span]


def _option(parts: Parts) -> Option:
    """`where c`, `shuffled`, `10 epochs`, `for T each`, `within tol`, `up to N` as (word, value, place)."""
    word = next(w for w in kinds(parts) if w != ",")
    value = next((part for part in parts if not isinstance(part, Token)), None)
    return word, value, span_of(parts)


def _options(options: Iterable[Option]) -> dict[str, tree.Expr | None]:
    found: dict[str, tree.Expr | None] = {}
    for word, value, span in options:
        if word in found:
            raise Refusal("twice", span, f"‘{word}’ is given twice.", "Keep one of them.")
        found[word] = value
    return found


def _for_each(parts: Parts) -> tree.ForEach:
    names = tuple(after(parts, "(") or (name_of(parts[2]),))
    place = next(i for i, part in enumerate(parts) if isinstance(part, Token) and part.kind == "in")
    given = [part for part in parts if isinstance(part, tuple)]
    options = _options(given)
    span = parts[0].span.to(given[-1][2] if given else parts[place + 1].span)
    return tree.ForEach(
        names,
        name_of(parts[place + 1]),
        options.get("where"),
        "shuffled" in options,
        options.get("epochs"),
        options.get("for"),
        span,
    )


def _until(parts: Parts) -> tree.Until:
    given = [part for part in parts if isinstance(part, tuple)]
    options = _options(given)
    condition = None if isinstance(parts[1], Token) else parts[1]
    span = parts[0].span.to(given[-1][2] if given else parts[1].span)
    return tree.Until(condition, options.get("within"), options.get("up"), span)


def _rules_off(parts: Parts) -> tree.RulesOff:
    names: tuple[tree.Name, ...] = tuple(after(parts, "for") or ())
    return tree.RulesOff(names, parts[0].span.to(names[-1].span if names else parts[1].span))


def _start(parts: Parts) -> tree.Start:
    changed, words = after(parts, "with"), kinds(parts)
    flipped, redrawn = (changed if word in words else None for word in ("flipped", "redrawn"))
    return tree.Start(parts[1], parts[3], flipped, redrawn, span_of(parts))


def _schedule(parts: Parts) -> tree.Schedule:
    words = kinds(parts)
    return tree.Schedule("asynchronously" in words, "fixed" if "fixed" in words else "random", span_of(parts))


_NO_MOMENT = tree.Moment(False, None, None, None, None, None, Span(0, 0))
_MOMENTS = ("at_end", "at", "every", "last", "over", "during")


def _moment(parts: Parts) -> tree.Moment:
    """One of `at end`, `at T`, `every T`, `over last T`, `over x`, `in phase P`; `_join` puts several together."""
    last = parts[-1]
    given: dict[str, Any]
    match kinds(parts):
        case ["at", "end"]:
            given = {"at_end": True}
        case ["at" | "every" | "over" as word]:
            given = {word: last}
        case ["over", "last"]:
            given = {"last": last}
        case _:
            given = {"during": name_of(last)}
    return replace(_NO_MOMENT, **given, span=span_of(parts))


def _join(parts: Parts) -> tree.Moment | None:
    """All the moments of one statement as one."""
    moments = [part for part in parts if isinstance(part, tree.Moment)]
    joined = moments[0] if moments else None
    for part in moments[1:]:
        given = {name: getattr(part, name) for name in _MOMENTS if getattr(part, name)}
        if joined is None or any(getattr(joined, name) for name in given):
            raise Refusal("twice", part.span, "This is given twice.", "Keep one of them.")
        joined = replace(joined, **given, span=joined.span.to(part.span))
    return joined


def _end(parts: Parts) -> Span:
    first: Span = parts[0].span
    last = parts[-1]
    return first.to(last[-1].span if isinstance(last, list) else last.span)


def _record(parts: Parts) -> tree.Record:
    alias = after(parts, "as")
    return tree.Record(tuple(parts[1]), _join(parts), name_of(alias) if alias else None, _end(parts))


def _plot(parts: Parts) -> tree.Plot:
    planes = [part for part in parts if isinstance(part, tree.Plane)]
    if len(planes) > 1:
        raise Refusal("twice", planes[1].span, "this is given twice", "keep one of them")
    return tree.Plot(tuple(parts[1]), _join(parts), _end(parts), planes[0] if planes else None)


def _claim(parts: Parts, relation: str, right: tree.Expr | None = None, tolerance: tree.Expr | None = None) -> tree.Expect:
    """What is expected, whatever the moment."""
    return tree.Expect(parts[0], relation, right, tolerance, None, None, span_of(parts))


def _expect(parts: Parts) -> tree.Expect:
    claim: tree.Expect = parts[1] if isinstance(parts[1], tree.Expect) else _claim(parts[1:2], "holds")
    return replace(claim, moment=_join(parts), when=after(parts, "when"), span=_end(parts))


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
            return ("repeats", parts[0])
        case ["in", "[", "]"]:
            values = tuple(parts[3]) if len(parts) == 5 else ()
            return tree.SweepAxis(parts[0], values, None, None, None, False, span_of(parts))
        case _:
            return tree.SweepAxis(parts[0], (), parts[2], parts[4], parts[6], False, span_of(parts))


def _sweep(parts: Parts) -> tree.Sweep:
    axes: list[tree.SweepAxis] = []
    repeats: tree.Expr | None = None
    span = parts[0].span
    for part in parts[1::2]:
        if isinstance(part, tree.SweepAxis):
            axes.append(part)
            span = span.to(part.span)
        elif isinstance(part, tuple):
            repeats = part[1]
            span = span.to(part[1].span)
        elif axes and axes[-1].count is not None:
            axes[-1] = replace(axes[-1], logarithmic=True)
            span = span.to(part.span)
        else:
            raise Refusal("unknown-option", part.span, "‘logarithmic’ belongs after ‘from … to … in … values’.")
    return tree.Sweep(tuple(axes), repeats, span)


def _data(parts: Parts) -> tree.Data:
    path = parts[3].text[1:-1] if len(parts) > 2 else ""
    return tree.Data(name_of(parts[1]), path, span_of(parts))


EXPERIMENTS: Mapping[str, Callable[[Parts], Any]] = {
    "phase": _phase,
    "for_time": lambda parts: parts[1],
    "for_each": _for_each,
    "each_option": _option,
    "until": _until,
    "until_option": _option,
    "rules_off": _rules_off,
    "start": _start,
    "schedule": _schedule,
    "moment": _moment,
    "record": _record,
    "plot": _plot,
    "plane": lambda parts: tree.Plane(parts[1], parts[3], span_of(parts)),
    "range": lambda parts: tree.Range(parts[0], parts[2], parts[4], span_of(parts)),
    "expect": _expect,
    "approximately": _approximately,
    "trend": lambda parts: _claim(parts, f"never {parts[2].text}"),
    "sweep": _sweep,
    "sweep_part": _sweep_part,
    "data": _data,
}
