"""Postsynaptic spikes that connections carry out at the next presynaptic one: the weights are those of a program that carries out each spike when it
happens, whatever units spike and whenever somebody looks, and looking changes nothing."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

import plasticdsl
from plasticdsl import driver
from plasticdsl.options import CompileOptions, EngineName
from plasticdsl.source import SourceFile
from plasticdsl.support import structure

PRE, POST, STEPS = 4, 6, 1500
TAU_X, TAU_Y = 20.0, 12.0
A_PLUS, A_MINUS, W_MAX = 0.03, 0.04, 1.3

CELLS = """
neuron Cell:
    V(0) = 0
    2 ms dV/dt = −V
    spike when V > 1:
        V → 0

synapse Drive:
    on pre: post.V += w

synapse Touch:
    on pre: post.V += 0.0001 w
"""

MULTIPLICATIVE = """
rule STDP:
    A₊ = 0.03
    A₋ = 0.04
    w_max = 1.3
    20 ms dx/dt = −x
    12 ms dy/dt = −y
    on pre:
        w −= A₋ w y
        x += 1
    on post:
        w += A₊ x (w_max − w) (1 + y)
        y += 1
"""

NETWORK = """
network Net:
    first = 4 SpikeTimes(first_spikes)
    second = 6 SpikeTimes(second_spikes)
    a = 4 Cell
    b = 6 Cell
    first → a: Drive, one to one, w = 5
    second → b: Drive, one to one, w = 5
    ab = a → b: Touch with STDP, w = 0.5
"""


@pytest.fixture(autouse=True)
def _no_network_is_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driver, "FOR_LARGE", {})


Spikes = list[tuple[int, int]]


def spikes(seed: int) -> tuple[Spikes, Spikes]:
    """(step, unit) of both sides: a unit that is silent for long, one that never spikes, many ties, and bursts that no history holds."""
    random = np.random.default_rng(seed)
    a = {(int(random.integers(STEPS)), int(random.integers(PRE - 1))) for _ in range(90)}
    b = {(int(random.integers(STEPS)), int(random.integers(POST - 1))) for _ in range(220)}
    b |= {(300 + n, 1) for n in range(90)} | {(305 + 2 * n, 2) for n in range(50)} | {(500, u) for u in range(POST - 1)}
    a |= {(7, PRE - 1), (1450, PRE - 1)} | {(s, 1) for s, _ in sorted(b)[::9]}
    return sorted(a), sorted(b)


def built(
    a: Spikes, b: Spikes, *without: str, rule: str = MULTIPLICATIVE, more: str = "", engine: EngineName = "python", **others: str
) -> plasticdsl.Net:
    """The network with these spikes; `more`: how its connections are made."""
    model = plasticdsl.parse(CELLS + rule + NETWORK.replace("w = 0.5", f"w = 0.5{more}"))
    given = {name: (np.array([s * 1e-3 for s, _ in many]), np.array([u for _, u in many])) for name, many in (("first", a), ("second", b))}
    return model.build(dt="1 ms", spikes=given, engine=engine, without=without, **others)


Change = Callable[[float, float, float], float]


def _plus(w: float, x: float, y: float) -> float:
    return w + A_PLUS * x * (W_MAX - w) * (1.0 + y)


def by_hand(a: Spikes, b: Spikes, stops: Sequence[int], delay: int = 0, off: range = range(0), plus: Change = _plus) -> list[np.ndarray]:
    """w[pre, post] before the steps `stops`, event by event. Units spike in the step after that in which their input came. `off`: steps without rules."""
    w, x, y = np.full((PRE, POST), 0.5), np.zeros(PRE), np.zeros(POST)
    found = []
    for n in range(STEPS + 1):
        if n in stops:
            found.append(w.copy())
        pre, post = ([u for s, u in many if s + 1 + late == n] for many, late in ((a, delay), (b, 0)))
        for j in pre if n not in off else ():
            w[j] -= A_MINUS * w[j] * y
        for i in post:
            for j in range(PRE) if n not in off else ():
                w[j, i] = plus(w[j, i], x[j], y[i])
            y[i] += 1.0
        x[pre] += 1.0
        x, y = x * math.exp(-1.0 / TAU_X), y * math.exp(-1.0 / TAU_Y)
    return found


def weights(net: plasticdsl.Net) -> np.ndarray:
    return np.array(net["ab"].w).reshape(PRE, POST)


@pytest.mark.parametrize(("more", "delay"), [("", 0), (", where i ≤ 6, axonal delay = 3 ms", 3)])
def test_weights_are_those_of_event_by_event(more: str, delay: int) -> None:
    """Numbered and listed connections, without and with a delay. The burst of 90 spikes is longer than any history."""
    a, b = spikes(delay)
    stops = [9, 41, 333, 395, 501, 1440, STEPS]
    net = built(a, b, more=more)
    for stop, expected in zip(stops, by_hand(a, b, stops, delay), strict=True):
        net.run(steps=stop - net.step)
        np.testing.assert_allclose(weights(net), expected, rtol=1e-12)


def test_looking_changes_no_bit(tmp_path: Path) -> None:
    a, b = spikes(2)
    seen, unseen, saved = (built(a, b) for _ in range(3))
    unseen.run(steps=900)
    for _ in range(9):
        seen.run(steps=100)
        weights(seen)
    saved.run(steps=345)
    saved.save(tmp_path / "state")
    again = built(a, b)
    again.load(tmp_path / "state")
    again.run(steps=555)
    np.testing.assert_array_equal(weights(seen), weights(unseen))
    np.testing.assert_array_equal(weights(seen), weights(again))


def test_how_much_is_kept_changes_no_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Connections carry out the same, whether they have to do it early or not."""
    a, b = spikes(5)
    much = built(a, b)
    monkeypatch.setattr(structure, "LEAST_KEPT", 1000)
    more = built(a, b)
    for net in (much, more):
        net.run(steps=STEPS)
    kept = [net._engine.snapshot()["ab/spiked"].shape for net in (much, more)]
    assert kept == [(POST, 32), (POST, 1000)]
    np.testing.assert_array_equal(weights(much), weights(more))


