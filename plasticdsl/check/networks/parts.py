"""Parts of populations: `E[1 to 240]` wherever a population can stand, and `assembly = E[1 to 240]`, which gives one a name.

Comes in: what stands in place of a population. Goes out: the population and which of its units are meant, as `model.parts.Units`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from plasticdsl.check.networks.building import Building, Side
from plasticdsl.check.terms.amounts import FROM_EITHER_END, Values, amount, constant
from plasticdsl.check.terms.context import Context, Extension, Typed
from plasticdsl.check.terms.unification import PURE
from plasticdsl.diagnostics.diagnostic import Hint
from plasticdsl.model import Projection, Role, Variable
from plasticdsl.model.expr import Binary, Compare, Expr, Number, Ref, Special, substitute, walk
from plasticdsl.model.mapping import expressions, mapped
from plasticdsl.model.owners import Whose
from plasticdsl.model.parts import NamedPart, Range, Units, among, count
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


def units(indices: tuple[tree.Expr, ...], symbol: str, size: float | None, context: Context, values: Values) -> Units:
    """The units in brackets behind a population, whose size is known or not. Numbers below 0 are counted from the last. Reports what no unit has as its
    number, and a unit that is there twice; `values`: of parameters."""
    found: list[Range] = []
    taken: list[tuple[float, float]] = []
    for node in indices:
        first, last = (node.low, node.high) if isinstance(node, tree.Interval) else (node, node)
        before = context.report.count
        one = Range(*(unit_number(number, context) for number in (first, last)))
        low, high = (_from_first(constant(number, values), size) for number in (one.first, one.last))
        if low is not None and high is not None and context.report.count == before:
            _check(node.span, low, high, size, taken, symbol, context)
            taken.append((low, high))
        found.append(one)
    return tuple(found)


def unit_number(node: tree.Expr, context: Context) -> Expr:
    """The number of a unit; `1-5` would be unit −4, which nobody writes so."""
    found = amount(node, FROM_EITHER_END, "The number of a unit", context, {})
    match node:
        case tree.Binary("-", tree.Number() as low, tree.Number() as high) if (number := constant(found, {})) is not None and number < 0:
            message = f"‘{low.text}-{high.text}’ is a difference, the one number {number:g}."
            hint = Hint(f"Units from one to another are ‘{low.text} to {high.text}’.", (f"{low.text} to {high.text}",), node.span)
            context.report.error("out-of-range", message, node.span, hint)
        case _:
            pass
    return found


def _from_first(number: float | None, size: float | None) -> float | None:
    """The number counted from the first unit, as far as it is known."""
    if number is None or number > 0:
        return number
    return None if size is None else size + 1 + number


def declared_parts(defines: Sequence[tree.Define], building: Building) -> tuple[NamedPart, ...]:
    """The parts that have names, once the populations are known."""
    found: list[NamedPart] = []
    for statement in defines:
        target, part = statement.target, chosen(statement.rhs, {})
        if isinstance(target, tree.Name) and target.name in building.parts and part is not None:
            whole = building.sides[part.population.name].population
            size = constant(whole.size, building.constants)
            them = units(part.units, whole.symbol, size, building.context, building.constants)
            found.append(NamedPart(target.name, target.text, whole.name, them, target.span))
            building.context.report.means(part.population, whole.span, "a population")
    return tuple(found)


def at_end(units: Units, end: Whose) -> Units:
    """The units as they are chosen at this end of a projection, all counted from the first."""
    size = Special("N_pre" if end is Whose.PRE else "N_post")

    def counted(number: Expr) -> Expr:
        if not isinstance(number, Number) or number.value > 0:
            return number
        return size if number.value == -1.0 else Binary("-", size, Number(-number.value - 1.0))

    return tuple(Range(counted(one.first), counted(one.last)) for one in units)


def _check(
    span: Span, low: float, high: float, size: float | None, taken: Sequence[tuple[float, float]], symbol: str, context: Context
) -> None:
    if low > high:
        message = f"There are no units from {low:g} to {high:g}."
        context.report.error("empty-interval", message, span, "The smaller number stands first.")
    elif low < 1 or (size is not None and high > size):
        outside = low if low < 1 else high
        known = f"1 to {size:g}" if size is not None else "from 1 on"
        message = f"‘{symbol}’ has the units {known}, so there is no number {outside:g}."
        context.report.error("out-of-range", message, span)
    elif any(low <= other_high and other_low <= high for other_low, other_high in taken):
        context.report.error("twice", "A unit is there twice.", span, "Name each unit once.")


def membership(ends: Mapping[str, Side]) -> Extension:
    """The extension that reads `pre in assembly`, `i in E[1 to 240]`; `ends`: the names that a unit of each side has."""

    def extend(node: tree.Expr, context: Context) -> Typed | None:
        if not isinstance(node, tree.Membership):
            return None
        element, part = node.element, chosen(node.whole, {})
        side = ends.get(element.name) if isinstance(element, tree.Name) else None
        if not isinstance(element, tree.Name) or side is None or part is None:
            message = "What can belong to a part of a population here is ‘pre’ or ‘post’ (or their numbers, j and i)."
            return context.refuse("not-here", message, node.span, "For example ‘pre in assembly’, ‘post in E[1 to 240]’.")
        number = Special("j" if element.name in ("pre", "j") else "i")
        them = _members(part, side, context)
        if them is None:
            message = f"‘{element.text}’ is a unit of ‘{side.population.symbol}’, and ‘{part.population.text}’ is no part of it."
            return context.refuse(
                "not-here", message, node.span, f"For example ‘{side.population.symbol}[1 to 10]’, or the name of a part of it."
            )
        size = side.population.size if side.units else Special("N_pre" if number == Special("j") else "N_post")
        condition = among(number, them, size) if them else Compare("<=", Number(1.0), number)
        return Typed(condition, PURE, is_condition=True)

    return extend


def _members(part: Chosen, side: Side, context: Context) -> Units | None:
    """The units that are meant, of the population on this side; None for those of another one."""
    named = next((p for p in side.named if p.name == part.population.name and not part.units), None)
    context.report.means(part.called, side.population.span if named is None else named.span)
    if (part.population.name if named is None else named.population) != side.population.name:
        return None
    if named is not None:
        return named.units
    return units(part.units, side.population.symbol, constant(side.population.size, {}), context, {})


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
