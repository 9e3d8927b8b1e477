"""From what the grammar found to the statements of networks; one function per rule, as in `build_expressions`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from plasticdsl.source import Span
from plasticdsl.syntax import tree
from plasticdsl.syntax.build_dynamics import after, drawn, kinds, refuse_sum, target_of
from plasticdsl.syntax.build_expressions import Parts, argument, count_and_name, name_of, sampled, span_of
from plasticdsl.syntax.homes import misplaced_line
from plasticdsl.syntax.refusal import Refusal, twice
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
    refuse_sum(expression)
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
    settings = _with_cases([part for part in parts[3:] if not isinstance(part, Token)])
    return tree.Population(single_name(parts[0]), *made, tuple(settings), span_of(parts))


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
            case tree.Case(span=span), tree.Define(rhs=tree.Cases() as cases) | tree.Initial(rhs=tree.Cases() as cases):
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


def _by_cases(parts: Parts) -> Setting:
    left, sign, value, _, condition = parts
    case = tree.Case(value, condition, span_of(parts[2:]))
    return _setting([left, sign, tree.Cases((case,), case.span)])


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
    "case_lines": lambda parts: _with_cases([part for part in parts if not isinstance(part, Token)])[0],
    "later_case": lambda parts: tree.Case(parts[0], parts[2] if len(parts) == 3 else None, span_of(parts)),
    "connectivity": _connectivity,
    "except": _connectivity,
    "delay": lambda parts: tree.Delay(parts[0].text, parts[3], parts[2].kind == "~", span_of(parts)),
}
