"""From what the grammar found to the statements of networks and experiments; one function per rule, as in `build_expressions`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from plasticdsl.source import Span
from plasticdsl.syntax import tree
from plasticdsl.syntax.build_dynamics import after, kinds, target_of
from plasticdsl.syntax.build_expressions import Parts, argument, name_of, span_of
from plasticdsl.syntax.refusal import Refusal
from plasticdsl.syntax.tokens import Token

Setting = tree.Define | tree.Draw | tree.Initial


def _setting(parts: Parts) -> Setting:
    """`w = 0.2 mV`, `w ~ N(0, 1)`, `V(0) = …` in a population or projection."""
    left, sign, right = parts
    drawn = sign.kind == "~"
    span = span_of(parts)
    if drawn and not isinstance(right, tree.Apply):
        message = "After ‘~’ stands a distribution, not ‘{0}’."
        hint = "For example ‘N(mean, sd)’, ‘U(low, high)’, ‘Gamma(shape, scale)’."
        raise Refusal("not-a-distribution", right.span, message, hint, quoted=(right.span,))
    match left:
        case tree.Apply(function=tree.Name() as name, arguments=(tree.Argument(value=tree.Number(text="0")),)):
            return tree.Initial(name, right, drawn, span)
        case _:
            return tree.Draw(target_of(left), right, span) if drawn else tree.Define(target_of(left), (), right, span)


def single_name(expression: tree.Expr) -> tree.Name:
    """The name that a population, projection or set of patterns gets."""
    if isinstance(expression, tree.Name):
        return expression
    raise Refusal("bad-left-side", expression.span, "‘{0}’ is not a name.", "The left side is one name.", quoted=(expression.span,))


def population_of(name: tree.Expr, value: tree.Expr, settings: tuple[Setting, ...], span: Span) -> tree.Population:
    """`8000 LIF(τ_m = 10 ms)`: read as a product first; the last factor is the kind of neuron, the others the size."""
    parts = count_and_kind(value)
    if parts is None:
        raise Refusal(
            "not-a-population",
            value.span,
            "‘{0}’ is not a population: it needs a number and a neuron or source.",
            _about_unit(value) or "For example ‘E = 8000 LIF’ or ‘food = 1 Source’.",
            quoted=(value.span,),
        )
    size, kind, arguments = parts
    return tree.Population(single_name(name), size, kind, arguments, settings, span)


def _about_unit(value: tree.Expr) -> str:
    """For `2 C`, a charge, where a neuron was meant."""
    last = value.right if isinstance(value, tree.Binary) else value
    if not isinstance(last, tree.Number) or not last.unit:
        return ""
    return "The word after this number is a unit; a neuron whose name is a unit needs a longer name."


def count_and_kind(value: tree.Expr) -> tuple[tree.Expr, tree.Name, tuple[tree.Argument, ...]] | None:
    """Size, kind and arguments of `8000 LIF(τ_m = 10 ms)`; None for what is no product with a name at its end."""
    match value:
        case tree.Binary(operator="*", implicit=True, left=size, right=tree.Name() as kind):
            return size, kind, ()
        case tree.Binary(operator="*", implicit=True, left=size, right=tree.Apply(function=tree.Name() as kind, primes=0) as made):
            return size, kind, made.arguments
        case tree.Binary(operator="*", implicit=False, left=factor, right=tree.Binary(operator="*", implicit=True) as rest, span=span):
            inner = count_and_kind(rest)  # `0.8·N Cell`: the sign binds less than the blank
            if inner is None:
                return None
            size, kind, arguments = inner
            return tree.Binary("*", factor, size, Span(span.start, size.span.end, span.path)), kind, arguments
        case _:
            return None


def _population(parts: Parts) -> tree.Population:
    settings = tuple(part for part in parts[3:] if not isinstance(part, Token))
    return population_of(parts[0], parts[2], settings, span_of(parts))


def _patterns(parts: Parts) -> tree.Patterns:
    """`P random patterns of …`, `patterns […]` or `patterns from "…"`, each `over` a population."""
    place = next(i for i, part in enumerate(parts) if isinstance(part, Token) and part.text == "over")
    made = parts[2:place]
    source: tree.RandomPatterns | tree.WrittenPatterns | tree.PatternFile
    match kinds(made):
        case ["patterns", "[", "]"]:
            source = tree.WrittenPatterns(tuple(made[2]), span_of(made))
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
            raise Refusal("twice", setting.span, f"‘{name}’ is given twice.", "Keep one of them.")
        options[name] = setting.rhs
    values = made[4]
    if isinstance(values, Token):
        values = tree.SetOf(tuple(made[5]), span_of(made[4:]))
    return tree.RandomPatterns(made[0], values, options.get("p"), options.get("active"), span_of(made))


@dataclass(frozen=True, slots=True)
class _Targets:
    names: tuple[tree.Name, ...]
    span: Span


def _targets(parts: Parts) -> _Targets:
    names = (name_of(parts[0]),) if len(parts) == 1 else tuple(parts[2])
    return _Targets(names, names[0].span.to(names[-1].span))


def _uses(parts: Parts) -> tuple[tree.Use, ...]:
    return tuple(parts[::2])


def _one_use(parts: Parts) -> tree.Use:
    arguments = tuple(argument(value) for value in parts[2]) if len(parts) == 4 else ()
    return tree.Use(name_of(parts[0]), arguments, span_of(parts))


def _projection(parts: Parts) -> tree.Projection:
    named = isinstance(parts[1], Token) and parts[1].kind == "="
    name = single_name(parts[0]) if named else None
    start = 2 if named else 0
    source, _, targets, _, uses = parts[start : start + 5]
    rules = after(parts, "with") or ()
    clauses = [clause for part in parts[start + 5 :] if isinstance(part, list) for clause in part]
    connectivity = tuple(c for c in clauses if isinstance(c, tree.Connectivity))
    delays = tuple(c for c in clauses if isinstance(c, tree.Delay))
    values = tuple(c for c in clauses if isinstance(c, tree.Define | tree.Draw | tree.Initial))
    ends = [*uses, *rules, *clauses]
    span = parts[0].span.to(ends[-1].span)
    return tree.Projection(name, source, targets.names, uses, rules, connectivity, values, delays, span)


def _clause(parts: Parts) -> list[Any]:
    """One clause after a comma, with its `except self`; `p = …` and `delay = …` are clauses of their own."""
    if isinstance(parts[0], Token):
        return [tree.Connectivity("where", parts[1], span_of(parts))]
    first: Any = parts[0]
    match first:
        case tree.Define(target=tree.Name(name="p"), rhs=value, span=span):
            first = tree.Connectivity("probability", value, span)
        case tree.Define(target=tree.Name(name="delay"), rhs=value, span=span):
            first = tree.Delay("", value, False, span)
        case tree.Draw(target=tree.Name(name="delay"), distribution=value, span=span):
            first = tree.Delay("", value, True, span)
        case _:
            pass
    return [first, *parts[1:]]


def _connectivity(parts: Parts) -> tree.Connectivity:
    words = [part.text for part in parts if isinstance(part, Token)]
    value = None if isinstance(parts[-1], Token) else parts[-1]
    return tree.Connectivity(" ".join(words), value, span_of(parts))


def _delay(parts: Parts) -> tree.Delay:
    side, _, sign, value = parts
    return tree.Delay(side.text, value, sign.kind == "~", span_of(parts))


# --- experiments -------------------------------------------------------------------------------------------------------


def _phase(parts: Parts) -> tree.Phase:
    name, what = name_of(parts[1]), parts[2]
    span = parts[0].span.to(parts[-1].span)
    each = what if isinstance(what, tree.ForEach) else None
    until = what if isinstance(what, tree.Until) else None
    duration = None if each or until else what
    return tree.Phase(name, duration, each, until, (), span)


def _for_time(parts: Parts) -> tree.Expr:
    duration: tree.Expr = parts[1]
    return duration


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


def _moment(parts: Parts) -> tree.Moment:
    """One of `at end`, `at T`, `every T`, `over last T`, `over x`, `in phase P`; `_join` puts several together."""
    span = span_of(parts)
    last = parts[-1]
    match kinds(parts):
        case ["at", "end"]:
            return replace(_NO_MOMENT, at_end=True, span=span)
        case ["at"]:
            return replace(_NO_MOMENT, at=last, span=span)
        case ["every"]:
            return replace(_NO_MOMENT, every=last, span=span)
        case ["over", "last"]:
            return replace(_NO_MOMENT, last=last, span=span)
        case ["over"]:
            return replace(_NO_MOMENT, over=last, span=span)
        case _:
            return replace(_NO_MOMENT, during=name_of(last), span=span)


def _join(parts: Parts) -> tree.Moment | None:
    """All the moments of one statement as one."""
    joined: tree.Moment | None = None
    for part in parts:
        if not isinstance(part, tree.Moment):
            continue
        if joined is None:
            joined = part
            continue
        for name in ("at_end", "at", "every", "last", "over", "during"):
            if getattr(joined, name) and getattr(part, name):
                raise Refusal("twice", part.span, "This is given twice.", "Keep one of them.")
        joined = tree.Moment(
            joined.at_end or part.at_end,
            joined.at or part.at,
            joined.every or part.every,
            joined.last or part.last,
            joined.over or part.over,
            joined.during or part.during,
            joined.span.to(part.span),
        )
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


def _plane(parts: Parts) -> tree.Plane:
    return tree.Plane(parts[1], parts[3], span_of(parts))


def _range(parts: Parts) -> tree.Range:
    return tree.Range(parts[0], parts[2], parts[4], span_of(parts))


@dataclass(frozen=True, slots=True)
class _Claim:
    left: tree.Expr
    relation: str
    right: tree.Expr | None
    tolerance: tree.Expr | None
    span: Span


def _expect(parts: Parts) -> tree.Expect:
    claim: Any = parts[1]
    if not isinstance(claim, _Claim):
        claim = _Claim(claim, "holds", None, None, claim.span)
    moment, when = _join(parts), after(parts, "when")
    return tree.Expect(claim.left, claim.relation, claim.right, claim.tolerance, moment, when, _end(parts))


def _approximately(parts: Parts) -> _Claim:
    if len(parts) == 3:
        message = "‘≈’ needs to know how close is close enough."
        raise Refusal("missing-tolerance", span_of(parts), message, "Add ‘± 5 %’ or an absolute ‘± 0.1 mV’.")
    return _Claim(parts[0], "≈", parts[2], parts[4], span_of(parts))


def _trend(parts: Parts) -> _Claim:
    return _Claim(parts[0], f"never {parts[2].text}", None, None, span_of(parts))


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


NETWORKS: Mapping[str, Callable[[Parts], Any]] = {
    "setting": _setting,
    "population": _population,
    "patterns": _patterns,
    "targets": _targets,
    "uses": _uses,
    "one_use": _one_use,
    "projection": _projection,
    "clause": _clause,
    "connectivity": _connectivity,
    "except": _connectivity,
    "delay": _delay,
    "phase": _phase,
    "for_time": _for_time,
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
    "plane": _plane,
    "range": _range,
    "expect": _expect,
    "approximately": _approximately,
    "trend": _trend,
    "sweep": _sweep,
    "sweep_part": _sweep_part,
    "data": _data,
}
