"""What does not change during a run, and all that does.

`Structure` is the network with its numbers, looked up by name. A `Frame` holds every value at one moment: states, inputs and the outputs
of sources. The interpreter keeps one frame; where values "just before" something are read, it reads a copy.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from plasticdsl.derive.grid import lags_on_grid
from plasticdsl.model import Block, Network, PairRule, Population, Projection, Role, SumInto, Third, Trigger
from plasticdsl.model.dependencies import flowing_names
from plasticdsl.model.expr import Expr, Ref, substitute
from plasticdsl.model.owners import OfArgument, OfProjection, Owner, Whose, owner_text
from plasticdsl.reference.tie import tie_side
from plasticdsl.runtime.instance.instance import Floats, Instance, PopulationInstance, ProjectionInstance
from plasticdsl.runtime.numbers.evaluate import constant
from plasticdsl.support.steps import to_steps
from plasticdsl.symbolic.algebra import written_out
from plasticdsl.symbolic.block_contents import definitions_with_sums

Index = NDArray[np.int64]


OTHER = {Trigger.PRE: Trigger.POST, Trigger.POST: Trigger.PRE}


@dataclass(frozen=True, slots=True)
class End:
    """One side of a projection: the unit of `population` at each connection, and the delay (steps) between the two; `delays_there`: those that occur."""

    population: str
    units: Index
    delays: Index
    delays_there: tuple[int, ...]


def _end(population: str, units: Index, delay: int | NDArray[np.int32]) -> End:
    delays = np.broadcast_to(np.asarray(delay, dtype=np.int64), units.shape).copy()
    return End(population, units, delays, tuple(np.unique(delays).tolist()))


@dataclass(frozen=True, slots=True)
class Structure:
    """`made`: the numbers of a population or projection. `inputs`: every input, each after what it depends on; `sums`: what fills each. `pre`, `post`: the
    two sides of each projection; `thirds`: the units that each takes as arguments. `increments`: what a pair adds by each learning window of a
    projection, its lag compared on the grid; `tie_sides`: at which event the ties of each are counted. `summing`: definitions of each connection that
    hold sums over connections. `flowing`: the variables of units that change during a flow."""

    network: Network
    instance: Instance
    populations: dict[str, Population]
    projections: dict[str, Projection]
    made: dict[str, PopulationInstance | ProjectionInstance]
    inputs: tuple[Ref, ...]
    sums: dict[tuple[str, str], tuple[tuple[Projection, SumInto], ...]]
    pre: dict[str, End]
    post: dict[str, End]
    thirds: dict[str, dict[OfArgument, End]]
    increments: dict[str, tuple[Expr, ...]]
    tie_sides: dict[str, tuple[Trigger, ...]]
    summing: dict[str, frozenset[str]]
    flowing: frozenset[Ref]

    def block(self, owner: str) -> Block:
        """The block of a population, or what a projection's connections do."""
        return self.populations[owner].block if owner in self.populations else self.projections[owner].connection

    def count(self, owner: str) -> int:
        """Units of a population, connections of a projection."""
        return self.made[owner].count

    def owners(self) -> tuple[str, ...]:
        """Populations, then projections, in the order written."""
        return (*self.populations, *self.projections)

    def end(self, projection: str, side: Trigger) -> End:
        """The side of a projection on which a spike is `on pre`, or `on post`."""
        return (self.pre if side is Trigger.PRE else self.post)[projection]

    def kinds(self, projection: str, side: Trigger) -> tuple[str, ...]:
        """What happens to the units of that side, in order: spikes (empty) and other events."""
        return tuple(event for _, event in self.populations[self.end(projection, side).population].emits)

    def unit(self, projection: str, owner: Owner) -> End:
        """The unit that a connection calls by this owner: pre, post or an argument."""
        ends = {Whose.PRE: self.pre, Whose.POST: self.post}
        return ends[owner][projection] if isinstance(owner, Whose) else self.thirds[projection][OfArgument(owner_text(owner))]

    def stride(self, owner: str) -> int:
        """From one step of a population to its next, in steps of the network; connections take part in every one."""
        return self.instance.populations[owner].stride if owner in self.populations else 1

    def steps(self, duration: float) -> int:
        """A duration in whole steps."""
        return to_steps(duration, self.instance.dt)


