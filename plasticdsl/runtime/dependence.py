"""Which names have one value per unit or connection, told without drawing anything.

Comes in: a network and settings. Goes out: the (owner, name) pairs that are arrays in the instance made from them; all others are shared
numbers. The compiler chooses between array and scalar arguments by it.
"""

from __future__ import annotations

from collections.abc import Mapping

from plasticdsl.model.expr import At, Ref, Special, walk
from plasticdsl.model.model import Distribution, Network, Projection, Value
from plasticdsl.runtime.sides import Given, Placed, Settings, Sides, by_name, is_array, is_expression, network_sides, right_sides

_NO_SETTINGS: Settings = {}

Keys = frozenset[tuple[str, str]]


def per_unit(network: Network, settings: Settings | Placed = _NO_SETTINGS) -> Keys:
    """Parameters and initial states (owner, name) that differ from unit to unit or from connection to connection.

    `(population, "refractory")` stands for its refractory time, `(projection, "axonal")` and `(projection, "dendritic")` for the delays.
    """
    settings, found = by_name(settings), set[tuple[str, str]]()
    _spread("network", {n: s for n, s in network_sides(network, settings).items() if not isinstance(s, Distribution)}, {}, found)
    for population in network.populations:
        sides = right_sides(population.name, population.block, population.values, settings)
        if population.block.refractory is not None:
            sides["refractory"] = population.block.refractory.duration
        _spread(population.name, sides, {}, found)
    for projection in network.projections:
        sides = right_sides(projection.name, projection.connection, projection.values, settings)
        sides.update(delay_sides(projection))
        _spread(projection.name, sides, {"pre": projection.pre, "post": projection.post}, found)
    return frozenset(found)


def delay_sides(projection: Projection) -> dict[str, Value]:
    """The delays that are written, under `axonal` and `dendritic`."""
    written = {"axonal": projection.delays.axonal, "dendritic": projection.delays.dendritic}
    return {side: delay for side, delay in written.items() if delay is not None}


def _spread(owner: str, sides: Sides, ends: Mapping[str, str], found: set[tuple[str, str]]) -> None:
    """Adds to `found` what of `owner` differs; what depends on such a name does too."""
    waiting = dict(sides)
    while True:
        more = [name for name, side in waiting.items() if _differs(owner, side, ends, found)]
        if not more:
            return
        for name in more:
            found.add((owner, name))
            del waiting[name]


def _differs(owner: str, side: Given | None, ends: Mapping[str, str], found: set[tuple[str, str]]) -> bool:
    if is_expression(side):
        return any(_node_differs(owner, node, ends, found) for node in walk(side))
    return isinstance(side, Distribution) or is_array(side)


def _node_differs(owner: str, node: object, ends: Mapping[str, str], found: set[tuple[str, str]]) -> bool:
    match node:
        case Special("i" | "j"):
            return True
        case Ref("", name) | At(Ref("", name), _):
            return (owner, name) in found
        case Ref("pre" | "post" as side, name):
            return (ends.get(side, side), name) in found
        case Ref(other, name) | At(Ref(other, name), _):
            return (other, name) in found
        case _:
            return False
