"""Quantities of a network that flow: `200 ms dD/dt = −D`, and `on vta: D += 0.1`.

Comes in: the network's own flows, with initial values and bounds, and what they jump by at spikes. Goes out: one unit of a population that has the
network's name, and a projection to it for each population whose spikes count; nothing that follows knows of more. The network sees each quantity as
an observable, and blocks take it as a value: there it is read of that unit, as an argument is.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from plasticdsl.check.blocks.block import check_block
from plasticdsl.check.experiments.readings import how_to_spike, undeclared_population, unknown_event
from plasticdsl.check.networks.building import Building, Side
from plasticdsl.check.networks.from_data import refuse_arrays
from plasticdsl.check.networks.parts import chosen, units
from plasticdsl.check.report import Reporter
from plasticdsl.check.terms.amounts import constant
from plasticdsl.check.terms.expressions import translate_number
from plasticdsl.check.terms.mismatch import require_same
from plasticdsl.check.terms.scope import Declared
from plasticdsl.model import (
    AddTo,
    Block,
    Connectivity,
    Distribution,
    Handler,
    Population,
    Projection,
    Role,
    SumInto,
    Third,
    Trigger,
    Variable,
)
from plasticdsl.model.expr import At, Expr, Ref, rebuild, walk
from plasticdsl.model.inline import as_owner
from plasticdsl.model.mapping import expressions
from plasticdsl.model.owners import OfArgument, OfPopulation, Whose
from plasticdsl.model.parts import Units
from plasticdsl.names import free_name, numbered
from plasticdsl.source import Span
from plasticdsl.symbolic.algebra import ONE, ZERO, neg
from plasticdsl.syntax import tree
from plasticdsl.syntax.walk import of_kind


def check_moving(block: tree.Block, building: Building) -> tuple[Variable, ...]:
    """Adds the unit of the network that has them, and gives what the network observes of it."""
    flows = of_kind(block.body, tree.Flow)
    own = tuple(s for s in block.body if of_moving(s, block))
    if not flows:
        return ()
    context, name = building.context, _free(block)
    neuron = tree.Block("neuron", name, (), None, None, "", (*flows, *own), block.span)
    checked = check_block(neuron, context.scope, context.report, context.solver, context.extend)
    refuse_arrays(checked.block, "What a quantity of the network reads", flows[0].span, context, building.data)
    dims = checked.dims
    unit = Population(name.name, name.text, ONE, checked.block, span=flows[0].span, hidden=True)
    building.moving = Side(unit, dims)
    building.sides[unit.name] = building.moving
    observed: list[Variable] = []
    for variable in checked.block.variables:
        value = At(Ref(unit.as_owner, variable.name), ("1",))
        building.names[variable.name] = Declared(
            variable.name, variable.symbol, "a quantity that flows", value, dims[variable.name], span=variable.span
        )
        observed.append(Variable(variable.name, variable.symbol, Role.DEFINITION, value=value, span=variable.span))
    return tuple(observed)


def of_moving(statement: tree.Statement, block: tree.Block) -> bool:
    """Whether it says where something that flows in the network begins, or its bounds."""
    match statement:
        case tree.Initial(variable=name) | tree.Bound(target=tree.Name() as name):
            return any(f.variable.name == name.name for f in of_kind(block.body, tree.Flow))
        case _:
            return False


def _free(block: tree.Block) -> tree.Name:
    """The network's name, or one like it that nothing else in it has."""
    declared: list[tree.Expr | None] = [s.target for s in of_kind(block.body, tree.Define)]
    declared += [s.variable for s in of_kind(block.body, tree.Flow)]
    declared += [s.name for s in block.body if isinstance(s, tree.Population | tree.Projection | tree.Patterns | tree.Data)]
    taken = {name.name for name in of_kind(declared, tree.Name)}
    free = free_name(block.name.name, taken)
    return block.name if free == block.name.name else tree.Name(free, free, block.name.span)


def check_kicks(block: tree.Block, building: Building) -> None:
    """`on vta: D += 0.1`: a projection from each population that is named."""
    for event in of_kind(block.body, tree.OnEvent):
        if building.moving is None:
            message = "Nothing flows in this network, so there is nothing that spikes could add to."
            building.context.report.error(
                "misplaced-statement", message, event.span, "What flows is written, for example, ‘200 ms dD/dt = −D’."
            )
            continue
        found = chosen(event.event, building.parts)
        source = None if found is None else building.sides.get(found.population.name)
        if found is None or source is None:
            undeclared_population(event.event, building.context, building.symbols)
        elif not source.population.spikes and event.name is None:
            message = f"This waits for spikes of ‘{event.event.text}’, which makes none."
            building.context.report.error("no-spikes", message, event.span, how_to_spike(source.population))
        elif event.name is not None and all(e.name != event.name.name for e in source.population.block.events):
            unknown_event(event.name.text, event.name.span, source.population, building.context)
        else:
            building.context.report.means(found.called, source.population.span, "a population")
            size = constant(source.population.size, building.constants)
            them = units(found.units, source.population.symbol, size, building.context, building.constants)
            jumps = tuple(j for s in event.body if (j := _jump(s, building.moving, building)) is not None)
            kind = "" if event.name is None else event.name.name
            handler = Handler(Trigger.PRE, jumps, source=block.name.name, span=event.span, event=kind)
            block_of_it = Block("connection", "", handlers=(handler,))
            _connect(source.population, building.moving.population, block_of_it, event.span, building, them)


