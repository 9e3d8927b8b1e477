"""Fits: known parameters are found again; what is tried depends on the seed alone, not on workers or on where it was stopped; and what has no value."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import xarray

import plasticdsl
from plasticdsl.cli.app import status
from plasticdsl.diagnostics.diagnostic import PlasError
from plasticdsl.kept_runs import ENDING
from plasticdsl.results.result import Unfinished
from tests.runtime.test_crew import Told

pytest.importorskip("optuna")
pytest.importorskip("cmaes")

# --- known parameters ------------------------------------------------------------------------------------------------

#: The window of Bi & Poo (2001) at eight lags, as `models/rules/pair_stdp.plas` has it: τ₊ = 16.8 ms, τ₋ = 33.7 ms, A₊ = 0.777, A₋ = 0.273.
WINDOW = """
rule STDP:
    τ₊ = 10 ms
    τ₋ = 10 ms
    A₊ = 1
    A₋ = 0.273
    w(0) = 0
    error = (w − post.seen)²

    on all pairs:
        Δw = F(t_post − t_pre)

    F(Δt) =  A₊ exp(−Δt/τ₊)   if Δt > 0
            −A₋ exp(Δt/τ₋)    otherwise

neuron Once:
    at_time = 0 ms
    seen = 0
    spike when t rises above at_time

network Pairs:
    pre  = 8 SpikeTimes([100 ms])
    post = 8 Once, at_time = [19.5, 59.5, 79.5, 89.5, 109.5, 119.5, 139.5, 179.5] ms, seen = [SEEN]
    syn = pre → post: STDP, one to one

experiment Window on Pairs:
    dt = 1 ms
    fit STDP.τ₊ in 5 ms … 50 ms, STDP.τ₋ in 5 ms … 100 ms, STDP.A₊ in 0.1 … 2, logarithmic, 240 trials to minimise mean(syn.error)
    phase pairing for 200 ms
    record syn.w at end
    expect STDP.τ₊ ≈ 16.8 ms ± 2 %
    expect STDP.τ₋ ≈ 33.7 ms ± 2 %
    expect STDP.A₊ ≈ 0.777 ± 2 %
"""
SEEN = "−0.0254, −0.0833, −0.1508, −0.2029, 0.4285, 0.2363, 0.0718, 0.0066"


def test_a_window_of_stdp_is_found_again():
    result = plasticdsl.parse(WINDOW.replace("SEEN", SEEN)).run("Window")
    assert result.passed
    assert [o.text for o in result.expectations] == ["STDP.τ₊ ≈ 16.8 ms ± 2 %", "STDP.τ₋ ≈ 33.7 ms ± 2 %", "STDP.A₊ ≈ 0.777 ± 2 %"]
    assert list(result.best) == ["STDP.τ₊", "STDP.τ₋", "STDP.A₊"]
    found = float(result.trials["goal"][result.summary["fit"]["best_trial"] - 1])
    assert found == result.summary["fit"]["value"] == float(result.trials["goal"].min())
    seen = np.array([float(x) for x in SEEN.replace("−", "-").split(",")])
    assert np.mean((result["syn.w"].values - seen) ** 2) == pytest.approx(found, rel=1e-9)


#: Rates over 2 s of an adaptive exponential neuron with g_L = 12 nS and b = 60 pA (C = 200 pF, E_L = −70 mV, V_T = −50 mV, Δ_T = 2 mV, a = 2 nS,
#: τ_w = 300 ms, V_r = −58 mV, V_peak = 0 mV), integrated by `rates` below, not by this package.
ADEX = """
use Adaptation from "neurons/adex"

neuron Cell like Adaptation:
    seen = 0 Hz

network Cells:
    cells = 9 Cell, I = [150, 200, 250, 300, 350, 400, 500, 700, 1000] pA, seen = [0, 0, 0.5, 4, 7, 9.5, 15, 26, 42.5] Hz

experiment Adapting on Cells:
    dt = 0.1 ms
    fit Cell.b in 10 pA … 200 pA, logarithmic, 24 trials to minimise mean((rate(cells, each) − cells.seen)²)
    phase run for 2 s
    expect Cell.b ≈ 60 pA ± 3 %

