"""What one of several processes has of a network: blocks of units, and the connections that lead to them.

Comes in: an instance of the whole network. Goes out: one with fewer connections. Units keep the numbers that they have in all; of a connection it is known
which number it has in all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from plasticdsl.runtime.instance.instance import Instance, ProjectionInstance, Values
from plasticdsl.support.arrays import Integers

#: Blocks begin at multiples of this: random words are made so many at a time, and what several processors work on lies in other lines of the cache.
MULTIPLE = 16
LEAST_MULTIPLE = 4


def begins(units: int, size: int) -> Integers:
    """The first unit of each process, and how many units there are: int64[size + 1]. Processes may have none."""
    multiple = MULTIPLE if units >= 4 * MULTIPLE * size else LEAST_MULTIPLE
    found = units * np.arange(size + 1, dtype=np.int64) // size // multiple * multiple
    found[-1] = units
    return found


@dataclass(slots=True)
class Blocks:
    """Which units each process has, of populations whose units are divided: int64[size + 1] each."""

    rank: int
    ends: Mapping[str, Integers]

    def own(self, population: str) -> tuple[int, int]:
        """Where those of this process begin and end."""
        return int(self.ends[population][self.rank]), int(self.ends[population][self.rank + 1])


def blocks_of(instance: Instance, members: tuple[str, ...], rank: int, size: int) -> Blocks:
    """The blocks of all members."""
    return Blocks(rank, {name: begins(instance.populations[name].size, size) for name in members})


def numbers_of(projection: ProjectionInstance, ends: Integers, rank: int) -> Integers:
    """Which connections lead to units of a process: numbers from 0, in order."""
    return np.flatnonzero((projection.targets >= ends[rank]) & (projection.targets < ends[rank + 1]))


def part_of(projection: ProjectionInstance, numbers: Integers) -> ProjectionInstance:
    """A projection with these connections alone."""

    def taken(values: Values) -> Values:
        return values if np.ndim(values) == 0 else np.asarray(values)[numbers]

    def of_states(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.broadcast_to(values[:1] if len(values) else np.zeros(1), numbers.shape) if values.strides == (0,) else values[numbers]

    return replace(
        projection,
        rows=np.searchsorted(numbers, projection.rows).astype(np.int64),
        targets=projection.targets[numbers],
        parameters={name: taken(v) for name, v in projection.parameters.items()},
        states={name: of_states(v) for name, v in projection.states.items()},
        axonal=projection.axonal if isinstance(projection.axonal, int) else projection.axonal[numbers],
        dendritic=projection.dendritic if isinstance(projection.dendritic, int) else projection.dendritic[numbers],
        order=None,
    )
