"""Statistics of spikes and of values, as functions of arrays.

Comes in: spike trains as (step, unit) arrays, or values as float64 arrays. Goes out: numbers; NaN where there is nothing to take a statistic of
(the mean of no values, the cv of neurons that hardly fire). The list of names and what they take is in `check.experiments.statistics`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Steps = NDArray[np.int64]

FEWEST_SPIKES = 3


def rate(count: int, units: int, duration: float) -> float:
    """Spikes per unit and second: `count` spikes of `units` units in `duration` s."""
    return count / (units * duration) if units and duration > 0.0 else np.nan


def cv(steps: Steps, units: Steps) -> float:
    """Coefficient of variation of the intervals: sd/mean (sd of the population, divisor n) for each unit with at least three spikes,
    averaged over these units. `steps` need not be sorted."""
    order = np.lexsort((steps, units))
    times, owners = steps[order].astype(np.float64), units[order]
    _, first, counts = np.unique(owners, return_index=True, return_counts=True)
    values = [_cv_of(np.diff(times[f : f + n])) for f, n in zip(first, counts, strict=True) if n >= FEWEST_SPIKES]
    return float(np.mean(values)) if values else np.nan


def _cv_of(intervals: Floats) -> float:
    average = float(intervals.mean())
    return float(intervals.std() / average) if average > 0.0 else np.nan


def spike_time(steps: Steps, k: int, dt: float) -> float:
    """Time (s) of the k-th spike, k = 1, 2, …, in order of time over all units; k < 0 counts from the last one; NaN where there are fewer."""
    return float(np.sort(steps)[_index(k)] * dt) if len(steps) >= abs(k) else np.nan


def isi(steps: Steps, k: int, dt: float) -> float:
    """Time (s) from the k-th spike to the next one; k < 0 counts from the last interval; NaN where there are fewer intervals."""
    intervals = np.diff(np.sort(steps))
    return float(intervals[_index(k)] * dt) if len(intervals) >= abs(k) else np.nan


def _index(k: int) -> int:
    if k == 0:
        raise ValueError("spikes are numbered from 1, or from −1 backwards; there is no number 0")
    return k - 1 if k > 0 else k


def mean(values: Floats) -> float:
    """The arithmetic mean."""
    return float(np.mean(values)) if values.size else np.nan


def sd(values: Floats) -> float:
    """The standard deviation (of the population, divisor n)."""
    return float(np.std(values)) if values.size else np.nan


def smallest(values: Floats) -> float:
    """The smallest value; NaN if any is NaN."""
    return float(np.min(values)) if values.size else np.nan


def largest(values: Floats) -> float:
    """The largest value; NaN if any is NaN."""
    return float(np.max(values)) if values.size else np.nan


def median(values: Floats) -> float:
    """The middle value, or the mean of the two in the middle."""
    return float(np.median(values)) if values.size else np.nan


def total(values: Floats) -> float:
    """The sum."""
    return float(np.sum(values))


def norm(values: Floats) -> float:
    """The square root of the sum of squares."""
    return float(np.linalg.norm(values.ravel()))


def argmax(values: Floats) -> float:
    """The number of the first largest value, from 0 as classes in data sets are."""
    return float(np.argmax(values)) if values.size else np.nan


def fraction(conditions: Floats) -> float:
    """The share of units (connections) for which a condition, 1 or 0, holds."""
    return float(np.count_nonzero(conditions) / conditions.size) if conditions.size else np.nan


def count(conditions: Floats) -> float:
    """The number of units (connections) for which a condition, 1 or 0, holds."""
    return float(np.count_nonzero(conditions))


def correlation(first: Floats, second: Floats) -> float:
    """Pearson's coefficient; NaN where one of the two does not vary."""
    a, b = first.ravel() - mean(first), second.ravel() - mean(second)
    scale = float(np.sqrt(np.dot(a, a) * np.dot(b, b)))
    return float(np.dot(a, b) / scale) if scale > 0.0 else np.nan


def histogram(values: Floats, bins: int = 50) -> tuple[Steps, Floats]:
    """Counts (int64[bins]) and edges (float64[bins + 1]) of equal bins from the smallest to the largest finite value."""
    finite = values[np.isfinite(values)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    if not high > low:
        low, high = low - 0.5 * (abs(low) or 1.0), high + 0.5 * (abs(high) or 1.0)
    edges = np.linspace(low, high, bins + 1)
    return np.histogram(finite, edges)[0].astype(np.int64), edges


#: Statistics of one moment, by their names in the language.
OF_VALUES: Mapping[str, Callable[..., float]] = {
    "mean": mean, "sd": sd, "min": smallest, "max": largest, "median": median, "sum": total, "norm": norm, "argmax": argmax,
    "fraction": fraction, "count": count, "correlation": correlation,
}  # fmt: skip

#: Those of `OF_VALUES` that are larger for more equal values.
OF_ALL = frozenset(("sum", "norm", "count"))

#: Statistics of the spikes in a window.
OF_SPIKES = frozenset(("spikes", "raster", "rate", "cv", "spike_count", "spike_time", "isi"))