experiment Both on Cells:
    dt = 0.05 ms
    fit Cell.g_L in 5 nS … 30 nS, Cell.b in 10 pA … 200 pA, logarithmic to minimise mean((rate(cells, each) − cells.seen)²)
    phase run for 2 s
    expect Cell.g_L ≈ 12 nS ± 3 %
    expect Cell.b ≈ 60 pA ± 3 %
"""


def rates(current: np.ndarray, g: float, b: float, length: float = 2.0, dt: float = 1e-5) -> np.ndarray:
    """By the midpoint rule."""
    c, e, threshold, slope, a, tau, reset, peak = 200e-12, -70e-3, -50e-3, 2e-3, 2e-9, 300e-3, -58e-3, 0.0

    def change(v: np.ndarray, w: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        v = np.minimum(v, peak)
        return (-g * (v - e) + g * slope * np.exp((v - threshold) / slope) - w + current) / c, (a * (v - e) - w) / tau

    v, w, spikes = np.full(current.shape, e), np.zeros(current.shape), np.zeros(current.shape)
    for _ in range(round(length / dt)):
        half = change(v, w)
        dv, dw = change(v + dt / 2 * half[0], w + dt / 2 * half[1])
        v, w = v + dt * dv, w + dt * dw
        fired = v >= peak
        spikes += fired
        v, w = np.where(fired, reset, v), np.where(fired, w + b, w)
    return spikes / length


def test_adaptation_is_found_again_from_an_fi_curve():
    assert plasticdsl.parse(ADEX).run("Adapting").passed


@pytest.mark.slow
def test_two_parameters_of_an_adex_are_found_again():
    seen = [0, 0, 0.5, 4, 7, 9.5, 15, 26, 42.5]
    assert rates(np.array([150, 200, 250, 300, 350, 400, 500, 700, 1000]) * 1e-12, 12e-9, 60e-12).tolist() == seen
    assert plasticdsl.parse(ADEX).run("Both", workers=2).passed


# --- what is tried ---------------------------------------------------------------------------------------------------

SMALL = """
neuron A:
    τ = 10 ms
    k = 1
    goal = 0
    τ dx/dt = k − x
    x(0) = 0

network N:
    c = 1 A

experiment Fitting on N:
    dt = 1 ms
    sweep c.goal in [0.4, 0.6], 2 repeats
    fit c.τ in 5 ms … 40 ms, c.k in 0.1 … 4, logarithmic, 20 trials to minimise (c.x − c.goal)² in phase second
    phase first for 10 ms
    phase second for 20 ms
    record c.x every 5 ms

experiment Largest on N:
    dt = 1 ms
    fit c.k in 0.1 … 4, 40 trials to maximise 1 − (c.x − 0.5)²
    phase p for 100 ms
    expect c.k ≈ 0.5 ± 0.02

experiment Size on N:
    dt = 1 ms
    fit c in 1 … 50, 24 trials to minimise (sum(c.x) − 20)²
    phase p for 100 ms
    expect sum(c.x) ≈ 20 ± 0.1

experiment Several on N:
    dt = 1 ms
    c = 3
    fit c.k in 0.1 … 4, 3 trials to minimise c.x
    phase p for 10 ms

experiment Without on N:
    dt = 1 ms
    fit c.k in 0.1 … 4, 3 trials to minimise 1/(c.k − c.k)
    phase p for 10 ms
