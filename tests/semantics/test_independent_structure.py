"""Connections that come and go against a program that knows of plasticdsl nothing but its random numbers, in every engine, after saving and loading, in
exported modules; and which pairs of units have a place."""

from __future__ import annotations

from pathlib import Path

import numba
import numpy as np
import pytest
from numpy.typing import NDArray

import plasticdsl
from plasticdsl import driver
from plasticdsl.diagnostics.diagnostic import PlasError
from plasticdsl.kernels.store import digest_of, import_text
from plasticdsl.net import Net
from plasticdsl.options import CompileOptions, EngineName
from plasticdsl.support.random import stream_of, uniforms

Floats = NDArray[np.float64]

TEXT = """
neuron Cell:
    z = 2
    V(0) = 0

synapse Adding:
    on pre:
        post.V += w

rule Rewiring:
    20 ms dr/dt = −r
    dw/dt = −(20 Hz) w
    on pre:
        r += 1
        w −= 0.02 r
    prune when w < 0.2
    grow p = 0.4 every 3 ms where post.V < 9, in-degree ≤ post.z + 1, out-degree ≤ 2, w ~ U(0.3, 0.6)

network Net:
    inputs = 5 SpikeTimes([1, 2, 5, 8, 9, 13, 14, 20, 21, 25] ms)
    cells = 4 Cell, z = [1, 2, 2, 3]
    ex = inputs → cells: Adding with Rewiring, p = 0.4, w = 0.5
"""
STEPS, AT = 30, (1, 2, 5, 8, 9, 13, 14, 20, 21, 25)


def _by_hand(present: Floats, steps: int, seed: int) -> tuple[Floats, Floats, Floats]:
    """Presence and weights, [pre, post], and V: at dt = 1 ms, in the order of docs/language/structure.md."""
    pre, post = present.shape
    places = np.arange(pre * post).reshape(pre, post)
    chance, new = (stream_of("ex", "event", "Rewiring", number) for number in "12")
    there, w, r, v = present != 0, np.full((pre, post), 0.5), np.zeros(pre), np.zeros(post)
    for n in range(steps):
        if n in AT:
            v += np.where(there, w, 0).sum(axis=0)
            r += 1
            w = np.where(there, w - 0.02 * r[:, None], w)
        there &= ~(w < 0.2)
        if n % 3 == 0:
            u = uniforms(seed, chance, places, n)
            born = ~there & (v < 9) & (u < 0.4)
            for units, most, own in ((range(post), [2, 3, 3, 4], lambda k: np.s_[:, k]), (range(pre), [2] * pre, lambda k: np.s_[k, :])):
                for unit in units:
                    room = max(0, most[unit] - int(there[own(unit)].sum()))
                    worst = np.argsort(np.where(born[own(unit)], u[own(unit)], np.inf))[room:]
                    born[own(unit)][worst] = False
            w = np.where(born, 0.3 + 0.3 * uniforms(seed, new, places, n), w)
            there |= born
        r *= np.exp(-1 / 20)
        w = np.where(there, w * np.exp(-0.02), w)
    return there.astype(float), w, v


def _net(engine: EngineName, seed: int, **options: int) -> Net:
    return plasticdsl.parse(TEXT).build(seed=seed, dt="1 ms", engine=engine, **options)


def _state(net: Net) -> tuple[Floats, Floats, Floats]:
    ex = net["ex"]
    return tuple(np.array(a) for a in (ex.present.reshape(5, 4), ex.w.reshape(5, 4), net["cells"].V))  # type: ignore[return-value]


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("engine", ["reference", "python", pytest.param("compiled", marks=pytest.mark.slow)])
def test_every_step(engine: EngineName, seed: int) -> None:
    net = _net(engine, seed)
    first, *_ = _state(net)
    assert 0 < first.sum() < 20
    seen = set[int]()
    for steps in range(1, STEPS + 1):
        net.run(steps=1)
        for found, expected in zip(_state(net), _by_hand(first, steps, seed), strict=True):
            np.testing.assert_allclose(found, expected, rtol=1e-12)
        seen.add(int(found.sum() + _state(net)[0].sum()))
    assert len(seen) > 5


