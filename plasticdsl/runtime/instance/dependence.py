"""Which names have one value per unit or connection, told without drawing anything.

Comes in: a network and settings. Goes out: the variables that are arrays in the instance made from them; all others are shared numbers.
The compiler chooses between array and scalar arguments by it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np

from plasticdsl.graph import backwards, reachable
from plasticdsl.model import Distribution, Network, PerUnit, Projection, Timed, Timing, Value
from plasticdsl.model.expr import Expr, Ref, Special, is_stored, refs, walk
from plasticdsl.model.owners import OfPopulation, Owner, Whose
from plasticdsl.model.right_sides import all_sides
from plasticdsl.runtime.instance.settings import Given, Settings

_NO_SETTINGS: Settings = {}


def per_unit(network: Network, settings: Settings = _NO_SETTINGS, spread: Collection[Ref] = ()) -> PerUnit:
    """Parameters, initial states and times that differ from unit to unit or from connection to connection, and what depends on them; those of `spread` do
    at some time."""
    sides: dict[Ref | Timed, Given | None] = dict(all_sides(network, settings).items())
    for owner, block in network.blocks.items():
        if block.refractory is not None:
            sides[Timed(owner, Timing.REFRACTORY)] = block.refractory.constant
    for p in network.projections:
        sides |= {Timed(p.as_owner, timing): delay for timing, delay in delay_sides(p).items()}
    ends: dict[Owner, Mapping[Owner, str]] = {p.as_owner: p.ends for p in network.projections}
    reads = {place: _read(place.owner, side, ends.get(place.owner, {})) for place, side in sides.items()}
    differ = (place for place, side in sides.items() if place in spread or _differs(place.owner, side))
    return frozenset(reachable(differ, backwards(reads)))


def delay_sides(projection: Projection) -> dict[Timing, Value]:
    """The delays that are written."""
    written = {Timing.AXONAL: projection.delays.axonal, Timing.DENDRITIC: projection.delays.dendritic}
    return {side: delay for side, delay in written.items() if delay is not None}


def _differs(owner: Owner, side: Given | None) -> bool:
    """Whether it differs by itself. What is drawn for the network is drawn once."""
    if isinstance(side, Expr):
        return any(node in (Special("i"), Special("j")) or is_stored(node) for node in walk(side))
    return owner is not Whose.NETWORK if isinstance(side, Distribution) else side is not None and np.ndim(side) > 0


def _read(owner: Owner, side: Given | None, ends: Mapping[Owner, str]) -> frozenset[Ref]:
    """What a side of `owner` reads, seen from outside."""
    around: dict[Owner, Owner] = {Whose.OWN: owner, **{whose: OfPopulation(name) for whose, name in ends.items()}}
    return frozenset(Ref(around.get(r.owner, r.owner), r.name) for r in refs(side)) if isinstance(side, Expr) else frozenset()
