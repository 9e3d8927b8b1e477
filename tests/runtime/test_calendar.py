"""Sources that go from spike to spike: the same spikes to the bit as step by step, at rates that change, and a Poisson process."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats

import plasticdsl
from plasticdsl import driver
from plasticdsl.options import CompileOptions, EngineName
from plasticdsl.source import SourceFile
from plasticdsl.support.hazards import ENDLESS, GRAIN, in_grains, steps_to_use_up
from plasticdsl.support.random import exponentials, hazards

TEXT = """
neuron Escape:
    r = 80 Hz
    spike at rate r

network Net:
    f = 30 Hz
    all = 20 Poisson(rate = f)
    own = 37 Poisson(rate = (i − 1)·100 Hz)
    drawn = 5 Poisson, rate ~ U(0 Hz, 100 Hz)
    cells = 6 Escape
    moving = 4 Poisson(rate = 50 Hz (1 + sin(2 π t/20 ms)))
"""


# --- hazards ---------------------------------------------------------------------------------------------------------


def test_many_steps_at_once_leave_the_same_as_one_after_the_other() -> None:
    """Means from what is used up in one step to what takes thousands, on edges where h/m is nearly whole."""
    random = np.random.default_rng(1)
    for mean in map(in_grains, [*10.0 ** random.uniform(-3.5, 0.5, 60), 0.001, 0.0015, 1 / 3, 0.25]):
        whole = in_grains(mean * float(random.integers(1, 50)))
        for hazard in (in_grains(random.exponential()), whole, whole + GRAIN, whole - GRAIN, GRAIN, 0.0):
            left, steps = hazard, 0
            while left > 0.0 or steps == 0:
                left -= mean
                steps += 1
            assert steps_to_use_up(hazard, mean) == steps
            assert hazard - steps * mean == left


def test_what_is_never_used_up() -> None:
    assert steps_to_use_up(1.0, 0.0) == steps_to_use_up(1.0, float("nan")) == steps_to_use_up(float("nan"), 1e-3) == ENDLESS
    assert steps_to_use_up(36.0, GRAIN) == ENDLESS
    assert steps_to_use_up(0.0, 0.0) == ENDLESS


def test_grains_are_too_fine_to_be_noticed() -> None:
    drawn = exponentials(3, 5, np.arange(2000), 0)
    np.testing.assert_allclose(hazards(3, 5, np.arange(2000), 0), drawn, rtol=0, atol=GRAIN / 2)
    assert in_grains(float(drawn[7])) == hazards(3, 5, 7, 0)


# --- the same spikes -------------------------------------------------------------------------------------------------


def net_of(engine: EngineName, without: tuple[str, ...] = ()) -> Any:
    everyone = ["all", "own", "drawn", "cells", "moving"]
    return plasticdsl.parse(TEXT).build(dt="0.1 ms", seed=7, engine=engine, without=without, log=everyone)


def found(net: Any) -> dict[str, tuple[list[float], list[int]]]:
    return {name: (s.times.tolist(), s.units.tolist()) for name in net.populations for s in (net.spikes(name),)}


def rates_that_change(net: Any) -> dict[str, tuple[list[float], list[int]]]:
    """From low to often to none and back, in the middle of intervals, in runs of one step and of many."""
    net.run(steps=300)
    for rate, steps in ((100.0, 150), (2000.0, 20), (30.0, 1), (0.0, 40), (700.0, 1), (3.0, 1), (80.0, 200), (80.0, 7)):
        net["f"] = rate
        net["cells"].r = 2 * rate
        net.run(steps=steps)
    for _ in range(10):
        net.run(steps=1)
    return found(net)


@pytest.fixture(scope="module")
def by_meaning() -> dict[str, tuple[list[float], list[int]]]:
    return rates_that_change(net_of("reference"))


@pytest.mark.parametrize("without", [(), ("calendar",)])
def test_rates_that_change(without: tuple[str, ...], by_meaning: dict[str, tuple[list[float], list[int]]]) -> None:
    spikes = rates_that_change(net_of("python", without))
    assert spikes == by_meaning
    assert all(times == sorted(times) and len(times) > 3 for times, _ in spikes.values())
    assert all(pair == sorted(pair) for times, units in spikes.values() for pair in [list(zip(times, units, strict=True))])


def test_intervals_of_several_rounds() -> None:
    """Where most units are met before their time: 400 sources, a thousand steps from one spike of a unit to the next on average, and many in a step of
    all; all of them at once look at each unit in each step."""
    text = "network Net:\n    a = 400 Poisson(rate = 10 Hz)\n"
    found = []
    for without in ((), ("calendar",)):
        net = plasticdsl.parse(text).build(dt="0.1 ms", seed=5, without=without, log=["a"])
        net.run(steps=20_000)
        spikes = net.spikes("a")
        found.append((spikes.times.tolist(), spikes.units.tolist()))
    assert found[0] == found[1]
    assert len(found[0][0]) > 7000


def test_saved_and_gone_on_with(tmp_path: Any) -> None:
    whole, first, second = net_of("python"), net_of("python"), net_of("python")
    whole.run(steps=400)
    first.run(steps=150)
    first.save(tmp_path / "state")
    second.load(tmp_path / "state")
    second.run(steps=250)
    times, units = found(whole)["own"]
    assert found(second)["own"] == tuple(map(list, zip(*[(t, u) for t, u in zip(times, units, strict=True) if t > 149.5e-4], strict=True)))


def test_explain_says_which() -> None:
    said = driver.explain(driver.load(SourceFile("<test>", TEXT), None), CompileOptions())
    assert [line.split(":")[1].strip() for line in said.splitlines() if line.startswith("pass calendar")] == [
        "all",
        "own",
        "drawn",
        "cells",
    ]


# --- a Poisson process -----------------------------------------------------------------------------------------------


def test_counts_intervals_and_independence() -> None:
    """400 units at 40 Hz for 4 s in steps of 1 ms, in machine code: levels of 0.1 %, of numbers that are the same at each run."""
    net = plasticdsl.parse("network Net:\n    a = 400 Poisson(rate = 40 Hz)\n    b = 400 Poisson(rate = 40 Hz)\n").build(
        dt="1 ms", seed=3, log=["a", "b"]
    )
    net.run("4 s")
    counts = np.zeros((2, 400, 4000), dtype=int)
    for which, name in enumerate(("a", "b")):
        spikes = net.spikes(name)
        np.add.at(counts[which], (spikes.units, np.rint(spikes.times / 1e-3).astype(int)), 1)
    mean, size = 0.04, counts.size
    seen = np.bincount(np.minimum(counts.ravel(), 3), minlength=4)
    assert stats.chisquare(seen, size * np.append(stats.poisson(mean).pmf(range(3)), stats.poisson(mean).sf(2))).pvalue > 1e-3
    totals = counts.sum(axis=2)
    assert abs(totals.var() / (mean * 4000) - 1) < 3.3 * np.sqrt(2 / totals.size)
    a, b = counts
    for one, other in ((a, b), (a[1:], a[:-1]), (a[16:], a[:-16]), (a[:, 1:], a[:, :-1]), (a[:, 25:], a[:, :-25])):
        assert abs(np.corrcoef(one.ravel(), other.ravel())[0, 1]) * np.sqrt(one.size) < 3.3
    unit, step = np.nonzero(a)  # gaps between steps with spikes are geometric
    gaps = np.diff(step)[np.diff(unit) == 0]
    active = 1 - np.exp(-mean)
    edges = np.array([1, 5, 10, 20, 35, 60, 100])
    at_least = np.append((1 - active) ** (edges - 1), 0.0)
    shares = at_least[:-1] - at_least[1:]
    observed = np.histogram(gaps, np.append(edges, 10**6))[0]
    assert stats.chisquare(observed, shares * len(gaps)).pvalue > 1e-3
    assert abs(np.corrcoef(gaps[1:], gaps[:-1])[0, 1]) * np.sqrt(len(gaps)) < 3.3