"""


@pytest.fixture(scope="module")
def model() -> plasticdsl.Model:
    return plasticdsl.parse(SMALL)


@pytest.fixture(scope="module")
def alone(model: plasticdsl.Model) -> plasticdsl.Result:
    return model.run("Fitting", seed=4)


def test_a_trial_is_the_mean_over_its_runs_and_the_best_has_its_runs(alone: plasticdsl.Result):
    trials = alone.trials
    x = {time: trials["c.k"] * (1.0 - np.exp(-time / trials["c.τ"])) for time in (0.03,)}[0.03]
    expected = ((x - 0.4) ** 2 + (x - 0.6) ** 2) / 2.0
    np.testing.assert_allclose(trials["goal"], expected, rtol=1e-6)
    assert trials.sizes == {"trial": 20}
    best = int(np.argmin(trials["goal"].data))
    assert alone.best == {"c.τ": float(trials["c.τ"][best]), "c.k": float(trials["c.k"][best])}
    assert alone["c.x"].shape[:2] == (2, 2)
    np.testing.assert_allclose(alone["c.x"].isel(time=-1).values.ravel(), float(x[best]), rtol=1e-6)
    assert alone.plot("c.x over time").axes
    assert alone.figures["trials"].axes


def test_the_same_seed_tries_the_same_with_any_number_of_workers(model: plasticdsl.Model, alone: plasticdsl.Result):
    xarray.testing.assert_identical(alone.trials, model.run("Fitting", seed=4, workers=3).trials)
    assert not alone.trials.equals(model.run("Fitting", seed=5).trials)


def test_what_is_finished_is_not_done_again(model: plasticdsl.Model, alone: plasticdsl.Result, tmp_path: Path):
    def interrupt() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        model.run("Fitting", seed=4, keep=tmp_path, progress=Told(0.5, interrupt))
    kept = {path.name for path in tmp_path.glob(f"*{ENDING}")}
    assert 30 <= len(kept) <= 50
    before = {name: (tmp_path / name).stat().st_mtime_ns for name in kept}
    result = model.run("Fitting", seed=4, keep=tmp_path, resume=True, workers=2)
    xarray.testing.assert_identical(alone.trials, result.trials)
    xarray.testing.assert_identical(alone.dataset, result.dataset)
    assert len(list(tmp_path.glob(f"*{ENDING}"))) == 80
    assert before == {name: (tmp_path / name).stat().st_mtime_ns for name in kept}
    xarray.testing.assert_identical(alone.trials, model.run("Fitting", seed=4, keep=tmp_path, resume=True).trials)


def test_the_largest_and_whole_numbers(model: plasticdsl.Model):
    assert model.run("Largest").passed
    result = model.run("Size")
    assert result.passed
    assert set(np.mod(result.trials["c"].values, 1.0)) == {0.0}


def test_what_is_given_is_not_fitted(model: plasticdsl.Model):
    one = model.run("Fitting", parameters={"c.k": 0.5})
    assert list(one.best) == ["c.τ"]
    held = model.run("Fitting", parameters={"c.k": 0.5, "c.τ": "20 ms"})
    assert held.best == {}
    assert held["c.x"].shape[:2] == (2, 2)


def test_a_goal_of_several_numbers_and_one_without_a_value(model: plasticdsl.Model):
    with pytest.raises(Unfinished, match=r"‘c\.x’ has no value: it is 3 numbers, and a fit needs one, for example their ‘mean\(…\)’"):
        model.run("Several")
    with pytest.raises(PlasError, match=r"‘1/\(c\.k − c\.k\)’ has no value in any of the 3 trials"):
        model.run("Without")


def test_files_and_lines(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "fit.plas").write_text(SMALL)
    out = tmp_path / "out"
    assert status(["run", str(tmp_path / "fit.plas"), "Largest", "--out", str(out)]) == 0
    text = capsys.readouterr().out
    assert "1 − (c.x − 0.5)² is 1, the largest of 40 trials, with" in text or "1 − (c.x − 0.5)² is 0.99" in text
    summary = json.loads((out / "summary.json").read_text())
    assert summary["files"] == ["summary.json", "trials.nc", "trials.png"]
    assert summary["fit"]["wanted"] == "largest"
    assert summary["fit"]["parameters"]["c.k"]["value"] == summary["parameters"]["c.k"]
    with xarray.open_dataset(out / "trials.nc") as trials:
        assert float(trials["goal"].max()) == summary["fit"]["value"]
        assert trials["goal"].attrs["long_name"] == "1 − (c.x − 0.5)²"


def test_without_optuna(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "fit.plas").write_text(SMALL)
    monkeypatch.setitem(__import__("sys").modules, "cmaes", None)
    assert status(["run", str(tmp_path / "fit.plas"), "Largest"]) == 2
    assert "pip install 'plasticdsl[fit]'" in capsys.readouterr().err
