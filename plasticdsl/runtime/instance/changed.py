"""A network whose parameters change while it runs.

Comes in: an instance, and parameters with other values. Goes out: the same network with these values and with what follows from them; sizes, connections,
delays, patterns and everything that does not follow from them are those of the instance. Populations and projections of which nothing changes are the same
objects as before, and so are the arrays of states.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from plasticdsl.model import Block, Distribution, Network, PerUnit, PoissonSource, Population, Projection, RegularSource, Timing
from plasticdsl.model.changing import followers
from plasticdsl.model.expr import Expr, Ref
from plasticdsl.model.owners import OfPopulation, OfProjection, Owner, Whose
from plasticdsl.model.right_sides import network_sides, right_sides
from plasticdsl.runtime.instance.arrays import Arrays
from plasticdsl.runtime.instance.dependence import per_unit
from plasticdsl.runtime.instance.instance import Instance, Pace, PopulationInstance, ProjectionInstance
from plasticdsl.runtime.instance.resolver import Resolver
from plasticdsl.runtime.instance.settings import Settings, Sides
from plasticdsl.runtime.instance.sources import check_rate, lay_down, other_pace
from plasticdsl.runtime.instance.values import (
    Setup,
    around_of,
    check_periods,
    connection_values,
    ends_of,
    in_steps,
    network_values,
    parameters_of,
    stride_of,
    units_of,
)
from plasticdsl.runtime.numbers.evaluate import Lookup

Following = tuple[PerUnit, frozenset[Ref]]


class Followers:
    """What has a value for each unit, and what follows from parameters that are held: told once for all values of the same parameters."""

    def __init__(self, network: Network, spread: Collection[Ref]) -> None:
        self.network, self._spread = network, spread
        self._known: dict[tuple[frozenset[Any], frozenset[Ref]], Following] = {}

    def of(self, together: Settings, held: Settings) -> Following:
        """With the settings `together`, of which some are `held`."""
        sides = frozenset((ref, side if isinstance(side, Expr | Distribution) else np.ndim(side)) for ref, side in together.items())
        key = sides, frozenset(held)
        if key not in self._known:
            self._known[key] = per_unit(self.network, together, self._spread), followers(self.network, held, together)
        return self._known[key]


def with_parameters(following: Followers, base: Instance, settings: Settings, held: Settings, before: Instance, step: int) -> Instance:
    """`base`, which was made with `settings`, with the parameters `held` and what follows from them, from `step` on, up to which the network was `before`,
    whose states it shares.

    Raises `PlasError` where a value is not allowed.
    """
    network, together = following.network, {**settings, **held}
    arrays, new = following.of(together, held)
    setup = Setup(network, base.dt, base.seed, together, arrays, [], None)
    stored = Arrays(network.data, base.stored)
    shared = network_values(setup, _kept(network_sides(network, together), Whose.NETWORK, base, new), stored)
    around = around_of(shared.value, base.dt, base.projections, stored)
    owners = frozenset(ref.owner for ref in new)
    change = _Changed(setup, base, before, new, step, around, stored)
    projections = frozenset(p.name for p in network.projections if p.as_owner in owners)
    populations = frozenset(p.name for p in network.populations if p.as_owner in owners or _goes_on(p))
    units = {p.name: change.units(p) for p in network.populations if projections or p.name in populations}
    return replace(
        base,
        parameters={name: shared.value(name) for name in base.parameters} if Whose.NETWORK in owners else base.parameters,
        populations={
            p.name: change.population(p, units[p.name]) if p.name in populations else _as_at_first(p.as_owner, base, before)
            for p in network.populations
        },
        projections={
            p.name: change.projection(p, units) if p.name in projections else _as_at_first(p.as_owner, base, before)
            for p in network.projections
        },
    )


def _goes_on(population: Population) -> bool:
    """Whether more of it follows than from its own parameters: from the time, or from the network's parameters."""
    return isinstance(population.source, RegularSource) or population.step is not None


def _as_at_first(owner: Owner, base: Instance, before: Instance) -> Any:
    """A population or projection with the parameters that it had at first, and the present states."""
    first, present = base.part(owner), before.part(owner)
    return present if present.parameters is first.parameters else replace(first, states=present.states)


def _kept(sides: Sides, owner: OfPopulation | OfProjection | Whose, base: Instance, new: frozenset[Ref]) -> Sides:
    """The right sides of what is new; everything else is the number that it was."""
    old = base.parameters_of(owner)
    return {name: old[name] if name in old and Ref(owner, name) not in new else side for name, side in sides.items()}


@dataclass(frozen=True, slots=True)
class _Changed:
    """What all parts are changed with; `new`: what has other values, `around`: the network's values, `stored`: those in files."""

    setup: Setup
    base: Instance
    before: Instance
    new: frozenset[Ref]
    step: int
    around: Lookup
    stored: Arrays

    def _sides(self, part: Population | Projection, block: Block) -> Sides:
        return _kept(right_sides(part.as_owner, block, part.values, self.setup.settings), part.as_owner, self.base, self.new)

    def units(self, population: Population) -> Resolver:
        """The values of a population."""
        size = self.base.populations[population.name].size
        return units_of(population, size, self._sides(population, population.block), self.setup.seed, self.around, self.stored)

    def population(self, population: Population, resolver: Resolver) -> PopulationInstance:
        """A population with other parameters; a regular source goes on from where it is between two spikes."""
        old = self.base.populations[population.name]
        states = self.before.populations[population.name].states
        made = replace(old, parameters=parameters_of(population.block, resolver, self.setup), states=states)
        rest = population.block.refractory
        if rest is not None and rest.constant is not None:
            made.refractory_steps = in_steps(Timing.REFRACTORY, rest.constant, rest.span, resolver, self.setup)
        made.stride = stride_of(population, resolver, self.setup)
        check_periods(population.block, resolver, self.setup, made.stride)
        match population.source, self.before.populations[population.name].pace:
            case PoissonSource() as source, _:
                check_rate(source, population, resolver)
            case RegularSource() as source, Pace() as pace:
                made.pace = other_pace(pace, source, population, resolver, self.step, self.base.dt)
                lay_down(made, self.base.dt, self.before.populations[population.name].spikes_until)
            case _:
                pass
        return made

    def projection(self, projection: Projection, units: dict[str, Resolver]) -> ProjectionInstance:
        """A projection with the same connections and other parameters."""
        old = self.base.projections[projection.name]
        ends = ends_of(projection, units, self.around, self.stored)
        sides = self._sides(projection, projection.connection)
        resolver = connection_values(projection, old, sides, ends, self.setup, lambda values: values)
        states = self.before.projections[projection.name].states
        made = replace(old, parameters=parameters_of(projection.connection, resolver, self.setup), states=states)
        check_periods(projection.connection, resolver, self.setup)
        return made
