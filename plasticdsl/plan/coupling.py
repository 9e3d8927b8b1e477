"""Which populations take the stages of Runge–Kutta together, and what has a value at each stage.

Comes in: the parts of a plan. Goes out: its populations, which know of it, and the inputs and definitions that a stage evaluates.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from plasticdsl.derive.integrate import flowing_names
from plasticdsl.graph import reachable
from plasticdsl.model.expr import Expr, Special, refs, walk
from plasticdsl.model.model import Network, Role
from plasticdsl.model.owners import Whose
from plasticdsl.model.schemes import Staged, linear_parts
from plasticdsl.plan.plan import PopulationPlan, ProjectionPlan
from plasticdsl.plan.sweeps import Owned


def coupled(
    network: Network, populations: Sequence[PopulationPlan], projections: Sequence[ProjectionPlan]
) -> tuple[tuple[PopulationPlan, ...], tuple[Owned, ...]]:
    """Populations are taken together whose rates read undelayed sums of flowing variables, and those that these sums read, however indirectly.
    With them: the inputs and definitions to evaluate at each stage, in order."""
    moving = flowing_names(network) | _timed(populations)
    reads = dict(_reads(network, projections, moving))
    inputs = {(p.projection.post, s.target) for p in projections if not p.projection.delays for s in p.sums} & moving
    wanted = {p.name: frozenset(reachable(_of_rates(p) & moving, reads)) for p in populations}
    readers = {owner for owner, names in wanted.items() if names & inputs}
    needed = frozenset[Owned]().union(*(wanted[owner] for owner in readers))
    owners = readers | {owner for owner, _ in needed}
    entries = tuple((e.population, e.name) for e in network.order if (e.population, e.name) in needed)
    return tuple(_staged(p, p.name in owners, entries) for p in populations), entries


def _staged(population: PopulationPlan, joins: bool, entries: Sequence[Owned]) -> PopulationPlan:
    evaluated = frozenset(name for owner, name in entries if owner == population.name)
    moved = frozenset(v for v, _, _ in _parts(population)) if joins else frozenset()
    return replace(population, coupled=bool(moved), staged=moved | evaluated)


def _parts(population: PopulationPlan) -> list[tuple[str, Expr, Expr]]:
    """(variable, a, b) of the rates a x + b that are evaluated at stages."""
    return [part for s in population.schemes if isinstance(s, Staged) for part in linear_parts(s)]


def _of_rates(population: PopulationPlan) -> frozenset[Owned]:
    return frozenset((population.name, r.name) for _, *rate in _parts(population) for e in rate for r in refs(e) if r.owner is Whose.OWN)


def _timed(populations: Sequence[PopulationPlan]) -> frozenset[Owned]:
    """Definitions that change with t."""
    found: set[Owned] = set()
    for p in populations:
        timed: set[str] = set()
        written = p.population.block.definitions
        while True:
            more = {n for n, v in written.items() if Special("t") in walk(v) or any(r.name in timed for r in refs(v))} - timed
            if not more:
                break
            timed |= more
        found |= {(p.name, n) for n in timed}
    return frozenset(found)


def _reads(network: Network, projections: Sequence[ProjectionPlan], moving: frozenset[Owned]) -> Iterator[tuple[Owned, frozenset[Owned]]]:
    """What each input and definition reads of all that moves."""
    by_name = {p.name: p for p in network.populations}
    for entry in network.order:
        declared = by_name[entry.population].block.variable(entry.name)
        found: set[Owned] = set()
        if declared is not None and declared.role is Role.DEFINITION and isinstance(declared.value, Expr):
            found = {(entry.population, r.name) for r in refs(declared.value) if r.owner is Whose.OWN}
        for p in (p for p in projections if p.projection.post == entry.population and not p.projection.delays):
            ends = p.projection.ends
            found |= {(ends[r.owner], r.name) for s in p.sums if s.target == entry.name for r in refs(s.body) if r.owner in ends}
        yield (entry.population, entry.name), frozenset(found & moving)