def test_rules_that_are_off_and_weights_that_are_written() -> None:
    a, b = spikes(3)
    net = built(a, b)
    net.run(steps=320)
    net.rules(False)
    net.run(steps=200)
    net.rules(True)
    net.run(steps=400)
    (expected,) = by_hand(a, b, [920], off=range(320, 520))
    np.testing.assert_allclose(weights(net), expected, rtol=1e-12)
    net["ab"].w[:] = 0.25
    assert (weights(net) == 0.25).all()
    net.run(steps=1)
    before = weights(net)
    np.testing.assert_array_equal(before, weights(net))


@pytest.mark.parametrize("engine", ["python", "reference"])
def test_parameters_and_states_that_change_meanwhile(engine: EngineName) -> None:
    """Until they change, what waits is carried out with those of then: of the rule, also of its traces, and traces themselves."""
    a, b = [(0, 0), (90, 0)], [(10, 0), (20, 0), (30, 0), (40, 0)]
    net = built(a, b, engine=engine)
    net.run(steps=15)
    net["ab"].A_plus = 0.4
    net.run(steps=10)
    net["ab"].x = 2.0
    net.run(steps=10)
    net["ab"].w_max = 0.9
    net.run(steps=60)
    w, x, y = 0.5, math.exp(-10 / TAU_X), 0.0
    w, y = w + 0.03 * x * (1.3 - w), 1.0
    x, y = x * math.exp(-10 / TAU_X), y * math.exp(-10 / TAU_Y)
    w, y = w + 0.4 * x * (1.3 - w) * (1 + y), y + 1.0
    x, y = 2.0 * math.exp(-6 / TAU_X), y * math.exp(-10 / TAU_Y)
    w, y = w + 0.4 * x * (1.3 - w) * (1 + y), y + 1.0
    x, y = x * math.exp(-10 / TAU_X), y * math.exp(-10 / TAU_Y)
    w, y = w + 0.4 * x * (0.9 - w) * (1 + y), y + 1.0
    w -= 0.04 * w * y * math.exp(-50 / TAU_Y)
    assert weights(net)[0, 0] == pytest.approx(w, rel=1e-13)


