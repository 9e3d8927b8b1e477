import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from plasticdsl.runtime.watch import statistics
from plasticdsl.runtime.watch.over_time import OfEach
from plasticdsl.runtime.watch.statistics import Fired, Gathered, Steps


def test_rate_is_spikes_per_unit_and_second():
    assert statistics.rate(30, 10, 1.5) == 2.0
    assert math.isnan(statistics.rate(0, 10, 0.0))


def cv(steps: Steps, units: Steps) -> float:
    return statistics.of_spikes("cv", Fired(steps, units, 3, 0, 1_000_000, 1.0), ())


def test_cv_of_a_regular_train_is_zero_and_of_two_intervals_known():
    steps = np.array([0, 10, 20, 30])
    assert cv(steps, np.zeros(4, dtype=np.int64)) == 0.0
    # intervals 1 and 3: mean 2, sd 1
    assert cv(np.array([0, 1, 4]), np.zeros(3, dtype=np.int64)) == 0.5


def test_cv_averages_over_units_with_at_least_three_spikes():
    steps = np.array([0, 1, 4, 0, 7, 0, 10, 20])
    units = np.array([0, 0, 0, 1, 1, 2, 2, 2])
    assert cv(steps, units) == pytest.approx((0.5 + 0.0) / 2)
    assert math.isnan(cv(steps[3:5], units[3:5]))


def test_cv_of_a_poisson_process_is_one():
    generator = np.random.default_rng(3)
    steps = np.cumsum(generator.geometric(0.001, 200_000))
    assert cv(steps, np.zeros_like(steps)) == pytest.approx(1.0, abs=0.01)


def by_the_documented_formulas(steps: Steps, units: Steps, size: int, end: int, width: int) -> dict[str, list[float]]:
    """Each unit alone, in loops over its spikes: mean_firing_rate, cv, cv2, lv and fanofactor as Elephant's documentation writes them (windows in place
    of trials, and three spikes at least for what is of intervals)."""
    found: dict[str, list[float]] = {name: [] for name in ("rate", "spike_count", "cv", "cv2", "lv", "fano")}
    for unit in range(size):
        times = sorted(int(s) for s, u in zip(steps, units, strict=True) if u == unit)
        intervals = [b - a for a, b in pairwise(times)]
        n, pairs = len(intervals), list(pairwise(intervals))
        mean = sum(intervals) / n if n else math.nan
        found["rate"].append(len(times) / (end * 1e-3))
        found["spike_count"].append(len(times))
        found["cv"].append(math.sqrt(sum((i - mean) ** 2 for i in intervals) / n) / mean if n > 1 else math.nan)
        found["cv2"].append(sum(2 * abs(b - a) / (b + a) for a, b in pairs) / (n - 1) if n > 1 else math.nan)
        found["lv"].append(3 / (n - 1) * sum(((a - b) / (a + b)) ** 2 for a, b in pairs) if n > 1 else math.nan)
        counts = [sum(k * width <= t < (k + 1) * width for t in times) for k in range(end // width)]
        average = sum(counts) / len(counts)
        found["fano"].append(sum((c - average) ** 2 for c in counts) / len(counts) / average if average else math.nan)
    return found


def some_spikes(size: int, end: int) -> tuple[Steps, Steps]:
    """Of units with rates from 0 (no spike at all) to 0.1 a step."""
    fired = np.random.default_rng(8).random((end, size)) < np.linspace(0.0, 0.1, size) ** 1.5
    steps, units = np.nonzero(fired)
    return steps, units


@pytest.mark.parametrize("name", ["rate", "spike_count", "cv", "cv2", "lv", "fano"])
def test_each_unit_has_what_the_documented_formulas_give(name: str) -> None:
    steps, units = some_spikes(9, 1050)
    numbers = (0.1,) if name == "fano" else ()
    fired = Fired(steps, units, 9, 0, 1050, 1e-3)
    expected = np.array(by_the_documented_formulas(steps, units, 9, 1050, 100)[name])
    np.testing.assert_allclose(statistics.PER_UNIT[name](fired, *numbers), expected, rtol=1e-12)
    together = np.sum(expected) if name == "spike_count" else np.nanmean(expected)
    assert statistics.of_spikes(name, fired, numbers) == pytest.approx(together, rel=1e-12)


def test_correlations_of_counts_are_those_of_numpy() -> None:
    steps, units = some_spikes(9, 1050)
    counts = [[np.sum((units == unit) & (steps // 7 == k)) for k in range(150)] for unit in range(1, 9)]  # unit 0 never fires
    pairs = np.corrcoef(counts)[np.triu_indices(8, 1)]
    assert statistics.of_spikes("count_correlation", Fired(steps, units, 9, 0, 1050, 1e-3), (7e-3,)) == pytest.approx(
        pairs.mean(), rel=1e-9
    )


def test_intervals_are_within_a_unit_and_a_stretch_of_time() -> None:
    steps, units = np.array([1, 2, 4, 9, 20, 21, 26]), np.array([0, 1, 0, 1, 0, 0, 1])
    found = statistics.intervals(steps, units, np.array([0, 0, 0, 0, 1, 1, 1]))
    assert sorted(found.tolist()) == [1, 3, 7]  # 4 − 1 and 21 − 20 of unit 0, 9 − 2 of unit 1


def test_where_there_is_nothing_to_take_a_statistic_of() -> None:
    nothing = np.zeros(0, dtype=np.int64)
    for name, numbers in (("cv", ()), ("cv2", ()), ("lv", ()), ("fano", (0.1,)), ("fano", (0.9,)), ("count_correlation", (0.1,))):
        assert math.isnan(statistics.of_spikes(name, Fired(nothing, nothing, 2, 0, 1000, 1e-3), numbers)), name
    assert math.isnan(statistics.of_spikes("fano", Fired(np.arange(9), np.zeros(9, dtype=np.int64), 2, 0, 9, 1e-3), (6e-3,)))


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
    alike = np.array([0.1 + 0.2, 0.3, 0.3, 0.3])  # 0.3 but for rounding
    assert math.isnan(statistics.correlation(values, alike))
    assert statistics.correlation(values, 0.3 + 1e-9 * values) == pytest.approx(1.0, abs=1e-6)
    assert statistics.correlation(1e100 * values, values) == pytest.approx(1.0)


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


@pytest.mark.parametrize(
    ("name", "right"),
    [("mean", [2, 6]), ("sd", [1, 3]), ("min", [1, 3]), ("max", [3, 9]), ("median", [2, 6])],
)
def test_each_unit_has_its_own_statistic_over_time(name: str, right: list[float]) -> None:
    """1 and 3 of the first unit, 3 and 9 of the second."""
    found = OfEach(name, 1.0)
    for values in ([1.0, 3.0], [3.0, 9.0]):
        found.add(np.array(values))
    assert found.result().tolist() == right
