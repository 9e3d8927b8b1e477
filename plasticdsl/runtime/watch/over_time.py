"""Statistics of each unit over time: `max(E.V over time)`.

Comes in: the values of all units, moment by moment. Goes out: one value for each unit; what was before is kept only where it is needed.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from plasticdsl.support.arrays import Floats


@dataclass(slots=True)
class OfEach:
    """The `mean`, `sd`, `min`, `max`, `median` or `fraction` (of conditions, 1 or 0) of each unit, of values sampled at this interval (s). `count`
    of them so far; `low`, `high`; `mean`, and `squares` = Σ (x − mean)², as in Welford (1962), Technometrics 4:419; `kept`: all values, for a median."""

    statistic: str
    interval: float
    count: int = 0
    low: Floats = field(default_factory=lambda: np.array(np.inf))
    high: Floats = field(default_factory=lambda: np.array(-np.inf))
    mean: Floats = field(default_factory=lambda: np.zeros(()))
    squares: Floats = field(default_factory=lambda: np.zeros(()))
    kept: list[Floats] = field(default_factory=list)

    def add(self, *values: Floats) -> None:
        """The values of one moment."""
        new = np.array(values[0], dtype=np.float64)
        self.count += 1
        match self.statistic:
            case "min":
                self.low = np.asarray(np.minimum(self.low, new))
            case "max":
                self.high = np.asarray(np.maximum(self.high, new))
            case "median":
                self.kept.append(new)
            case _:
                away = new - self.mean
                self.mean = np.asarray(self.mean + away / self.count)
                self.squares = np.asarray(self.squares + away * (new - self.mean))

    def anew(self) -> OfEach:
        """The same of other values."""
        return OfEach(self.statistic, self.interval)

    def result(self) -> Floats:
        """One value for each unit; the sd is that of the population (divisor n)."""
        match self.statistic:
            case "min":
                return self.low
            case "max":
                return self.high
            case "median":
                return np.asarray(np.median(np.stack(self.kept), axis=0))
            case "sd":
                return np.asarray(np.sqrt(self.squares / self.count))
            case _:
                return self.mean
