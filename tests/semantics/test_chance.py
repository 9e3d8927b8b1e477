"""What is drawn at events: the same numbers in the interpreter and in kernels, at every level, whatever is moved, after a pause, and beside others."""

from __future__ import annotations

from pathlib import Path

import numba
import numpy as np
import pytest

import plasticdsl
from plasticdsl import driver
from plasticdsl.kernels.store import digest_of, import_text
from plasticdsl.net import Net
from plasticdsl.options import CompileOptions, EngineName
from tests.values import value_of

#: Draws under every trigger: units that spike by threshold and by chance (sources of several spikes in a step), delays of every kind, windows beside.
TEXT = """
neuron Cell:
    a = 3
    I = 1.2
    10 ms dV/dt = −V + I + 0.1 sin(φ)
    k(0) = 1
    spike when V > 1:
        h ~ Gamma(a, 0.05)
        V → 0.1·h if chance(0.7)
            0.2   otherwise
        k → −k if chance(0.5)
    every 6 ms:
        φ ~ U(0, 2 π)
        z ~ N(1, 0.2)
        b ~ Exp(2)
        l ~ LogN(2, 1) in [0, 8]
        V += 0.01 z l + 0.001 b

neuron Fast:
    r = 900 Hz
    spike at rate r:
        v ~ N(0, 1)
        m += v

synapse Release:
    p = 0.5
    n(0) = 6
    20 ms dtrace/dt = −trace
    on pre:
        u ~ Binomial(n, p)
        n −= u
        q ~ N(1, 0.2) in [0.5, 1.2]
        post.V += w u q if chance(0.9)
        c += 1 if chance(p/2)
        trace += q
    on post:
        d ~ Poisson(2)
        s += d if chance(0.5)
    every 5 ms:
        f ~ Poisson(0.8) in [0, 3]
        n → min(6, n + f)

rule Walk:
    every 1 ms:
        e += 0.01 if chance(0.2)
    on pre:
        y1 ~ U(0, 1)
        w += 0.001 (y1 − 0.5) trace⁻
    on post:
        y2 ~ Exp(0.001) in [0.0005, 0.002]
        w −= y2 + 0.0001 trace
        o ~ N(o⁻ + 1, 0.1)

network Net:
    inputs = 7 Poisson(rate = 800 Hz)
    fast = 4 Fast
    cells = 5 Cell
    ex = inputs → cells: Release with Walk, w = 0.03, axonal delay ~ U(0 ms, 3 ms), dendritic delay = 1 ms
    re = cells → cells: Release with Walk, all to all, w = 0.03, dendritic delay ~ U(0 ms, 3 ms)
    ff = fast → cells: Release with Walk, all to all, w = 0.001
"""
STATES = {"cells": (*"Vkzblh", "phi"), "fast": tuple("mv")} | dict.fromkeys(("ex", "re", "ff"), (*"uncsqdfewo", "y1", "y2"))
#: What is made of uniform numbers alone, without functions whose last digit depends on the library that has them.
COUNTS = {(p, v) for p in ("ex", "re", "ff") for v in "uncdf"}
STEPS = 60


def built(engine: EngineName = "python", text: str = TEXT, seed: int = 7, **options: int) -> Net:
    return plasticdsl.parse(text).build("Net", dt="1 ms", seed=seed, engine=engine, **options)


def states(net: Net) -> dict[tuple[str, str], np.ndarray]:
    return {(owner, name): value_of(net._engine, owner, name).copy() for owner, names in STATES.items() for name in names}


def ran(net: Net, steps: int = STEPS) -> dict[tuple[str, str], np.ndarray]:
    net.run(steps=steps)
    return states(net)


@pytest.fixture(scope="module")
def meaning() -> dict[tuple[str, str], np.ndarray]:
    return ran(built("reference"))


@pytest.mark.parametrize("level", [0, 1])
def test_kernels_draw_what_the_interpreter_draws(meaning: dict[tuple[str, str], np.ndarray], level: int) -> None:
    found = ran(built(level=level))
    assert np.abs(meaning["ff", "c"]).max() > 5 and len(np.unique(meaning["ff", "o"])) > 1
    for key, expected in meaning.items():
        if key in COUNTS:
            assert np.array_equal(found[key], expected), key
        np.testing.assert_allclose(found[key], expected, rtol=1e-11, atol=1e-12, err_msg=str(key))