def check_feeds(building: Building) -> None:
    """`cells = 10 LIF(I = D)`: what populations are given is an input of theirs, which the unit of the network fills."""
    for side, name, value, span in building.fed:
        to, source = side.population, building.moving
        assert source is not None, "else nothing would be read of it"
        here = of_unit(as_owner(value, Whose.POST), source.population.name, Whose.PRE)
        _connect(source.population, to, Block("connection", "", sums=(SumInto(name, here, span),)), span, building)


def _connect(source: Population, to: Population, block: Block, span: Span, building: Building, part: Units = ()) -> None:
    """A projection of the network's own, all to all."""
    name = numbered(f"{source.name}_to_{to.name}", {*building.projections, *building.sides}, 1)
    connected = Connectivity("all", pre=part, span=span)
    made = Projection(
        name, f"{source.symbol} -> {to.symbol}", source.name, to.name, replace(block, name=name, span=span), connected, span=span
    )
    building.projections[name], building.dims[name] = made, {}


def _jump(statement: tree.Statement, to: Side, building: Building) -> AddTo | None:
    """`D += 0.1`; the quantities are read as they are at that moment."""
    context = building.context
    target = statement.target if isinstance(statement, tree.Jump) else None
    if not isinstance(statement, tree.Jump) or not isinstance(target, tree.Name) or target.name not in to.dims:
        message = "At spikes, what flows in the network jumps, and nothing else."
        context.report.error("misplaced-statement", message, statement.span, "For example ‘D += 0.1’.")
        return None
    if statement.operator not in ("+=", "-=", "Delta"):
        message = f"Spikes add to ‘{target.text}’ and do not set it."
        context.report.error("not-owned", message, statement.span, f"Write ‘{target.text} += …’.")
        return None
    value = translate_number(statement.rhs, context)
    require_same(target, to.dims[target.name], statement.rhs, value.dim, context)
    amount = of_unit(value.expr, to.population.name, Whose.POST)
    return AddTo(Ref(Whose.POST, target.name), neg(amount) if statement.operator == "-=" else amount, statement.span)


def of_unit(expr: Expr, network: str, owner: Whose | OfArgument) -> Expr:
    """An expression of the network where its quantities are those of a unit that `owner` is."""

    def read(node: Expr) -> Expr:
        match node:
            case At(Ref(OfPopulation(name), variable), ("1",)) if name == network:
                return Ref(owner, variable)
            case _:
                return rebuild(node, read)

    return read(expr)


def reads_moving(value: object, moving: Side | None) -> bool:
    """Whether a value of the network reads what flows in it."""
    if moving is None:
        return False
    name = moving.population.name
    nodes = (node for expr in expressions(value) for node in walk(expr))
    return any(isinstance(node, At) and isinstance(node.ref.owner, OfPopulation) and node.ref.owner.name == name for node in nodes)


def require_settled(building: Building) -> None:
    """Reports sizes, connections and delays that read what flows in the network."""
    if building.moving is None:
        return
    sizes = [(s.population.size, "How many units there are", s.population.span) for s in building.sides.values()]
    connected = [((p.connectivity, p.delays), "What is connected, and with which delay,", p.span) for p in building.projections.values()]
    for settled, what, span in (*sizes, *connected):
        if reads_moving(settled, building.moving):
            message = f"{what} has to be known before the run, and here it depends on what flows."
            building.context.report.error("not-a-constant", message, span)


def require_fixed(block: Block, names: Collection[str], place: Span, report: Reporter) -> None:
    """Reports what has to be known before the run and reads something of these names, which change."""
    duration = None if block.refractory is None else block.refractory.constant
    fixed = [h.period for h in block.handlers] + [p.truncate for p in block.pairs] + [duration]
    asked = [e for e in fixed if e is not None] + [
        e for v in block.variables if isinstance(v.value, Distribution) for e in v.value.arguments
    ]
    found = next((r for r in block.read_through(asked) if r.owner is Whose.OWN and r.name in names), None)
    if found is not None:
        message = f"‘{found.name}’ has to be known before the run, and what it is given flows."
        report.error("not-a-constant", message, place)


def third_of(side: Side) -> Third:
    """The unit of the network that has them, as connections take it."""
    return Third(OfArgument(side.population.name), side.population.name, ZERO, each=False, span=side.population.span)
