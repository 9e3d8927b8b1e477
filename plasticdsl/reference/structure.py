"""What does not change during a run, and all that does.

`Structure` is the network with its numbers, looked up by name. A `Frame` holds every value at one moment: states, inputs and the outputs
of sources. The interpreter keeps one frame; where values "just before" something are read, it reads a copy.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from plasticdsl.derive.grid import lags_on_grid
from plasticdsl.derive.integrate import flowing_names
from plasticdsl.model.expr import Expr, substitute
from plasticdsl.model.model import Block, Network, PairRule, Population, Projection, Role
from plasticdsl.runtime.instance.instance import Floats, Instance, PopulationInstance, ProjectionInstance, Values
from plasticdsl.support.steps import to_steps
from plasticdsl.symbolic.algebra import written_out

Index = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Structure:
    """`sources`, `targets`: pre and post unit of each connection of a projection; `axonal`, `dendritic`: its delays in steps.
    `increments`: what a pair adds by each learning window of a projection, its lag compared on the grid. `flowing`: (population, name) of all that
    changes during a flow."""

    network: Network
    instance: Instance
    populations: dict[str, Population]
    projections: dict[str, Projection]
    sources: dict[str, Index]
    targets: dict[str, Index]
    axonal: dict[str, Index]
    dendritic: dict[str, Index]
    increments: dict[str, tuple[Expr, ...]]
    flowing: frozenset[tuple[str, str]]

    def block(self, owner: str) -> Block:
        """The block of a population, or what a projection's connections do."""
        return self.populations[owner].block if owner in self.populations else self.projections[owner].connection

    def drawn(self, owner: str) -> PopulationInstance | ProjectionInstance:
        """The numbers of a population or projection."""
        instance = self.instance
        return instance.populations[owner] if owner in self.populations else instance.projections[owner]

    def count(self, owner: str) -> int:
        """Units of a population, connections of a projection."""
        return self.instance.populations[owner].size if owner in self.populations else self.instance.projections[owner].count

    def parameters(self, owner: str) -> dict[str, Values]:
        """Parameters of a population or projection."""
        return self.drawn(owner).parameters

    def owners(self) -> tuple[str, ...]:
        """Populations, then projections, in the order written."""
        return (*self.populations, *self.projections)

    def steps(self, duration: float) -> int:
        """A duration in whole steps."""
        return to_steps(duration, self.instance.dt)


def structure_of(network: Network, instance: Instance) -> Structure:
    """The look-up tables of a network. Raises `KeyError` where network and instance do not belong together."""
    drawn = {p.name: instance.projections[p.name] for p in network.projections}
    return Structure(
        network,
        instance,
        {p.name: p for p in network.populations},
        {p.name: p for p in network.projections},
        {name: d.sources().astype(np.int64) for name, d in drawn.items()},
        {name: d.targets.astype(np.int64) for name, d in drawn.items()},
        {name: _each(d.axonal, d.count) for name, d in drawn.items()},
        {name: _each(d.dendritic, d.count) for name, d in drawn.items()},
        {p.name: tuple(_increment(rule, p.connection) for rule in p.connection.pairs) for p in network.projections},
        flowing_names(network),
    )


def _increment(rule: PairRule, block: Block) -> Expr:
    return lags_on_grid(substitute(rule.increment, written_out(block.definitions)))


def _each(delay: int | NDArray[np.int32], count: int) -> Index:
    return np.broadcast_to(np.asarray(delay, dtype=np.int64), (count,)).copy()


@dataclass(slots=True)
class Frame:
    """`values[owner][name]`: float64[units or connections]. `step` and `time` (s): when. `arrived_pre`, `arrived_post`: spikes of that
    side that reach each connection of a projection in this step, int64[connections]. `ahead` (s): how far into the step, at an integrator's stage."""

    values: dict[str, dict[str, Floats]]
    step: int
    time: float
    arrived_pre: dict[str, Index]
    arrived_post: dict[str, Index]
    ahead: float = 0.0

    def copy(self) -> Frame:
        """The same values, untouched by what happens to this frame."""
        values = {owner: {name: array.copy() for name, array in own.items()} for owner, own in self.values.items()}
        return Frame(values, self.step, self.time, dict(self.arrived_pre), dict(self.arrived_post))


def first_frame(structure: Structure) -> Frame:
    """The initial states; inputs and outputs of clamped sources are 0."""
    values: dict[str, dict[str, Floats]] = {}
    for owner in structure.owners():
        count = structure.count(owner)
        own = {name: np.array(np.broadcast_to(v, (count,)), dtype=np.float64) for name, v in structure.drawn(owner).states.items()}
        for variable in structure.block(owner).variables:
            if variable.role in (Role.INPUT, Role.CLAMPED, Role.STATE) and variable.name not in own:
                own[variable.name] = np.zeros(count)
        values[owner] = own
    nobody = {name: np.zeros(structure.count(name), dtype=np.int64) for name in structure.projections}
    return Frame(values, 0, 0.0, nobody, dict(nobody))
