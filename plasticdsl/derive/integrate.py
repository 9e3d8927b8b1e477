"""Integrators for a whole network: every block gets its schemes, knowing what is connected to it.

Comes in: a checked network. Goes out: the same network with `schemes` in every block. Populations that are coupled by undelayed sums of
flowing variables (gap junctions, networks of rate units) are integrated together, stage by stage, by Runge-Kutta 4, unless a `method:` says
otherwise, because a sum that is held over a step would make any scheme first-order.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from plasticdsl.derive.schemes import choose_schemes
from plasticdsl.derive.totals import with_totals
from plasticdsl.graph import reachable
from plasticdsl.model.expr import Expr, Ref, refs
from plasticdsl.model.model import Block, Network, Population, Projection, Role, SumInto
from plasticdsl.model.owners import Whose
from plasticdsl.model.schemes import Scheme, variables_of
from plasticdsl.symbolic.block_contents import read_by

Owned = tuple[str, str]


def integrate(network: Network) -> Network:
    """The network with an integrator for every flowing variable. Raises `PlasError` as `choose_schemes` does."""
    flowing = flowing_names(network)
    feeding = _feeding(network, flowing)
    known: dict[tuple[Block, frozenset[str], bool], tuple[Scheme, ...]] = {}
    populations = tuple(_population(p, flowing, feeding, known) for p in network.populations)
    blocks = {p.name: p.block for p in network.populations}
    projections = tuple(_projection(p, blocks, flowing) for p in network.projections)
    return replace(network, populations=populations, projections=projections)


def flowing_names(network: Network) -> frozenset[Owned]:
    """The (population, name) whose value changes between events: states with a flow (or an integrator), what is defined by them, and undelayed sums over
    them."""
    readers: dict[Owned, set[Owned]] = {}
    for one, read in (*_defined(network), *_summed(network)):
        for other in read:
            readers.setdefault(other, set()).add(one)
    start = {(p.name, f.variable) for p in network.populations for f in p.block.flows}
    start |= {(p.name, v) for p in network.populations for s in p.block.schemes for v in variables_of(s)}
    return frozenset(reachable(start, readers))


def _defined(network: Network) -> Iterator[tuple[Owned, set[Owned]]]:
    """Definitions of units and what they read."""
    for p in network.populations:
        for name, formula in p.block.definitions.items():
            yield (p.name, name), {(p.name, r.name) for r in refs(formula) if r.owner is Whose.OWN}


def _summed(network: Network) -> Iterator[tuple[Owned, set[Owned]]]:
    """Inputs and what the undelayed sums into them read."""
    for p, total in _undelayed(network):
        yield (p.post, total.target), _reads(total.body, p)


def _undelayed(network: Network) -> list[tuple[Projection, SumInto]]:
    return [(p, total) for p in network.projections if not p.delays for total in p.connection.sums]


def _reads(expr: Expr, projection: Projection) -> set[Owned]:
    """What a connection's expression reads of the two units, through its own definitions too."""
    ends = projection.ends
    return {(ends[r.owner], r.name) for r in read_by(projection.connection, expr) if r.owner in ends}


def _feeding(network: Network, flowing: frozenset[Owned]) -> frozenset[str]:
    """Populations whose flowing variables reach, through sums, the flow of some population."""
    reads: dict[Owned, set[Owned]] = {}
    for one, read in (*_defined(network), *_summed(network)):
        reads.setdefault(one, set()).update(read)
    needed = reachable(
        {(p.name, r.name) for p in network.populations for f in p.block.flows for r in refs(f.rate) if r.owner is Whose.OWN}, reads
    )
    return frozenset(
        o for p, s in _undelayed(network) if (p.post, s.target) in needed for o, name in _reads(s.body, p) if (o, name) in flowing
    )


def _population(
    population: Population,
    flowing: frozenset[Owned],
    feeding: frozenset[str],
    known: dict[tuple[Block, frozenset[str], bool], tuple[Scheme, ...]],
) -> Population:
    """`known`: what has been chosen for other populations of the same neuron."""
    block = population.block
    inputs = frozenset(v.name for v in block.variables if v.role is Role.INPUT and (population.name, v.name) in flowing)
    together = population.name in feeding
    if (block, inputs, together) not in known:
        known[block, inputs, together] = choose_schemes(block, flowing_inputs=inputs, together=together).schemes
    return replace(population, block=replace(block, schemes=known[block, inputs, together]))


def _projection(projection: Projection, blocks: Mapping[str, Block], flowing: frozenset[Owned]) -> Projection:
    ends = projection.ends.items()
    held = frozenset(Ref(side, v.name) for side, name in ends for v in blocks[name].variables if (name, v.name) not in flowing)
    return replace(projection, connection=choose_schemes(with_totals(projection.connection), held=held))
