"""Rate networks and attractors against programs that were written from docs/language and use nothing of plasticdsl but connections and initial values.

Gradients are compared with back-propagation by hand (Rumelhart, Hinton & Williams 1986), associative memory with Kosko (1988), sequences with
Sompolinsky & Kanter (1986). Units with two values agree exactly, weights to rounding: some hundred steps of a few operations each stay below 1e-12.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import plasticdsl
from plasticdsl.options import EngineName
from plasticdsl.reference.interpreter import ReferenceEngine
from tests.semantics.by_hand import either
from tests.values import set_value, value_of

Floats = NDArray[np.float64]


def matrix(projection: Any, posts: int = 0, pres: int = 0) -> Floats:
    """The weights of a projection, post × pre, 0 where there is no connection."""
    found = np.zeros((posts or projection.post.max() + 1, pres or projection.pre.max() + 1))
    found[projection.post, projection.pre] = projection.w
    return found


# --- two hidden layers, trained by a loop in Python -------------------------------------------------------------------

LAYERS = """
neuron Hidden:
    input a
    output y = tanh(a)

neuron Soft:
    input a
    input z
    input target
    output y = exp(a)/z

synapse Forward:
    post.a = Σ w x

synapse Normalise:
    post.z = Σ exp(pre.a)

rule Descent:
    η = 0.05
    Δw = −η ∂L/∂w

network Layers:
    λ = 0.001
    image = 4 Source
    one = 1 Source
    h₁ = 6 Hidden
    h₂ = 5 Hidden
    out = 3 Soft
    W₁ = image → h₁: Forward with Descent, w ~ N(0, 0.5)
    b₁ = one → h₁: Forward with Descent, w = 0
    W₂ = h₁ → h₂: Forward with Descent, w ~ N(0, 0.5)
    b₂ = one → h₂: Forward with Descent, w = 0
    W₃ = h₂ → out: Forward with Descent, w ~ N(0, 0.5)
    b₃ = one → out: Forward with Descent, w = 0
    out → out: Normalise
    L = −Σ_{k ∈ out} target_k log(y_k) + ½ λ (Σ_ij W₁.w_ij² + Σ_ij W₂.w_ij² + Σ_ij W₃.w_ij²)
"""

NAMES = ("W_1", "b_1", "W_2", "b_2", "W_3", "b_3")


def back_propagate(p: dict[str, Floats], x: Floats, target: Floats) -> float:
    """One step of gradient descent in place; the cross entropy before it."""
    h = np.tanh(p["W_1"] @ x + p["b_1"][:, 0])
    g = np.tanh(p["W_2"] @ h + p["b_2"][:, 0])
    y = np.exp(p["W_3"] @ g + p["b_3"][:, 0])
    y /= y.sum()
    d3 = y - target
    d2 = (p["W_3"].T @ d3) * (1 - g**2)
    d1 = (p["W_2"].T @ d2) * (1 - h**2)
    for k, (d, before) in enumerate(((d1, x), (d2, h), (d3, g)), start=1):
        p[f"W_{k}"] = p[f"W_{k}"] - 0.05 * (np.outer(d, before) + 0.001 * p[f"W_{k}"])
        p[f"b_{k}"] = p[f"b_{k}"] - 0.05 * d[:, None]
    return -float(target @ np.log(y))


def decay(p: dict[str, Floats]) -> float:
    """The price of large weights."""
    return 0.0005 * sum(float((p[name] ** 2).sum()) for name in ("W_1", "W_2", "W_3"))


@either
def test_a_training_loop_in_python_follows_back_propagation(tmp_path, engine: EngineName) -> None:
    """The answer is an input that no projection fills: it stays until it is written anew, in saved states too, and in the interpreter alike."""
    model = plasticdsl.parse(LAYERS)
    net = model.build("Layers", seed=4, engine=engine)
    by_hand = {name: matrix(net[name]) for name in NAMES}
    first = ReferenceEngine(net._network, model.build("Layers", seed=4, engine="python")._engine.instance)
    set_value(first, "one", "x", 1.0)
    net["one"].x = 1.0
    rng = np.random.default_rng(6)
    for n in range(200):
        x, target = rng.normal(size=4), np.eye(3)[rng.integers(3)]
        net["image"].x[:] = x
        if n % 2 == 0:  # every answer counts for two steps
            held = target
            net["out"].target[:] = target
        assert np.array_equal(net["out"].target, held)
        net.run(steps=1)
        entropy = back_propagate(by_hand, x, held)
        if n < 6:
            set_value(first, "image", "x", x)
            if n % 2 == 0:
                set_value(first, "out", "target", held)
            first.advance(1)
            for name in NAMES:
                np.testing.assert_allclose(net[name].w, value_of(first, name, "w"), rtol=0, atol=1e-14)
        if n == 100:
            net.save(tmp_path / "state.npz")
            net = model.build("Layers", seed=4, engine=engine)
            net.load(tmp_path / "state.npz")
            assert np.array_equal(net["out"].target, held)
    for name in NAMES:
        np.testing.assert_allclose(matrix(net[name]), by_hand[name], rtol=0, atol=1e-12)
    assert net["L"] == pytest.approx(
        entropy + decay(by_hand), rel=0, abs=1e-12
    )  # y is of the last step, the weights are those that follow it


# --- normalisation of sparse weights -----------------------------------------------------------------------------------

NORMALISED = """
neuron Linear:
    input a
    output y = a

synapse Weighted:
    post.a = Σ w x

