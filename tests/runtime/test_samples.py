"""Values over time: samples in files, `I(t) = d.stim pA every 0.5 ms`, and formulas of t."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import plasticdsl
from plasticdsl import driver
from plasticdsl.diagnostics.diagnostic import PlasError
from plasticdsl.kernels.store import import_text
from plasticdsl.options import CompileOptions, EngineName

_MODEL = """
neuron Bursting:
    I = 0
    1 ms dx/dt = y − x³ + 3 x² − z + I
    1 ms dy/dt = 1 − 5 x² − y
    1 ms dz/dt = 0.006·(4·(x + 1.6) − z)
    x(0) = −1.6
    y(0) = −12

neuron Line:
    input J
    output x
    1 ms dx/dt = J

synapse Weighted:
    post.J = Σ w x

network Net:
    data d from "in.npz"
    T = 2 ms
    H = 2 Bursting, I(t) = d.I every T
    K = 2 Line, J(t) = d.both every T linear
    S = 2 Poisson(rate = d.r kHz every 1 ms)

experiment Short on Net:
    dt = 0.05 ms
    phase go for 5 ms
    record H.x, H.I, K.x, K.J
"""
_I = [1.0, 3.5, 0.2, 2.0]
_BOTH = [[0.0, 1.0], [2.0, 0.5], [1.0, -1.0], [4.0, 0.0]]


def _written(folder: Path, model: str = _MODEL, **changed: Any) -> Path:
    np.savez(folder / "in.npz", **{"I": _I, "both": _BOTH, "r": [20.0, 0.0], **changed})
    path = folder / "model.plas"
    path.write_text(model, encoding="utf-8")
    return path


def _bursting(state: NDArray[np.float64], current: float) -> NDArray[np.float64]:
    x, y, z = state
    return np.array([y - x**3 + 3 * x**2 - z + current, 1 - 5 * x**2 - y, 0.006 * (4 * (x + 1.6) - z)])


def _loop(steps: int, every: int, dt: float = 0.05) -> NDArray[np.float64]:
    """Runge–Kutta 4 with the current held."""
    state, found = np.array([-1.6, -12.0, 0.0]), []
    for n in range(steps + 1):
        found.append(state[0])
        current = _I[min(n // every, len(_I) - 1)]
        k1 = _bursting(state, current)
        k2 = _bursting(state + dt / 2 * k1, current)
        k3 = _bursting(state + dt / 2 * k2, current)
        state = state + dt / 6 * (k1 + 2 * k2 + 2 * k3 + _bursting(state + dt * k3, current))
    return np.array(found)


@pytest.mark.parametrize(("engine", "level"), [("reference", 2), ("python", 0), ("python", 2)])
def test_a_sampled_current_drives_a_neuron(tmp_path: Path, engine: EngineName, level: int) -> None:
    result = plasticdsl.load(_written(tmp_path)).run("Short", engine=engine, level=level)
    for unit in range(2):
        np.testing.assert_allclose(result["H.x"].values[:, unit], _loop(100, 40), rtol=1e-10)
    times = np.arange(101) * 0.05
    for unit, series in enumerate(np.array(_BOTH).T):
        there = np.interp(times, 2.0 * np.arange(4), series)
        np.testing.assert_allclose(result["K.J"].values[:, unit], there, atol=1e-12)
        exact = np.concatenate([[0.0], np.cumsum(0.05 * (there[1:] + there[:-1]) / 2)])  # trapezia are exact where it is piecewise linear
        np.testing.assert_allclose(result["K.x"].values[:, unit], exact, atol=1e-12)


_COUPLED = """
neuron Cell:
    I = 0
    τ = 10 ms
    input s
    output V
    τ dV/dt = −V + 0.2·s + I
    spike when V > 2:
        V → 0

neuron Cubic:
    I = 0
    input s
    output V
    10 ms dV/dt = −V³ + s + I
    10 ms dn/dt = (V − n)·(1 + V²)

synapse Mix:
    post.s = Σ w x

synapse Kick:
    on pre:
        post.V += w

network Net:
    data d from "in.npz"
    A = 3 Cell, I(t) = d.a every 0.7 ms linear, τ = 5 ms·i
    B = 3 Cubic, I(t) = d.a every 0.7 ms linear
    C = 3 Cubic, I(t) = 2·d.I every 0.3 ms
    A → B: Mix, w = 0.3
    B → C: Mix, w = 0.2
    C → B: Mix, w = −0.2
    C → A: Mix, w = 0.5
    Poisson(rate = 10 d.I kHz every 1 ms) → A: Kick, w = 0.2
    P = 3 Poisson(rate = d.I kHz every 0.5 ms·i linear)
    P → A: Kick, w = 0.3

experiment Short on Net:
    dt = 0.1 ms
    phase go for 3 ms
    record A.V, B.V, C.V, B.n
