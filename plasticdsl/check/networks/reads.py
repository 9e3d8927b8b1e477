"""What reads what in a network: which variables have an effect on anything, or are looked at.

Comes in: a checked network and the experiments on it. Goes out: the variables that something else than their own change reads.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from plasticdsl.model.experiments import Experiment
from plasticdsl.model.expr import Ref, refs
from plasticdsl.model.mapping import expressions
from plasticdsl.model.model import Assign, Block, Network, Population, Role
from plasticdsl.model.owners import OfPopulation, Owner, Whose

#: Seen from outside: the owners of what a block calls its own, of pre and of post.
Owners = dict[Owner, Owner]


def everything_read(network: Network, experiments: Sequence[Experiment]) -> frozenset[Ref]:
    """Every variable that another one, a connection, the network or an experiment reads."""
    found: set[Ref] = set()
    for population in network.populations:
        owners: Owners = {Whose.OWN: population.as_owner}
        apart = (population.size, population.source, population.values)
        found.update(_of_block(population.block, owners), keys(apart, owners))
    for projection in network.projections:
        owners = {Whose.OWN: projection.as_owner, **{side: OfPopulation(name) for side, name in projection.ends.items()}}
        found.update(_of_block(projection.connection, owners))
        found.update(keys((projection.connectivity, projection.delays, projection.values), owners))
    found.update(keys((network.variables, network.patterns, network.proofs), {}))
    for experiment in experiments:
        found.update(keys(replace(experiment, sweep=tuple(replace(axis, target=Ref(Whose.NETWORK, "")) for axis in experiment.sweep)), {}))
        if any(until.condition is None for until in experiment.all_awaited):
            found.update(Ref(p.as_owner, v.name) for p in network.populations for v in p.block.variables if v.role is Role.STATE)
    return frozenset(found)


def with_what_is_read(network: Network, experiments: Sequence[Experiment]) -> Network:
    """The network without variables that say whether units are refractory, where nothing reads them."""
    if not any(v.role is Role.REFRACTORY for p in network.populations for v in p.block.variables):
        return network
    read = everything_read(network, experiments)

    def kept(population: Population) -> Population:
        variables = tuple(
            v for v in population.block.variables if v.role is not Role.REFRACTORY or Ref(population.as_owner, v.name) in read
        )
        return replace(population, block=replace(population.block, variables=variables))

    return replace(network, populations=tuple(map(kept, network.populations)))


def _of_block(block: Block, owners: Owners) -> Iterator[Ref]:
    """What a block reads, but for what a variable's own change reads of it."""
    for target, parts in changes(block):
        yield from (key for key in keys(parts, owners) if target is None or key != Ref(owners[Whose.OWN], target))
    if block.output is not None:
        yield Ref(owners[Whose.OWN], block.output)


def changes(block: Block) -> Iterator[tuple[str | None, object]]:
    """What each variable of a block's own is computed from: (its name, parts of the model); None for what is no change of one."""
    for variable in block.variables:
        yield variable.name, variable
    for flow in block.flows:
        yield flow.variable, flow
    for statement in block.statements():
        yield (statement.target.name if isinstance(statement, Assign) else None), statement.value
    for pair in block.pairs:
        yield pair.target.name, (pair.increment, pair.truncate)
    yield None, (tuple(h.period for h in block.handlers), block.sums, block.spike, block.refractory)


def keys(node: object, owners: Owners) -> Iterator[Ref]:
    """Every variable that stands anywhere in a part of the model."""
    return (Ref(owners.get(ref.owner, ref.owner), ref.name) for expr in expressions(node) for ref in refs(expr))