def structure_of(network: Network, instance: Instance) -> Structure:
    """The look-up tables of a network. Raises `KeyError` where network and instance do not belong together."""
    drawn = [(p, instance.projections[p.name]) for p in network.projections]
    blocks = {p.name: p.connection for p in network.projections}
    inputs = tuple(_inputs_in_order(network))
    return Structure(
        network,
        instance,
        populations={p.name: p for p in network.populations},
        projections={p.name: p for p in network.projections},
        made={**instance.populations, **instance.projections},
        inputs=inputs,
        sums={(owner_text(ref.owner), ref.name): network.sums_into(owner_text(ref.owner), ref.name) for ref in inputs},
        pre={p.name: _end(p.pre, d.sources().astype(np.int64), d.axonal) for p, d in drawn},
        post={p.name: _end(p.post, d.targets.astype(np.int64), d.dendritic) for p, d in drawn},
        thirds={p.name: {t.owner: _third(t, d, instance) for t in p.thirds} for p, d in drawn},
        increments={name: tuple(_increment(rule, block) for rule in block.pairs) for name, block in blocks.items()},
        tie_sides={name: tuple(tie_side(rule, block) for rule in block.pairs) for name, block in blocks.items()},
        summing={name: definitions_with_sums(block) for name, block in blocks.items()},
        flowing=flowing_names(network),
    )


def _inputs_in_order(network: Network) -> Iterator[Ref]:
    blocks = {p.name: p.block for p in network.populations}
    for ref in network.order:
        variable = blocks[owner_text(ref.owner)].variable(ref.name)
        if variable is not None and variable.role is Role.INPUT:
            yield ref


def _increment(rule: PairRule, block: Block) -> Expr:
    return lags_on_grid(substitute(rule.increment, written_out(block.definitions)))


def _third(third: Third, drawn: ProjectionInstance, instance: Instance) -> End:
    first = int(constant(third.first, instance, OfProjection(drawn.name)))
    return _end(third.population, first + drawn.targets.astype(np.int64) * third.each, 0)


@dataclass(slots=True)
class Frame:
    """`values[owner][name]`: float64[units or connections]. `step` and `time` (s): when. `arrived`: how many spikes or other events of each side
    reach each connection of a projection in this step, by projection and event, int64[connections]. `ahead` (s): how far into the step, at an
    integrator's stage."""

    values: dict[str, dict[str, Floats]]
    step: int
    time: float
    arrived: dict[Trigger, dict[tuple[str, str], Index]]
    ahead: float = 0.0

    def copy(self) -> Frame:
        """The same values, untouched by what happens to this frame."""
        values = {owner: {name: array.copy() for name, array in own.items()} for owner, own in self.values.items()}
        return Frame(values, self.step, self.time, {side: dict(arrived) for side, arrived in self.arrived.items()})

    def at_stage(self, ahead: float) -> Frame:
        """A frame with values of its own for some variables, and these arrays for the others."""
        return Frame({owner: dict(own) for owner, own in self.values.items()}, self.step, self.time, self.arrived, ahead)


def first_frame(structure: Structure) -> Frame:
    """The initial states; inputs and outputs of clamped sources are 0."""
    values: dict[str, dict[str, Floats]] = {}
    for owner in structure.owners():
        count = structure.count(owner)
        own = {name: np.array(np.broadcast_to(v, (count,)), dtype=np.float64) for name, v in structure.made[owner].states.items()}
        for variable in structure.block(owner).variables:
            if variable.role in (Role.INPUT, Role.CLAMPED, Role.STATE, Role.REFRACTORY) and variable.name not in own:
                own[variable.name] = np.zeros(count)
        values[owner] = own
    nobody = {(name, ""): np.zeros(structure.count(name), dtype=np.int64) for name in structure.projections}
    return Frame(values, 0, 0.0, {side: dict(nobody) for side in OTHER})
