"""How a weight reaches an observable in time: through states that move, jump or spike.

Comes in: a network, a variable and an observable's formula. Goes out: the first state or spike on a way from one to the other, to say why a
gradient, which knows
one moment only, is 0.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping

from plasticdsl.model.expr import Expr, Ref, refs
from plasticdsl.model.model import AddTo, AtRate, Block, Distribution, Network, Projection, Role, Threshold, Trigger

Owned = tuple[str, str]

SPIKE = "#spike"


def first_in_time(network: Network, start: Owned, formula: Expr) -> str | None:
    """In words, what keeps the value of `start` from reaching `formula` at one moment; None where it never reaches it."""
    edges: dict[Owned, list[Owned]] = {}
    for source, target in _edges(network):
        edges.setdefault(source, []).append(target)
    goals = {(r.owner, r.name) for r in refs(formula)}
    before: dict[Owned, Owned] = {start: start}
    waiting = deque([start])
    while waiting:
        node = waiting.popleft()
        if node in goals and node != start:
            return _first(network, _path(before, node))
        for following in edges.get(node, ()):
            if following not in before:
                before[following] = node
                waiting.append(following)
    return None


def _path(before: Mapping[Owned, Owned], end: Owned) -> list[Owned]:
    path = [end]
    while before[path[-1]] != path[-1]:
        path.append(before[path[-1]])
    return path[::-1]


def _first(network: Network, path: list[Owned]) -> str | None:
    for owner, name in path[1:]:
        population = next((p for p in network.populations if p.name == owner), None)
        if name == SPIKE and population is not None:
            return f"the spikes of ‘{population.symbol}’"
        variable = population.block.variable(name) if population is not None else None
        if population is not None and variable is not None and variable.role is Role.STATE:
            return f"‘{population.symbol}.{variable.symbol}’, a state that changes in time"
    return "a sum that is delayed"


def _edges(network: Network) -> Iterator[tuple[Owned, Owned]]:
    for population in network.populations:
        name = population.name
        yield from _of_block(population.block, {"": name})
        match population.block.spike:
            case Threshold(condition=read) | AtRate(rate=read):
                yield from (((name, r.name), (name, SPIKE)) for r in refs(read) if r.owner == "")
            case None:
                pass
    for projection in network.projections:
        yield from _of_projection(projection)


def _of_projection(projection: Projection) -> Iterator[tuple[Owned, Owned]]:
    owners = {"": projection.name, "pre": projection.pre, "post": projection.post}
    yield from _of_block(projection.connection, owners)
    for total in projection.connection.sums:
        yield from _reads(total.body, owners, (projection.post, total.target))


def _of_block(block: Block, owners: Mapping[str, str]) -> Iterator[tuple[Owned, Owned]]:
    own = owners[""]
    for variable in block.variables:
        if variable.role is Role.DEFINITION and variable.value is not None and not isinstance(variable.value, Distribution):
            yield from _reads(variable.value, owners, (own, variable.name))
    for flow in block.flows:
        yield from _reads(flow.rate, owners, (own, flow.variable))
    spikes = {Trigger.SPIKE: own, Trigger.PRE: owners.get("pre", own), Trigger.POST: owners.get("post", own)}
    for handler in block.handlers:
        for statement in handler.statements:
            target = (owners.get(statement.target.owner, statement.target.owner), statement.target.name)
            yield from _reads(statement.amount if isinstance(statement, AddTo) else statement.value, owners, target)
            if handler.trigger in spikes:
                yield (spikes[handler.trigger], SPIKE), target


def _reads(expr: Expr, owners: Mapping[str, str], target: Owned) -> Iterator[tuple[Owned, Owned]]:
    for ref in refs(expr):
        if isinstance(ref, Ref):
            yield (owners.get(ref.owner, ref.owner), ref.name), target