rule Multiplicative:
    η = 0.05
    Δw = η x y
    w → w/√(Σ w²)

rule Subtractive:
    η = 0.05
    w ∈ [0, ∞]
    Δw = η y (x − Σ x/Σ 1)

network Net:
    image = 8 Source
    out = 2 Linear
    mult = image → out: Weighted with Multiplicative, p = 0.5, w ~ U(0, 1)
    sub = image → out: Weighted with Subtractive, p = 0.5, w ~ U(0, 1)
"""


def test_weights_are_normalised_over_the_connections_that_exist() -> None:
    net = plasticdsl.parse(NORMALISED).build("Net", seed=3)
    mult, sub = matrix(net["mult"], 2, 8), matrix(net["sub"], 2, 8)
    has_mult, has_sub = mult != 0, sub != 0
    assert (has_mult.sum(axis=1) < 8).any() and (has_sub.sum(axis=1) > 1).all()
    rng = np.random.default_rng(1)
    for _ in range(50):
        x = rng.random(8)
        net["image"].x = x
        net.run(steps=1)
        y = (mult + sub) @ x
        mult = mult + 0.05 * np.outer(y, x) * has_mult
        mult /= np.sqrt((mult**2).sum(axis=1))[:, None]
        mean = has_sub @ x / has_sub.sum(axis=1)
        sub = np.maximum(0.0, sub + 0.05 * y[:, None] * (x - mean[:, None]) * has_sub)
    np.testing.assert_allclose(matrix(net["mult"], 2, 8), mult, rtol=0, atol=1e-13)
    np.testing.assert_allclose(matrix(net["sub"], 2, 8), sub, rtol=0, atol=1e-12)


# --- an association between two populations that update unit by unit --------------------------------------------------

PAIRS = """
neuron Binary:
    input h
    output x ∈ {−1, +1}
    x → +1  if h > 0
        −1  if h < 0

synapse Coupling:
    post.h = Σ w x

rule Imprint:
    Δw = x y

network Memory:
    A = 30 Binary
    B = 20 Binary
    there = A → B: Coupling with Imprint, w = 0
    back = B → A: Coupling with Imprint, w = 0
    ξ = 3 random patterns of {−1, +1} over A
    ζ = 3 random patterns of {−1, +1} over B
    E = −Σ_ij there.w_ij B.x_i A.x_j

experiment Recall on Memory:
    phase first for 1 step:
        A.x = ξ_1
        B.x = ζ_1
    phase second for 1 step:
        A.x = ξ_2
        B.x = ζ_2
    phase third for 1 step:
        A.x = ξ_3
        B.x = ζ_3
    phase recall for 4 steps:
        start A.x from ξ_1 with 30 % flipped
        start B.x from ζ_1 with 50 % redrawn
        rules off
        update asynchronously in fixed order
        expect E never increases
        record A.x as a
        record B.x as b
    record there.w, back.w at end
"""


def test_two_populations_find_their_pair_unit_by_unit() -> None:
    model = plasticdsl.parse(PAIRS)
    result, net = model.run("Recall", seed=2), model.build("Memory", seed=2)
    w = sum(np.outer(b, a) for a, b in zip(net["ξ"], net["ζ"], strict=True))
    assert np.array_equal(result["there.w"].values.ravel(), w.T.ravel())
    assert np.array_equal(result["back.w"].values.ravel(), w.ravel())
    a, b = result["a"].values, result["b"].values
    for k in range(1, len(a)):
        x, y = a[k - 1].copy(), b[k - 1].copy()
        for units, others, rows in ((x, y, w.T), (y, x, w)):
            for i in range(len(units)):
                h = rows[i] @ others
                units[i] = np.sign(h) if h != 0 else units[i]
        assert np.array_equal(x, a[k]) and np.array_equal(y, b[k])
    assert np.array_equal(b[-1], net["ζ"][0])
    assert result.passed


# --- a sequence that is kept going by sums with a delay ----------------------------------------------------------------

CHAIN = """
neuron Binary:
    input h
    output x ∈ {−1, +1}
    x → +1  if h > 0
        −1  otherwise

synapse Coupling:
    post.h = Σ w x

network Chain:
    units = 40 Binary
    ξ = 4 random patterns of {−1, +1} over units
    stay = units → units: Coupling, all to all except self, w = 0
    next = units → units: Coupling, all to all except self, w = 0, delay = 5 steps

experiment Replay on Chain:
    phase run for 30 steps:
        start units.x from ξ_1
    record units.x
"""


def test_a_sequence_steps_on_after_each_delay() -> None:
    model = plasticdsl.parse(CHAIN)
    net = model.build("Chain")
    xi = net["ξ"]
    stay = xi.T @ xi / 40
    after = 2 * sum(np.outer(xi[(k + 1) % 4], xi[k]) for k in range(4)) / 40
    np.fill_diagonal(stay, 0.0)
    np.fill_diagonal(after, 0.0)
    ends = net["stay"].post, net["stay"].pre
    got = model.run("Replay", **{"stay.w": stay[ends], "next.w": after[ends]})["units.x"].values
    past = [xi[0]]
    for k in range(30):
        late = after @ past[k - 5] if k >= 5 else 0.0
        past.append(np.where(stay @ past[k] + late > 0, 1.0, -1.0))
    assert np.array_equal(got, past[1:])
    assert [int(np.argmax(xi @ x)) for x in got[::6]] == [0, 1, 2, 3, 0]
