"""Changes at postsynaptic spikes that wait for the next presynaptic one: the weights are those of a program that carries out each event when it happens,
whenever somebody looks, and looking changes nothing."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

import plasticdsl
from plasticdsl import driver
from plasticdsl.options import CompileOptions, EngineName
from plasticdsl.source import SourceFile
from tests.semantics.test_explain import TEXT as EXPLAINED_MODEL

PRE, POST, STEPS, DT = 5, 20, 2600, 1.0  # rows are long enough to be searched where one unit spikes
TAU_P, TAU_M, TAU_SLOW = 20.0, 30.0, 9.0
A_PLUS, A_MINUS = 0.31, 0.27

MODEL = """
rule STDP:
    τ₊ = 20 ms
    τ₋ = 30 ms
    A₊ = 0.31
    A₋ = 0.27
    w ∈ [0, 1]
    on all pairs:
        Δw = F(t_post − t_pre)
    F(Δt) = A₊ exp(−Δt/τ₊) if Δt > 0
            −A₋ exp(Δt/τ₋) otherwise

rule Triplet:
    τ₊ = 20 ms
    τ_y = 9 ms
    A₊ = 0.31
    A₋ = 0.27
    τ₊ dr/dt = −r
    τ_y dy/dt = −y
    on pre:
        w −= A₋ y
        r += 1
    on post:
        w += A₊ r (1 + y)
        y += 1

network Net:
    a = 5 SpikeTimes(first)
    b = 20 SpikeTimes(second)
    ab = a → b: STDP, w = 0.5
    free = a → b: Triplet, w = 0.5
