"""Noise that is 0 in some units: what is drawn for the others, several together, is what the meaning says, whatever groups and threads there are."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import plasticdsl
from plasticdsl.diagnostics.diagnostic import PlasError
from plasticdsl.options import EngineName
from plasticdsl.support import random

TEXT = """
neuron Cell:
    a(0) = 0
    x(0) = 1
    y(0) = 1
    z(0) = 1
    da/dt = 0
    dx/dt = −x/(10 ms) + 0.5 (step(a − 0.5) + step(a − 2)) ξ_1(t)/√(1 ms)
    dy/dt = max(a − 1, 0) ξ_2(t)/√(1 ms)
    dz/dt = 0.1 ξ_3(t)/√(1 ms)

synapse Wire:
    c(0) ~ U(0, 1)
    k(0) = 0.25
    dc/dt = 0
    dk/dt = 2 √(step(c − 0.98) + step(post.a − 2)) ξ(t)/√(1 ms)

network Net:
    cell = 700 Cell
    few  = 3 Cell
    some = {some} Cell
    full = few → cell: Wire
    part = few → cell: Wire, p = 0.4
    apart = some → some: Wire, all to all except self
"""
SEED, DT = 5, 1e-3
UNITS, WIRES = ("cell", "few", "some"), ("full", "part", "apart")


def built(engine: EngineName, some: int = 30, threads: int = 1, **how: Any) -> plasticdsl.Net:
    """A few, some or nearly all units of a group have noise; groups are not all full."""
    net = plasticdsl.parse(TEXT.format(some=some)).build("Net", dt="1 ms", seed=SEED, engine=engine, threads=threads, **how)
    unit = np.arange(700)
    net["cell"].a = np.select([unit == 3, unit > 600, unit > 520], [1.0, 3.0, 1.0], 0.0)
    return net


def found(net: plasticdsl.Net) -> dict[str, Any]:
    return {f"{name}.{v}": np.array(getattr(net[name], v)) for name in UNITS for v in "xyz"} | {n: np.array(net[n].k) for n in WIRES}


@pytest.mark.parametrize("engine", ["compiled", "python", "reference"])
def test_each_unit_has_a_number_of_its_own(engine: EngineName) -> None:
    """Euler's and Maruyama's formula with the numbers of the stream, and nothing where there is no noise. √dt is √(1 ms)."""
    net = built(engine)
    a, steps = np.array(net["cell"].a), 2
    net.run(steps=steps)

    def drawn(owner: str, variable: str, step: int) -> Any:
        return random.normals(SEED, random.stream_of(owner, "noise", variable), np.arange(len(net[owner])), step)

    x, y, z = np.ones((3, 700))
    for n in range(steps):
        x += -DT * x / 10e-3 + 0.5 * ((a > 0.5) * 1.0 + (a > 2)) * drawn("cell", "x", n)
        y += np.maximum(a - 1, 0) * drawn("cell", "y", n)
        z += 0.1 * drawn("cell", "z", n)
    for name, values in (("x", x), ("y", y), ("z", z)):
        np.testing.assert_allclose(getattr(net["cell"], name), values, rtol=1e-12)
    for wires in WIRES:
        post, count, c = np.array(net[wires].post), len(net[wires]), np.ravel(net[wires].c)
        width = 2 * np.sqrt((c > 0.98) * 1.0 + (a[post] > 2) * (wires != "apart"))
        k = 0.25 + sum(width * drawn(wires, "k", n) for n in range(steps))
        np.testing.assert_allclose(np.ravel(net[wires].k), k, rtol=1e-12)
        assert 0 < np.count_nonzero(width) == np.count_nonzero(np.ravel(net[wires].k) != 0.25) < count


def test_groups_threads_and_levels_change_nothing() -> None:
    """Rows of up to 299 connections, of which the last group has 43."""
    one = built("compiled", 300)
    others = [built("compiled", 300, threads=2), built("reference", 300), built("compiled", 300, level=0)]
    for net in (one, *others):
        net.run(steps=5)
    for name, values in found(one).items():
        for net, rtol in zip(others, (0, 1e-12, 1e-12), strict=True):
            np.testing.assert_allclose(found(net)[name], values, rtol=rtol, err_msg=name)


def test_rules_that_are_off_have_no_noise() -> None:
    text = TEXT.format(some=3).replace("synapse Wire", "rule Wire")
    net = plasticdsl.parse(text).build("Net", dt="1 ms", seed=SEED)
    net.rules(False)
    net.run(steps=2)
    assert (net["full"].k == 0.25).all()
    net.rules(True)
    net.run(steps=1)
    assert (net["full"].k != 0.25).any()


def test_noise_without_a_value_is_not_taken_for_none() -> None:
    text = "neuron N:\n    a(0) = 1\n    x(0) = 0\n    da/dt = 0\n    dx/dt = max(log(a), 0) ξ(t)/√(1 s)\n\nnetwork Net:\n    p = 3 N"
    net = plasticdsl.parse(text).build(dt="1 ms")
    net["p"].a = np.array([1.0, -1.0, np.e])
    with pytest.raises(PlasError, match=r"p\.x of unit 2 has no value \(NaN\)"):
        net.run(steps=1)
    assert net["p"].x[0] == 0.0 and np.isnan(net["p"].x[1]) and net["p"].x[2] != 0.0
