"""`over repeats`: one look at all repeats of a combination, with statistics of all of them together."""

from collections.abc import Callable

import numpy as np
import pytest

from plasticdsl.diagnostics.diagnostic import PlasError
from plasticdsl.results.result import Result
from plasticdsl.runtime.play.sweep import Study
from tests.runtime.experiments import carry_out

TEXT = """
neuron Leak:
    τ = 10 ms
    E = 1 mV
    τ dV/dt = E − V
    V(0) ~ U(0 mV, 1 mV)
    spike when V > 2 mV

network N:
    n = 4
    k = 1
    a = n Leak

experiment Sweep on N:
    dt = 1 ms
    sweep n in [2, 3], 5 repeats
    phase run for 2 ms
    record a.V at end
    expect LINE
"""


def study_of(line: str) -> Study:
    return carry_out(TEXT.replace("LINE", line))


def values(study: Study) -> np.ndarray:
    """[n, repeat, unit] in mV, with NaN where there is no unit."""
    return np.asarray(Result(study, "")["a.V"].values) / 1e-3


@pytest.mark.parametrize(
    ("statistic", "of"),
    [
        ("mean(a.V)", np.mean),
        ("sd(a.V)", np.std),
        ("median(a.V)", np.median),
        ("fraction(a.V > 0.6 mV) · 1 mV", lambda v: np.mean(v > 0.6)),
        ("max(a.V) − min(a.V)", np.ptp),
        ("mean(max(a.V))", None),
    ],
)
def test_statistics_are_of_all_runs(statistic: str, of: Callable[[np.ndarray], float] | None) -> None:
    """Of every unit of every repeat; one statistic within another is of each run."""
    study = study_of(f"{statistic} < k·10 mV over repeats")
    every = values(study)
    wanted = np.nanmax(every[-1], axis=1).mean() if of is None else of(every[-1][np.isfinite(every[-1])])
    outcome = Result(study, "").expectations[0]
    assert outcome.passed
    assert outcome.value / 1e-3 == pytest.approx(wanted, rel=1e-12)


def test_it_fails_where_one_combination_does() -> None:
    study = study_of("mean(a.V) < k·10 mV over repeats")
    means = np.nanmean(values(study), axis=(1, 2))
    limit = float(np.mean(means))
    outcome = Result(study_of(f"mean(a.V) < {limit:.6f} mV over repeats"), "").expectations[0]
    assert outcome.passed is False
    assert outcome.reason == "failed in 1 of 2 combinations"
    assert outcome.value / 1e-3 == pytest.approx(means.max(), rel=1e-9)


def test_it_can_be_about_some_combinations_and_a_window() -> None:
    study = study_of("mean(a.V) > 0 mV over last 1 ms over repeats when n = 3")
    assert [run.shares[0] is not None for run in study.runs] == [False] * 5 + [True] * 5
    assert Result(study, "").expectations[0].passed


def test_spikes_are_counted_in_each_run() -> None:
    assert Result(study_of("mean(spike_count(a)) ≈ 0 ± 1e-9 over repeats"), "").expectations[0].passed


@pytest.mark.parametrize(
    "line",
    [
        "a.V < 2 mV over repeats",
        "mean(a.V) < a.V over repeats",
        "spike_count(a) = 0 over repeats",
        "mean(a.V) never increases over repeats",
        "mean(a.V) < 2 mV every 1 ms over repeats",
        "mean(a.V) < 2 mV over n",
    ],
)
def test_what_is_of_one_run_is_refused(line: str) -> None:
    with pytest.raises(PlasError) as caught:
        study_of(line)
    assert {d.code for d in caught.value.diagnostics} == {"not-here"}
