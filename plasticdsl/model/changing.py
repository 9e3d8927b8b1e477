"""Which parameters can change while a network runs, and what follows from them.

Comes in: a network and the parameters that shall have other values, from some moment on. Goes out: all values that follow from them; what stands in the
way. Values that are read at each step follow. What a network is made of when it is built (sizes, connections, delays, patterns) stays, and so does how the
spikes of learning windows are remembered: a trace decays between spikes, and a pair has one lag.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from plasticdsl.graph import backwards, reachable
from plasticdsl.model import GivenSpikes, Network, Pairing, PairRule, Population, Projection, RegularSource
from plasticdsl.model.expr import SLIDING, Binary, Call, Compare, Expr, Ref, Special, refs, walk
from plasticdsl.model.mapping import expressions
from plasticdsl.model.owners import OfPopulation, OfProjection, Owner, Whose
from plasticdsl.model.right_sides import all_sides


def followers(network: Network, changed: Iterable[Ref], settings: Mapping[Ref, Any]) -> frozenset[Ref]:
    """`changed` and every value before the run that is computed or drawn from one of them, with these settings of a user."""
    parts = {p.as_owner: p for p in network.projections}

    def read(owner: Owner, side: object) -> frozenset[Ref]:
        return _of_connections(parts[owner], side) if isinstance(owner, OfProjection) else _outside(owner, side)

    return frozenset(
        reachable(changed, backwards({place: read(place.owner, side) for place, side in all_sides(network, settings).items()}))
    )


def _outside(owner: Owner, part: object) -> frozenset[Ref]:
    """The names that a part of the model reads, by their owners; a number reads nothing."""
    return frozenset(Ref(owner if r.owner is Whose.OWN else r.owner, r.name) for expr in expressions(part) for r in refs(expr))


def _of_connections(projection: Projection, part: object) -> frozenset[Ref]:
    found = (projection.from_outside(r) for expr in expressions(part) for r in refs(expr))
    return frozenset(Ref(r.owner, r.name) for r in found)


# --- what stands in the way --------------------------------------------------------------------------------------------


def obstacles(network: Network, changed: Iterable[Ref]) -> Iterator[str]:
    """What is settled by these parameters, or by what follows from them, and cannot change: a clause for each, ‘the size of E’."""
    found = followers(network, changed, {})
    return (what for what, read in _settled(network) if read & found)


def _settled(network: Network) -> Iterator[tuple[str, frozenset[Ref]]]:
    for population in network.populations:
        name, owner = f"‘{population.symbol}’", population.as_owner
        yield f"the size of {name}", _outside(Whose.NETWORK, population.size)
        yield f"over which time {name} takes a rate", _outside(owner, tuple(_windows(population)))
        match population.source:
            case GivenSpikes(times=times):
                yield f"the spike times of {name}", _outside(owner, times)
            case RegularSource(start=start, count=count):
                yield f"when {name} begins and how often it fires", _outside(owner, (start, count))
            case _:
                pass
    for projection in network.projections:
        name = f"‘{projection.symbol}’"
        yield f"over which time ‘{projection.symbol}’ takes a rate", _of_connections(projection, tuple(_windows(projection)))
        yield f"the connections of {name}", _of_connections(projection, projection.connectivity)
        yield f"the delays of {name}", _of_connections(projection, projection.delays)
        yield f"which units {name} takes as arguments", _of_connections(projection, projection.thirds)
        for pairs in projection.connection.pairs:
            yield f"how the learning window of {name} remembers spikes", _of_connections(projection, tuple(_remembering(pairs)))
    for patterns in network.patterns:
        yield f"the patterns ‘{patterns.symbol}’", _outside(OfPopulation(patterns.population), patterns.source)


def _windows(part: Population | Projection) -> Iterator[Expr]:
    """The windows of sliding rates."""
    return (node.arguments[0] for e in expressions(part) for node in walk(e) if isinstance(node, Call) and node.function in SLIDING)


def _remembering(pairs: PairRule) -> Iterator[Expr]:
    """What of a learning window depends on the lag other than by a power of it, where spikes are summed up before their pairs are complete."""
    if pairs.pairing in (Pairing.NEAREST, Pairing.REDUCED):
        return
    if pairs.truncate is not None:
        yield pairs.truncate
    for node in walk(pairs.increment):
        inner = isinstance(node, Call | Compare) or (isinstance(node, Binary) and node.operator == "^")
        if inner and Special("lag") in walk(node):
            yield node
