"""The value of an expression over a plane of two variables: what a contour plot shows.

Comes in: a reader of the network at the end of a run, an expression and two axes. Goes out: a grid of values. Definitions are worked out anew at
every point; states, parameters and the weights are what they are at the end.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from plasticdsl.model.expr import Expr
from plasticdsl.runtime.watch.readings import Reader

Floats = NDArray[np.float64]

#: Points on each side of a grid.
_POINTS = 101


@dataclass(frozen=True, slots=True)
class Along:
    """One axis: a variable of all units (`unit` None) or of one unit (from 0), from `start` to `stop`, in SI."""

    owner: str
    name: str
    unit: int | None
    start: float
    stop: float

    def points(self) -> Floats:
        """Float64[points], with the ends."""
        return np.linspace(self.start, self.stop, _POINTS)


@dataclass(frozen=True, slots=True)
class Landscape:
    """`expr` over two axes; computed when it is first asked for, so only where it is drawn, and kept."""

    reader: Reader
    expr: Expr
    horizontal: Along
    vertical: Along
    levels: tuple[float, ...]
    _grid: list[Floats] = field(default_factory=list, compare=False, repr=False)

    def values(self) -> Floats:
        """Float64[vertical, horizontal]: the expression at every point, NaN where it has no value."""
        if not self._grid:
            x, y = self.horizontal.points(), self.vertical.points()
            self._grid.append(np.array([[self.at(float(b), float(a)) for b in x] for a in y]))
        return self._grid[0]

    def at(self, horizontal: float, vertical: float) -> float:
        """The value at one point."""
        observer = self.reader.observer
        supposed: dict[tuple[str, str], Floats] = {}
        for axis, value in ((self.horizontal, horizontal), (self.vertical, vertical)):
            key = (axis.owner, axis.name)
            if key not in supposed:
                now = observer.variable(*key)
                supposed[key] = np.array(np.broadcast_to(now, (observer.owner_size(axis.owner),)), dtype=np.float64)
            supposed[key][slice(None) if axis.unit is None else axis.unit] = value
        before, observer.present.instead = observer.present.instead, {**observer.present.instead, **supposed}
        try:
            return float(np.ravel(self.reader.value(self.expr, 0, 0))[0])
        finally:
            observer.present.instead = before
