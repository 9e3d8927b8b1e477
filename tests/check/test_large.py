"""Blocks as large as a file may hold are examined to the end: nothing takes more work than in proportion to what is written."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from plasticdsl.driver import plan_of, prepared, read
from plasticdsl.options import CompileOptions
from plasticdsl.runtime.instance.dependence import per_unit
from plasticdsl.source import SourceFile
from tests.counting import counted

CALLS = 12_000  # of functions for each line
NETWORK = "\nnetwork N:\n    a = 1 A\n"


def lines(count: int, line: Callable[[int], str]) -> str:
    return "".join(f"    {line(k)}\n" for k in range(count))


TEXTS: dict[str, Callable[[int], str]] = {
    "definitions before a flow": lambda n: (
        "neuron A:\n    10 ms dV/dt = x" + f"{n} − V\n    x0 = V\n" + lines(n, lambda k: f"x{k + 1} = x{k}") + NETWORK
    ),
    "a linear system": lambda n: "neuron A:\n" + lines(n // 2, lambda k: f"10 ms dv{k}/dt = −v{k} + v{(k + 1) % (n // 2)}") + NETWORK,
    "a cascade": lambda n: (
        "neuron A:\n    10 ms dv0/dt = −v0 v0\n" + lines(n, lambda k: f"10 ms dv{k + 1}/dt = −v{k + 1} + v{k}") + NETWORK
    ),
    "a cascade of gates": lambda n: (
        "neuron A:\n    10 ms dv0/dt = −v0 + v1\n" + lines(n // 2, lambda k: f"10 ms dv{k + 1}/dt = −v{k + 1} v{k}") + NETWORK
    ),
    "neighbours of a nonlinear variable": lambda n: (
        "neuron A:\n    10 ms dv0/dt = −v0 v0 + v1\n"
        + lines(
            n // 4,
            lambda k: f"10 ms dv{2 * k + 2}/dt = −v{2 * k + 2} + v{2 * k + 1} + v{2 * k + 3}\n    10 ms dv{2 * k + 1}/dt = −v{2 * k + 1}",
        )
        + f"    10 ms dv{2 * (n // 4) + 1}/dt = −v{2 * (n // 4) + 1}\n"
        + NETWORK
    ),
    "a ring": lambda n: "neuron A:\n" + lines(n, lambda k: f"10 ms dv{k}/dt = v{(k + 1) % n}² − v{k}²") + NETWORK,
    "learning windows": lambda n: (
        "neuron A:\n    x = 1\n    spike when x > 2\n\nrule R:\n    w(0) = 0\n    on all pairs:\n"
        + lines(n * 3 // 20, lambda k: f"    Δw = exp(−|t_post − t_pre|/({k + 1} ms))")
        + "\nnetwork N:\n    a = 2 A\n    a → a: R\n"
    ),
    "parameters of which a size is made": lambda n: (
        "neuron A:\n    x = 1\n\nnetwork N:\n    a0 = 1\n" + lines(n, lambda k: f"a{k + 1} = a{k} + 1") + f"    a = (a{n} − {n}) A\n"
    ),
    "likes of a block that cannot be read": lambda n: (
        "neuron A0:\n    x = (\n" + "".join(f"neuron A{k + 1} like A{k}:\n    y = 1\n" for k in range(2 * n))
    ),
}


@pytest.mark.parametrize("size", [400, pytest.param(2000, marks=pytest.mark.slow)])
@pytest.mark.parametrize("made", TEXTS.values(), ids=TEXTS.keys())
def test_what_is_large_is_answered_in_proportion(made: Callable[[int], str], size: int) -> None:
    text = made(size)

    def planned() -> None:
        found = read(SourceFile("large", text))
        for network in () if found.module is None else prepared(found).networks:
            plan_of(network, per_unit(network), CompileOptions())

    assert counted(planned)[1] < CALLS * text.count("\n")
