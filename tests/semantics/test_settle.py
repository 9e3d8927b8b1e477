"""Connections that flow when something comes to them: they are what a program that moves all of them in each step says, whenever somebody looks, and
looking changes nothing."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given

import plasticdsl
from plasticdsl import driver
from plasticdsl.library import find_file, read
from plasticdsl.options import SOME, CompileOptions, EngineName
from plasticdsl.plan.lower import lower
from plasticdsl.plan.passes.pipeline import optimise
from plasticdsl.source import SourceFile
from tests.semantics.agreement import Case
from tests.semantics.engines import in_python
from tests.semantics.random_settled import settled_cases
from tests.semantics.test_compiled import check, tried

PRE, POST, STEPS, DT = 4, 6, 900, 1e-3
TAU_C, TAU_D, TAU_R, GAIN, FADE = 0.08, 0.05, 0.02, 40.0, 0.7

MODEL = """
neuron Dopamine:
    τ_d = 50 ms
    τ_d dD/dt = −D

synapse Release:
    on pre:
        post.D += 1

rule Bounded(dopamine):
    τ_c = 80 ms
    k = 40 Hz
    w ∈ [0, 1]
    20 ms dr/dt = −r
    τ_c dc/dt = −c
    dw/dt = k c dopamine.D
    on pre:
        r += 1
        c −= 0.4 w
    on post:
        c += 0.5 r

rule Free(dopamine):
    τ_c = 80 ms
    k = 9 Hz
    20 ms dr/dt = −r
    τ_c dc/dt = −c
    dw/dt = k c (dopamine.D − 0.3) + 0.2 Hz
    on pre:
        r += 1
        c −= 0.2
    on post:
        c += 0.5 r

rule Fades:
    τ_w = 700 ms
    dw/dt = −w/τ_w
    on pre:
        w += 0.1

network Net:
    a = 4 SpikeTimes(first)
    b = 6 SpikeTimes(second)
    reward = 1 SpikeTimes(third)
    dopamine = 1 Dopamine
    reward → dopamine: Release
    ab = a → b: Bounded(dopamine = dopamine), w = 0.5MORE
    free = a → b: Free(dopamine = dopamine), w = 0.5MORE
    fades = a → b: Fades, w = 0.5MORE