RULES = {
    "bounds on both sides, and jumps of both signs": """
rule STDP:
    w ∈ [0.3, 0.8]
    20 ms dx/dt = −x
    on pre:
        x += 1
    on post:
        w += 0.3 x − 0.1
""",
    "powers of the weight": """
rule STDP:
    20 ms dx/dt = −x
    12 ms dy/dt = −y
    on pre:
        w −= 0.1 w^0.7 y
        x += 1
    on post:
        w += 0.1 (1.3 − w)^0.4 x
        y += 1
    w ∈ [0, 1.3]
""",
    "nearest neighbours": """
rule STDP:
    20 ms dx/dt = −x
    12 ms dy/dt = −y
    on pre:
        w −= 0.1 w y
        x → 1
    on post:
        w += 0.1 (1.3 − w) x
        y → 1
""",
    "two variables of a connection, and what the cell is then": """
rule STDP:
    u(0) = 0.4
    u ∈ [0, 1]
    20 ms dx/dt = −x
    7 ms dz/dt = −z
    on pre:
        w −= 0.1 u
        u → 0.9 u
        x += 1
        z += 0.5
    on post:
        u += 0.2 x (1 − u) post.V
        w += 0.1 u (1.3 − w) z − 0.01 t/(1 s)
""",
    "a trace that is gone long before the next visit": """
rule STDP:
    2 ms dx/dt = −x
    on pre:
        w −= 0.1 w
        x += 1
    on post:
        w += 0.3 x (1.3 − w) − 0.01 w
""",
    "no traces": """
rule STDP:
    w ∈ [0, 1]
    on pre:
        w → 0.8 w + 0.1
    on post:
        w → 0.7 w
""",
}


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_rules_of_many_forms(rule: str) -> None:
    """As the interpreter does it. Double precision, and single as far as it goes: a number of 32 bits is off by 6 · 10⁻⁸, and these rules forget."""
    a, b = spikes(6)
    assert "is kept, and carried out at the next pre spike" in explained(rule)
    expected, found, single = built(a, b, rule=rule, engine="reference"), built(a, b, rule=rule), built(a, b, rule=rule, precision="single")
    for net in (expected, found, single):
        net.run(steps=600)
    np.testing.assert_allclose(weights(found), weights(expected), rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(weights(single), weights(expected), rtol=0, atol=3e-6)


def explained(rule: str, network: str = NETWORK) -> str:
    """What the compiler says of them."""
    return driver.explain(driver.load(SourceFile("<test>", CELLS + rule + network), None), CompileOptions())


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (("w = 0.5", "w = 0.5, axonal delay ~ U(1 ms, 3 ms)"), "delays differ between connections"),
        (("x += 1", "x += w"), "w: one value per connection"),
        (("A₊ x", "A₊ (x + pre.V)"), "they read what only the moment knows"),
        (("w_max = 1.3", "w_max = 1.3\n    every 5 ms:\n        w → 0.99 w"), "something else changes the same connections"),
        (("w_max = 1.3", "w_max ~ U(1, 2)"), "w_max differs between connections"),
    ],
    ids=["delays", "a trace of each connection", "what the pre unit is then", "changes in steps", "parameters of connections"],
)
def test_others_walk_columns_and_say_why(change: tuple[str, str], why: str) -> None:
    assert change[0] in MULTIPLICATIVE + NETWORK
    text = explained(MULTIPLICATIVE.replace(*change), NETWORK.replace(*change))
    assert why in text
    assert "is kept, and carried out" not in text
