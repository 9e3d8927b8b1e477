"""Variables to which both sides add are kept in two parts, one for each unit, and are what each connection would have, whoever reads or writes them."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from numpy.typing import NDArray

import plasticdsl
from plasticdsl import driver
from plasticdsl.options import CompileOptions, EngineName, Precision
from plasticdsl.plan.lower import lower
from plasticdsl.plan.passes.pipeline import optimise
from plasticdsl.source import SourceFile
from tests.semantics.agreement import Case
from tests.semantics.engines import in_python
from tests.semantics.random_superposed import superposed_cases
from tests.semantics.test_compiled import check, tried

PRE, POST, STEPS, DT = 5, 4, 120, 1e-3
TAU, TAU_H, DELAY = 20e-3, 7e-3, 3

#: c alone; h, which x follows; and a calcium that a weight follows through the stages of its integrator.
MODEL = """
rule Alone:
    τ = 20 ms
    C₁ = 0.5
    20 ms dr/dt = −r
    τ dc/dt = −c
    c(0) = 0.1
    on pre:
        w += 0.1 c
        c += C₁ + 0.2 r
        r += 1
    on post:
        c += 0.3
        w −= 0.2 c

rule Chain:
    dx/dt = −x/(20 ms) + 100 Hz h
    dh/dt = −h/(7 ms)
    on pre:
        h += 1
    on post:
        x −= 0.5
        w += x

rule Calcium:
    τ = 20 ms
    dc/dt = −c/τ
    dw/dt = (−w (1 − w) (0.5 − w) + 7 (1 − w) step(c − 0.8) − 3 w step(c − 0.5))/(400 ms)
    on pre:
        c += 0.4
    on post:
        c += 0.7

network Net:
    a = 5 SpikeTimes(first)
    s = 4 SpikeTimes(second)
    alone = a → s: Alone, w = 0.5MORE
    chain = a → s: Chain, w = 0MORE
    calcium = a → s: Calcium, w = 0.5MORE