"""


@pytest.fixture(autouse=True)
def _no_network_is_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driver, "FOR_LARGE", {})


Trains = tuple[list[tuple[int, int]], list[tuple[int, int]], list[int]]


def spikes(seed: int) -> Trains:
    """(step, unit) of both sides, many of them together, one unit that is silent for several frames; steps of rewards."""
    random = np.random.default_rng(seed)
    a = sorted((int(random.integers(STEPS)), int(random.integers(PRE - 1))) for _ in range(40))
    b = sorted((int(random.integers(STEPS)), int(random.integers(POST))) for _ in range(60))
    a = sorted([*a, (7, PRE - 1), *((s, 1) for s, _ in b[::7])])
    return a, b, sorted(int(random.integers(STEPS)) for _ in range(9))


def built(
    trains: Trains, more: str = "", engine: EngineName = "python", model: str = MODEL, without: tuple[str, ...] = ()
) -> plasticdsl.Net:
    """The network with these spikes; `more`: how its connections are made."""
    a, b, rewards = trains
    times = {name: (np.array([s for s, _ in m]) * DT, np.array([u for _, u in m], dtype=int)) for name, m in (("first", a), ("second", b))}
    times["third"] = (np.array(rewards) * DT, np.zeros(len(rewards), dtype=int))
    return plasticdsl.parse(model.replace("MORE", more)).build(dt="1 ms", spikes=times, engine=engine, without=without)


def integral(rate: float) -> float:
    """∫ e^(−rate s) ds over a step."""
    return -math.expm1(-rate * DT) / rate


def by_hand(
    trains: Trains, stops: list[int], delay: int = 0, off: range = range(0), later: tuple[int, float] = (STEPS, TAU_C)
) -> list[dict[str, np.ndarray]]:
    """w and c of all before the steps `stops`, moved in each step. `off`: steps without rules. `later`: from when on τ_c is another."""
    a, b, rewards = trains
    w, free, fades = (np.full((PRE, POST), 0.5) for _ in range(3))
    c, c_free, r, d = np.zeros((PRE, POST)), np.zeros((PRE, POST)), np.zeros(PRE), 0.0
    found = []
    for n in range(STEPS + 1):
        if n in stops:
            found.append({"ab.w": w.copy(), "ab.c": c.copy(), "free.w": free.copy(), "free.c": c_free.copy(), "fades.w": fades.copy()})
        on, tau = n not in off, TAU_C if n < later[0] else later[1]
        pre, post = [u for s, u in a if s + delay == n], [u for s, u in b if s == n]
        d += sum(s == n for s in rewards)
        before = r.copy()
        for j in pre:
            c[j], c_free[j] = c[j] - 0.4 * w[j], c_free[j] - 0.2
            fades[j] += 0.1 if on else 0.0
            r[j] += 1.0
        for i in post:  # what the other side has left before this step
            c[:, i] += 0.5 * before
            c_free[:, i] += 0.5 * before
        both, alone = integral(1 / tau + 1 / TAU_D), integral(1 / tau)
        if on:
            w = np.clip(w + GAIN * c * d * both, 0.0, 1.0)
            free = free + 9.0 * c_free * (d * both - 0.3 * alone) + 0.2 * DT
            fades = fades * math.exp(-DT / FADE)
        c, c_free, r, d = c * math.exp(-DT / tau), c_free * math.exp(-DT / tau), r * math.exp(-DT / TAU_R), d * math.exp(-DT / TAU_D)
    return found


def values(net: plasticdsl.Net) -> dict[str, np.ndarray]:
    names = [(p, v) for p in ("ab", "free") for v in ("w", "c")] + [("fades", "w")]
    return {f"{p}.{v}": np.array(getattr(net[p], v)).reshape(PRE, POST) for p, v in names}


def assert_same(net: plasticdsl.Net, expected: dict[str, np.ndarray]) -> None:
    for name, found in values(net).items():
        np.testing.assert_allclose(found, expected[name], rtol=1e-12, atol=1e-13, err_msg=name)


def explained(model: str) -> str:
    return driver.explain(driver.load(SourceFile("<test>", model), None), CompileOptions())


@pytest.mark.parametrize(("more", "delay"), [("", 0), (", where i ≤ 6, axonal delay = 3 ms", 3)])
def test_connections_are_those_of_step_by_step(more: str, delay: int) -> None:
    """Numbered and listed connections, without and with a delay."""
    trains = spikes(delay)
    stops = [3, 11, 41, 333, 700, STEPS]
    net = built(trains, more)
    for stop, expected in zip(stops, by_hand(trains, stops, delay), strict=True):
        net.run(steps=stop - net.step)
        assert_same(net, expected)
    w = values(net)["ab.w"]
    assert (w == 0.0).any()
    assert (w > 0.9).any()


def test_a_closed_form() -> None:
    """One pair of spikes and one reward: Δw = k c D (1 − e^(−(1/τ_c + 1/τ_d) T))/(1/τ_c + 1/τ_d), over ten frames."""
    net = built(([(5, 0)], [(9, 0)], [9]))
    net.run(steps=4000)
    c = 0.5 * math.exp(-4 / 20) - 0.4 * 0.5 * math.exp(-4 / 80)
    rate = 1 / TAU_C + 1 / TAU_D
    assert values(net)["ab.w"][0, 0] == pytest.approx(0.5 + GAIN * c * -math.expm1(-rate * 3991e-3) / rate, rel=1e-12)
    assert values(net)["ab.c"][0, 0] == pytest.approx(c * math.exp(-3991 / 80), rel=1e-12)
    assert values(net)["fades.w"][1, 0] == pytest.approx(0.5 * math.exp(-4 / 0.7), rel=1e-12)


def test_looking_changes_no_bit(tmp_path: Path) -> None:
    trains = spikes(2)
    seen, unseen, saved = (built(trains) for _ in range(3))
    unseen.run(steps=800)
    for _ in range(16):
        seen.run(steps=50)
        values(seen)
    saved.run(steps=371)
    saved.save(tmp_path / "state")
    again = built(trains)
    again.load(tmp_path / "state")
    again.run(steps=429)
    for name, found in values(unseen).items():
        np.testing.assert_array_equal(values(seen)[name], found)
        np.testing.assert_array_equal(values(again)[name], found)


def test_rules_that_are_off_and_parameters_that_change() -> None:
    trains = spikes(3)
    net = built(trains)
    net.run(steps=203)
    net.rules(False)
    net.run(steps=150)
    net.rules(True)
    net.run(steps=150)
    for name in ("ab", "free"):
        net[name].tau_c = 0.03
    net.run(steps=300)
    (expected,) = by_hand(trains, [803], off=range(203, 353), later=(503, 0.03))
    assert_same(net, expected)


def test_single_precision_loses_no_more_than_it_must() -> None:
    trains = spikes(4)
    model = plasticdsl.parse(MODEL.replace("MORE", ""))
    a, b, rewards = trains
    times = {name: (np.array([s for s, _ in m]) * DT, np.array([u for _, u in m], dtype=int)) for name, m in (("first", a), ("second", b))}
    times["third"] = (np.array(rewards) * DT, np.zeros(len(rewards), dtype=int))
    net = model.build(dt="1 ms", spikes=times, engine="python", precision="single")
    net.run(steps=STEPS)
    (expected,) = by_hand(trains, [STEPS])
    for name, found in values(net).items():
        np.testing.assert_allclose(found, expected[name], rtol=0, atol=1e-6, err_msg=name)


OUTSIDE = """
neuron Signal:
    20 ms dA/dt = −A

