"""Events located within steps: against closed forms and scipy's, their order in dt, in both engines, after saving and loading, and what is refused."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.integrate import solve_ivp
from scipy.linalg import expm

import plasticdsl
from plasticdsl import driver
from plasticdsl.diagnostics.diagnostic import PlasError
from plasticdsl.kernels.store import import_text
from plasticdsl.model.schemes import MOST_LOCATED
from plasticdsl.net import Net
from plasticdsl.options import CompileOptions, EngineName
from plasticdsl.support.propagators import fastest

both = pytest.mark.parametrize("engine", ["python", "reference"])


def built(text: str, dt: str, engine: EngineName = "python", **sizes: int) -> Net:
    neurons = text.split("neuron ")[1:]
    populations = "\n".join(f"    {n.split(':')[0].lower()} = {sizes.get(n.split(':')[0].lower(), 1)} {n.split(':')[0]}" for n in neurons)
    return plasticdsl.parse(f"{text}\nnetwork Net:\n{populations}\n").build("Net", dt=dt, engine=engine)


def times(text: str, dt: str, until: str, name: str, engine: EngineName = "python") -> NDArray[np.float64]:
    """In ms."""
    net = built(text, dt, engine)
    net.run(until)
    return 1e3 * net.spikes(name).times


def orders(errors: list[float]) -> list[float]:
    """Of errors at steps that halve."""
    return [math.log2(a / b) for a, b in pairwise(errors)]


# --- how exact, and of which order -----------------------------------------------------------------------------------

LIF = """
neuron LIF:
    V(0) = 0 mV
    12 ms dV/dt = 21 mV − V
    spike when V > 10 mV, located:
        V → 1 mV
    refractory 1.37 ms
"""


@both
@pytest.mark.parametrize("dt", ["0.1 ms", "1 ms", "7 ms"])
def test_intervals_of_integrate_and_fire_do_not_depend_on_dt(dt: str, engine: EngineName) -> None:
    found = times(LIF, dt, "70 ms" if dt == "0.1 ms" else "210 ms", "lif", engine)
    first = 12 * math.log(21 / 11)
    np.testing.assert_allclose(found, first + np.arange(len(found)) * (12 * math.log(20 / 11) + 1.37), rtol=0.0, atol=1e-10)


def test_currents_that_flow_with_the_membrane_are_exact() -> None:
    """A membrane of three exact variables against the exponential of their matrix, with units as far apart as SI has them."""
    text = """
neuron Cell:
    V(0) = 0 mV
    I(0) = 200 pA
    s(0) = 1
    10 ms dV/dt = −V + I/(20 nS)
    4 ms dI/dt = −I + 100 pA s
    25 ms ds/dt = −s
    event up when V rises above 3.5 mV, located
    event down when V falls below 2.5 mV, located
"""
    matrix = np.array([[-1 / 10, 1e-12 / 20e-9 * 1e3 / 10, 0.0], [0.0, -1 / 4, 100 / 4], [0.0, 0.0, -1 / 25]])  # mV, pA and 1, in ms
    start = np.array([0.0, 200.0, 1.0])
    for name in ("up", "down"):
        found = times(text, "3 ms", "60 ms", f"cell.{name}")[-1]
        assert (expm(matrix * found) @ start)[0] == pytest.approx(3.5 if name == "up" else 2.5, abs=1e-11)


QIF = """
neuron QIF:
    method: {method}
    V(0) = −3
    2 ms dV/dt = V² + 0.7
    spike when V > 4, located:
        V → −3
"""


@pytest.mark.parametrize(
    ("method", "least"), [("RK4", 3.9), ("Rosenbrock", 3.5), ("midpoint", 1.9), ("Heun", 1.9), ("Euler", 0.8), ("Euler, 3 substeps", 0.9)]
)
def test_spike_times_are_of_the_order_of_the_integrator(method: str, least: float) -> None:
    """The closed form: from −3 to 4 in 2 ms (arctan 4/√0.7 + arctan 3/√0.7)/√0.7. The third spike has seen two resets within steps."""
    root = math.sqrt(0.7)
    period = 2 * (math.atan(4 / root) + math.atan(3 / root)) / root
    errors = [abs(times(QIF.format(method=method), dt, "20 ms", "qif")[2] - 3 * period) for dt in ("0.04 ms", "0.02 ms", "0.01 ms")]
    assert min(orders(errors)) > least


def test_an_adaptive_step_finds_spikes_at_any_dt() -> None:
    root = math.sqrt(0.7)
    period = 2 * (math.atan(4 / root) + math.atan(3 / root)) / root
    found = times(QIF.format(method="adaptive, tolerance 1e-10"), "3 ms", "40 ms", "qif")
    np.testing.assert_allclose(found, period * np.arange(1, len(found) + 1), rtol=1e-8)


def by_scipy(
    rate: Callable[[float, NDArray[np.float64]], list[float]],
    begin: list[float],
    peak: float,
    reset: Callable[..., list[float]],
    last: float,
) -> list[float]:
    """Times at which the first variable reaches a peak, from where it is reset."""

    def over(t: float, x: NDArray[np.float64]) -> float:
        return float(x[0]) - peak

    over.terminal = True  # type: ignore[attr-defined]
    over.direction = 1.0  # type: ignore[attr-defined]
    found, at, state = list[float](), 0.0, begin
    while True:
        run = solve_ivp(rate, (at, last), state, events=over, rtol=1e-11, atol=1e-12, method="DOP853")
        if not len(run.t_events[0]):
            return found
        at = float(run.t_events[0][0])
        found.append(at)
        state = reset(*run.y_events[0][0])


ADEX = """
neuron Adex:
    method: RK4
    V(0) = −70 mV
    w(0) = 0 mV
    9 ms dV/dt = −70 mV − V + 2 mV exp((V + 50 mV)/2 mV) − w + 30 mV
    80 ms dw/dt = 0.3 (V + 70 mV) − w
    spike when V > −40 mV, located:
        V → −58 mV
        w += 4 mV
