"""Events beside spikes against a program that uses nothing of plasticdsl, in every engine, after saving and loading, in sweeps and in exported modules."""

from __future__ import annotations

from pathlib import Path

import numba
import numpy as np
import pytest
from numpy.typing import NDArray

import plasticdsl
from plasticdsl import driver
from plasticdsl.kernels.store import digest_of, import_text
from plasticdsl.options import CompileOptions, EngineName

Floats = NDArray[np.float64]

NETWORK = """
neuron Cell:
    I ~ U(15 mV, 30 mV)
    10 ms dV/dt = I − V
    30 ms dc/dt = −c
    spike when V > 10 mV:
        V → 0 mV
        c += 1
    refractory 2 ms
    event burst when c rises above 1.5:
        V → −5 mV
    event calm when c < 0.8 and V > 5 mV

synapse Kick:
    on burst of pre:
        post.V += 0.5 mV

rule Bursts:
    20 ms dr/dt = −r
    on pre: r += 1
    on burst of post: w += 0.1 r
    on calm of pre: k += post.c

network Net:
    E = 4 Cell
    ee = E → E: Kick with Bursts, all to all, except self, axonal delay = 1 ms, dendritic delay = 0.5 ms, w = 0

experiment Run on Net:
    dt = 0.1 ms
    phase go for 50 ms
    sweep Cell.I in [20 mV, 30 mV]
    record burst of E, spikes of E
    record burst of E as late in phase go
    plot raster(E, E.burst)
    expect spike_count(E) > 8
    expect spike_count(E.burst) = 8
    expect spike_count(E.calm) = 264 when Cell.I = 20 mV
    expect rate(E[2 to 3].burst) > 0 Hz
"""


def _by_hand(current: Floats, steps: int) -> tuple[Floats, Floats, Floats, list[int]]:
    """V, w and k ([pre, post]) after so many steps of 0.1 ms, and the number of spikes, bursts and calm steps."""
    size = len(current)
    v, c, until, above = np.zeros(size), np.zeros(size), np.zeros(size, int), np.zeros(size, bool)
    r, w, k = (np.zeros((size, size)) for _ in range(3))
    others = ~np.eye(size, dtype=bool)
    history, pending, total = dict[int, tuple[NDArray[np.bool_], ...]](), np.zeros((steps + 6, size)), np.zeros(3, int)
    nothing = np.zeros((3, size), bool)
    for n in range(steps):
        spike, burst, calm = (v > 10) & (n >= until), (c > 1.5) & ~above, (c < 0.8) & (v > 5)
        above = c > 1.5
        v[spike], c[spike], until[spike] = 0, c[spike] + 1, n + 20
        v[burst] = -5
        history[n] = spike, burst, calm
        total += [spike.sum(), burst.sum(), calm.sum()]
        v += pending[n]
        before = r.copy()
        spiked, had, were_calm = history.get(n - 10, nothing)
        r[spiked] += 1
        pending[n + 5] += 0.5 * (had[:, None] & others).sum(axis=0)
        k[were_calm] += c
        w[:, history.get(n - 5, nothing)[1]] += 0.1 * before[:, history.get(n - 5, nothing)[1]]
        r *= np.exp(-0.1 / 20)
        v = np.where(n < until, v, current + (v - current) * np.exp(-0.1 / 10))
        c *= np.exp(-0.1 / 30)
    return v, w[others], k[others], total.tolist()


@pytest.mark.parametrize("engine", ["reference", "python", pytest.param("compiled", marks=pytest.mark.slow)])
def test_events_act_on_units_and_connections(engine: EngineName, tmp_path: Path) -> None:
    """In the middle it is saved and goes on in another network."""
    first, second = (plasticdsl.parse(NETWORK).build(seed=3, dt="0.1 ms", engine=engine) for _ in range(2))
    v, w, k, total = _by_hand(1e3 * first["E"].I, 500)
    first.run("23.4 ms")
    first.save(tmp_path / "state.npz")
    second.load(tmp_path / "state.npz")
    second.run("26.6 ms")
    np.testing.assert_allclose(1e3 * second["E"].V, v, rtol=1e-9)
    np.testing.assert_allclose(second["ee"].w, w, rtol=1e-9)
    np.testing.assert_allclose(second["ee"].k, k, rtol=1e-9)
    names = ("E", "E.burst", "E.calm")
    assert [sum(len(net.spikes(name)) for net in (first, second)) for name in names] == total
    assert [second.spike_count(name) for name in names] == total and min(total) > 3 and w.max() > 0


def test_in_sweeps_and_figures() -> None:
    result = plasticdsl.parse(NETWORK).run("Run", engine="python")
    assert [o.text for o in result.expectations if not o.passed] == []
    assert result.dataset["burst of E"].dims == ("spike_E.burst",)
    assert len(result.dataset["burst of E"]) == len(result.dataset["late"]) < len(result.dataset["spikes of E"])


def test_in_a_module(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(numba.config, "DISABLE_JIT", True)
    text = driver.export(plasticdsl.parse(NETWORK).loaded, CompileOptions(level=1))
    made = import_text(text, f"embedded_{digest_of(text)}")
    with np.errstate(over="ignore"):
        a = made.allocate(seed=3)
        found = made.simulate(a, 0.05)
    _, w, _, total = _by_hand(1e3 * a.E.I, 500)
    np.testing.assert_allclose(a.ee.w, w, rtol=1e-9)
    assert [len(found[name][0]) for name in ("E", "E.burst", "E.calm")] == total


def test_a_rule_alone_is_told_of_events(monkeypatch: pytest.MonkeyPatch) -> None:
    """An event is where its variable is more than 0."""
    monkeypatch.setattr(numba.config, "DISABLE_JIT", True)
    rule = "rule R:\n    on burst of pre: Δw = 0.5\n    on burst of post: w *= 2"
    text = driver.export(plasticdsl.parse(rule).loaded, CompileOptions(level=1))
    made = import_text(text, f"embedded_{digest_of(text)}")
    with np.errstate(over="ignore"):
        a = made.allocate(pre_units=2, post_units=2)
        made.learn(a, np.array([1.0, 0.0]), np.array([0.0, 1.0]))
        made.learn(a, np.array([1.0, 1.0]), np.array([0.0, 0.0]))
    np.testing.assert_allclose(a.R.w, [1.0, 1.5, 0.5, 0.5])
