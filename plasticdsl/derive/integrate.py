"""Integrators for a whole network: every block gets its schemes, knowing what is connected to it.

Comes in: a checked network. Goes out: the same network with `schemes` in every block. Populations that are coupled by undelayed sums of
flowing variables (gap junctions, networks of rate units) are integrated together, stage by stage, by Runge-Kutta 4, unless a `method:` says
otherwise, because a sum that is held over a step would make any scheme first-order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache

from plasticdsl.derive.products import with_products
from plasticdsl.derive.schemes import choose_schemes
from plasticdsl.derive.totals import with_totals
from plasticdsl.graph import reachable
from plasticdsl.model import Block, Network, Population, Projection, Role
from plasticdsl.model.dependencies import flowing_names, read_by_units
from plasticdsl.model.expr import Ref, refs
from plasticdsl.model.owners import OfPopulation, Whose, owner_text


def integrate(network: Network, step: float | None = None) -> Network:
    """The network with an integrator for every flowing variable; `step`: the longest with which it is run (s), where that is
    known. Raises `PlasError` as `choose_schemes` does."""
    flowing = flowing_names(network)
    feeding = _feeding(network, flowing)
    choose = cache(choose_schemes)  # once for all populations of the same neuron
    populations = tuple(_population(p, flowing, feeding, step, choose) for p in network.populations)
    by_name = {p.name: p for p in populations}
    blocks = {p.name: p.block for p in network.populations}
    projections = tuple(with_products(_projection(p, blocks, flowing, step), by_name, flowing) for p in network.projections)
    return replace(network, populations=populations, projections=projections)


def _feeding(network: Network, flowing: frozenset[Ref]) -> frozenset[str]:
    """Populations whose flowing variables reach, through sums, the flow of some population."""
    rates = [Ref(p.as_owner, r.name) for p in network.populations for f in p.block.flows for r in refs(f.rate) if r.owner is Whose.OWN]
    needed = reachable(rates, read_by_units(network))
    sums = ((p, s) for p in network.projections if not p.delays for s in p.connection.sums if Ref(OfPopulation(p.post), s.target) in needed)
    return frozenset(owner_text(r.owner) for p, s in sums for r in p.of_units(p.connection.read_through([s.body])) & flowing)


def _population(
    population: Population, flowing: frozenset[Ref], feeding: frozenset[str], step: float | None, choose: Callable[..., Block]
) -> Population:
    block = population.block
    inputs = frozenset(v.name for v in block.variables if v.role is Role.INPUT and Ref(population.as_owner, v.name) in flowing)
    longest = step if population.step is None else None
    return replace(population, block=choose(block, flowing_inputs=inputs, together=population.name in feeding, step=longest))


def _projection(projection: Projection, blocks: Mapping[str, Block], flowing: frozenset[Ref], step: float | None) -> Projection:
    ends = projection.ends.items()
    held = frozenset(
        Ref(side, v.name) for side, name in ends for v in blocks[name].variables if Ref(OfPopulation(name), v.name) not in flowing
    )
    return replace(projection, connection=choose_schemes(with_totals(projection.connection), held=held, step=step))
