"""Statistics of all values in a window of time, gathered moment by moment without keeping them where that can be avoided.

`Gathered("mean").add(values)` at each moment; `result()` is the statistic of everything added.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from plasticdsl.runtime.watch.statistics import OF_VALUES

Floats = NDArray[np.float64]

_STREAMED = frozenset(("mean", "sd", "min", "max", "sum", "norm", "fraction", "count"))


class Gathered:
    """One statistic of values that come in pieces. Mean and variance are merged as in Chan, Golub & LeVeque (1983), Am. Stat. 37:242."""

    def __init__(self, statistic: str) -> None:
        self._statistic = statistic
        self._kept: list[tuple[Floats, ...]] = []
        self._count = 0
        self._nonzero = 0
        self._mean = self._squares = 0.0
        self._low, self._high = math.inf, -math.inf

    def add(self, *values: Floats) -> None:
        """The values of one moment (two arrays for a statistic of two)."""
        if self._statistic not in _STREAMED:
            self._kept.append(tuple(v.astype(np.float64) for v in values))
            return
        (new,) = values
        if not new.size:
            return
        average, size = float(new.mean()), new.size
        total = self._count + size
        self._squares += float(np.sum((new - average) ** 2)) + (average - self._mean) ** 2 * self._count * size / total
        self._mean += (average - self._mean) * size / total
        self._count = total
        self._nonzero += int(np.count_nonzero(new))
        self._low, self._high = float(np.minimum(self._low, new.min())), float(np.maximum(self._high, new.max()))

    def result(self) -> float:
        """The statistic so far; NaN where nothing was added."""
        if self._statistic not in _STREAMED:
            pieces = [np.concatenate(p) for p in zip(*self._kept, strict=True)]
            return OF_VALUES[self._statistic](*pieces) if pieces else math.nan
        if self._count == 0:
            return 0.0 if self._statistic in ("sum", "norm", "count") else math.nan
        return self._streamed()

    def _streamed(self) -> float:
        count = self._count
        match self._statistic:
            case "mean":
                return self._mean
            case "sd":
                return math.sqrt(self._squares / count)
            case "min":
                return self._low
            case "max":
                return self._high
            case "sum":
                return self._mean * count
            case "norm":
                return math.sqrt(self._squares + count * self._mean**2)
            case "fraction":
                return self._nonzero / count
            case _:
                return float(self._nonzero)