"""
IZHIKEVICH = """
neuron Izh:
    method: RK4
    v(0) = −65
    u(0) = −13
    1 ms dv/dt = 0.04 v² + 5 v + 140 − u + 10
    1 ms du/dt = 0.02 (0.2 v − u)
    spike when v ≥ 30, located:
        v → −65
        u += 8
"""


def test_adaptive_exponential_neuron() -> None:
    def rate(t: float, x: NDArray[np.float64]) -> list[float]:
        return [(-70 - x[0] + 2 * math.exp((x[0] + 50) / 2) - x[1] + 30) / 9, (0.3 * (x[0] + 70) - x[1]) / 80]

    right = by_scipy(rate, [-70.0, 0.0], -40.0, lambda v, w: [-58.0, w + 4.0], 30.0)
    errors = [abs(times(ADEX, dt, "30 ms", "adex") - right).max() for dt in ("0.1 ms", "0.0125 ms", "0.00625 ms")]
    assert len(right) == 2 and errors[0] < 5e-5
    assert orders(errors)[-1] > 3.3


@both
def test_izhikevich(engine: EngineName) -> None:
    def rate(t: float, x: NDArray[np.float64]) -> list[float]:
        return [0.04 * x[0] ** 2 + 5 * x[0] + 150 - x[1], 0.02 * (0.2 * x[0] - x[1])]

    right = by_scipy(rate, [-65.0, -13.0], 30.0, lambda v, u: [-65.0, u + 8.0], 30.0)
    steps = ("0.1 ms",) if engine == "reference" else ("0.1 ms", "0.02 ms", "0.01 ms")
    errors = [abs(times(IZHIKEVICH, dt, "30 ms", "izh", engine) - right).max() for dt in steps]
    assert len(right) == 2 and errors[0] < 2e-4
    assert all(order > 3.3 for order in orders(errors)[1:])


def test_how_fast_a_system_moves_does_not_depend_on_units() -> None:
    matrix = np.array([[-100.0, 1e10], [0.0, -200.0]])
    scale = np.diag([1e-3, 1e-12])
    assert fastest(matrix) < 1000.0
    assert fastest(np.linalg.inv(scale) @ matrix @ scale) == pytest.approx(fastest(matrix), rel=0.6)
    assert np.isnan(fastest(np.array([[np.nan]])))


# --- several in a step, and what they do -----------------------------------------------------------------------------

SEVERAL = """
neuron Beat:
    V(0) = 0
    n(0) = 0
    1 ms dV/dt = 1
    spike when V ≥ 0.3, located:
        q ~ U(0, 1)
        V → 0
        total += q
        squares += q²
        n += 1
    event third when n + 0·V rises above 2.5, located:
        n → 0
        last → t
