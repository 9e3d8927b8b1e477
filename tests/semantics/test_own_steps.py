"""Populations with steps of their own: what stands in longer steps does what the same network does with a longer dt, in every engine, after saving and
loading in the middle of a step, in sweeps and in exported modules; and noise against a program that uses nothing of plasticdsl."""

from __future__ import annotations

from pathlib import Path

import numba
import numpy as np
import pytest

import plasticdsl
from plasticdsl import driver
from plasticdsl.diagnostics.diagnostic import PlasError
from plasticdsl.kernels.store import digest_of, import_text
from plasticdsl.options import CompileOptions, EngineName
from plasticdsl.support import random

NETWORK = """
neuron Cell:
    I ~ U(12 mV, 30 mV)
    10 ms dV/dt = I − V + h
    c(0) = 0
    input h : mV
    output c
    spike when V > 10 mV:
        V → 0 mV
        c += 1
    refractory 2 ms
    event calm when c < 0.5:
        n += dt/1 ms
    every 3 ms:
        c *= 0.9

synapse Kick:
    post.h = 0.1 mV Σ w x
    on pre:
        post.V += 0.5 mV
        r += 1
    on calm of post:
        w += 0.1 r

network Net:
    T = 1 ms
    E = 4 CellSTEP
    ee = E → E: Kick, all to all, except self, w = 0

experiment Run on Net:
    dt = 0.1 ms
    sweep T in [0.5 ms, 1 ms]
    phase go for 50 ms
    expect spike_count(E) > 8
    record E.V every 1 ms
"""
SLOW, WHOLE = NETWORK.replace("STEP", ", step T"), NETWORK.replace("STEP", "")


@pytest.mark.parametrize("engine", ["reference", "python", pytest.param("compiled", marks=pytest.mark.slow)])
def test_a_network_in_long_steps_is_one_with_a_long_step(engine: EngineName, tmp_path: Path) -> None:
    first, second = (plasticdsl.parse(SLOW).build(seed=3, dt="0.1 ms", engine=engine) for _ in range(2))
    whole = plasticdsl.parse(WHOLE).build(seed=3, dt="1 ms", engine=engine)
    whole.run("50 ms")
    first.run("23.4 ms")
    first.save(tmp_path / "state.npz")
    second.load(tmp_path / "state.npz")
    second.run("26.6 ms")
    for name in ("V", "c", "h", "n"):
        np.testing.assert_allclose(getattr(second["E"], name), getattr(whole["E"], name), rtol=1e-9)
    np.testing.assert_allclose(second["ee"].w, whole["ee"].w, rtol=1e-9)
    for name in ("E", "E.calm"):
        times = np.concatenate([first.spikes(name).times, second.spikes(name).times])
        np.testing.assert_allclose(times, whole.spikes(name).times, atol=1e-9)
    assert whole.spike_count("E") > 8 and whole["ee"].w.max() > 0 and whole["E"].n.max() > 0


def test_in_sweeps() -> None:
    result = plasticdsl.parse(SLOW).run("Run", engine="python")
    assert all(o.passed for o in result.expectations)


def test_in_a_module(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(numba.config, "DISABLE_JIT", True)
    loaded = plasticdsl.parse(SLOW).loaded
    text = driver.export(loaded, CompileOptions(level=1))
    made = import_text(text, f"embedded_{digest_of(text)}")
    whole = plasticdsl.parse(WHOLE).build(seed=3, dt="1 ms", engine="python")
    whole.run("50 ms")
    with np.errstate(over="ignore"):
        a = made.allocate(seed=3)
        found = made.simulate(a, 0.05)
    np.testing.assert_allclose(a.E.V, whole["E"].V, rtol=1e-9)
    np.testing.assert_allclose(a.ee.w, whole["ee"].w, rtol=1e-9)
    assert len(found["E"][0]) == whole.spike_count("E")
    with pytest.raises(ValueError, match=r"1 ms is no whole multiple of dt, 0\.3 ms"):
        made.allocate(dt=3e-4)


@pytest.mark.parametrize("engine", ["reference", "python"])
def test_noise_is_that_of_the_longer_step(engine: EngineName) -> None:
    """x += σ √(4 ms) ξ every 4 ms, with the draw of the step at which it began; a rate that changes with t counts by Simpson's rule."""
    text = "neuron N:\n    dx/dt = t/1 s² + 2 ξ(t)/√(1 s)\n\nnetwork Net:\n    p = 3 N, step 4 ms"
    net = plasticdsl.parse(text).build(seed=7, dt="1 ms", engine=engine)
    net.run("10 ms")
    draws = [random.normals(7, random.stream_of("p", "noise", "x"), np.arange(3), n) for n in (0, 4)]
    np.testing.assert_allclose(net["p"].x, 2 * np.sqrt(4e-3) * sum(draws) + 8e-3**2 / 2, rtol=1e-9)


def test_a_step_that_does_not_fit() -> None:
    with pytest.raises(PlasError, match="no whole multiple of dt"):
        plasticdsl.parse(SLOW).build(dt="0.3 ms")
