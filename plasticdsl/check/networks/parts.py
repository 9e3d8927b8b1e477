"""Parts of populations: `E[1 to 240]` wherever a population can stand, and `assembly = E[1 to 240]`, which gives one a name.

Comes in: what stands in place of a population. Goes out: the population and which of its units are meant, as `model.parts.Units`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from plasticdsl.check.terms.amounts import FROM_EITHER_END, amount
from plasticdsl.check.terms.constants import Values, constant
from plasticdsl.check.terms.context import Context
from plasticdsl.model.expr import Binary, Expr, Number, Ref, Special, substitute, walk
from plasticdsl.model.mapping import expressions, mapped
from plasticdsl.model.model import Population, Projection, Role, Variable
from plasticdsl.model.owners import Whose
from plasticdsl.model.parts import Range, Units, count
from plasticdsl.source import Span
from plasticdsl.syntax import tree
from plasticdsl.units.dimension import ONE

#: By name, the parts that a network names.
Named = Mapping[str, tree.Indexed]


@dataclass(frozen=True, slots=True)
class Chosen:
    """A population, or the units of it that were written behind it; `called`: the name that was written."""

    population: tree.Name
    called: tree.Name
    units: tuple[tree.Expr, ...] = ()


def chosen(node: tree.Expr, named: Named) -> Chosen | None:
    """What stands in place of a population; None for anything that is no name, with or without units in brackets."""
    match node:
        case tree.Name(name=name, span=span):
            part = named.get(name)
            if part is None or not isinstance(part.base, tree.Name):
                return Chosen(node, node)
            return Chosen(tree.Name(part.base.name, part.base.text, span), node, part.indices)
        case tree.Indexed(base=tree.Name() as base, indices=indices):
            return Chosen(base, base, indices)
        case _:
            return None


def named_parts(defines: Sequence[tree.Define], populations: Iterable[str]) -> dict[str, tree.Indexed]:
    """The lines `assembly = E[1 to 240]` of a network."""
    known = frozenset(populations)
    return {
        s.target.name: s.rhs
        for s in defines
        if isinstance(s.target, tree.Name)
        and isinstance(s.rhs, tree.Indexed)
        and isinstance(s.rhs.base, tree.Name)
        and s.rhs.base.name in known
    }


def units(indices: tuple[tree.Expr, ...], population: Population, end: Whose, context: Context, values: Values) -> Units:
    """The units in brackets, of the population at this end of a projection. Reports what no unit has as its number, and a unit that is there twice;
    `values`: of parameters."""
    size = Special("N_pre" if end is Whose.PRE else "N_post")
    whole: Mapping[Expr, Expr] = {size: population.size}
    found: list[Range] = []
    taken: list[tuple[float, float]] = []
    for node in indices:
        first, last = (node.first, node.last) if isinstance(node, tree.UpTo) else (node, node)
        one = Range(_number(first, size, context), _number(last, size, context))
        low, high = (constant(substitute(number, whole), values) for number in (one.first, one.last))
        if low is not None and high is not None:
            _check(node.span, low, high, constant(population.size, values), taken, population, context)
            taken.append((low, high))
        found.append(one)
    return tuple(found)


def _number(node: tree.Expr, size: Expr, context: Context) -> Expr:
    """Counted from 1; −1 is the last."""
    number = amount(node, FROM_EITHER_END, "The number of a unit", context, {})
    if isinstance(number, Number) and number.value < 0:
        return size if number.value == -1.0 else Binary("-", size, Number(-number.value - 1.0))
    return number


def _check(
    span: Span, low: float, high: float, size: float | None, taken: Sequence[tuple[float, float]], population: Population, context: Context
) -> None:
    if low > high:
        message = f"There are no units from {low:g} to {high:g}."
        context.report.error("empty-interval", message, span, "The smaller number stands first.")
    elif low < 1 or (size is not None and high > size):
        outside = low if low < 1 else high
        known = f"1 to {size:g}" if size is not None else "from 1 on"
        message = f"‘{population.symbol}’ has the units {known}, so there is no number {outside:g}."
        context.report.error("out-of-range", message, span)
    elif any(low <= other_high and other_low <= high for other_low, other_high in taken):
        context.report.error("twice", "A unit is there twice.", span, "Name each unit once.")


def with_counts(projection: Projection) -> Projection:
    """The projection, where N_pre and N_post are the numbers of units in the parts that it connects: parameters of its own."""
    connected = projection.connectivity
    for special, part in ((Special("N_pre"), connected.pre), (Special("N_post"), connected.post)):
        read = expressions(replace(projection, connectivity=replace(connected, pre=(), post=())))
        if part and any(special in walk(expr) for expr in read):
            known = {v.name for v in projection.connection.variables}
            name = next(n for n in (special.name, *(f"{special.name}_{k}" for k in range(len(known) + 1))) if n not in known)
            counted = Variable(name, special.name, Role.PARAMETER, ONE, count(part), span=connected.span)
            inside = mapped(projection, _putting(special, Ref(Whose.OWN, name)), frozenset(("connectivity",)))
            block = replace(inside.connection, variables=(counted, *inside.connection.variables))
            connected = mapped(connected, _putting(special, count(part)), frozenset(("pre", "post")))
            projection = replace(inside, connection=block, connectivity=connected)
    return projection


def _putting(special: Special, value: Expr) -> Callable[[Expr], Expr]:
    return lambda expr: substitute(expr, {special: value})
