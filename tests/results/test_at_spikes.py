"""Values at spikes as arrays and figures, against a program that does the steps itself."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import plasticdsl

MODEL = """
neuron Leaky:
    V_θ = 1
    I = 1.5
    drive = I − V
    V(0) = 0
    10 ms dV/dt = drive
    refractory 0 ms, hold nothing
    spike when V > V_θ:
        V → V/4

network Net:
    E = 3 Leaky, I = [1.2, 1.5, 2]

experiment Run on Net:
    dt = 1 ms
    phase p for 60 ms
    record E.V, E.drive at spikes
    record spikes(E)
    record histogram(E.V at spikes) every 20 ms
    plot E.V at spikes
    plot E.V[1], E.V[1] at spikes, raster(E)

experiment Rounds on Net:
    dt = 1 ms
    repeat 3 times:
        phase q for 15 ms:
            record E.V[2] at spikes
            expect max(E.V at spikes) < 1.2
    sweep E.V_θ in [1, 1.1], 2 repeats
    expect mean(E.V at spikes) ≈ 1.1 ± 0.1 over repeats
"""


def by_hand(steps: int) -> list[tuple[int, int, float]]:
    """Step, unit and V of each spike: V relaxes to I with exp(−dt/10 ms), and is looked at before it jumps."""
    current, v, found = np.array([1.2, 1.5, 2.0]), np.zeros(3), []
    for step in range(steps):
        fires = np.flatnonzero(v > 1.0)
        found += [(step, int(unit), float(v[unit])) for unit in fires]
        v[fires] /= 4.0
        v = current + (v - current) * np.exp(-0.1)
    return found


@pytest.mark.parametrize(("engine", "level"), [("reference", 1), ("python", 0), ("python", 2)])
def test_values_have_times_and_units(engine: Any, level: int) -> None:
    result = plasticdsl.parse(MODEL).run("Run", engine=engine, level=level)
    steps, units, values = (np.array(column) for column in zip(*by_hand(60), strict=True))
    found = result["E.V at spikes"]
    assert len(values) > 10
    np.testing.assert_allclose(found, values, rtol=1e-12)
    np.testing.assert_allclose(found.coords["time_of_spike_E"], steps * 1e-3)
    np.testing.assert_array_equal(found.coords["unit_of_spike_E"], units)
    np.testing.assert_allclose(result["E.drive at spikes"], np.array([1.2, 1.5, 2.0])[units] - values, rtol=1e-9)
    data = result.dataset
    assert data["E.V at spikes"].dims == data["E.drive at spikes"].dims == data["spikes(E)"].dims
    counts = result["histogram(E.V at spikes)"]
    assert counts.sum("bin").values.tolist() == [np.count_nonzero((steps >= a) & (steps < a + 20)) for a in (0, 20, 40)]


def test_figures_show_one_dot_for_each() -> None:
    result = plasticdsl.parse(MODEL).run("Run", engine="python")
    alone, together = result.figures.values()
    spikes = by_hand(60)
    (dots,) = alone.axes[0].collections
    np.testing.assert_allclose(np.asarray(dots.get_offsets())[:, 1], [v for *_, v in spikes], rtol=1e-12)
    assert len(together.axes) == 3
    shown = dict(result.plotted())
    assert shown["01-E.V-at-spikes"]["E.V at spikes"].size == len(spikes)


@pytest.mark.parametrize("engine", ["reference", "python"])
def test_rounds_repeats_and_sweeps(engine: Any) -> None:
    result = plasticdsl.parse(MODEL).run("Rounds", engine=engine)
    found = result["E.V[2] at spikes"]
    first = (found.coords["E.V_θ_of_spike_E"] == 1.0) & (found.coords["repeat_of_spike_E"] == 1)
    own = [(step, v) for step, unit, v in by_hand(45) if unit == 1]
    np.testing.assert_allclose(found.values[first], [v for _, v in own], rtol=1e-12)
    assert found.coords["round_of_spike_E"].values[first].tolist() == [1 + step // 15 for step, _ in own]
    assert [o.passed for o in result.expectations] == [True, True]