def test_a_pause_a_copy_and_another_order_of_runs_change_nothing(tmp_path: Path) -> None:
    whole, first, second = ran(built()), built(), built()
    first.run(steps=STEPS // 2)
    first.save(tmp_path / "half")
    second.load(tmp_path / "half")
    for net in (first, second):
        found = ran(net, STEPS - STEPS // 2)
        assert all(np.array_equal(found[key], whole[key]) for key in whole)


def test_another_seed_and_another_projection_draw_other_numbers() -> None:
    one, other = ran(built()), ran(built(seed=8))
    assert not np.array_equal(one["cells", "phi"], other["cells", "phi"])
    assert not np.array_equal(one["ex", "f"][:20], one["ff", "f"][:20])


ALONE = """
neuron Still:
    10 ms dV/dt = −V

synapse Counting:
    on pre:
        u ~ U(0, 1)
        first → second
        second → u
        twice += (u − second)²
        a += 1 if chance(0.5)
        b += 1 if chance(0.5)
        together += 1 if chance(0.5) and not chance(0.5)
        post.V += 0

network Net:
    inputs = 1 SpikeTimes([3 ms, 3 ms, 3 ms, 5 ms])
    cells = 40 Still
    c = inputs → cells: Counting
"""


@pytest.mark.parametrize("engine", ["reference", "python"])
def test_one_number_for_each_event_and_connection(engine: EngineName) -> None:
    """Three spikes of one unit in one step are three events, each with a number of its own; a name stands for one number however often it is read."""
    net = built(engine, ALONE)
    net.run(steps=4)
    (first, second), twice = (value_of(net._engine, "c", name).copy() for name in ("first", "second")), value_of(net._engine, "c", "twice")
    assert len(np.unique(np.concatenate([first, second]))) == 80
    assert not twice.any()
    a, b = (value_of(net._engine, "c", name) for name in "ab")
    assert set(a) == {0.0, 1.0, 2.0, 3.0} and not np.array_equal(a, b)


def test_other_populations_change_nothing() -> None:
    """Numbers are keyed by the names of what draws them."""
    more = ALONE + "    others = 3 Still\n    d = inputs → others: Counting\n"
    one, two = built("python", ALONE), built("python", more)
    for net in (one, two):
        net.run(steps=6)
    assert np.array_equal(value_of(one._engine, "c", "u"), value_of(two._engine, "c", "u"))
    assert not np.array_equal(value_of(two._engine, "c", "u")[:3], value_of(two._engine, "d", "u"))


def test_an_exported_module_draws_the_same(monkeypatch: pytest.MonkeyPatch, meaning: dict[tuple[str, str], np.ndarray]) -> None:
    """As plain Python, in which products modulo 2⁶⁴ of NumPy's numbers tell of it, and the logarithm of an end at 0."""
    monkeypatch.setattr(numba.config, "DISABLE_JIT", True)
    text = driver.export(plasticdsl.parse(TEXT).loaded, CompileOptions(level=1))
    module = import_text(text, f"embedded_{digest_of(text)}")
    a = module.allocate(seed=7, dt=1e-3)
    with np.errstate(over="ignore", divide="ignore"):
        module.simulate(a, STEPS * 1e-3)
    for (owner, name), expected in meaning.items():
        np.testing.assert_allclose(getattr(getattr(a, owner), name), expected, rtol=1e-11, atol=1e-12, err_msg=f"{owner}.{name}")


TWO_BLOCKS = """
neuron Still:
    10 ms dV/dt = −V

synapse Releases:
    on pre:
        u ~ Bernoulli(0.5)
        post.V += w u

rule Wanders:
    on pre:
        u ~ N(0, 1)
        w += u

rule Follows:
    on pre:
        w += u

network Net:
    inputs = 1 SpikeTimes([3 ms])
    cells = 200 Still
    c = inputs → cells: Releases with {rule}, w = 1
"""


@pytest.mark.parametrize("engine", ["reference", "python"])
def test_what_two_blocks_draw_under_one_name(engine: EngineName) -> None:
    """Each has its own; a rule that only reads the name means the synapse's."""
    nets = {rule: built(engine, TWO_BLOCKS.format(rule=rule)) for rule in ("Wanders", "Follows")}
    for net in nets.values():
        net.run(steps=4)
    apart, shared = nets["Wanders"]["c"], nets["Follows"]["c"]
    assert set(np.unique(apart.u)) == {0.0, 1.0} and len(np.unique(apart.Wanders_u)) == 200
    assert np.array_equal(apart.w, 1 + apart.Wanders_u)
    assert np.array_equal(shared.w, 1 + shared.u) and np.array_equal(shared.u, apart.u)


def test_draws_do_not_keep_symmetric_connections_symmetric() -> None:
    text = """
neuron Unit:
    output x ∈ {−1, +1}
    x → −x

synapse Coupled:
    post.h = Σ w x

neuron Summing like Unit:
    input h

rule Wanders:
    Δw = 0.1 if chance(0.5)

network Net:
    units = 5 Summing
    J = units → units: Coupled with Wanders, all to all except self, w = 0, w_ij = w_ji
"""
    with pytest.raises(plasticdsl.PlasError, match="not-symmetric"):
        plasticdsl.parse(text)
