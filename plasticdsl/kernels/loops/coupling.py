"""Which populations take the stages of Runge-Kutta 4 together, and what has a value at each stage."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from plasticdsl.derive.integrate import flowing_names
from plasticdsl.model.expr import Expr, Special, refs, walk
from plasticdsl.model.model import Population, Role
from plasticdsl.model.owners import Whose
from plasticdsl.model.schemes import Staged, linear_parts
from plasticdsl.plan.inline import definitions
from plasticdsl.plan.plan import Plan

Owned = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Coupled:
    """Populations integrated stage by stage; `entries`: inputs and definitions evaluated at each stage, in order; `staged`: every (population,
    name) that has a value at each stage."""

    populations: tuple[Population, ...] = ()
    entries: tuple[Owned, ...] = ()
    staged: frozenset[Owned] = frozenset()


def coupled(plan: Plan) -> Coupled:
    """The populations whose rates read undelayed sums of flowing variables, and those that these sums read, however indirectly."""
    moving = flowing_names(plan.network) | _timed(plan)
    reads = dict(_reads(plan, moving))
    inputs = {(p.projection.post, s.target) for p in plan.projections if not p.projection.delays for s in p.sums} & moving
    wanted = {p.population.name: _closure(_of_rates(p.population) & moving, reads) for p in plan.populations}
    readers = {owner for owner, names in wanted.items() if names & inputs}
    needed = frozenset[Owned]().union(*(wanted[owner] for owner in readers))
    owners = readers | {owner for owner, _ in needed}
    together = tuple(p.population for p in plan.populations if p.population.name in owners and parts(p.population))
    if not readers:
        return Coupled()
    entries = tuple((e.population, e.name) for e in plan.network.order if (e.population, e.name) in needed)
    states = {(p.name, v) for p in together for v, _, _ in parts(p)}
    return Coupled(together, entries, frozenset(states | set(entries)))


def parts(population: Population) -> list[tuple[str, Expr, Expr]]:
    """(variable, a, b) of the rates a x + b that are evaluated at stages (`model.schemes.linear_parts`)."""
    return [part for s in population.block.schemes if isinstance(s, Staged) for part in linear_parts(s)]


def _of_rates(population: Population) -> frozenset[Owned]:
    return frozenset((population.name, r.name) for _, *rate in parts(population) for e in rate for r in refs(e) if r.owner is Whose.OWN)


def _timed(plan: Plan) -> frozenset[Owned]:
    """Definitions that change with t."""
    found: set[Owned] = set()
    for p in (p.population for p in plan.populations):
        timed: set[str] = set()
        while True:
            more = {n for n, v in definitions(p.block).items() if Special("t") in walk(v) or any(r.name in timed for r in refs(v))} - timed
            if not more:
                break
            timed |= more
        found |= {(p.name, n) for n in timed}
    return frozenset(found)


def _reads(plan: Plan, moving: frozenset[Owned]) -> Iterator[tuple[Owned, frozenset[Owned]]]:
    """What each input and definition reads of all that moves."""
    by_name = {p.population.name: p.population for p in plan.populations}
    for entry in plan.network.order:
        declared = by_name[entry.population].block.variable(entry.name)
        found: set[Owned] = set()
        if declared is not None and declared.role is Role.DEFINITION and isinstance(declared.value, Expr):
            found = {(entry.population, r.name) for r in refs(declared.value) if r.owner is Whose.OWN}
        for p in (p for p in plan.projections if p.projection.post == entry.population and not p.projection.delays):
            ends = p.projection.ends
            found |= {(ends[r.owner], r.name) for s in p.sums if s.target == entry.name for r in refs(s.body) if r.owner in ends}
        yield (entry.population, entry.name), frozenset(found & moving)


def _closure(start: frozenset[Owned], reads: dict[Owned, frozenset[Owned]]) -> frozenset[Owned]:
    found: set[Owned] = set()
    waiting = list(start)
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            waiting += reads.get(one, ())
    return frozenset(found)