"""


@both
def test_several_events_of_a_unit_in_a_step(engine: EngineName) -> None:
    """Every 0.3 ms, six or seven in a step of 2 ms; each third one makes another event happen at its time. Draws of one step are independent."""
    units = 8 if engine == "reference" else 40
    net = built(SEVERAL, "2 ms", engine, beat=units)
    net.run("8 ms")
    spikes, thirds = net.spikes("beat"), net.spikes("beat.third")
    for unit in (0, 7):
        np.testing.assert_allclose(1e3 * spikes.times[spikes.units == unit], 0.3 * np.arange(1, 27), atol=1e-11)
        np.testing.assert_allclose(1e3 * thirds.times[thirds.units == unit], 0.9 * np.arange(1, 9), atol=1e-11)
    assert (np.diff(spikes.times) >= 0.0).all()
    assert net.spike_count("beat") == len(spikes) == 26 * units
    mean, square = net["beat"].total.mean() / 26, net["beat"].squares.mean() / 26
    assert abs(mean - 0.5) < 4 * math.sqrt(1 / 12 / len(spikes))
    assert abs(square - 1 / 3) < 4 * math.sqrt(4 / 45 / len(spikes))
    np.testing.assert_allclose(1e3 * net["beat"].last, 7.2, atol=1e-11)


@both
def test_too_many_in_a_step(engine: EngineName) -> None:
    text = SEVERAL.replace("1 ms dV/dt = 1", "1 ms dV/dt = 50")
    with pytest.raises(RuntimeError, match=f"more than {MOST_LOCATED} times"):
        built(text, "2 ms", engine).run("10 ms")


@both
def test_saved_and_loaded(engine: EngineName) -> None:
    """Between steps, in the middle of a refractory time, with an event that is not counted yet."""
    whole = built(LIF, "1 ms", engine)
    whole.run("40 ms")
    for stop in range(7, 11):
        one = built(LIF, "1 ms", engine)
        one.run(steps=stop)
        kept = one._engine.snapshot()
        one.run("5 ms")
        other = built(LIF, "1 ms", engine)
        other._engine.restore(kept)
        other.run(steps=40 - stop)
        right = whole.spikes("lif").times
        assert other.spike_count("lif") == len(right)
        np.testing.assert_array_equal(other.spikes("lif").times, right[right > 1e-3 * stop] if stop != 8 else right)
        np.testing.assert_array_equal(other["lif"].V, whole["lif"].V)


@both
def test_what_has_happened_is_told_at_once(engine: EngineName) -> None:
    """Also before the step that counts it."""
    net = built(LIF, "1 ms", engine)
    net.run(steps=8)  # the first spike is at 7.76 ms
    assert net.spike_count("lif") == len(net.spikes("lif")) == 1
    net.run(steps=1)
    assert net.spike_count("lif") == len(net.spikes("lif")) == 1


def test_statistics_of_located_spikes() -> None:
    text = f"""{LIF}
network Net:
    lif = 3 LIF, V(0) = [0, 2, 5] mV
experiment E on Net:
    dt = 1 ms
    phase a for 60 ms
    phase b for 60 ms
    record spikes of lif as s
    record lif.V at spikes as v
    record psth(lif, 20 ms, 5 ms, each), correlogram(lif[1], lif[2], 2 ms, 20 ms), autocorrelogram(lif, 2 ms, 20 ms), intervals(lif, 1 ms, 20 ms)
    record fano(lif, 20 ms), count_correlation(lif, 20 ms), rate(lif) in phase b
    plot raster(lif)
    plot isi_histogram(lif)
    expect cv(lif) ≈ 0 ± 1e-9
    expect isi(lif[2], 1) ≈ 12 ms·log(20/11) + 1.37 ms ± 1e-10 ms
    expect mean(lif.V at spikes) ≈ 10 mV ± 1e-9 mV
"""
    result = plasticdsl.parse(text).run("E", engine="python")
    assert [o.text for o in result.expectations if o.passed is not True] == []
    assert not np.array_equal(result["s"], np.round(result["s"], 3))


def test_explained() -> None:
    text = driver.explain(plasticdsl.parse(LIF).loaded, CompileOptions())
    assert "spikes when V > 0.01, located within steps, counted at the next grid time" in text
    assert "found to 1e-13 of a step on the course by exact propagator" in text
    assert "refractory for 1.37 ms, from the time of the spike on" in text


@pytest.mark.slow
def test_exported() -> None:
    """A module of its own tells the same times."""
    exported = import_text(driver.export(plasticdsl.parse(LIF).loaded, CompileOptions()), "located_alone")
    found, _ = exported.simulate(exported.allocate(LIF_units=1, dt=1e-3), 0.04)["LIF"]
    np.testing.assert_allclose(1e3 * found, times(LIF, "1 ms", "40 ms", "lif")[: len(found)], rtol=0.0, atol=1e-11)


# --- what is refused -------------------------------------------------------------------------------------------------


def test_units_that_flow_together_have_no_course_of_their_own() -> None:
    text = """
neuron Coupled:
    input g
    10 ms dV/dt = V² − V + g
    spike when V > 1, located:
        V → 0

synapse Gap:
    post.g = Σ w (pre.V − post.V)

network Net:
    a = 2 Coupled
    gap = a → a: Gap, w = 0.1{delay}
"""
    with pytest.raises(PlasError, match="flow together"):
        plasticdsl.parse(text.format(delay="")).build("Net", dt="0.1 ms")
    plasticdsl.parse(text.format(delay=", delay = 1 ms")).build("Net", dt="0.1 ms", engine="python").run("1 ms")