"""
Trains = tuple[list[tuple[int, int]], list[tuple[int, int]]]
Values = dict[str, NDArray[np.float64]]


def spikes(seed: int) -> Trains:
    """(step, unit) of both sides, some of them together."""
    random = np.random.default_rng(seed)
    a = sorted({(int(random.integers(STEPS)), int(random.integers(PRE))) for _ in range(40)})
    b = sorted({(int(random.integers(STEPS)), int(random.integers(POST))) for _ in range(30)} | {(s, 1) for s, _ in a[::7]})
    return a, b


def built(
    trains: Trains, more: str = "", engine: EngineName = "python", without: tuple[str, ...] = (), precision: Precision = "double"
) -> plasticdsl.Net:
    """The network with these spikes; `more`: how its connections are made."""
    times = {
        name: (np.array([s for s, _ in m]) * DT, np.array([u for _, u in m], dtype=int))
        for name, m in zip(("first", "second"), trains, strict=True)
    }
    model = plasticdsl.parse(MODEL.replace("MORE", more))
    return model.build(dt="1 ms", spikes=times, engine=engine, without=without, precision=precision)


def by_hand(trains: Trains, steps: int, delay: int = 0, later: tuple[int, float] = (STEPS, TAU)) -> Values:
    """All variables before a step, for each pair of units. `later`: from when on τ is another."""
    a, b = trains
    r, c, w = np.zeros(PRE), np.full((PRE, POST), 0.1), np.full((PRE, POST), 0.5)
    x, h, v = (np.zeros((PRE, POST)) for _ in range(3))
    calcium, rho = np.zeros((PRE, POST)), np.full((PRE, POST), 0.5)
    for n in range(steps):
        tau = TAU if n < later[0] else later[1]
        for j in (u for s, u in a if s + delay == n):
            w[j] += 0.1 * c[j]
            c[j] += 0.5 + 0.2 * r[j]
            r[j] += 1.0
            h[j] += 1.0
            calcium[j] += 0.4
        for i in (u for s, u in b if s == n):
            c[:, i] += 0.3
            w[:, i] -= 0.2 * c[:, i]
            x[:, i] -= 0.5
            v[:, i] += x[:, i]
            calcium[:, i] += 0.7
        c, r = c * math.exp(-DT / tau), r * math.exp(-DT / 20e-3)
        slow, fast = math.exp(-DT / TAU), math.exp(-DT / TAU_H)
        x, h = x * slow + h * 100.0 * (slow - fast) / (1 / TAU_H - 1 / TAU), h * fast
        calcium, rho = runge_kutta(calcium, rho, tau)
    return {"alone.c": c, "alone.w": w, "chain.x": x, "chain.h": h, "chain.w": v, "calcium.c": calcium, "calcium.w": rho}


def runge_kutta(c: NDArray[np.float64], w: NDArray[np.float64], tau: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    def rates(at: NDArray[np.float64]) -> NDArray[np.float64]:
        c, w = at
        return np.array([-c / tau, (-w * (1 - w) * (0.5 - w) + 7 * (1 - w) * (c > 0.8) - 3 * w * (c > 0.5)) / 400e-3])

    y = np.array([c, w])
    k1 = rates(y)
    k2 = rates(y + DT / 2 * k1)
    k3 = rates(y + DT / 2 * k2)
    moved = y + DT / 6 * (k1 + 2 * k2 + 2 * k3 + rates(y + DT * k3))
    return moved[0], moved[1]


def values(net: plasticdsl.Net) -> Values:
    names = ("alone.c", "alone.w", "chain.x", "chain.h", "chain.w", "calcium.c", "calcium.w")
    return {name: np.array(getattr(net[name.split(".")[0]], name.split(".")[1])) for name in names}


def assert_same(net: plasticdsl.Net, expected: Values, atol: float = 1e-13) -> None:
    for name, found in values(net).items():
        part = net[name.split(".")[0]]
        np.testing.assert_allclose(found, expected[name][part.pre, part.post], rtol=1e-12, atol=atol, err_msg=name)


def explained(text: str) -> str:
    return driver.explain(driver.load(SourceFile("<test>", text), None), CompileOptions())


@pytest.mark.parametrize(("more", "delay"), [("", 0), (", where i ≤ j + 1, axonal delay = 3 ms", DELAY)])
@pytest.mark.parametrize("engine", ["python", "reference"])
def test_sums_are_those_of_each_connection(engine: EngineName, more: str, delay: int) -> None:
    trains = spikes(delay)
    net = built(trains, more, engine)
    for stop in (3, 41, 77, STEPS):
        net.run(steps=stop - net.step)
        assert_same(net, by_hand(trains, stop, delay))
    assert np.ptp(values(net)["calcium.w"]) > 0.05


def test_nothing_of_them_is_kept_for_connections() -> None:
    text = explained(MODEL.replace("MORE", ""))
    kept = [line.split(":")[0].strip() for line in text.splitlines() if "one value per connection" in line]
    assert kept == ["w", "w", "w"]
    for name in ("alone: c", "chain: x", "chain: h", "calcium: c"):
        assert f"pass superpose: {name} is what the pre unit and the post unit have added to it, each for all its connections\n" in text


def test_looking_changes_no_bit_and_states_are_saved(tmp_path: Path) -> None:
    trains = spikes(2)
    seen, unseen, saved, again = (built(trains) for _ in range(4))
    irregular = np.linspace(-1.0, 1.0, PRE * POST) ** 3
    for net in (seen, unseen, saved):
        net.run(steps=20)
        net["chain"].h = irregular
    for _ in range(8):
        seen.run(steps=10)
        values(seen)
    unseen.run(steps=80)
    saved.run(steps=31)
    saved.save(tmp_path / "state")
    again.load(tmp_path / "state")
    again.run(steps=49)
    for name, found in values(unseen).items():
        np.testing.assert_array_equal(values(seen)[name], found)
        np.testing.assert_array_equal(values(again)[name], found)
    again.reset()
    again.run(steps=50)
    assert_same(again, by_hand(trains, 50))


def test_parameters_that_change_and_rules_that_are_off() -> None:
    """c of `alone` and of `calcium` goes on while weights are held."""
    trains = spikes(3)
    net = built(trains)
    net.run(steps=40)
    net["alone"].tau = net["calcium"].tau = 0.05
    net.run(steps=30)
    assert_same(net, by_hand(trains, 70, later=(40, 0.05)))
    net.rules(False)
    before = values(net)
    net.run(steps=50)
    expected = by_hand(trains, STEPS, later=(40, 0.05))
    for name, found in values(net).items():
        np.testing.assert_allclose(found, before[name] if name.endswith("w") else expected[name].reshape(-1), rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("engine", ["python", "reference"])
def test_what_is_written_is_there_and_flows_on(engine: EngineName) -> None:
    """One value for all; one for each unit of a side; and any others, over a change of τ, a value for all, and again any others."""
    quiet: Trains = ([(90, 0)], [(90, 1)])
    net = built(quiet, engine=engine)
    c, fall = net["alone"], math.exp(-DT / TAU)
    pre, post = np.arange(1.0, PRE + 1)[net["alone"].pre], np.arange(1.0, POST + 1)[net["alone"].post]
    for wanted in (0.7, pre, post, pre * post, 0.2, np.sqrt(pre + post)):
        c.c = wanted
        np.testing.assert_array_equal(c.c, np.broadcast_to(wanted, pre.shape))
        net.run(steps=10)
        np.testing.assert_allclose(c.c, np.broadcast_to(wanted, pre.shape) * fall**10, rtol=1e-13)
    c.tau = 0.05
    net.run(steps=10)
    kept = np.sqrt(pre + post) * fall**10 * math.exp(-10 * DT / 0.05)
    np.testing.assert_allclose(c.c, kept, rtol=1e-13)
    c.c[3] = 2.0  # one alone
    net.run(steps=21)
    kept[3] = 2.0
    kept *= math.exp(-20 * DT / 0.05)
    kept = (kept + 0.5 * (net["alone"].pre == 0) + 0.3 * (net["alone"].post == 1)) * math.exp(-DT / 0.05)
    np.testing.assert_allclose(c.c, kept, rtol=1e-13)


def test_a_written_chain_goes_on_as_a_whole() -> None:
    """x follows the h that was written, of each connection."""
    net = built(([], []))
    h = np.linspace(0.1, 1.7, PRE * POST) ** 2
    net["chain"].h = h
    net["chain"].x = 0.5
    net.run(steps=30)
    slow, fast = math.exp(-30 * DT / TAU), math.exp(-30 * DT / TAU_H)
    np.testing.assert_allclose(net["chain"].x, 0.5 * slow + h * 100.0 * (slow - fast) / (1 / TAU_H - 1 / TAU), rtol=1e-12)


def test_what_is_no_number_is_found() -> None:
    net = built(([], []))
    with pytest.raises(plasticdsl.PlasError, match=r"alone\.c of connection 1"):
        net["alone"].c = np.array([math.nan, *range(PRE * POST - 1)])
        net.run(steps=2)


def test_single_precision_loses_no_more_than_it_must() -> None:
    """A number of at most 2 is off by 1.2e-7 when it is rounded, and there are 120 steps."""
    trains = spikes(4)
    net = built(trains, precision="single")
    net["chain"].h = np.linspace(-1.0, 1.0, PRE * POST) ** 3
    other = built(trains, without=("superpose",), precision="single")
    other["chain"].h = np.linspace(-1.0, 1.0, PRE * POST) ** 3
    net.run(steps=STEPS)
    other.run(steps=STEPS)
    for name, found in values(net).items():
        np.testing.assert_allclose(found, values(other)[name], rtol=0, atol=STEPS * 1.2e-7, err_msg=name)


ONE = """
neuron N:
    input I
    20 ms dg/dt = −g + I
    spike when g > 1:
        g → 0