def test_after_saving_and_on_threads(kernels: EngineName, tmp_path: Path) -> None:
    straight, first, second = (_net(kernels, 5, threads=threads) for threads in (1, 2 if kernels == "compiled" else 1, 1))
    straight.run(steps=STEPS)
    first.run(steps=11)
    first.save(tmp_path / "state.npz")
    second.load(tmp_path / "state.npz")
    second.run(steps=STEPS - 11)
    for one, other in zip(_state(straight), _state(second), strict=True):
        np.testing.assert_array_equal(one, other)


def test_in_a_module(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(numba.config, "DISABLE_JIT", True)
    text = driver.export(plasticdsl.parse(TEXT).loaded, CompileOptions(level=1))
    made = import_text(text, f"embedded_{digest_of(text)}")
    a = made.allocate(seed=3, dt=1e-3)
    first = a.ex.present.reshape(5, 4).copy()
    np.testing.assert_array_equal(first, _state(_net("python", 3))[0])
    with np.errstate(over="ignore"):
        made.simulate(a, STEPS * 1e-3)
    there, w, v = _by_hand(first, STEPS, 3)
    np.testing.assert_array_equal(a.ex.present.reshape(5, 4), there)
    np.testing.assert_allclose(a.ex.w.reshape(5, 4), w, rtol=1e-12)
    np.testing.assert_allclose(a.cells.V, v, rtol=1e-12)
    given = made.allocate(connections={"ex": (np.array([4, 0]), np.array([1, 2]))})
    assert given.ex.present.reshape(5, 4).nonzero()[0].tolist() == [0, 4] and given.ex.present.size == 20


# --- places ------------------------------------------------------------------------------------------------------------

GROWING = """
neuron Cell:
    V(0) = 0
rule Growing:
    w(0) = 0
    grow every 1 s, w = 1
rule Fixed:
    w(0) = 0
    every 1 s: w += 1
network Net:
    a = 6 Cell
    b = 6 Cell
    ex = {ends}: {rule}, {connectivity}
"""


@pytest.mark.parametrize(
    ("ends", "connectivity", "places"),
    [
        ("a → b", "p = 0.3", 36),
        ("a → b", "all to all", 36),
        ("a → b", "one to one", 6),
        ("a → b", "p = 0", 36),
        ("a → b", "in-degree 2", 36),
        ("a → a", "in-degree 2", 30),
        ("a → a", "out-degree 2, with self", 36),
        ("a → a", "p = 0.3 except self", 30),
        ("a → b", "where i < j", 15),
        ("a → b", "p = 0.5, where i < j", 15),
        ("a[1 to 3] → b[5, 6]", "p = 0.5", 6),
    ],
)
def test_which_pairs_have_a_place(ends: str, connectivity: str, places: int) -> None:
    grown, fixed = (
        plasticdsl.parse(GROWING.format(ends=ends, rule=rule, connectivity=connectivity)).build(dt="1 ms", engine="python")["ex"]
        for rule in ("Growing", "Fixed")
    )
    assert len(grown.w) == places
    here = list(zip(grown.pre[grown.present != 0].tolist(), grown.post[grown.present != 0].tolist(), strict=True))
    assert here == list(zip(fixed.pre.tolist(), fixed.post.tolist(), strict=True))


def test_connections_that_are_given() -> None:
    model = plasticdsl.parse(GROWING.format(ends="a → a", rule="Growing", connectivity="all to all except self"))
    ex = model.build(dt="1 ms", engine="python", connections={"ex": ([5, 2, 3], [0, 2, 1], [0.5, 0.25, 0.125])})["ex"]
    there = ex.present != 0
    assert len(ex.w) == 31  # of a unit with itself there is the one that was given
    assert (ex.pre[there].tolist(), ex.post[there].tolist(), ex.w[there].tolist()) == ([2, 3, 5], [2, 1, 0], [0.25, 0.125, 0.5])
    assert not ex.w[~there].any()
    with pytest.raises(ValueError, match="one for each pair"):
        model.build(dt="1 ms", engine="python", connections={"ex": ([2, 2], [1, 1])})


def test_too_many_places_are_refused_before_they_are_made() -> None:
    model = plasticdsl.parse(GROWING.format(ends="a → b", rule="Growing", connectivity="p = 1e-9"))
    with pytest.raises(PlasError, match=r"a place for each of the about 4,000,000,000,000 connections that may arise(.|\n)*‘where …’"):
        model.build(dt="1 ms", engine="python", a=2_000_000, b=2_000_000)
