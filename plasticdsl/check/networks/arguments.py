"""What synapses and rules take as arguments by name: another projection (`forward = second`), or the unit of a third population (`reward = vta`).

Comes in: an argument as written, for a parameter of which the block reads a member or whose spikes it waits for. Goes out: `Taken`. Of a population there
is one unit for all connections, or one for each postsynaptic unit.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from itertools import count as naturals

from plasticdsl.check.blocks.block import CheckedBlock
from plasticdsl.check.networks.building import Building, Side, Taken
from plasticdsl.check.networks.needs import meant
from plasticdsl.check.networks.parts import Chosen, chosen, units
from plasticdsl.check.networks.projection_values import GivenValue, given_arguments
from plasticdsl.check.terms.amounts import constant
from plasticdsl.diagnostics.diagnostic import Hint
from plasticdsl.diagnostics.suggest import did_you_mean
from plasticdsl.model import Block, Third
from plasticdsl.model.expr import Expr, Number, Ref
from plasticdsl.model.inline import map_refs
from plasticdsl.model.mapping import mapped
from plasticdsl.model.owners import OfArgument, OfProjection, Owner
from plasticdsl.model.parts import Range, Units, count
from plasticdsl.symbolic.algebra import ONE, sub
from plasticdsl.syntax import tree


def arguments(
    use: tree.Use, checked: CheckedBlock, number: int, post: Side | None, known: Sequence[Taken], building: Building
) -> tuple[dict[str, Taken] | None, list[GivenValue]]:
    """What one block of a projection takes by name, None after reporting what is wrong; and the values of its other arguments. `number`: which of the
    blocks it is; `known`: what those before it take."""
    written = list(given_arguments(use.arguments, checked, number, building.context))
    wanted = checked.block.arguments
    if missing := sorted(wanted - {value.path for value in written}):
        hint = f"Write ‘{checked.block.name}({missing[0]} = …)’ with the name of a population or projection."
        message = f"Nothing says what ‘{missing[0]}’ of ‘{checked.block.name}’ is here."
        building.context.report.error("missing-value", message, use.span, hint)
    found = {v.path: None if post is None else _taken(v, checked, post, known, building) for v in written if v.path in wanted}
    taken = {name: one for name, one in found.items() if one is not None}
    return taken if len(taken) == len(wanted) else None, [value for value in written if value.path not in wanted]


def _taken(value: GivenValue, checked: CheckedBlock, post: Side, known: Iterable[Taken], building: Building) -> Taken | None:
    """What an argument names; None after reporting that it is nothing that can be taken."""
    node = value.value
    report = building.context.report
    for parameter in (p for p in checked.tree.parameters if p.name == value.path):
        report.means(value.name, parameter.span)
    if isinstance(node, tree.Name) and node.name in building.projections:
        projection = building.projections[node.name]
        report.means(node, projection.span, "a projection")
        for need in (n for n in checked.block.needs if n.owner == OfArgument(value.path)):
            meant(need, projection.connection, building.context)
        return Taken(OfProjection(node.name), building.dims[node.name])
    found = chosen(node, building.parts)
    side = None if found is None else building.sides.get(found.population.name)
    if found is None or side is None:
        _report_unknown(value, checked, building)
        return None
    report.means(found.called, side.population.span, "a population")
    return _unit(value, found, side, post, known, building)


def _report_unknown(value: GivenValue, checked: CheckedBlock, building: Building) -> None:
    node = value.value
    text = f"‘{node.text}’" if isinstance(node, tree.Name) else "This"
    there = building.symbols + [p.symbol for p in building.projections.values()]
    hint = did_you_mean(node.text if isinstance(node, tree.Name) else "", there, "There is")
    if isinstance(node, tree.Member) and isinstance(node.base, tree.Name) and node.base.name in building.sides:
        hint = Hint("Name the population alone; the block says what it reads of it.")
    message = f"{text} is no projection and no population; ‘{checked.block.name}’ reads one as ‘{value.text}’."
    building.context.report.error("undeclared-projection", message, node.span, hint)


def _unit(value: GivenValue, found: Chosen, side: Side, post: Side, known: Iterable[Taken], building: Building) -> Taken | None:
    """One unit for all connections, or one for each post unit; reports where it is neither."""
    report, whole = building.context.report, side.population
    before = report.count
    them = units(found.units, whole.symbol, constant(whole.size, building.constants), building.context, building.constants)
    if report.count > before:
        return None
    message = f"‘{value.text}’ has to be one unit, or units that follow one another, counted from the first."
    if any(isinstance(n, Number) and n.value < 0 for r in them for n in (r.first, r.last)):
        report.error("out-of-range", message, value.value.span, _from_first(them, found, constant(whole.size, building.constants)))
        return None
    if not all(_is_stretch(part) for part in (them, post.units)):
        report.error(
            "unsupported", message, value.value.span, "For example ‘vta[1]’, or a population with one unit for each postsynaptic unit."
        )
        return None
    many, others = (constant(n, building.constants) for n in (count(them) if them else whole.size, post.count))
    each = many != 1.0
    if each and many is not None and others is not None and many != others:
        message = f"‘{value.text}’ has {many:g} units, and ‘{post.population.symbol}’ has {others:g} here."
        hint = f"It needs one unit for all connections (‘{whole.symbol}[1]’), or one for each postsynaptic unit."
        report.error("sizes-differ", message, value.value.span, hint)
        return None
    first, start = (part[0].first if part else ONE for part in (them, post.units))
    third = Third(OfArgument(value.path), whole.name, sub(first, start if each else ONE), each, them, post.units, value.value.span)
    third = _owner(third, known)
    return Taken(third.owner, side.dims, side, third)


def _from_first(them: Units, found: Chosen, size: float | None) -> Hint:
    """How one unit that was counted from the last is written."""
    match them:
        case (Range(Number(number), Number(last)),) if number == last and size is not None:
            text = f"{found.called.text}[{size + 1 + number:g}]"
            return Hint(f"Write ‘{text}’.", (text,))
        case _:
            return Hint("For example ‘vta[1]’, ‘vta[2 to 5]’.")


def _is_stretch(part: Units) -> bool:
    return len(part) < 2


def _owner(third: Third, known: Iterable[Taken]) -> Third:
    """The same unit under its name in the projection; other blocks may call other units alike."""
    others = [t.third for t in known if t.third is not None]
    same = next((o for o in others if replace(o, owner=third.owner, span=third.span) == third), None)
    if same is not None:
        return same
    names = {o.owner.name for o in others}
    wished = chain((third.owner.name,), (f"{third.owner.name}_{n}" for n in naturals(2)))
    return replace(third, owner=OfArgument(next(n for n in wished if n not in names)))


def bound(block: Block, arguments: Mapping[str, Taken]) -> Block:
    """The block, where what it takes has the names of the projection."""

    def whose(owner: Owner) -> Owner:
        return arguments[owner.name].owner if isinstance(owner, OfArgument) and owner.name in arguments else owner

    def read(expr: Expr) -> Expr:
        return map_refs(expr, lambda ref: Ref(whose(ref.owner), ref.name, ref.limit))

    if not arguments:
        return block
    units = {name: t.third.owner for name, t in arguments.items() if t.third is not None}
    handlers = (h if h.unit is None else replace(h, unit=units.get(h.unit.name, h.unit)) for h in block.handlers)
    return mapped(replace(block, handlers=tuple(handlers)), read)