"""


@pytest.fixture(autouse=True)
def _no_network_is_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driver, "FOR_LARGE", {})


def spikes(seed: int) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """(step, unit) of both sides: a unit that is silent for longer than all frames, many ties, and two spikes of a unit in one step."""
    random = np.random.default_rng(seed)
    a = sorted((int(random.integers(STEPS)), int(random.integers(PRE - 1))) for _ in range(260))
    b = sorted((int(random.integers(STEPS)), int(random.integers(POST))) for _ in range(400))
    a = sorted([*a, (7, PRE - 1), (2500, PRE - 1), *((s, 1) for s, _ in b[::7]), (40, 0), (40, 0)])
    return a, sorted([*b, (40, 2), (8, 1), (9, 1), *((500, u) for u in range(POST))])


def built(a: list[tuple[int, int]], b: list[tuple[int, int]], more: str = "") -> plasticdsl.Net:
    """The network with these spikes; `more`: how its connections are made."""
    model = plasticdsl.parse(MODEL.replace("w = 0.5", f"w = 0.5{more}"))
    given = {name: (np.array([s * 1e-3 for s, _ in many]), np.array([u for _, u in many])) for name, many in (("first", a), ("second", b))}
    return model.build(dt="1 ms", spikes=given, engine="python")


def by_hand(
    a: list[tuple[int, int]],
    b: list[tuple[int, int]],
    stops: list[int],
    delay: int = 0,
    off: range = range(0),
    later: tuple[int, float] = (STEPS, A_PLUS),
) -> list[tuple[np.ndarray, np.ndarray]]:
    """w[pre, post] of both projections before the step `stops`, event by event. `off`: steps without rules. `later`: from when on A₊ is another."""
    w, free = np.full((PRE, POST), 0.5), np.full((PRE, POST), 0.5)
    r, o, y = np.zeros(PRE), np.zeros(POST), np.zeros(POST)
    found = []
    for n in range(STEPS + 1):
        if n in stops:
            found.append((w.copy(), free.copy()))
        pre, post = [u for s, u in a if s + delay == n], [u for s, u in b if s == n]
        gain, on = A_PLUS if n < later[0] else later[1], n not in off
        for i in post:  # a pair at Δt = 0 depresses
            o[i] += 1.0
        for j in pre if on else ():
            w[j] = np.clip(w[j] - A_MINUS * o, 0.0, 1.0)
            free[j] -= A_MINUS * y
        for i in post if on else ():
            w[:, i] = np.clip(w[:, i] + gain * r, 0.0, 1.0)
            free[:, i] += gain * r * (1.0 + y[i])
            y[i] += 1.0
        for i in post if not on else ():
            y[i] += 1.0
        for j in pre:
            r[j] += 1.0
        r, o, y = r * math.exp(-DT / TAU_P), o * math.exp(-DT / TAU_M), y * math.exp(-DT / TAU_SLOW)
    return found


def weights(net: plasticdsl.Net) -> tuple[np.ndarray, np.ndarray]:
    ab, free = (np.array(net[name].w).reshape(PRE, POST) for name in ("ab", "free"))
    return ab, free


def test_the_pass_takes_these_rules() -> None:
    text = driver.explain(driver.load(SourceFile("<test>", EXPLAINED_MODEL), None), CompileOptions())
    assert "pass lazy: go: what post spikes add to w waits for the next pre spike in networks with 100000 connections" in text


@pytest.mark.parametrize(("more", "delay"), [("", 0), (", where i ≤ 20, axonal delay = 3 ms", 3)])
def test_weights_are_those_of_event_by_event(more: str, delay: int) -> None:
    """Numbered and listed connections, without and with a delay."""
    a, b = spikes(delay)
    stops = [11, 41, 333, 1200, 2499, STEPS]
    net = built(a, b, more)
    for stop, expected in zip(stops, by_hand(a, b, stops, delay), strict=True):
        net.run(steps=stop - net.step)
        for found, right in zip(weights(net), expected, strict=True):
            np.testing.assert_allclose(found, right, rtol=0, atol=1e-12)
    w, _ = weights(net)
    assert (w == 0.0).any()
    assert (w == 1.0).any()


def test_single_precision_loses_no_more_than_it_must() -> None:
    """Weights without bounds that lack what waits are kept in double precision: with traces in single, the result is right to their digits. Those
    within bounds have 32 bits: what they lack is a few changes."""
    a, b = spikes(0)
    model = plasticdsl.parse(MODEL)
    given = {name: (np.array([s * 1e-3 for s, _ in many]), np.array([u for _, u in many])) for name, many in (("first", a), ("second", b))}
    net = model.build(dt="1 ms", spikes=given, engine="python", precision="single")
    net.run(steps=STEPS)
    for found, right in zip(weights(net), by_hand(a, b, [STEPS])[0], strict=True):
        np.testing.assert_allclose(found, right, rtol=0, atol=3e-6)
    kept = {str(name): values.dtype for name, values in net._engine.snapshot().items()}
    assert (kept["ab.w"], kept["free.w"]) == (np.float32, np.float64)


def test_looking_changes_no_bit(tmp_path: Path) -> None:
    a, b = spikes(2)
    seen, unseen, saved = (built(a, b) for _ in range(3))
    unseen.run(steps=1500)
    for _ in range(15):
        seen.run(steps=100)
        weights(seen)
    saved.run(steps=700)
    saved.save(tmp_path / "state")
    again = built(a, b)
    again.load(tmp_path / "state")
    again.run(steps=800)
    for one, other, third in zip(weights(seen), weights(unseen), weights(again), strict=True):
        np.testing.assert_array_equal(one, other)
        np.testing.assert_array_equal(one, third)


def test_rules_that_are_off_and_parameters_that_change() -> None:
    a, b = spikes(3)
    net = built(a, b)
    net.run(steps=500)
    net.rules(False)
    net.run(steps=300)
    net.rules(True)
    net.run(steps=400)
    net["ab"].A_plus, net["free"].A_plus = 0.2, 0.2
    net.run(steps=900)
    ((w, free),) = by_hand(a, b, [2100], off=range(500, 800), later=(1200, 0.2))
    np.testing.assert_allclose(weights(net)[0], w, rtol=0, atol=1e-12)
    np.testing.assert_allclose(weights(net)[1], free, rtol=0, atol=1e-12)


def test_weights_that_are_written() -> None:
    a, b = spikes(4)
    net = built(a, b)
    net.run(steps=200)
    net["free"].w[:] = 0.25
    expected = by_hand(a, b, [200, 900])
    net.run(steps=700)
    np.testing.assert_allclose(weights(net)[1], 0.25 + expected[1][1] - expected[0][1], rtol=0, atol=1e-12)


OUTSIDE = """
rule Up:
    A = 0.3
    w_min = 0
    w_max = 1
    w ∈ [w_min, w_max]
    20 ms dr/dt = −r
    on pre:
        r += 1
    on post:
        w += A r

network Net:
    a = 1 SpikeTimes([0 ms, 23 ms])
    b = 2 SpikeTimes(second)
    ab = a → b: Up, w = 0.5CONNECTIONS
    also = a → b: Up, w = 0.5

experiment Train on Net:
    dt = 1 ms
    phase run for 30 ms

