"""Which populations take the stages of an integrator together, and what has a value at each stage.

Comes in: a network whose blocks carry their integrators. Goes out: these populations, and the inputs and definitions that a stage evaluates; and a
`PlasError` where one of them has events that are to be located within a step, for which its units would need a course of their own.
"""

from __future__ import annotations

from plasticdsl.diagnostics.diagnostic import Diagnostic, PlasError
from plasticdsl.graph import reachable
from plasticdsl.model import Block, Network, Threshold
from plasticdsl.model.dependencies import flowing_names, read_by_units
from plasticdsl.model.expr import Ref, Special, refs, walk
from plasticdsl.model.owners import OfPopulation, Owner, Whose
from plasticdsl.model.schemes import Staged, linear_parts
from plasticdsl.source import Span


def coupled_owners(network: Network) -> tuple[frozenset[Owner], tuple[Ref, ...]]:
    """Populations are taken together whose rates read undelayed sums of flowing variables, and those that these sums read, however indirectly.
    One with steps of its own takes its stages alone. With them: the inputs and definitions to evaluate at each stage, in order."""
    moving = flowing_names(network) | _timed(network)
    reads = {one: read & moving for one, read in read_by_units(network).items()}
    inputs = {Ref(OfPopulation(p.post), s.target) for p in network.projections if not p.delays for s in p.connection.sums} & moving
    wanted = {
        p.as_owner: frozenset(reachable(_of_rates(p.as_owner, p.block) & moving, reads)) for p in network.populations if p.step is None
    }
    readers = {owner for owner, names in wanted.items() if names & inputs}
    needed = frozenset[Ref]().union(*(wanted[owner] for owner in readers))
    return frozenset(readers | {ref.owner for ref in needed}), tuple(entry for entry in network.order if entry in needed)


def located(network: Network) -> Network:
    """The network itself. Raises `PlasError` (`not-located`) where units with located events take the stages of their integrator with others."""
    if not any(p.block.locates for p in network.populations):
        return network
    owners, _ = coupled_owners(network)
    found = []
    for population in network.populations:
        block = population.block
        if block.locates and population.as_owner in owners and any(isinstance(s, Staged) for s in block.schemes):
            message = (
                f"The units of ‘{population.symbol}’ flow together with those they are connected with, stage by stage of the integrator, "
                "since a sum without delay reads what flows: none of them has a course of its own within a step."
            )
            hint = "Give the connections that sum a delay, or leave out ‘located’."
            found.append(Diagnostic("not-located", message, _place(block), hint))
    if found:
        raise PlasError(tuple(dict.fromkeys(found)))
    return network


def _place(block: Block) -> Span:
    if isinstance(block.spike, Threshold) and block.spike.located:
        return block.spike.span
    return next(e.when.span for e in block.events if e.when.located)


def _of_rates(owner: Owner, block: Block) -> frozenset[Ref]:
    rates = (part for scheme in block.schemes if isinstance(scheme, Staged) for part in linear_parts(scheme))
    return frozenset(Ref(owner, r.name) for _, *rate in rates for e in rate for r in refs(e) if r.owner is Whose.OWN)


def _timed(network: Network) -> set[Ref]:
    """Definitions that change with t."""
    found: set[Ref] = set()
    for p in network.populations:
        for name, formula in p.block.definitions.items():
            if Special("t") in walk(formula) or any(r.owner is Whose.OWN and Ref(p.as_owner, r.name) in found for r in refs(formula)):
                found.add(Ref(p.as_owner, name))
    return found
