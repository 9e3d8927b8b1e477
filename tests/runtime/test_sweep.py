"""Sweeps: all combinations, repeats with seeds of their own."""

import numpy as np
import pytest

from plasticdsl.diagnostics.diagnostic import PlasError
from plasticdsl.model.expr import Ref
from plasticdsl.model.owners import OfPopulation
from plasticdsl.results.result import Result
from plasticdsl.runtime.play.sweep import seed_of
from tests.runtime.experiments import carry_out

TEXT = """
neuron Leak:
    τ = 10 ms
    E = 1 mV
    τ dV/dt = E − V
    V(0) ~ U(0 mV, 1 mV)

network N:
    n = 4
    a = n Leak

experiment Sweep on N:
    dt = 0.1 ms
    sweep Leak.τ in [5 ms, 10 ms], n from 2 to n in 3 values, 2 repeats
    phase run for 1 ms + Leak.τ
    record a.V at end
    record mean(a.V) every 5 ms
    plot a.V over Leak.τ
    expect mean(a.V) < 1 mV at end when n = 3
"""


@pytest.fixture(scope="module")
def study():
    return carry_out(TEXT)


def test_every_combination_runs_in_order(study):
    assert study.shape == (2, 3, 2)
    assert [axis.name for axis in study.axes] == ["Leak.τ", "n"]
    sizes = [run.facts.units["a"] for run in study.runs]
    assert sizes == [2, 2, 3, 3, 4, 4] * 2
    assert [run.facts.parameters[Ref(OfPopulation("a"), "tau")] for run in study.runs] == [0.005] * 6 + [0.01] * 6
    assert [run.line.end for run in study.runs] == [60] * 6 + [110] * 6


def test_repeats_have_seeds_of_their_own(study):
    assert {run.seed for run in study.runs} == {1, seed_of(1, 1)}
    first, second = (run.recorder.series[0].done for run in study.runs[:2])
    assert not np.array_equal(first, second)
    assert len({seed_of(seed, repeat) for seed in (1, 2) for repeat in range(5)}) == 10


def test_results_have_the_dimensions_of_the_sweep(study):
    result = Result(study, "test.plas")
    values = result["a.V"]
    assert values.dims == ("Leak.τ", "n", "repeat", "unit_a")
    assert values.shape == (2, 3, 2, 4)
    assert np.isnan(values.values[:, 0, :, 2:]).all(), "smaller networks are filled up"
    assert np.isfinite(values.values[:, 2]).all()
    over_time = result["mean(a.V)"]
    assert over_time.dims == ("Leak.τ", "n", "repeat", "time")
    assert list(over_time.time.values) == pytest.approx([0.0, 0.005, 0.01])
    assert np.isnan(over_time.values[0, :, :, 2]).all(), "shorter runs are filled up"


def test_an_expectation_is_looked_at_where_its_condition_holds(study):
    assert [run.outcomes[0].passed for run in study.runs] == [None, None, True, True, None, None] * 2
    assert Result(study, "").expectations[0].passed is True


def test_a_value_from_outside_replaces_the_axis():
    study = carry_out(TEXT, n=3)
    assert study.shape == (2, 1, 2)


def test_absurd_sweeps_are_refused():
    with pytest.raises(PlasError) as caught:
        carry_out(TEXT.replace("2 repeats", "20000000 repeats"))
    assert caught.value.diagnostics[0].code == "sweep-too-large"


STORED = """
neuron Still:
    input h
    output x ∈ {−1, +1}
    x → +1 if h > 1000
        −1 if h < −1000

synapse Coupling:
    post.h = Σ w x

rule Imprint:
    Δw = x y / N_pre

network Memory:
    N = 20
    P = 2
    units = N Still
    J = units → units: Coupling with Imprint, all to all except self, w = 0
    ξ = P random patterns of {−1, +1} over units
    m_μ = (1/N) Σ_i ξ_μi x_i

experiment Load on Memory:
    sweep P from 0.05·N to 0.22·N in 4 values, 3 repeats
    phase store for each pattern in ξ:
        units.x = pattern
    record m_1, sum(J.w) at end
    plot m_1 over P/N
"""


def test_the_number_of_patterns_is_swept() -> None:
    """Whole numbers of patterns; repeats draw anew, and the first patterns of a set are the same however many there are."""
    result = Result(carry_out(STORED), "")
    stored = result["sum(J.w)"]
    assert stored.dims == ("P", "repeat")
    assert np.array_equal(stored["P"], [1, 2, 3, 4])
    assert (result["m_1"].values[0] == 1.0).all(), "with one pattern, it is the last one shown"
    increments = np.diff(stored.values, axis=0, prepend=0.0)
    possible = {(s * s - 20.0) / 20.0 for s in range(-20, 21, 2)}
    assert all(min(abs(v - p) for p in possible) < 1e-9 for v in increments.ravel()), "each adds Σ_{i≠j} ξ_i ξ_j / N"
    assert len(np.unique(stored.values[-1].round(9))) > 1
    (figure,) = result.figures.values()
    assert figure.axes[0].get_xlabel() == "$P/N$"
    assert np.allclose(figure.axes[0].get_lines()[0].get_xdata(), [0.05, 0.1, 0.15, 0.2])