experiment Test on Net:
    dt = 1 ms
    start from end of Train
    ab.w_max = 0.6
    phase run for 10 ms
    record ab.w every 1 ms
"""


@pytest.mark.parametrize("engine", ["python", "reference"])
@pytest.mark.parametrize("more", ["", ", where i ≤ 2"])
def test_what_is_outside_stays_there_until_something_happens_to_it(more: str, engine: EngineName) -> None:
    """A weight that is written, or that a bound leaves outside, is bounded at its next event and not by looking or by one further on."""
    times = np.array([5.0, 8.0, 12.0, 15.0, 18.0, 21.0, 22.0, 25.0]) * 1e-3
    model = plasticdsl.parse(OUTSIDE.replace("CONNECTIONS", more))
    net = model.build(dt="1 ms", spikes={"second": (times, np.zeros(8, dtype=int))}, engine=engine)

    def weights_before(step: int) -> list[float]:
        net.run(steps=step - net.step)
        return list(np.array(net["ab"].w))

    def jump(ms: float) -> float:
        return 0.3 * math.exp(-ms / 20.0)

    net.run(steps=3)
    net["ab"].w[:] = -0.5
    assert weights_before(5) == [-0.5, -0.5]  # unit 2 never spikes
    assert weights_before(6) == [0.0, -0.5]
    assert weights_before(10) == pytest.approx([jump(8), -0.5], abs=1e-15)
    net["ab"].w_min = 0.4
    assert weights_before(12) == pytest.approx([jump(8), -0.5], abs=1e-15)
    assert weights_before(17) == pytest.approx([0.4 + jump(15), -0.5], abs=1e-15)
    net["ab"].w_min, net["ab"].w_max = 0.0, 0.3
    assert weights_before(18) == pytest.approx([0.4 + jump(15), -0.5], abs=1e-15)
    assert weights_before(20) == [0.3, -0.5]
    net["ab"].r = -1.0  # now postsynaptic spikes depress
    assert weights_before(22) == pytest.approx([0.3 - jump(1), -0.5], abs=1e-15)
    assert weights_before(23) == [0.0, -0.5]
    assert weights_before(30) == pytest.approx([jump(2) * (1.0 - math.exp(-3 / 20)), -0.5], abs=1e-15)


def test_what_waited_in_another_experiment_keeps_to_its_bounds() -> None:
    spikes = {"second": (np.array([5.0, 35.0]) * 1e-3, np.array([0, 0]))}
    model = plasticdsl.parse(OUTSIDE.replace("CONNECTIONS", ""))
    found = model.run("Test", spikes=spikes, engine="python")["ab.w"].values[:, 0]
    np.testing.assert_allclose(found[:6], 0.5 + 0.3 * math.exp(-5 / 20), rtol=1e-15)
    np.testing.assert_array_equal(found[6:], 0.6)


GROWS = """
rule Grows:
    20 ms dr/dt = r
    on pre:
        w −= 0.1
        r += 1
    on post:
        w += r

network Net:
    a = 1 SpikeTimes([0 ms, 23 ms, 40 ms])
    b = 1 SpikeTimes([5 ms, 30 ms])
    ab = a → b: Grows, w = 0.5
"""


def test_a_trace_that_grows() -> None:
    net = plasticdsl.parse(GROWS).build(dt="1 ms", engine="python")
    net.run(steps=45)
    expected = 0.5 - 3 * 0.1 + math.exp(5 / 20) + math.exp(30 / 20) + math.exp(7 / 20)
    assert net["ab"].w[0] == pytest.approx(expected, rel=1e-12)


MOVED = """
neuron Cell:
    V(0) = 0
    g(0) = 1
    spike when V > 1:
        V → 0

synapse Back:
    on post: post.g += 0.5

rule Up:
    20 ms dr/dt = −r
    r(0) = 1
    on pre:
        w −= 0.1
        r += 1
    on post: w += r post.g

network Net:
    a = 2 Cell
    b = 2 Cell, V(0) = [0, 2]
    ab = a → b: Back with Up, w = 0
"""


@pytest.mark.parametrize("engine", ["python", "reference"])
def test_what_the_spike_itself_adds_to_the_unit_is_read_connection_by_connection(engine: EngineName) -> None:
    """Unit 2 of b spikes: g is 1.5 for the first of its connections, and 2 for the second."""
    net = plasticdsl.parse(MOVED).build(dt="1 ms", engine=engine)
    net.run(steps=1)
    assert sorted(np.array(net["ab"].w)) == [0.0, 0.0, 1.5, 2.0]
