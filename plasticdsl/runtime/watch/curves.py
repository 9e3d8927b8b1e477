"""Statistics that are curves: of spikes over a lag or over the time since something began, and the spectrum of a trace; and what else a trace tells.

Comes in: spikes in a window, or values sampled moment by moment. Goes out: float64[points], float64[units, points] where there is one for each unit, and
what the points stand for. Definitions are those of Elephant (`elephant.statistics.time_histogram`, `elephant.spike_train_correlation`,
`elephant.spectral.welch_psd`), where it has them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from plasticdsl.runtime.watch.statistics import Fired
from plasticdsl.support.arrays import Floats, Integers
from plasticdsl.support.steps import to_steps

#: What the points of a curve are counted by, in words, and the SI unit of that.
OVER: Mapping[str, tuple[str, str]] = {
    "psth": ("after", "s"),
    "correlogram": ("lag", "s"),
    "autocorrelogram": ("lag", "s"),
    "intervals": ("interval", "s"),
    "spectrum": ("frequency", "Hz"),
}

#: Those that are of values sampled in a window.
TRACED = ("spectrum", "synchrony")


@dataclass(frozen=True, slots=True)
class Curve:
    """What the points of a curve stand for: `values` in `unit` (SI), counted by `name`."""

    name: str
    values: Floats
    unit: str


def curve(function: str, points: int, numbers: Sequence[float], interval: float) -> Curve:
    """Of a statistic with these numbers, sampled at this interval (s): middles of bins since the beginning, lags, or frequencies."""
    name, unit = OVER[function]
    at = np.arange(points, dtype=np.float64)
    width = _width(numbers[0], interval) * interval
    match function:
        case "psth" | "intervals":
            values = (at + 0.5) * width
        case "spectrum":
            values = at / width
        case _:
            values = (at - (points - 1) / 2) * width
    return Curve(name, values, unit)


def _width(duration: float, dt: float) -> int:
    return max(1, to_steps(duration, dt))


# --- of spikes -------------------------------------------------------------------------------------------------------


def psth(fired: Fired, begins: Integers, ends: Integers, steps: int, bin_: float) -> Floats:
    """Spikes/(stretches × bin) of each unit in the bins of a stretch, float64[units, bins]: of those of `steps` steps that begin and end at these steps,
    as far as each was reached; NaN where none was."""
    width = _width(bin_, fired.dt)
    bins = steps // width
    counts = np.zeros((fired.size, bins))
    reached = np.zeros(bins)
    for begin, end in zip(begins, ends, strict=True):
        whole = min(bins, int(end - begin) // width)
        place = fired.bins(width, int(begin))
        inside = (place >= 0) & (place < whole)
        np.add.at(counts, (fired.units[inside], place[inside]), 1.0)
        reached[:whole] += 1.0
    with np.errstate(invalid="ignore"):
        return np.asarray(counts / np.where(reached > 0.0, reached * width * fired.dt, np.nan))


def autocorrelogram(fired: Fired, bin_: float, within: float) -> Floats:
    """Σ_k n(k) n(k + l) of each unit, n its counts in bins, float64[units, lags]."""
    width, most, bins = _lags(fired, bin_, within)
    place = fired.bins(width)
    order = np.lexsort((place, fired.units))
    place, units = place[order], fired.units[order]
    kept = place < bins
    place, units = place[kept], units[kept]
    found = np.zeros((fired.size, 2 * most + 1))
    found[:, most] = np.bincount(units, minlength=fired.size)  # each spike with itself
    for ahead in range(1, len(place)):
        lag = place[ahead:] - place[:-ahead]
        near = (units[ahead:] == units[:-ahead]) & (lag <= most)
        if not near.any():
            break
        np.add.at(found, (units[ahead:][near], most + lag[near]), 1.0)
        np.add.at(found, (units[ahead:][near], most - lag[near]), 1.0)
    return found


def interval_counts(fired: Fired, bin_: float, longest: float) -> Floats:
    """The intervals of each unit in bins from 0, float64[units, bins]; those that are as long as the last bin reaches, or longer, are left out."""
    width = _width(bin_, fired.dt)
    found = np.zeros((fired.size, to_steps(longest, fired.dt) // width))
    order = np.lexsort((fired.steps, fired.units))
    units = fired.units[order]
    place = np.asarray(np.diff(fired.steps[order]) // width, dtype=np.int64)
    kept = (np.diff(units) == 0) & (place < found.shape[1])
    np.add.at(found, (units[1:][kept], place[kept]), 1.0)
    return found


def correlogram(first: Fired, second: Fired, shared: Fired, bin_: float, within: float) -> Floats:
    """Σ_k n_a(k) n_b(k + l) over all pairs of different units, float64[lags]: of the pooled counts, without the pairs of a unit with itself; `shared`: the
    spikes of those that are on both sides."""
    width, most, bins = _lags(first, bin_, within)
    a, b = (_pooled(fired, width, bins) for fired in (first, second))
    pairs = np.zeros(2 * most + 1)
    longest = min(most, bins - 1)  # beyond it no two bins are so far apart
    for lag in range(-longest, longest + 1):
        early, late = max(0, -lag), max(0, lag)
        pairs[most + lag] = np.dot(a[early : bins - late], b[late : bins - early])
    return np.asarray(pairs - autocorrelogram(shared, bin_, within).sum(axis=0))


def _lags(fired: Fired, bin_: float, within: float) -> tuple[int, int, int]:
    """Steps of a bin, the largest lag in bins, and how many bins there are."""
    width = _width(bin_, fired.dt)
    return width, to_steps(within, fired.dt) // width, (fired.end - fired.begin) // width


def _pooled(fired: Fired, width: int, bins: int) -> Floats:
    place = fired.bins(width)
    return np.bincount(place[place < bins], minlength=bins).astype(np.float64)


# --- of a trace ------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Traced:
    """A statistic of values that are sampled at this interval (s); `numbers` are its own. `pieces`: the samples so far, where they are kept; else `count`
    of them, and the sums and sums of squares of what they differ by from the `first`, of each unit and of the mean over units."""

    statistic: str
    numbers: tuple[float, ...]
    interval: float
    pieces: list[Floats] = field(default_factory=list)
    first: Floats | None = None
    count: int = 0
    each: Floats = field(default_factory=lambda: np.zeros((2, 1)))
    together: Floats = field(default_factory=lambda: np.zeros(2))

    def add(self, *values: Floats) -> None:
        """The values of one moment."""
        new = np.array(values[0], dtype=np.float64)
        if self.statistic != "synchrony":
            self.pieces.append(new)
            return
        self.first = new if self.first is None else self.first
        away = np.atleast_1d(new - self.first)
        self.count += 1
        self.each = self.each + np.stack((away, away**2))
        self.together = self.together + np.array((away.mean(), away.mean() ** 2))

    def anew(self) -> Traced:
        """The same of other values."""
        return Traced(self.statistic, self.numbers, self.interval)

    def result(self) -> Floats | float:
        """The statistic of everything added so far. The synchrony is χ = √(var_t ⟨V⟩/⟨var_t V⟩), ⟨·⟩ over units: 1 where all move alike, of the order 1/√N
        where they are independent (Golomb & Rinzel 1994, Physica D 72:259; Golomb 2007, Scholarpedia 2:1347); NaN where nothing moves."""
        if self.statistic == "synchrony":
            own, all_ = (sums[1] / self.count - (sums[0] / self.count) ** 2 for sums in (self.each, self.together))
            apart = float(np.mean(own))
            return float(np.sqrt(max(0.0, float(all_)) / apart)) if apart > 0.0 else np.nan
        trace = np.stack(self.pieces)
        found = spectrum(trace, _width(self.numbers[0], self.interval), self.interval)
        return found if trace.ndim > 1 else found[0]


def spectrum(trace: Floats, length: int, interval: float) -> Floats:
    """Power spectral density, one-sided, float64[units, frequencies], of a trace float64[moments (, units)]: the mean of periodograms of segments of
    `length` samples that overlap by half, each without its mean and under a Hann window (Welch 1967, IEEE Trans. Audio Electroacoust. 15:70). With
    w_n = sin²(πn/N), X_k = Σ_n w_n (x_n − x̄) exp(−2πi kn/N):  S_k = 2 Δ |X_k|²/Σ w²  (not doubled at 0 and at the Nyquist frequency), so that Σ S_k/(N Δ)
    is the variance. NaN where there is no whole segment."""
    rows = trace.reshape(len(trace), -1).T
    hann = np.sin(np.pi * np.arange(length) / length) ** 2
    doubled = np.full(length // 2 + 1, 2.0)
    doubled[0] = 1.0
    if length % 2 == 0:
        doubled[-1] = 1.0
    begins = range(0, rows.shape[1] - length + 1, length - length // 2)
    if not begins or length < 2:
        return np.full((len(rows), length // 2 + 1), np.nan)
    total = np.zeros((len(rows), length // 2 + 1))
    for begin in begins:
        segment = rows[:, begin : begin + length]
        total += np.abs(np.fft.rfft(hann * (segment - segment.mean(axis=1, keepdims=True)))) ** 2
    return np.asarray(total * doubled * interval / (np.sum(hann**2) * len(begins)))
