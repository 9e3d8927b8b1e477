"""Sliding rates are counts of spikes: those of the last T, over T.

Comes in: a network in which `rate(T)` of a unit, or of one of the two units of a connection, is a call of `model.expr.SLIDING`. Goes out: the same without
them. Each population whose rate is read has a state n for each window, and a projection onto itself, one to one:

    at a spike of the unit:  n += 1, after the unit's own jumps;    T later:  n −= 1;    rate = n/T

The spike comes back through a dendritic delay of T, so that n counts those of the last T/dt steps, whatever reads it and whenever it does: of the steps
before this one until the units have made their jumps, of this one too from then on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from plasticdsl.model import AddTo, Assign, Block, Connectivity, Delays, Handler, Network, Population, Projection, Role, Trigger, Variable
from plasticdsl.model.expr import SLIDING, Binary, Call, Expr, Number, Ref, Special, rebuild, walk
from plasticdsl.model.inline import as_owner
from plasticdsl.model.mapping import expressions, map_network
from plasticdsl.model.owners import OfPopulation, Whose
from plasticdsl.names import free_name
from plasticdsl.units.dimension import ONE, TIME

#: A population and a window, as it is read from outside; and the names of the state that counts and of the projection that counts back.
Counters = Mapping[tuple[str, Expr], tuple[str, str]]


def with_sliding_rates(network: Network) -> Network:
    """`network` with counters in place of its sliding rates."""
    counters: dict[tuple[str, Expr], tuple[str, str]] = {}
    blocks = {p.name: p.block for p in network.populations}
    parts: list[Population | Projection] = [*network.populations, *network.projections]
    taken = {part.name for part in parts}
    for part in parts:
        block = part.block if isinstance(part, Population) else part.connection
        for rate in (node for expr in expressions(block) for node in walk(expr) if isinstance(node, Call) and node.function in SLIDING):
            key = _counted(part, rate)
            if key not in counters:
                own = {
                    *(v.name for v in blocks[key[0]].variables),
                    *(state for (name, _), (state, _) in counters.items() if name == key[0]),
                }
                projection = free_name(f"{key[0]}_recent_spikes", taken)
                counters[key] = free_name("recent_spikes", own), projection
                taken.add(projection)
    if not counters:
        return network

    def reader(part: Population | Projection | None) -> Callable[[Expr], Expr]:
        def read(expr: Expr) -> Expr:
            new = rebuild(expr, read)
            if part is None or not isinstance(new, Call) or new.function not in SLIDING:
                return new
            state, _ = counters[_counted(part, new)]
            return Binary("/", Ref(SLIDING[new.function], state), new.arguments[0])

        return read

    network = map_network(network, reader)
    populations = tuple(_counting(p, counters) for p in network.populations)
    returning = tuple(_returning(population, window, *names) for (population, window), names in counters.items())
    return replace(network, populations=populations, projections=(*network.projections, *returning))


def _counted(part: Population | Projection, rate: Call) -> tuple[str, Expr]:
    """Whose spikes, and the window."""
    population = part.name if isinstance(part, Population) else part.ends[SLIDING[rate.function]]
    return population, as_owner(rate.arguments[0], part.as_owner)


def _counting(population: Population, counters: Counters) -> Population:
    """The population with its counters."""
    states = [state for (name, _), (state, _) in counters.items() if name == population.name]
    ups = tuple(Assign(Ref(Whose.OWN, s), Binary("+", Ref(Whose.OWN, s), Number(1.0))) for s in states)
    block = population.block
    variables = (*block.variables, *(Variable(s, s, Role.STATE, ONE, span=block.span) for s in states))
    handlers = (*block.handlers, Handler(Trigger.SPIKE, ups)) if ups else block.handlers
    return replace(population, block=replace(block, variables=variables, handlers=handlers))


def _returning(population: str, window: Expr, state: str, name: str) -> Projection:
    """The projection of a population onto itself that counts a spike back when it is a window old."""

    def from_inside(expr: Expr) -> Expr:
        match expr:
            case Ref(OfPopulation(), own):
                return Ref(Whose.POST, own)
            case _:
                return rebuild(expr, from_inside)

    length = Variable("window", "window", Role.GIVEN, TIME, low=Special("dt"), unit="s")
    down = Handler(Trigger.PRE, (AddTo(Ref(Whose.POST, state), Number(-1.0)),))
    block = Block("connection", name, variables=(length,), handlers=(down,))
    delays, values = Delays(dendritic=Ref(Whose.OWN, "window")), (("window", from_inside(window)),)
    return Projection(name, name, population, population, block, Connectivity("one"), delays, values)
