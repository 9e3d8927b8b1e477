"""Which names have one value per unit or connection, told without drawing anything.

Comes in: a network and settings. Goes out: the variables that are arrays in the instance made from them; all others are shared numbers.
The compiler chooses between array and scalar arguments by it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from plasticdsl.model.expr import At, Expr, Ref, Special, walk
from plasticdsl.model.model import Distribution, Network, PerUnit, Projection, Timed, Timing, Value
from plasticdsl.model.owners import OfPopulation, Owner, Whose
from plasticdsl.model.right_sides import network_sides, right_sides
from plasticdsl.runtime.instance.settings import Given, Settings

_NO_SETTINGS: Settings = {}
_Named = tuple[str | Timing, Given | None]


def per_unit(network: Network, settings: Settings = _NO_SETTINGS) -> PerUnit:
    """Parameters, initial states and times that differ from unit to unit or from connection to connection."""
    found = set[Ref | Timed]()
    _spread(Whose.NETWORK, [(n, s) for n, s in network_sides(network, settings).items() if not isinstance(s, Distribution)], {}, found)
    for population in network.populations:
        sides: list[_Named] = [*right_sides(population.as_owner, population.block, population.values, settings).items()]
        if population.block.refractory is not None:
            sides.append((Timing.REFRACTORY, population.block.refractory.duration))
        _spread(population.as_owner, sides, {}, found)
    for projection in network.projections:
        sides = [*right_sides(projection.as_owner, projection.connection, projection.values, settings).items()]
        _spread(projection.as_owner, [*sides, *delay_sides(projection).items()], projection.ends, found)
    return frozenset(found)


def delay_sides(projection: Projection) -> dict[Timing, Value]:
    """The delays that are written."""
    written = {Timing.AXONAL: projection.delays.axonal, Timing.DENDRITIC: projection.delays.dendritic}
    return {side: delay for side, delay in written.items() if delay is not None}


def _spread(owner: Owner, sides: Iterable[_Named], ends: Mapping[Owner, str], found: set[Ref | Timed]) -> None:
    """Adds to `found` what of `owner` differs; what depends on such a name does too."""
    waiting = dict(sides)
    while True:
        more = [name for name, side in waiting.items() if _differs(owner, side, ends, found)]
        if not more:
            return
        for name in more:
            found.add(Ref(owner, name) if isinstance(name, str) else Timed(owner, name))
            del waiting[name]


def _differs(owner: Owner, side: Given | None, ends: Mapping[Owner, str], found: set[Ref | Timed]) -> bool:
    if isinstance(side, Expr):
        return any(_node_differs(owner, node, ends, found) for node in walk(side))
    return isinstance(side, Distribution) or (side is not None and np.ndim(side) > 0)


def _node_differs(owner: Owner, node: object, ends: Mapping[Owner, str], found: set[Ref | Timed]) -> bool:
    match node:
        case Special("i" | "j"):
            return True
        case Ref(Whose.OWN, name) | At(Ref(Whose.OWN, name), _):
            return Ref(owner, name) in found
        case Ref(Whose.PRE | Whose.POST as side, name):
            return Ref(OfPopulation(ends[side]), name) in found
        case Ref(other, name) | At(Ref(other, name), _):
            return Ref(other, name) in found
        case _:
            return False
