"""How a weight reaches an observable in time: through states that move, jump or spike.

Comes in: a network, a variable and an observable's formula. Goes out: the first state or spike on a way from one to the other, to say why a
gradient, which knows
one moment only, is 0.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping

from plasticdsl.model import Block, Network, Projection, Role, Trigger
from plasticdsl.model.expr import Expr, Ref, refs
from plasticdsl.model.mapping import expressions
from plasticdsl.model.owners import OfPopulation, Owner, Whose

#: Stands for the spikes of a population beside its variables.
SPIKE = "#spike"


def first_in_time(network: Network, start: Ref, formula: Expr) -> str | None:
    """In words, what keeps the value of `start` from reaching `formula` at one moment; None where it never reaches it."""
    edges: dict[Ref, list[Ref]] = {}
    for source, target in _edges(network):
        edges.setdefault(source, []).append(target)
    goals = {Ref(r.owner, r.name) for r in refs(formula)}
    seen, waiting = {start}, deque[tuple[Ref, ...]]([(start,)])
    while waiting:
        path = waiting.popleft()
        if path[-1] in goals and path[-1] != start:
            return _first(network, path[1:])
        for following in edges.get(path[-1], ()):
            if following not in seen:
                seen.add(following)
                waiting.append((*path, following))
    return None


def _first(network: Network, path: tuple[Ref, ...]) -> str:
    for ref in path:
        population = next((p for p in network.populations if p.as_owner == ref.owner), None)
        if ref.name == SPIKE and population is not None:
            return f"the spikes of ‘{population.symbol}’"
        variable = population.block.variable(ref.name) if population is not None else None
        if population is not None and variable is not None and variable.role is Role.STATE:
            return f"‘{population.symbol}.{variable.symbol}’, a state that changes in time"
    return "a sum that is delayed"


def _edges(network: Network) -> Iterator[tuple[Ref, Ref]]:
    for population in network.populations:
        owner = population.as_owner
        yield from _of_block(population.block, {Whose.OWN: owner})
        for read in expressions((population.block.spike, population.block.events)):
            yield from ((Ref(owner, r.name), Ref(owner, SPIKE)) for r in refs(read) if r.owner is Whose.OWN)
    for projection in network.projections:
        yield from _of_projection(projection)


def _of_projection(projection: Projection) -> Iterator[tuple[Ref, Ref]]:
    owners: dict[Owner, Owner] = {o: OfPopulation(name) for o, name in projection.ends.items()}
    owners[Whose.OWN] = projection.as_owner
    yield from _of_block(projection.connection, owners)
    for total in projection.connection.sums:
        yield from _reads(total.body, owners, Ref(OfPopulation(projection.post), total.target))


def _of_block(block: Block, owners: Mapping[Owner, Owner]) -> Iterator[tuple[Ref, Ref]]:
    own = owners[Whose.OWN]
    for name, formula in block.definitions.items():
        yield from _reads(formula, owners, Ref(own, name))
    for flow in block.flows:
        yield from _reads(flow.rate, owners, Ref(own, flow.variable))
    for handler in block.handlers:
        for statement in handler.statements:
            target = Ref(owners.get(statement.target.owner, statement.target.owner), statement.target.name)
            yield from _reads(statement.value, owners, target)
            if handler.awaited is not None or handler.trigger is Trigger.SPIKE:
                yield Ref(owners[handler.awaited or Whose.OWN], SPIKE), target


def _reads(expr: Expr, owners: Mapping[Owner, Owner], target: Ref) -> Iterator[tuple[Ref, Ref]]:
    for ref in refs(expr):
        yield Ref(owners.get(ref.owner, ref.owner), ref.name), target
