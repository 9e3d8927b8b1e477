"""Which populations take the stages of Runge–Kutta together, and what has a value at each stage.

Comes in: a network and the plans of its populations. Goes out: these populations, which know of it, and the inputs and definitions that a stage evaluates.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from plasticdsl.graph import reachable
from plasticdsl.model import Network
from plasticdsl.model.dependencies import flowing_names, read_by_units
from plasticdsl.model.expr import Ref, Special, refs, walk
from plasticdsl.model.owners import OfPopulation, Whose
from plasticdsl.plan.populations import PopulationPlan


def coupled(network: Network, populations: Sequence[PopulationPlan]) -> tuple[tuple[PopulationPlan, ...], tuple[Ref, ...]]:
    """Populations are taken together whose rates read undelayed sums of flowing variables, and those that these sums read, however indirectly.
    One with steps of its own takes its stages alone. With them: the inputs and definitions to evaluate at each stage, in order."""
    moving = flowing_names(network) | _timed(network)
    reads = {one: read & moving for one, read in read_by_units(network).items()}
    inputs = {Ref(OfPopulation(p.post), s.target) for p in network.projections if not p.delays for s in p.connection.sums} & moving
    wanted = {p.population.as_owner: frozenset(reachable(_of_rates(p) & moving, reads)) for p in populations if p.population.step is None}
    readers = {owner for owner, names in wanted.items() if names & inputs}
    needed = frozenset[Ref]().union(*(wanted[owner] for owner in readers))
    owners = readers | {ref.owner for ref in needed}
    entries = tuple(entry for entry in network.order if entry in needed)
    return tuple(_staged(p, p.population.as_owner in owners and p.population.step is None, entries) for p in populations), entries


def _staged(population: PopulationPlan, joins: bool, entries: Sequence[Ref]) -> PopulationPlan:
    evaluated = frozenset(ref.name for ref in entries if ref.owner == population.population.as_owner)
    moved = frozenset(v for v, _, _ in population.at_stages) if joins else frozenset()
    return replace(population, coupled=bool(moved), staged=moved | evaluated)


def _of_rates(population: PopulationPlan) -> frozenset[Ref]:
    owner = population.population.as_owner
    return frozenset(Ref(owner, r.name) for _, *rate in population.at_stages for e in rate for r in refs(e) if r.owner is Whose.OWN)


def _timed(network: Network) -> set[Ref]:
    """Definitions that change with t."""
    found: set[Ref] = set()
    for p in network.populations:
        for name, formula in p.block.definitions.items():
            if Special("t") in walk(formula) or any(r.owner is Whose.OWN and Ref(p.as_owner, r.name) in found for r in refs(formula)):
                found.add(Ref(p.as_owner, name))
    return found
