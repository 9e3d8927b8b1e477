"""Which populations take the stages of Runge–Kutta together, and what has a value at each stage.

Comes in: a network and the plans of its populations. Goes out: these populations, which know of it, and the inputs and definitions that a stage evaluates.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from plasticdsl.derive.coupling import coupled_owners
from plasticdsl.model import Network
from plasticdsl.model.expr import Ref
from plasticdsl.plan.populations import PopulationPlan


def coupled(network: Network, populations: Sequence[PopulationPlan]) -> tuple[tuple[PopulationPlan, ...], tuple[Ref, ...]]:
    """The populations, and the inputs and definitions to evaluate at each stage, in order."""
    owners, entries = coupled_owners(network)
    return tuple(_staged(p, p.population.as_owner in owners and p.population.step is None, entries) for p in populations), entries


def _staged(population: PopulationPlan, joins: bool, entries: Sequence[Ref]) -> PopulationPlan:
    evaluated = frozenset(ref.name for ref in entries if ref.owner == population.population.as_owner)
    moved = frozenset(v for v, _, _ in population.at_stages) if joins else frozenset()
    return replace(population, coupled=bool(moved), staged=moved | evaluated)
