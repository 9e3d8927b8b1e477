"""What reads what in a network: which variables have an effect on anything, or are looked at.

Comes in: a checked network and the experiments on it. Goes out: the variables, as (population or projection, name), that something else than their own
change reads. A parameter of the network has the owner `network`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import replace

from plasticdsl.model.experiments import Experiment
from plasticdsl.model.expr import Ref
from plasticdsl.model.model import AddTo, Assign, Block, Network, Projection, Role
from plasticdsl.source import Span

#: (population, projection or `network`; canonical name)
Key = tuple[str, str]


def everything_read(network: Network, experiments: Sequence[Experiment]) -> frozenset[Key]:
    """Every variable that another one, a connection, the network or an experiment reads."""
    found: set[Key] = set()
    for population in network.populations:
        apart = (population.size, population.source, population.values)
        found.update(_of_block(population.block, population.name, {"": population.name}), keys(apart, {"": population.name}))
    for projection in network.projections:
        owners = _owners(projection)
        found.update(_of_block(projection.connection, projection.name, owners))
        found.update(keys((projection.connectivity, projection.delays, projection.values), owners))
    for variable in network.variables:
        found.update(keys((variable.value, variable.initial, variable.low, variable.high), {}))
    found.update(keys((network.patterns, network.proofs), {}))
    for experiment in experiments:
        found.update(keys(replace(experiment, sweep=tuple(replace(axis, target=Ref("", "")) for axis in experiment.sweep)), {}))
        if any(phase.until is not None and phase.until.condition is None for phase in experiment.phases):
            found.update((p.name, v.name) for p in network.populations for v in p.block.variables if v.role is Role.STATE)
    return frozenset(found)


def _owners(projection: Projection) -> dict[str, str]:
    return {"": projection.name, "pre": projection.pre, "post": projection.post}


def _of_block(block: Block, name: str, owners: dict[str, str]) -> Iterator[Key]:
    """What a block reads, but for what a variable's own change reads of it."""
    for target, parts in changes(block):
        yield from (key for key in keys(parts, owners) if target is None or key != (name, target))
    if block.output is not None:
        yield name, block.output


def changes(block: Block) -> Iterator[tuple[str | None, object]]:
    """What each variable of a block's own is computed from: (its name, parts of the model); None for what is no change of one."""
    for variable in block.variables:
        yield variable.name, (variable.value, variable.initial, variable.low, variable.high)
    for flow in block.flows:
        yield flow.variable, (flow.rate, flow.noise)
    for handler in block.handlers:
        yield None, handler.period
        for statement in handler.statements:
            match statement:
                case Assign(target=target, value=value):
                    yield target.name, value
                case AddTo(amount=amount):
                    yield None, amount
    for pair in block.pairs:
        yield pair.target.name, (pair.increment, pair.truncate)
    for total in block.sums:
        yield None, total.body
    yield None, (block.spike, block.refractory)


def keys(node: object, owners: dict[str, str]) -> Iterator[Key]:
    """Every variable that stands anywhere in a part of the model."""
    match node:
        case Ref(owner, name):
            yield owners.get(owner, owner), name
        case tuple():
            for item in node:
                yield from keys(item, owners)
        case Span():
            return
        case _ if dataclasses.is_dataclass(node):
            for field in dataclasses.fields(node):
                yield from keys(getattr(node, field.name), owners)
        case _:
            return