"""


def test_kernels_agree_with_the_interpreter(tmp_path: Path) -> None:
    model = plasticdsl.load(_written(tmp_path, _COUPLED, a=np.random.default_rng(1).normal(size=(4, 3))))
    expected, found = (model.run("Short", engine=engine, seed=3) for engine in ("reference", "python"))
    for name in ("A.V", "B.V", "C.V", "B.n"):
        np.testing.assert_allclose(found[name].values, expected[name].values, rtol=1e-12, atol=1e-14)


@pytest.mark.slow
@pytest.mark.parametrize("threads", [1, 2])
def test_a_sampled_current_in_machine_code(tmp_path: Path, threads: int) -> None:
    result = plasticdsl.load(_written(tmp_path)).run("Short", threads=threads)
    np.testing.assert_allclose(result["H.x"].values[:, 1], _loop(100, 40), rtol=1e-10)


def test_the_time_between_samples_is_a_parameter(tmp_path: Path) -> None:
    result = plasticdsl.load(_written(tmp_path)).run("Short", engine="python", T="0.5 ms")
    np.testing.assert_allclose(result["H.x"].values[:, 0], _loop(100, 10), rtol=1e-10)


def test_a_saved_run_goes_on_with_its_samples(tmp_path: Path) -> None:
    model = plasticdsl.load(_written(tmp_path))
    first, second = (model.build("Net", dt="0.05 ms", engine="python") for _ in range(2))
    first.run("3 ms")
    first.save(tmp_path / "state.npz")
    first.run("3 ms")
    second.load(tmp_path / "state.npz")
    second.run("3 ms")
    assert (first["H"].x == second["H"].x).all() and (first["K"].x == second["K"].x).all()


def test_connections_read_what_changes_with_time(tmp_path: Path) -> None:
    model = _MODEL.replace("output x\n", "output J\n").replace("post.J = Σ w x", "post.J = Σ w x\n    w = 1")
    model = model.replace("    S = 2", "    L = 2 Line\n    K → L: Weighted, w = 2\n    S = 2").replace("K.x, K.J", "L.x")
    path = _written(tmp_path, model.replace("every T linear", "every T"))
    found = [plasticdsl.load(path).run("Short", engine=engine)["L.x"].values[:, 0] for engine in ("reference", "python")]
    held = [2.0 * sum(_BOTH[min(n // 40, 3)]) for n in range(100)]
    for values in found:
        np.testing.assert_allclose(values, np.concatenate([[0.0], np.cumsum(0.05 * np.array(held))]), atol=1e-9)


def test_a_module_takes_the_samples(tmp_path: Path) -> None:
    loaded = plasticdsl.load(_written(tmp_path, _MODEL.replace("every 1 ms", "every 100 ms"))).loaded
    made = import_text(driver.export(loaded, CompileOptions()), "samples")
    with pytest.raises(ValueError, match="d_I has to be given: the model takes it from a file"):
        made.allocate()
    a = made.allocate(dt=5e-5, d_I=np.array(_I), d_both=np.array(_BOTH), d_r=np.array([0.0]))
    assert a.d.I.shape == (4, 1) and a.d.both.shape == (4, 2)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("d.I every T", "d.I", "Nothing tells how far the samples of ‘d.I’ lie apart."),
        ("d.I every T", "2 every T", "Only numbers of a file are samples; this reads none."),
        ("d.I every T", "d.I mV every T", "‘I’ must be a pure number, but this is in mV (voltage)."),
        ("d.I every T", "d.I every 2", "The time between samples must be in ms (time), but this is a pure number."),
        ("d.I every T", "d.I every 0 ms", "The time between samples must be greater than 0."),
        ("d.I every T", "x·d.I every T", "A value over time can depend on the time and on parameters, not on the state of the network."),
        ("d.I every T", "d.I every T, x(0) = I", "‘x(0)’ is fixed before the run, and what it reads changes with time."),
        ("I(t) = d.I", "x(0) = d.I", "‘x(0)’ is a value at t = 0, and does not change."),
        ("I(t) = d.I", "x(t) = d.I", "‘x’ is no parameter of ‘Bursting’, so it cannot be given."),
        ("I(t) = d.I", "I = 3, I(t) = d.I", "‘I’ is given twice."),
        ("H = 2", "H = 3", None),
        ("K = 2", "K = 3", "‘d.both’ has the shape (4, 2); samples for ‘K’ are one list, or have a row for each time and columns for its 3 units."),
        ("S = 2", "K → K: Weighted, w = 1\n    S = 2", "A sum can fill an input only, and ‘J’ of Line is a definition."),
        ("S = 2 Poisson", "S = 2 Regular", "A regular source has a constant rate."),
        ("S = 2", "K → H: Weighted, w(t) = 2\n    S = 2", "A value over time has no meaning at this place."),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(tmp_path: Path, old: str, new: str, said: str | None) -> None:
    path = _written(tmp_path, _MODEL.replace(old, new))
    if said is None:
        plasticdsl.load(path)
    else:
        with pytest.raises(PlasError, match=re.escape(said)):
            plasticdsl.load(path)


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"I": [1.0, np.nan]}, "‘I’ in in.npz holds a value that is no finite number, at 1 (from 0)."),
        (
            {"both": np.ones((2, 3))},
            "‘both’ in in.npz has the shape (2, 3); samples for ‘K’ are one list, or have a row for each time and columns",
        ),
        ({"r": [1.0, -2.0]}, "The rate of ‘S’ must be a finite number, not negative."),
    ],
)
def test_samples_that_do_not_fit_are_said(tmp_path: Path, arrays: dict[str, Any], said: str) -> None:
    model = plasticdsl.load(_written(tmp_path))
    _written(tmp_path, **arrays)
    with pytest.raises(PlasError, match=re.escape(said)):
        model.build("Net", dt="0.05 ms", engine="python")


def test_explain_shows_samples_as_functions_of_time(tmp_path: Path) -> None:
    loaded = plasticdsl.load(_written(tmp_path, _MODEL.replace("every 1 ms", "every 1 ms linear"))).loaded
    assert "spikes at rate d.r(t)·1000" in driver.explain(loaded, CompileOptions())
