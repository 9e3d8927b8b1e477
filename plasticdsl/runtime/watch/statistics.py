"""Statistics of spikes and of values, as functions of arrays, and of all values in a window of time, gathered moment by moment.

Comes in: spike trains as (step, unit) arrays, or values as float64 arrays. Goes out: numbers; NaN where there is nothing to take a statistic of
(the mean of no values, the cv of neurons that hardly fire). The list of names and what they take is in `check.experiments.statistics`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from plasticdsl.model.expr import AT_SPIKES
from plasticdsl.support.arrays import Floats, Integers, Steps
from plasticdsl.support.steps import to_steps

FEWEST_SPIKES = 3


def rate(count: int, units: int, duration: float) -> float:
    """Spikes per unit and second: `count` spikes of `units` units in `duration` s."""
    return count / (units * duration) if units and duration > 0.0 else np.nan


@dataclass(frozen=True, slots=True)
class Fired:
    """The spikes of `size` units in the steps begin to end − 1 of `dt` s: when each came (in any order), in steps, and its unit, from 0."""

    steps: Steps
    units: Integers
    size: int
    begin: int
    end: int
    dt: float

    @property
    def duration(self) -> float:
        """In seconds."""
        return (self.end - self.begin) * self.dt

    def of_intervals(self, measure: Callable[[Floats], float]) -> Floats:
        """Float64[size]: the measure of the intervals (in steps) of each unit; NaN where there are fewer than two intervals."""
        order = np.lexsort((self.steps, self.units))
        times, owners = self.steps[order].astype(np.float64), self.units[order]
        found: Floats = np.full(self.size, np.nan)
        for unit, first, count in zip(*np.unique(owners, return_index=True, return_counts=True), strict=True):
            if count >= FEWEST_SPIKES:
                found[unit] = measure(np.diff(times[first : first + count]))
        return found

    @property
    def count(self) -> Floats:
        """Float64[size]: the spikes of each unit."""
        return np.bincount(self.units, minlength=self.size).astype(np.float64)

    def bins(self, width: int, begin: int | None = None) -> Integers:
        """In which bin of so many steps each lies, from 0; they begin where the spikes do, or at another step."""
        return np.asarray((self.steps - (self.begin if begin is None else begin)) // width, dtype=np.int64)

    def counts(self, width: float) -> Counts:
        """Spikes in windows of `width` s, one after the other, as many as fit."""
        steps = max(1, to_steps(width, self.dt))
        windows = (self.end - self.begin) // steps
        window = self.bins(steps)
        inside = window < windows
        keys, counts = np.unique(self.units[inside] * windows + window[inside], return_counts=True)
        units, places = np.divmod(keys, max(1, windows))
        return Counts(self.size, windows, units, places, counts.astype(np.float64))


@dataclass(frozen=True, slots=True)
class Counts:
    """Spikes of `size` units in so many windows: where there are any, the unit and the window (from 0) and how many."""

    size: int
    windows: int
    units: Integers
    places: Integers
    counts: Floats

    def moments(self) -> tuple[Floats, Floats]:
        """Of each unit Σc, and W Σc² − (Σc)², which is W² times the variance: whole numbers."""
        first, second = (np.bincount(self.units, self.counts**power, self.size).astype(np.float64) for power in (1, 2))
        return first, self.windows * second - first**2


def cv(intervals: Floats) -> float:
    """Coefficient of variation: sd/mean (sd of the population, divisor n)."""
    average = float(intervals.mean())
    return float(intervals.std() / average) if average > 0.0 else np.nan


def cv2(intervals: Floats) -> float:
    """Mean of 2|I_k+1 − I_k|/(I_k+1 + I_k) (Holt et al. 1996, J. Neurophysiol. 75:1806)."""
    return float(np.mean(2.0 * np.abs(np.diff(intervals)) / (intervals[1:] + intervals[:-1])))


def lv(intervals: Floats) -> float:
    """Local variation, the mean of 3 ((I_k − I_k+1)/(I_k + I_k+1))² (Shinomoto, Shima & Tanji 2003, Neural Comput. 15:2823)."""
    return float(np.mean(3.0 * (np.diff(intervals) / (intervals[1:] + intervals[:-1])) ** 2))


def fano(counts: Counts) -> Floats:
    """Variance/mean (of the population, divisor n) of the counts of each unit in several windows; NaN where there is no spike, or only one window."""
    total, varying = counts.moments()
    fires = (total > 0.0) & (counts.windows > 1)
    found: Floats = np.full(counts.size, np.nan)
    found[fires] = varying[fires] / (counts.windows * total[fires])
    return found


def count_correlation(counts: Counts) -> float:
    """Pearson's coefficient of the counts of two units, averaged over all pairs of units whose counts vary: of scores z with Σz² = 1 for each unit,
    the sum over the pairs is (|Σ_units z|² − units)/2."""
    total, varying = counts.moments()
    norms = np.sqrt(varying / max(1, counts.windows))
    units = int(np.count_nonzero(norms))
    if units < 2:
        return np.nan
    kept = norms[counts.units] > 0.0
    scores = np.bincount(counts.places[kept], counts.counts[kept] / norms[counts.units[kept]], counts.windows).astype(np.float64)
    away = scores - np.sum(total[norms > 0.0] / norms[norms > 0.0]) / counts.windows
    return float((np.dot(away, away) - units) / (units * (units - 1)))


#: For each unit: NaN where a unit has none. The numbers are what a statistic takes beside the spikes, in SI.
PER_UNIT: Mapping[str, Callable[..., Floats]] = {
    "rate": lambda fired: fired.count / fired.duration if fired.duration > 0.0 else np.full(fired.size, np.nan),
    "spike_count": lambda fired: fired.count,
    "cv": lambda fired: fired.of_intervals(cv),
    "cv2": lambda fired: fired.of_intervals(cv2),
    "lv": lambda fired: fired.of_intervals(lv),
    "fano": lambda fired, width: fano(fired.counts(width)),
}

#: Of all units together; any other of `PER_UNIT` is the mean over the units that have one.
TOGETHER: Mapping[str, Callable[..., float]] = {
    "rate": lambda fired: rate(len(fired.steps), fired.size, fired.duration),
    "spike_count": lambda fired: float(len(fired.steps)),
    "spike_time": lambda fired, k: spike_time(fired.steps, int(k), fired.dt),
    "isi": lambda fired, k: isi(fired.steps, int(k), fired.dt),
    "count_correlation": lambda fired, width: count_correlation(fired.counts(width)),
}


def mean_of_known(values: Floats) -> Floats:
    """The means along the last axis of what is a number: connections that are absent have none, as have units that hardly fire. NaN where nothing is."""
    known = ~np.isnan(values)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(known, values, 0.0).sum(axis=-1) / known.sum(axis=-1))


def of_spikes(statistic: str, fired: Fired, numbers: Iterable[float]) -> float:
    """One statistic of all units."""
    if statistic in TOGETHER:
        return TOGETHER[statistic](fired, *numbers)
    values = PER_UNIT[statistic](fired, *numbers)
    return float(mean_of_known(values))


def spike_time(steps: Steps, k: int, dt: float) -> float:
    """Time (s) of the k-th spike, k = 1, 2, …, in order of time over all units; k < 0 counts from the last one; NaN where there are fewer."""
    return float(np.sort(steps)[from_zero(k)] * dt) if len(steps) >= abs(k) else np.nan


def isi(steps: Steps, k: int, dt: float) -> float:
    """Time (s) from the k-th spike to the next one; k < 0 counts from the last interval; NaN where there are fewer intervals."""
    intervals = np.diff(np.sort(steps))
    return float(intervals[from_zero(k)] * dt) if len(intervals) >= abs(k) else np.nan


def from_zero(k: int) -> int:
    """The index of what is counted from 1, or from −1 backwards. Raises ValueError for 0."""
    if k == 0:
        raise ValueError("spikes are numbered from 1, or from −1 backwards; there is no number 0")
    return k - 1 if k > 0 else k


def intervals(steps: Steps, units: Integers, stretch: Integers) -> Steps:
    """The intervals, in steps, between each spike of a unit and its next one in the same stretch of time, of all units."""
    order = np.lexsort((steps, stretch, units))
    alike = (np.diff(units[order]) == 0) & (np.diff(stretch[order]) == 0)
    found: Steps = np.diff(steps[order])[alike]
    return found


def correlation(first: Floats, second: Floats) -> float:
    """Pearson's coefficient; NaN where one of the two does not vary, or by rounding alone: with an sd of at most 10⁻¹³ of its mean's size."""
    if not first.size:
        return np.nan
    means = np.mean(first), np.mean(second)
    a, b = first.ravel() - means[0], second.ravel() - means[1]
    squares = np.dot(a, a), np.dot(b, b)
    if any(math.sqrt(square / first.size) <= 1e-13 * abs(mean) for square, mean in zip(squares, means, strict=True)):
        return np.nan
    return float(np.dot(a, b) / (np.sqrt(squares[0]) * np.sqrt(squares[1])))


def histogram(values: Floats, bins: int = 50) -> tuple[Integers, Floats]:
    """Counts (int64[bins]) and edges (float64[bins + 1]) of equal bins from the smallest to the largest finite value."""
    finite = values[np.isfinite(values)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    if not high > low:
        low, high = low - 0.5 * (abs(low) or 1.0), high + 0.5 * (abs(high) or 1.0)
    edges = np.linspace(low, high, bins + 1)
    return np.histogram(finite, edges)[0].astype(np.int64), edges


def _of_some(function: Callable[[Floats], Any]) -> Callable[[Floats], float]:
    """The statistic; NaN where there are no values."""
    return lambda values: float(function(values)) if values.size else np.nan


#: Statistics of one moment, by their names in the language. The sd is that of the population (divisor n); min and max are NaN if any value is;
#: argmax counts from 0, as classes in data sets do; fraction and count are of conditions, 1 or 0.
OF_VALUES: Mapping[str, Callable[..., float]] = {
    "mean": _of_some(np.mean),
    "sd": _of_some(np.std),
    "min": _of_some(np.min),
    "max": _of_some(np.max),
    "median": _of_some(np.median),
    "sum": lambda values: float(np.sum(values)),
    "norm": lambda values: float(np.linalg.norm(values.ravel())),
    "argmax": _of_some(np.argmax),
    "fraction": _of_some(lambda conditions: np.count_nonzero(conditions) / conditions.size),
    "count": lambda conditions: float(np.count_nonzero(conditions)),
    "correlation": correlation,
}

#: Those of `OF_VALUES` that are larger for more equal values.
OF_ALL = frozenset(("sum", "norm", "count"))

#: Statistics of the spikes in a window, and what is taken at each of them.
OF_SPIKES = frozenset(
    (AT_SPIKES, "spikes", "raster", "isi_histogram", "psth", "correlogram", "autocorrelogram", "intervals", *PER_UNIT, *TOGETHER)
)


# --- of all values in a window of time -------------------------------------------------------------------------------


@dataclass(slots=True)
class Gathered:
    """One statistic of values that come in pieces, which are not kept where that can be avoided. Mean and variance are merged as in Chan, Golub & LeVeque
    (1983), Am. Stat. 37:242. What the statistic does not need is not worked out. `squares`: Σ (x − mean)²; `kept`: the pieces of a statistic that needs
    them all."""

    statistic: str
    count: int = 0
    nonzero: int = 0
    mean: float = 0.0
    squares: float = 0.0
    low: float = math.inf
    high: float = -math.inf
    kept: list[tuple[Floats, ...]] = field(default_factory=list)

    def add(self, *values: Floats) -> None:
        """The values of one moment (two arrays for a statistic of two)."""
        if self.statistic not in _STREAMED:
            self.kept.append(tuple(v.astype(np.float64) for v in values))
            return
        (new,) = values
        if not new.size:
            return
        size, total = new.size, self.count + new.size
        match self.statistic:
            case "fraction" | "count":
                self.nonzero += int(np.count_nonzero(new))
            case "min":
                self.low = float(np.minimum(self.low, new.min()))
            case "max":
                self.high = float(np.maximum(self.high, new.max()))
            case _:
                average = float(new.mean())
                if self.statistic in ("sd", "norm"):
                    self.squares += float(np.sum((new - average) ** 2)) + (average - self.mean) ** 2 * self.count * size / total
                self.mean += (average - self.mean) * size / total
        self.count = total

    def add_each(self, moments: Floats) -> None:
        """The values of several moments, float64[moments, values], to the bit as one after the other."""
        match self.statistic:
            case "fraction" | "count" | "min" | "max":
                self.add(moments)
            case _:
                for values in moments:
                    self.add(values)

    def anew(self) -> Gathered:
        """The same of other values."""
        return Gathered(self.statistic)

    def result(self) -> float:
        """The statistic of everything added so far; NaN where nothing was (0 for what grows with every value)."""
        if self.statistic not in _STREAMED:
            pieces = [np.concatenate(p) for p in zip(*self.kept, strict=True)]
            return OF_VALUES[self.statistic](*pieces) if pieces else math.nan
        if self.count == 0:
            return 0.0 if self.statistic in OF_ALL else math.nan
        return float(_STREAMED[self.statistic](self))


_STREAMED: Mapping[str, Callable[[Gathered], float]] = {
    "mean": lambda all_of: all_of.mean,
    "sd": lambda all_of: math.sqrt(all_of.squares / all_of.count),
    "min": lambda all_of: all_of.low,
    "max": lambda all_of: all_of.high,
    "sum": lambda all_of: all_of.mean * all_of.count,
    "norm": lambda all_of: math.sqrt(all_of.squares + all_of.count * all_of.mean**2),
    "fraction": lambda all_of: all_of.nonzero / all_of.count,
    "count": lambda all_of: all_of.nonzero,
}