rule Pushed(signal):
    w_max = 1
    w ∈ [0, w_max]
    20 ms dc/dt = −c
    dw/dt = c signal.A
    on pre:
        c += 1

network Net:
    a = 1 SpikeTimes([1 ms])
    b = 1 Source
    signal = 1 Signal
    ab = a → b: Pushed(signal = signal), w = 0.5
"""


@pytest.mark.parametrize("engine", ["python", "reference"])
def test_what_is_outside_comes_within_its_bounds_in_the_next_step(engine: EngineName) -> None:
    """c = e^(−(n − 1)/20) before step n, and A likewise since it was written: in a step, w moves by c A (1 − e^−0.1) 10 ms."""
    net = plasticdsl.parse(OUTSIDE).build(dt="1 ms", engine=engine)

    def moved(c: float, a: float, steps: int) -> float:
        return c * a * -math.expm1(-0.1 * steps) * 10e-3

    def c(step: int) -> float:
        return math.exp(-(step - 1) / 20)

    net.run(steps=30)
    net["signal"].A = 2.0
    net.run(steps=10)
    assert net["ab"].w[0] == pytest.approx(0.5 + moved(c(30), 2.0, 10), rel=1e-12)
    net["ab"].w[:] = -0.5
    assert net["ab"].w[0] == -0.5
    net.run(steps=1)
    assert net["ab"].w[0] == 0.0
    net.run(steps=9)
    a = 2.0 * math.exp(-11 / 20)
    assert net["ab"].w[0] == pytest.approx(moved(c(41), a, 9), rel=1e-12)
    net["signal"].A = -200.0  # down to the bound, and up again
    net.run(steps=20)
    assert net["ab"].w[0] == 0.0
    net["signal"].A = 3.0
    net.run(steps=20)
    assert net["ab"].w[0] == pytest.approx(moved(c(70), 3.0, 20), rel=1e-12)
    net["ab"].w_max = 0.0005
    assert net["ab"].w[0] == pytest.approx(moved(c(70), 3.0, 20), rel=1e-12)
    net.run(steps=1)
    assert net["ab"].w[0] == pytest.approx(0.0005, rel=1e-12)


WHY = """
neuron N:
    20 ms dg/dt = −g
    spike when g > 1:
        g → 0

rule R:
    m = 1
    RULE
    on pre:
        c += w
    on post:
        c += 1

network Net:
    a = 1 Poisson(rate = 10 Hz)
    b = 1 N
    ab = a → b: R, w ~ U(0, 0.1)
