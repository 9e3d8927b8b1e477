"""Curves of spikes and of traces against plain loops, and against Elephant where it is installed (no dependency: `pip install elephant`)."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from scipy.signal import welch

import plasticdsl
from plasticdsl.runtime.watch import curves
from plasticdsl.runtime.watch.statistics import Fired

DT, UNITS, END = 1e-3, 3, 400


def spikes(seed: int, units: int = UNITS) -> Fired:
    """Some units more often than once in a step."""
    rng = np.random.default_rng(seed)
    counts = rng.poisson(0.08, (END, units))
    steps, owners = np.nonzero(counts)
    many = counts[steps, owners]
    return Fired(np.repeat(steps, many), np.repeat(owners, many), units, 0, END, DT)


def binned(fired: Fired, width: int) -> np.ndarray:
    """[units, bins]"""
    found = np.zeros((fired.size, (fired.end - fired.begin) // width))
    for step, unit in zip(fired.steps, fired.units, strict=True):
        if (step - fired.begin) // width < found.shape[1]:
            found[unit, (step - fired.begin) // width] += 1
    return found


def products(a: np.ndarray, b: np.ndarray, most: int) -> list[float]:
    return [sum(a[k] * b[k + lag] for k in range(len(a)) if 0 <= k + lag < len(b)) for lag in range(-most, most + 1)]


@pytest.mark.parametrize("width", [1, 3])
def test_autocorrelogram(width: int) -> None:
    fired = spikes(1)
    found = curves.autocorrelogram(fired, width * DT, 12 * DT)
    np.testing.assert_array_equal(found, [products(row, row, 12 // width) for row in binned(fired, width)])


def test_intervals() -> None:
    fired = spikes(7)
    expected = np.zeros((UNITS, 8))
    for unit in range(UNITS):
        train = sorted(int(s) for s, u in zip(fired.steps, fired.units, strict=True) if u == unit)
        for before, after in itertools.pairwise(train):
            if after - before < 24:
                expected[unit, (after - before) // 3] += 1
    np.testing.assert_array_equal(curves.interval_counts(fired, 3 * DT, 24 * DT), expected)
    np.testing.assert_allclose(curves.curve("intervals", 8, [3 * DT, 24 * DT], DT).values, (np.arange(8) + 0.5) * 3 * DT)


@pytest.mark.parametrize("width", [1, 3])
def test_correlogram_of_pairs_of_different_units(width: int) -> None:
    first, second = spikes(2), spikes(3, 2)
    nobody = Fired(first.steps[:0], first.units[:0], UNITS, 0, END, DT)
    a, b, most = binned(first, width), binned(second, width), 12 // width
    expected = np.sum([products(x, y, most) for x in a for y in b], axis=0)
    np.testing.assert_allclose(curves.correlogram(first, second, nobody, width * DT, 12 * DT), expected, rtol=1e-12)
    without_itself = np.sum([products(a[i], a[j], most) for i in range(UNITS) for j in range(UNITS) if i != j], axis=0)
    np.testing.assert_allclose(curves.correlogram(first, first, first, width * DT, 12 * DT), without_itself, atol=1e-9)


def test_lags_beyond_the_window_have_no_pairs() -> None:
    """Of spikes in bins 0 and 2 of three with themselves, and of lags up to four bins."""
    fired = Fired(np.array([0, 5]), np.array([0, 0]), 1, 0, 6, DT)
    nobody = Fired(fired.steps[:0], fired.units[:0], 1, 0, 6, DT)
    np.testing.assert_array_equal(curves.correlogram(fired, fired, nobody, 2 * DT, 8 * DT), [0, 0, 1, 0, 2, 0, 1, 0, 0])


def test_psth_counts_what_each_round_reached() -> None:
    fired = spikes(4)
    begins, ends = np.array([5, 105, 305]), np.array([45, 145, 328])
    found = curves.psth(fired, begins, ends, 40, 5 * DT)
    for unit in range(UNITS):
        for k in range(8):
            rounds = [b for b, e in zip(begins, ends, strict=True) if b + 5 * k + 5 <= e]
            count = sum(1 for b in rounds for s, u in zip(fired.steps, fired.units, strict=True) if u == unit and 0 <= s - b - 5 * k < 5)
            assert found[unit, k] == pytest.approx(count / (len(rounds) * 5 * DT))
    assert np.isnan(curves.psth(fired, begins[:0], ends[:0], 40, 5 * DT)).all()


@pytest.mark.parametrize("length", [32, 33])
def test_spectrum_is_welchs(length: int) -> None:
    trace = np.random.default_rng(5).normal(size=(301, 2)) + np.sin(np.arange(301) * 0.7)[:, None]
    frequencies, density = welch(trace, 1 / DT, "hann", length, length // 2, detrend="constant", axis=0)
    np.testing.assert_allclose(curves.spectrum(trace, length, DT), density.T, rtol=1e-10, atol=1e-20)
    np.testing.assert_allclose(curves.curve("spectrum", len(frequencies), [length * DT], DT).values, frequencies)
    assert np.isnan(curves.spectrum(trace[:20], length, DT)).all()


def test_the_spectrum_adds_up_to_the_variance() -> None:
    """A sine of amplitude 2 has the variance 2: all of it lies at its frequency and beside it."""
    trace = 2.0 * np.sin(2 * np.pi * 50.0 * DT * np.arange(4000))
    density = curves.spectrum(trace, 200, DT)[0]
    assert np.argmax(density) == 10
    assert density.sum() / (200 * DT) == pytest.approx(2.0, rel=1e-9)


def test_synchrony() -> None:
    """χ² is the variance of the mean over the mean of variances; 1 where all are the same but for a constant."""
    trace = np.random.default_rng(6).normal(-65.0, 3.0, (200, 10))
    gathered = curves.Traced("synchrony", (), DT)
    for row in trace:
        gathered.add(row)
    expected = np.sqrt(np.var(np.mean(trace, axis=1)) / np.mean([np.var(trace[:, i]) for i in range(10)]))
    assert gathered.result() == pytest.approx(expected, rel=1e-10)
    alike, still = gathered.anew(), gathered.anew()
    for row in trace:
        alike.add(row[0] + np.arange(5.0))
        still.add(np.ones(5))
    assert alike.result() == pytest.approx(1.0, rel=1e-9)
    assert np.isnan(still.result())


MODEL = """
network Net:
    a = 3 Poisson(rate = 60 Hz)

