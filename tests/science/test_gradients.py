"""Gradients that the compiler derives, against central differences of the loss itself: 1e-6 relative.

Kernels that run for a few steps do so as plain Python.

Rumelhart, Hinton & Williams (1986); Oja (1982); Bienenstock, Cooper & Munro (1982), Intrator & Cooper (1992) for the energy.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import plasticdsl
from plasticdsl.model.expr import Ref
from plasticdsl.model.owners import Whose
from plasticdsl.net import Net
from plasticdsl.options import EngineName

NEURONS = """
function σ(a) = 1/(1 + exp(−a))

neuron Sigmoid:
    input a
    output y = σ(a)

neuron Tanh:
    input a
    output y = tanh(a)

neuron Shared:
    \"\"\"Its output uses a definition three times.\"\"\"
    input a
    u = a/(1 + a²)
    v = u² + sin(u)
    output y = u exp(v) − v

neuron Goal:
    r = 0.2
    input a
    input target
    output y = σ(a)

neuron Softmax:
    input a
    input z
    input target
    output y = exp(a)/z

synapse Forward:
    post.a = Σ w x

synapse Squared:
    post.a = Σ (w + w² x) x

synapse Difference:
    post.a = Σ w (x − post.r)

synapse Teacher:
    post.target = Σ x

synapse Normalising:
    post.z = Σ exp(pre.a)

rule Gradient:
    η = 0
    g → ∂L/∂w
    Δw = −η ∂L/∂w
"""

ONE = """
network Net:
    image = 3 Source
    out = 4 Goal
    first = image → out: Forward with Gradient, w ~ N(0, 1)
    teacher = 4 Source
    teacher → out: Teacher, one to one
    L = ½ Σ_{k ∈ out} (target_k − y_k)²
"""
TWO = """
network Net:
    image = 3 Source
    hidden = 5 Tanh
    out = 4 Goal
    first = image → hidden: Forward with Gradient, w ~ N(0, 1)
    second = hidden → out: Squared with Gradient, w ~ N(0, 1)
    direct = image → out: Difference with Gradient, p = 0.5, w ~ N(0, 1)
    teacher = 4 Source
    teacher → out: Teacher, one to one
    L = −Σ_{k ∈ out} (target_k log(y_k) + (1 − target_k) log(1 − y_k)) + 0.1 Σ_ij second.w_ij²
"""
THREE = """
network Net:
    image = 3 Source
    low = 5 Shared
    high = 4 Tanh
    out = 4 Softmax
    first = image → low: Forward with Gradient, w ~ N(0, 1)
    second = low → high: Forward with Gradient, w ~ N(0, 1)
    third = high → out: Forward with Gradient, w ~ N(0, 1)
    out → out: Normalising
    teacher = 4 Source
    teacher → out: Teacher, one to one
    L = −Σ_{k ∈ out} target_k log(y_k)
"""


def loss(net: Net) -> float:
    return float(np.ravel(net._observer.value(Ref(Whose.NETWORK, "L")))[0])


def slopes(build: Callable[[], Net], name: str, value: Callable[[Net], float | np.ndarray], steps: int = 1) -> np.ndarray:
    """∂`value`/∂w for each connection, from two values at w ± h; their errors are of the order of h² and 1e-16/h."""
    h = 6e-6
    found = []
    for k in range(len(build()[name])):
        sides = []
        for sign in (1, -1):
            net = build()
            net[name].w[k] += sign * h
            net.run(steps=steps)
            sides.append(np.ravel(value(net))[0])
        found.append((sides[0] - sides[1]) / (2 * h))
    return np.array(found)


LAYERS = {
    "one layer": (ONE, ("first",)),
    "two layers": (TWO, ("first", "second", "direct")),
    "three layers": (THREE, ("first", "second", "third")),
}


@pytest.mark.parametrize(
    ("layers", "engine"),
    [
        ("one layer", "compiled"),
        *((layers, "python") for layers in LAYERS),
        *(pytest.param(layers, "compiled", marks=pytest.mark.slow) for layers in ("two layers", "three layers")),
    ],
)
def test_layers(layers: str, engine: EngineName) -> None:
    text, projections = LAYERS[layers]
    model = plasticdsl.parse(NEURONS + text)

    def build() -> Net:
        net = model.build(seed=3, engine=engine)
        net["image"].x[:] = 0.3, -0.8, 1.1
        net["teacher"].x[:] = 0.0, 1.0, 0.0, 0.0
        return net

    derived = build()
    derived.run(steps=1)
    for name in projections:
        found = slopes(build, name, loss)
        assert np.max(np.abs(found)) > 1e-2
        assert derived[name].g == pytest.approx(found, rel=1e-6, abs=1e-9)


LOCAL = """
neuron Linear:
    input a
    output y = a

synapse Forward:
    post.a = Σ w x

rule Held:
    \"\"\"Oja's rule: the gradient of E with y held.\"\"\"
    η = 0
    E = ½ (x − hold(y) w)²
    g → ∂E/∂w
    oja → y (x − y w)
    Δw = −η ∂E/∂w

rule Averaged:
    \"\"\"The rule of Bienenstock, Cooper & Munro: the gradient of an energy of averages.\"\"\"
    η = 0
    τ = 7 steps
    E = ¼ ⟨y²⟩_τ² − ⅓ ⟨y³⟩_τ
    g → ∂E/∂w
    bcm → ⟨y² x⟩_τ − ⟨y²⟩_τ ⟨y x⟩_τ
    Δw = −η ∂E/∂w

network Net:
    first  = 1 Source
    second = 1 Source
    one = 1 Linear
    two = 1 Linear
    held = first → one: Forward with Held, w = 0.7
    second → one: Forward, w = −0.4
    averaged = first → two: Forward with Averaged, w = 0.7
    second → two: Forward, w = −0.4
"""


SHOWN = np.random.default_rng(1).normal(0, 1, (20, 2))


def show(net: Net, steps: int) -> Net:
    """Two inputs that change from step to step."""
    for step in range(steps):
        net["first"].x, net["second"].x = SHOWN[step]
        net.run(steps=1)
    return net


@pytest.fixture(scope="module")
def local() -> plasticdsl.Model:
    return plasticdsl.parse(LOCAL)


def test_oja_from_an_energy_with_y_held(local: plasticdsl.Model, kernels: EngineName) -> None:
    """−∂E/∂w = y (x − y w); with y free it would be something else."""
    net = show(local.build(engine=kernels), 10)
    assert -net["held"].g == pytest.approx(net["held"].oja, rel=1e-12)
    assert abs(net["held"].g[0]) > 1e-3


def test_an_average_is_differentiated_as_an_average(local: plasticdsl.Model, kernels: EngineName) -> None:
    """−∂E/∂w = ⟨y² x⟩ − ⟨y²⟩ ⟨y x⟩, and what E changes by with a w that was different from the beginning."""
    steps = 15
    after = show(local.build(engine=kernels), steps + 1)["averaged"]  # a step changes g before averages move on

    def energy(by: float) -> float:
        net = local.build(engine=kernels)
        net["averaged"].w += by
        return float(show(net, steps)["averaged"].E[0])

    h = 6e-6
    assert after.g[0] == pytest.approx((energy(h) - energy(-h)) / (2 * h), rel=1e-6)
    assert after.g == pytest.approx(-after.bcm, rel=1e-12)
    assert abs(after.g[0]) > 1e-3