"""


def test_an_eligibility_that_grows_to_its_bound() -> None:
    """Where it has come to it, the product of step after step is not one of exponentials."""
    net = plasticdsl.parse(OUTSIDE.replace("20 ms dc/dt = −c", "c ∈ [−1, 1]\n    20 ms dc/dt = c").replace("c += 1", "c += 0.5")).build(
        dt="1 ms", engine="python"
    )
    net["signal"].A = 20.0
    w, c, a = 0.5, 0.0, 20.0
    for n in range(60):
        c = c + 0.5 if n == 1 else c
        w = min(w + c * a * DT, 1.0)  # the product stands: c grows as A falls
        c, a = min(c * math.exp(DT / 0.02), 1.0), a * math.exp(-DT / 0.02)
    net.run(steps=60)
    assert net["ab"].w[0] == pytest.approx(w, rel=1e-12)
    assert net["ab"].c[0] == 1.0


@pytest.mark.parametrize(
    ("rule", "who", "why"),
    [
        (("w ∈ [0, 1]", "20 ms dc/dt = −c", "dw/dt = 1 Hz c post.g − 1 Hz w"), "c, w", "w neither decays to 0 nor drifts"),
        (
            ("w ∈ [0, 1]", "20 ms dc/dt = −c", "dw/dt = 1 Hz c post.g − 1 Hz"),
            "c, w",
            "several terms move w, which may run into a bound and back",
        ),
        (("20 ms dc/dt = −c", "dw/dt = 1 Hz c w post.g"), "c, w", "w neither decays to 0 nor drifts"),
        (("20 ms dc/dt = −c", "dw/dt = 1 Hz c² post.g"), "c, w", "the rate of w is not linear: c multiplied by c"),
        (("c ∈ [1, 2]", "20 ms dc/dt = −c", "dw/dt = 1 Hz c post.g"), "c, w", "c, which moves others, may come to a bound by itself"),
        (("w ∈ [0, 1 + post.g]", "20 ms dw/dt = −w", "c(0) = 0"), "w", "bounds of w change, or differ between connections"),
        (("k ~ N(0, 1)", "dw/dt = 1 Hz k post.g", "c(0) = 0"), "w", "what moves w differs between connections of a unit"),
        (("20 ms dc/dt = −c", "every dt:", "    w += c"), "c", "they are read in every step"),
        (("20 ms dc/dt = −c", "every dt:", "    c += 1"), "c", "they change in every step"),
    ],
)
def test_why_connections_flow_in_every_step(rule: tuple[str, ...], who: str, why: str) -> None:
    text = explained(WHY.replace("RULE", "\n    ".join(rule)))
    assert f"pass settle: ab: {who}: all connections flow in every step, since {why}\n" in text


BESIDE = """
rule Both:
    20 ms dr/dt = −r
    80 ms dc/dt = −c
    on pre:
        c += w
        r += 1
    on post:
        w += 0.1 r

network Net:
    a = 4 SpikeTimes(first)
    b = 6 SpikeTimes(second)
    ab = a → b: Both, w = 0.5
"""


def test_beside_weights_that_wait() -> None:
    """c flows when something comes to its connection, and what post spikes add to w waits for the next pre spike: the interpreter does neither."""
    text = explained(BESIDE)
    assert "pass settle: ab: c: a connection flows when" in text and "pass lazy: ab: what post spikes add to w waits" in text
    a, b, _ = spikes(6)
    times = {name: (np.array([s for s, _ in m]) * DT, np.array([u for _, u in m], dtype=int)) for name, m in (("first", a), ("second", b))}
    net, meant = (plasticdsl.parse(BESIDE).build(dt="1 ms", spikes=times, engine=engine) for engine in ("python", "reference"))
    for steps in (3, 40, 400, 1, 456):
        for one in (net, meant):
            one.run(steps=steps)
        for name in ("w", "c"):
            np.testing.assert_allclose(getattr(net["ab"], name), getattr(meant["ab"], name), rtol=1e-12, err_msg=name)
        for one in (net, meant):
            one["ab"].c[0] = 0.25


def test_what_the_pass_takes() -> None:
    text = explained(read(find_file("reward_stdp")).text)
    assert f"pass settle: ex: c, w: a connection flows when something comes to it, in networks with {SOME} connections\n" in text


def settles(case: Case) -> bool:
    plan = optimise(lower(case.network, case.per_unit), 1)
    return any(p.settled is not None for p in plan.projections)


def test_random_connections() -> None:
    """Against the interpreter; more of them in `test_compiled`, where all kinds are tried."""
    found = []

    @tried(8)
    @given(settled_cases())
    def run(case: Case) -> None:
        check(case, in_python(1))
        found.append(settles(case))

    run()
    assert sum(found) > 3