experiment E on Net:
    dt = 1 ms
    phase run for 400 ms
    record spikes(a)
    record rate(a, 30 ms), rate(a, 30 ms, each) every 7 ms
    record psth(a, 5 ms, 50 ms), autocorrelogram(a, 2 ms, 20 ms, each), correlogram(a, a, 2 ms, 20 ms)
    record spectrum(rate(a, 2 ms), 64 ms) every 2 ms as power
"""


def recorded() -> tuple[Any, Fired]:
    result = plasticdsl.parse(MODEL).run("E", engine="reference")
    found = result["spikes(a)"]
    steps = np.round(found.values / DT).astype(int)
    return result, Fired(steps, found.coords["unit_of_spike_a"].values.astype(int), 3, 0, END, DT)


def test_what_experiments_record() -> None:
    result, fired = recorded()
    each = result["rate(a, 30 ms, each)"]
    assert each.dims == ("time", "unit_a") and len(each) == 58
    for time, row in zip(np.round(each["time"].values / DT).astype(int), each.values, strict=True):
        for unit in range(3):
            inside = [s for s, u in zip(fired.steps, fired.units, strict=True) if u == unit and time - 30 <= s < time]
            assert row[unit] == pytest.approx(len(inside) / 0.03)
    np.testing.assert_allclose(result["rate(a, 30 ms)"].values, each.values.mean(axis=1))
    counts = binned(fired, 5)
    np.testing.assert_allclose(result["psth(a, 5 ms, 50 ms)"].values, counts.reshape(3, 8, 10).sum(axis=(0, 1)) / (3 * 8 * 5 * DT))
    np.testing.assert_allclose(result["psth(a, 5 ms, 50 ms)"]["after"].values, (np.arange(10) + 0.5) * 5 * DT)
    auto, cross = result["autocorrelogram(a, 2 ms, 20 ms, each)"], result["correlogram(a, a, 2 ms, 20 ms)"]
    rows = binned(fired, 2)
    np.testing.assert_array_equal(auto.values, [products(row, row, 10) for row in rows])
    np.testing.assert_allclose(auto["lag"].values, np.arange(-10, 11) * 2 * DT)
    expected = np.array(products(rows.sum(axis=0), rows.sum(axis=0), 10)) - auto.values.sum(axis=0)
    np.testing.assert_allclose(cross.values, expected)
    trace = rows.sum(axis=0) / (3 * 2 * DT)
    np.testing.assert_allclose(result["power"].values, welch(trace, 500.0, "hann", 32, 16, detrend="constant")[1], rtol=1e-9)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_elephant_has_the_same() -> None:
    quantities, neo = pytest.importorskip("quantities"), pytest.importorskip("neo")
    pytest.importorskip("elephant")
    from elephant.conversion import BinnedSpikeTrain
    from elephant.spectral import welch_psd
    from elephant.spike_train_correlation import cross_correlation_histogram
    from elephant.statistics import time_histogram

    result, fired = recorded()
    ms = quantities.ms
    # in the middle of steps, so that rounding moves none into another bin
    trains = [neo.SpikeTrain((fired.steps[fired.units == u] + 0.5) * ms, t_stop=END * ms) for u in range(3)]
    each = [BinnedSpikeTrain(train, bin_size=2 * ms) for train in trains]
    auto = result["autocorrelogram(a, 2 ms, 20 ms, each)"].values
    cross = np.zeros(21)
    for i in range(3):
        for j in range(3):
            found = cross_correlation_histogram(each[i], each[j], window=[-10, 10])[0].magnitude.ravel()
            if i == j:
                np.testing.assert_array_equal(auto[i], found)
            else:
                cross += found
    np.testing.assert_allclose(result["correlogram(a, a, 2 ms, 20 ms)"].values, cross, atol=1e-9)
    rate = time_histogram(trains, 5 * ms, output="rate").rescale("Hz").magnitude.ravel()
    np.testing.assert_allclose(result["psth(a, 5 ms, 50 ms)"].values, rate.reshape(8, 10).mean(axis=0), rtol=1e-9)
    counts = time_histogram(trains, 2 * ms, output="rate").rescale("Hz").magnitude.ravel()
    frequencies, density = welch_psd(counts, fs=500.0, len_segment=32)
    np.testing.assert_allclose(result["power"].values, np.ravel(density), rtol=1e-9)
    np.testing.assert_allclose(result["power"]["frequency"].values, frequencies)
