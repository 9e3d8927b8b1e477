"""Variables of connections that are sums of a part of each unit, seen and written from outside (`plan.passes.superpose`).

Comes in: the arrays of the kernels. Goes out: one value for each connection. What is written stands in the part of one side where all connections of its
units get the same, else in rests, which take up memory from then on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plasticdsl.kernels.identifiers import Field
from plasticdsl.kernels.program import Superposition
from plasticdsl.plan.places import Place
from plasticdsl.runtime.engine.binding import Bound
from plasticdsl.runtime.instance.instance import ProjectionInstance
from plasticdsl.support.arrays import Units


@dataclass(frozen=True, slots=True)
class Summed:
    """One such variable of a projection, the one with this `number` in its group; the first part lives with the units of `place`."""

    group: Superposition
    number: int
    place: Place
    projection: ProjectionInstance

    def read(self, bound: Bound, now: Callable[[Field], NDArray[Any]]) -> NDArray[np.float64]:
        """float64[connections]. `now`: what an array of units is, with what waits for it."""
        value = np.zeros(self.projection.count)
        for part, units in self._parts():
            value += now(part)[units]
        if bound.sizes[self.group.length]:
            value += bound.arrays[self.group.rests[self.number]]
        return value

    def write(self, bound: Bound, values: NDArray[np.float64] | float) -> bool:
        """Every connection gets its value, or all the same one. Whether there are rests now, for the first time."""
        wanted = np.broadcast_to(np.asarray(values, dtype=np.float64), (self.projection.count,))
        parts = self._parts()
        found = [(part, of_units) for part, units in parts if (of_units := _of_units(wanted, units, len(bound.arrays[part]))) is not None]
        for part, _ in parts:
            bound.arrays[part][...] = 0.0
        if found:
            part, of_units = found[0]
            bound.arrays[part][...] = of_units
        anew = not found and keep_rests(self.group, bound, self.projection.count)
        if bound.sizes[self.group.length]:
            bound.arrays[self.group.rests[self.number]][...] = 0.0 if found else wanted
        return anew

    def _parts(self) -> tuple[tuple[Field, Units], tuple[Field, Units]]:
        """Each part, and the unit of each connection in it."""
        own, other = self.group.fields[self.number], self.group.others[self.number]
        sources, targets = self.projection.sources(), self.projection.targets
        return ((own, sources), (other, targets)) if self.place is Place.PRE else ((own, targets), (other, sources))


def _of_units(wanted: NDArray[np.float64], units: Units, size: int) -> NDArray[np.float64] | None:
    """One value for each unit of a side; None where connections of a unit differ."""
    found = np.full(size, wanted[0] if len(wanted) else 0.0)
    found[units] = wanted
    return found if np.array_equal(found[units], wanted, equal_nan=True) else None


def keep_rests(group: Superposition, bound: Bound, count: int) -> bool:
    """Arrays for so many rests, all 0, or for none; whether they are others than before."""
    if bound.sizes[group.length] == count:
        return False
    bound.sizes[group.length] = count
    for rest in group.rests:
        dtype: Any = bound.arrays[rest].dtype
        bound.arrays[rest] = np.zeros(count, dtype=dtype)
    return True
