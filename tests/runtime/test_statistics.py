import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from plasticdsl.runtime.watch import statistics
from plasticdsl.runtime.watch.statistics import Gathered


def test_rate_is_spikes_per_unit_and_second():
    assert statistics.rate(30, 10, 1.5) == 2.0
    assert math.isnan(statistics.rate(0, 10, 0.0))


def test_cv_of_a_regular_train_is_zero_and_of_two_intervals_known():
    steps = np.array([0, 10, 20, 30])
    assert statistics.cv(steps, np.zeros(4, dtype=np.int64)) == 0.0
    # intervals 1 and 3: mean 2, sd 1
    assert statistics.cv(np.array([0, 1, 4]), np.zeros(3, dtype=np.int64)) == 0.5


def test_cv_averages_over_units_with_at_least_three_spikes():
    steps = np.array([0, 1, 4, 0, 7, 0, 10, 20])
    units = np.array([0, 0, 0, 1, 1, 2, 2, 2])
    assert statistics.cv(steps, units) == pytest.approx((0.5 + 0.0) / 2)
    assert math.isnan(statistics.cv(steps[3:5], units[3:5]))


def test_cv_of_a_poisson_process_is_one():
    generator = np.random.default_rng(3)
    steps = np.cumsum(generator.geometric(0.001, 200_000))
    assert statistics.cv(steps, np.zeros_like(steps)) == pytest.approx(1.0, abs=0.01)


def test_numbered_spikes_count_from_both_ends():
    steps = np.array([5, 8, 20])
    assert statistics.spike_time(steps, 1, 0.5) == 2.5
    assert statistics.spike_time(steps, -1, 0.5) == 10.0
    assert statistics.isi(steps, 1, 0.5) == 1.5
    assert statistics.isi(steps, -1, 0.5) == 6.0
    assert math.isnan(statistics.spike_time(steps, 4, 0.5))
    assert math.isnan(statistics.isi(steps, 3, 0.5))
    with pytest.raises(ValueError, match="from 1"):
        statistics.spike_time(steps, 0, 0.5)


def test_statistics_of_values():
    values = np.array([1.0, 3.0, 3.0, 5.0])
    found = {name: function(values) for name, function in statistics.OF_VALUES.items() if name not in ("correlation",)}
    assert found == pytest.approx(
        {"mean": 3.0, "sd": math.sqrt(2.0), "min": 1.0, "max": 5.0, "median": 3.0, "sum": 12.0, "norm": math.sqrt(44.0), "argmax": 3.0,
         "fraction": 1.0, "count": 4.0}
    )  # fmt: skip
    assert statistics.correlation(values, -values) == pytest.approx(-1.0)
    assert math.isnan(statistics.correlation(values, np.ones(4)))


def test_histogram_covers_every_value_even_when_all_are_equal():
    counts, edges = statistics.histogram(np.full(7, 2.0))
    assert counts.sum() == 7
    assert edges[0] < 2.0 < edges[-1]


@given(
    hnp.arrays(np.float64, st.tuples(st.integers(1, 6), st.integers(1, 5)), elements=st.floats(-1e3, 1e3)),
    st.sampled_from(["mean", "sd", "min", "max", "sum", "norm", "fraction", "count", "median"]),
)
def test_gathering_piece_by_piece_gives_the_statistic_of_all(values, name):
    gathered = Gathered(name)
    for piece in values:
        gathered.add(piece)
    assert gathered.result() == pytest.approx(statistics.OF_VALUES[name](values.ravel()), rel=1e-9, abs=1e-6)