rule R:
    m = 1
    RULE

network Net:
    a = 2 Poisson(rate = 10 Hz)
    b = 2 N
    ab = a → b: R, w = 0.1MORE
"""
BOTH = ("20 ms dc/dt = −c", "on pre:", "    c += 1", "    w += 0.1 c", "on post:", "    c += m")


@pytest.mark.parametrize(
    ("rule", "more", "taken"),
    [
        (BOTH, "", True),
        (BOTH, ", axonal delay = 2 ms", True),
        (BOTH, ", axonal delay ~ U(1 ms, 3 ms)", False),
        (BOTH, ", dendritic delay ~ U(1 ms, 3 ms)", False),
        (BOTH, ", m ~ U(0, 1)", False),
        (BOTH, ", c(0) ~ U(0, 1)", False),
        (("c ∈ [0, 1]", *BOTH), "", False),
        (("20 ms dr/dt = −r", "on pre:", "    r += 1", *BOTH[:-1], "    c += r"), "", False),
        (("c(0) = post.g", *BOTH), "", True),
        (("20 ms dc/dt = −c + post.g", *BOTH[1:]), "", True),
        (("20 ms dc/dt = −c + m w", *BOTH[1:]), "", False),
        (("20 ms dc/dt = −c²", *BOTH[1:]), "", False),
        (("20 ms dc/dt = −c + √(20 ms) ξ(t)", *BOTH[1:]), "", False),
        ((*BOTH, "every 5 ms:", "    c += 1"), "", False),
        ((*BOTH, "every 5 ms:", "    w += c"), "", True),
        ((*BOTH[:-1], "    c → 1"), "", False),
        ((*BOTH, "w ∈ [0, c]"), "", False),
        ((*BOTH[:3], "    w += 1", *BOTH[4:]), "", False),  # nobody reads it: it is a weight, and held while rules are off
    ],
)
def test_what_the_pass_takes(rule: tuple[str, ...], more: str, taken: bool) -> None:
    text = explained(ONE.replace("RULE", "\n    ".join(rule)).replace("MORE", more))
    assert ("pass superpose: ab: c is what" in text) == taken


def test_what_others_settle_with_is_left_to_them() -> None:
    """A weight that drifts by c flows when something comes to its connection, with c, instead of in every step."""
    text = explained(ONE.replace("RULE", "\n    ".join((*BOTH, "dw/dt = 1 Hz c post.g"))).replace("MORE", ""))
    assert "pass superpose" not in text
    assert "pass settle: ab: c, w: a connection flows when something comes to it" in text
    text = explained(ONE.replace("RULE", "\n    ".join((*BOTH, "dw/dt = 1 Hz c (1 − w)"))).replace("MORE", ""))
    assert "pass superpose: ab: c is what" in text


def superposes(case: Case) -> bool:
    return any(p.superposed for p in optimise(lower(case.network, case.per_unit), 1).projections)


def test_random_connections() -> None:
    """Against the interpreter; more of them in `test_compiled`, where all kinds are tried."""
    found = []

    @tried(10)
    @given(superposed_cases())
    def run(case: Case) -> None:
        check(case, in_python(1))
        found.append(superposes(case))

    run()
    assert sum(found) > 1
