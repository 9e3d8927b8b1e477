"""Sources that drive a unit each: numbers of spikes are drawn where they are added, and are those of listed spikes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import plasticdsl
from plasticdsl import driver
from plasticdsl.options import CompileOptions
from plasticdsl.source import SourceFile

TEXT = """
neuron Leaky:
    dI/dt = −I/(5 ms)
    dB/dt = −B/(5 ms)
    B ∈ [0, 0.3]
    spike when I > 1:
        I → 0
    a = 0.1

synapse Kick:
    w = 0.01
    on pre:
        post.I += w post.a

synapse Bounded:
    on pre:
        post.B += 0.01

network Net:
    f = 2 kHz
    cells = 40 Leaky
    source = 40 Poisson(rate = f)
    drive = source → cells: Kick, one to one, w ~ U(0, 0.02)
    moving = 40 Poisson(rate = 0.5 f (1 + sin(2 π t/7 ms)))
    moved = moving → cells: Kick, one to one
    bounded = 40 Poisson(rate = f)
    clipped = bounded → cells: Bounded, one to one
    late = 40 Poisson(rate = f)
    delayed = late → cells: Kick, one to one, delay = 1 ms
    shared = 40 Poisson(rate = f)
    one = shared → cells: Kick, one to one
    all = shared → cells: Kick, p = 0.1
    own = 40 Poisson(rate = f/i)
    each_its_own = own → cells: Kick, one to one
"""

#: In steps of 0.1 ms means from 0.01, where units go from spike to spike, to 3.8.
RATES = (2000.0, 100.0, 30_000.0, 38_000.0, 500.0, 0.0, 5000.0)


def run(log: bool, text: str = TEXT, **how: Any) -> tuple[Any, dict[str, int]]:
    net = plasticdsl.parse(text).build(dt="0.1 ms", seed=4, log=["source", "moving"] if log else [], **how)
    for rate in RATES:
        net["f"] = rate
        net.run(steps=5)
    return net, {name: net.spike_count(name) for name in net.populations}


@pytest.fixture(scope="module")
def by_meaning() -> tuple[Any, dict[str, int]]:
    return run(True, engine="reference")


@pytest.mark.parametrize("log", [False, True])
def test_the_same_spikes_listed_or_not(log: bool, by_meaning: tuple[Any, dict[str, int]]) -> None:
    """A count of 5 or more, every tenth of them at a mean of 3, and words near the upper end are looked at one by one."""
    meant, counts = by_meaning
    net, found = run(log, engine="python")
    assert found == counts
    assert all(count > 100 for name, count in counts.items() if name != "cells")
    for name in ("I", "B"):
        np.testing.assert_allclose(getattr(net["cells"], name), getattr(meant["cells"], name), rtol=1e-12, atol=1e-15)
    if log:
        for name in ("source", "moving"):
            np.testing.assert_array_equal(net.spikes(name).units, meant.spikes(name).units)
            np.testing.assert_array_equal(net.spikes(name).times, meant.spikes(name).times)


def test_which_are_taken() -> None:
    """Not where a bound clips each spike, where spikes arrive later, where others hear of them, or where each unit has its own rate."""
    said = driver.explain(driver.load(SourceFile("<test>", TEXT), None), CompileOptions())
    notes = [line.removeprefix("pass drive: ").split(":")[0] for line in said.splitlines() if line.startswith("pass drive")]
    assert notes == ["drive", "moved"]


def test_a_rate_that_is_far_too_high_is_told() -> None:
    net = plasticdsl.parse(TEXT).build(dt="0.1 ms", seed=4, engine="python", f=1e7)
    with pytest.raises(RuntimeError, match="more spikes in one step"):
        net.run(steps=1)


def test_in_machine_code() -> None:
    (meant, counts), (net, found) = (run(False, text=TEXT.split("    moving")[0], engine=engine) for engine in ("reference", "compiled"))
    assert found == counts
    np.testing.assert_allclose(net["cells"].I, meant["cells"].I, rtol=1e-12, atol=1e-15)
