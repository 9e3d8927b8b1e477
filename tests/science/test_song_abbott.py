"""Song, Miller & Abbott (2000): competition through additive STDP. Ties (Δt = 0) depress.

The numbers are means of at least twelve runs of a program of its own (event-driven traces, exponential Euler for V) at the stated step; the tolerances
are three standard deviations over its runs. Where the step matters, it is because ties are rarer at a smaller one.
"""

from itertools import pairwise

import numpy as np
import pytest

import plasticdsl
from plasticdsl import Model, Net

W_MAX = 0.015


@pytest.fixture(scope="module")
def model() -> Model:
    return plasticdsl.load("song_abbott")


def rate_and_cv(net: Net, last: float, now: float) -> tuple[float, float]:
    times = net.spikes("cell").times
    times = times[times > now - last]
    intervals = np.diff(times)
    return len(times) / last, float(intervals.std() / intervals.mean())


def ran(model: Model, seconds: float, dt: str = "0.1 ms", **parameters: object) -> Net:
    net = model.build("SongAbbott", dt=dt, log=["cell"], **parameters)
    net.run(f"{seconds} s")
    return net


def test_after_200_seconds(model: Model) -> None:
    """Step 0.1 ms, last 60 s: 23.6 ± 1 Hz, CV 0.70 ± 0.06; mean weight 0.572 ± 0.006; hardly a weight has reached an end.

    Over runs the rate is 23.2 Hz with a standard deviation of 0.55 Hz, so the seed is part of this test.
    """
    net = ran(model, 200, seed=1)
    rate, cv = rate_and_cv(net, 60, 200)
    w = net["ex"].w / W_MAX
    assert rate == pytest.approx(23.6, abs=1.0)
    assert cv == pytest.approx(0.70, abs=0.06)
    assert w.mean() == pytest.approx(0.572, abs=0.006)
    assert np.mean(w < 0.1) < 0.02
    assert np.mean(w > 0.9) == pytest.approx(0.035, abs=0.015)


@pytest.mark.parametrize(("dt", "rate", "by", "weight"), [("0.1 ms", 111.5, 2.1, 0.7450), ("0.02 ms", 116.0, 2.8, 0.7621)])
def test_ties_make_the_step_matter(model: Model, dt: str, rate: float, by: float, weight: float) -> None:
    """After 40 s, over the last 20 s: the two steps are nine standard deviations apart in the mean weight (tolerance 0.0055)."""
    net = ran(model, 40, dt)
    assert rate_and_cv(net, 20, 40)[0] == pytest.approx(rate, abs=by)
    assert float(net["ex"].w.mean()) / W_MAX == pytest.approx(weight, abs=0.0055)


def test_beginning(model: Model) -> None:
    """With all weights at their maximum: regular firing, 178.6 Hz (± 7 Hz) and CV 0.184 (± 0.02) over the first 5 s."""
    rate, cv = rate_and_cv(ran(model, 5), 5, 5)
    assert rate == pytest.approx(178.6, abs=7)
    assert cv == pytest.approx(0.184, abs=0.02)


def test_optimisation_changes_nothing(model: Model) -> None:
    """The same spikes, and weights to 1e-12, with traces at every connection (level 0) and at the units they belong to (level 2)."""
    plain, quick = (ran(model, 3, level=level) for level in (0, 2))
    assert np.array_equal(plain.spikes("cell").times, quick.spikes("cell").times)
    assert plain["ex"].w == pytest.approx(quick["ex"].w, rel=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize(("dt", "lowest", "highest", "weight"), [("0.1 ms", 7.5, 10.5, 0.53), ("0.02 ms", 9.0, 11.9, 0.539)])
def test_steady_state(model: Model, dt: str, lowest: float, highest: float, weight: float) -> None:
    """2000 s, rate and CV over the last 600 s: 8.3 to 9.9 Hz at 0.1 ms and 10.1 to 10.6 Hz at 0.02 ms (± 15 %), CV 0.87 ± 0.06,
    at least 65 % of the weights in the outer tenths.
    """
    net = ran(model, 2000, dt)
    rate, cv = rate_and_cv(net, 600, 2000)
    w = net["ex"].w / W_MAX
    assert lowest < rate < highest
    assert cv == pytest.approx(0.87, abs=0.06)
    assert w.mean() == pytest.approx(weight, abs=0.02)
    assert np.mean((w < 0.1) | (w > 0.9)) >= 0.65


@pytest.mark.slow
def test_the_steady_state_forgets_its_beginning(model: Model) -> None:
    """From random weights the same rate (± 1.5 Hz) and mean weight (± 0.02)."""
    net = model.build("SongAbbott", dt="0.1 ms", log=["cell"])
    net["ex"].w[:] = W_MAX * np.random.default_rng(1).random(1000)
    net.run("2000 s")
    assert rate_and_cv(net, 600, 2000)[0] == pytest.approx(9.0, abs=1.5)
    assert float(net["ex"].w.mean()) / W_MAX == pytest.approx(0.53, abs=0.02)


@pytest.mark.slow
def test_output_is_buffered(model: Model) -> None:
    """Four times the input, less than 1.6 times the output."""
    low, high = (rate_and_cv(ran(model, 2000, r_ex=f"{r} Hz"), 600, 2000)[0] for r in (10, 40))
    assert high < 1.6 * low


@pytest.mark.slow
def test_more_depression_lowers_the_rate(model: Model) -> None:
    """The output rate falls as A₋/A₊ grows from 1.02 to 1.15."""
    rates = [rate_and_cv(ran(model, 1000, **{"A₋": ratio * 0.005}), 400, 1000)[0] for ratio in (1.02, 1.05, 1.10, 1.15)]
    assert all(before > after for before, after in pairwise(rates))
