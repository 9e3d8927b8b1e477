"""Blocks without a network: each on its own, between units that have just the names it uses, so that it can be compiled for somebody's own loop.

Comes in: checked blocks. Goes out: a network in which each neuron is a population, and each synapse and rule a projection from `pre` to
`post`. What the blocks read of the units can be set at any time (as the output of a `Source`), what they add to is a state or an input; spikes
are those that are given.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from plasticdsl.check.blocks.block_scope import OUTPUT
from plasticdsl.check.networks.effects import with_what_is_read
from plasticdsl.check.networks.evaluation_order import evaluation_order
from plasticdsl.check.networks.network import with_open_inputs
from plasticdsl.model import (
    AddTo,
    Block,
    ClampedSource,
    Connectivity,
    GivenSpikes,
    NamedEvent,
    Network,
    Population,
    Projection,
    Role,
    Third,
    Threshold,
    Variable,
)
from plasticdsl.model.expr import SLIDING, Call, Compare, Expr, Number, Ref, rebuild, walk
from plasticdsl.model.mapping import expressions, map_block, mapped
from plasticdsl.model.owners import Foreign, OfArgument, Whose

_UNITS = Number(100.0)
_OUTPUTS: Mapping[Foreign, str] = {Whose.PRE: "x", Whose.POST: "y"}


def alone(name: str, doc: str, blocks: Sequence[Block]) -> Network:
    """A network of these blocks, not connected with each other."""
    between = [b for b in blocks if b.kind in ("synapse", "rule")]
    ends = [_unit(side, between, side.value, _UNITS) for side in (Whose.PRE, Whose.POST)] if between else []
    ends += [_unit(third.owner, (b,), third.population, Number(1.0)) for b in between for third in _thirds(b)]
    populations = (*ends, *(with_open_inputs(Population(b.name, b.name, _UNITS, b), ()) for b in blocks if b.kind == "neuron"))
    projections = tuple(_projection(b) for b in between)
    order, _ = evaluation_order(populations, projections, ())
    return with_what_is_read(Network(name, doc, (), populations, projections, order), ())


# --- the units that synapses and rules stand between -----------------------------------------------------------------


def _thirds(block: Block) -> tuple[Third, ...]:
    """What it takes as arguments, each the unit of a population of its own."""
    return tuple(Third(OfArgument(a), f"{block.name}_{a}", Number(0.0), each=False) for a in sorted(block.arguments))


def _unit(side: Foreign, blocks: Iterable[Block], name: str, size: Number) -> Population:
    """A population with every name that the blocks use on this side, or of this argument. An event that they wait for is a variable: it happens
    where that is more than 0."""
    roles: dict[str, Role] = {}
    events: dict[str, NamedEvent] = {}
    spikes = False
    for block in blocks:
        spikes = spikes or any(isinstance(n, Call) and SLIDING.get(n.function) is side for e in expressions(block) for n in walk(e))
        for need in block.needs:
            if need.owner == side:
                roles.setdefault(_name(side, need.name), Role.CLAMPED)
        roles.update((_name(side, n), role) for n, role in _targets(side, block).items())
        awaited = [h.event for h in block.handlers if h.awaited == side]
        spikes = spikes or "" in awaited or (isinstance(side, Whose) and bool(block.pairs))
        for event in filter(None, awaited):
            roles.setdefault(event, Role.CLAMPED)
            events[event] = NamedEvent(event, event, Threshold(Compare(">", Ref(Whose.OWN, event), Number(0.0)), False))
    variables = tuple(Variable(n, n, role) for n, role in roles.items())
    source = GivenSpikes(()) if spikes else ClampedSource()
    output = _OUTPUTS[side] if _OUTPUTS.get(side) in roles else None
    neuron = Block(kind="neuron", name=name, variables=variables, events=tuple(events.values()), output=output)
    return Population(name, name, size, neuron, source)


def _targets(side: Foreign, block: Block) -> Mapping[str, Role]:
    """What the block adds to on this side, at spikes or by a sum."""
    found = {s.target.name: Role.STATE for s in block.statements() if isinstance(s, AddTo) and s.target.owner == side}
    return found | ({s.target: Role.INPUT for s in block.sums} if side is Whose.POST else {})


def _name(side: Foreign, name: str) -> str:
    return _OUTPUTS[side] if name == OUTPUT else name


def _projection(block: Block) -> Projection:
    """All to all; what a projection would have to give is a state that starts at 0."""

    def read(expr: Expr) -> Expr:
        match expr:
            case Ref(Whose.PRE | Whose.POST as side, name, limit):
                return Ref(side, _name(side, name), limit)
            case Call("transposed", (inner,)):
                return read(inner)
            case _:
                return rebuild(expr, read)

    declared = tuple(replace(v, role=Role.STATE) if v.role is Role.GIVEN and v.value is None else v for v in block.variables)
    needed = tuple(Variable(n.name, n.name, Role.STATE) for n in block.needs if n.owner is Whose.OWN)
    variables = tuple(mapped(v, read) for v in (*declared, *needed))
    connection = replace(map_block(block, read), kind="connection", variables=variables, needs=())
    rules = (block.name,) if block.kind == "rule" else ()
    origins = tuple((v.name, (block.name, v.name)) for v in variables)
    made = Projection(block.name, block.name, "pre", "post", connection, Connectivity("all"), rules=rules, origins=origins, span=block.span)
    return replace(made, thirds=_thirds(block))
