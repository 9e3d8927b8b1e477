"""Very long files are answered in proportion to their length: no step on the way to a plan is quadratic in the number of names or statements."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from plasticdsl import driver
from plasticdsl.check.module import Checked, checked
from plasticdsl.options import CompileOptions
from plasticdsl.runtime.instance.dependence import per_unit
from plasticdsl.source import SourceFile
from plasticdsl.syntax.parser import parse
from plasticdsl.syntax.reading import Reading
from tests.counting import counted_in_proportion

LINES = 600

#: Calls of functions for each line.
CHECKED, PLANNED = 2000, 6000

LONG: dict[str, Callable[[int], list[str]]] = {
    "a chain of definitions": lambda n: ["neuron N:", "    input a0", *(f"    a{i} = 2 a{i - 1} + 1" for i in reversed(range(1, n)))],
    "many flows": lambda n: ["neuron N:", "    τ = 10 ms", *(f"    τ dV{i}/dt = −V{i} + V{max(i - 1, 0)}" for i in range(n))],
    "unknown names": lambda n: ["neuron N:", *(f"    a{i} = q{i} + 1" for i in range(n))],
    "values from outside": lambda n: ["rule R:", "    on pre:", *(f"        w += q{i} r{i}" for i in range(n))],
    "a long circle": lambda n: ["neuron N:", *(f"    a{i} = a{(i + 1) % n} + 1" for i in range(n))],
    "averages": lambda n: ["rule R:", "    τ = 3 ms", *(f"    Δw = ⟨{i}·x⟩_τ" for i in range(2, n + 2))],
}


@pytest.mark.parametrize("name", LONG)
def test_long_files(name: str) -> None:
    def checking(lines: int) -> Callable[[], Checked]:
        source = SourceFile("long.plas", "\n".join(LONG[name](lines)))
        file = parse(source)
        return lambda: checked(Reading(file), source)

    # an average is compared with each before it, in half a call
    result, calls = counted_in_proportion(checking, LINES, 1.15 if name == "averages" else 1.02)
    assert calls < CHECKED * LINES
    assert len(result.diagnostics) <= 101


CELLS = """
neuron Cell:
    τ = 10 ms
    input I
    τ dV/dt = −V + I
    spike when V > 1:
        V → 0

synapse Kick:
    on pre:
        post.V += w

network Net:
    A = 10 Cell
    B = 10 Cell
"""

EXPERIMENT = """
experiment E on Net:
    dt = 1 ms
    phase run for 1 s
"""

WHOLE: dict[str, Callable[[int], str]] = {
    "projections": lambda n: CELLS + "".join(f"    p{i} = A → B: Kick, w = 1\n" for i in range(n)),
    "projections without names": lambda n: CELLS + "    A → B: Kick, w = 1\n" * n,
    "populations": lambda n: CELLS + "".join(f"    P{i} = 10 Cell\n" for i in range(n)),
    "sources written in place": lambda n: CELLS + "    Poisson(rate = 10 Hz) → A: Kick, w = 1\n" * n,
    "parameters": lambda n: "network Net:\n    x0 = 1\n" + "".join(f"    x{i} = x{i - 1} + 1\n" for i in range(1, n)),
    "expectations": lambda n: CELLS + EXPERIMENT + "".join(f"    expect rate(A) < {i} Hz\n" for i in range(1, n)),
    "recordings": lambda n: CELLS + EXPERIMENT + "".join(f"    record A.V[{i % 10 + 1}]\n" for i in range(n)),
    "settings and a sweep": lambda n: CELLS + EXPERIMENT + "    sweep B in [1, 2]\n" + "    A = 3\n" * n,
    "comments": lambda n: CELLS + "# nothing but comments\n" * (10 * n),
}


@pytest.mark.parametrize("name", WHOLE)
def test_long_networks_and_experiments(name: str) -> None:
    def planning(lines: int) -> Callable[[], None]:
        source = SourceFile("long.plas", WHOLE[name](lines))

        def planned() -> None:
            found = driver.read(source)
            for network in driver.prepared(found).networks if found.module is not None else ():
                driver.plan_of(network, per_unit(network), CompileOptions())

        return planned

    assert counted_in_proportion(planning, LINES)[1] < PLANNED * WHOLE[name](LINES).count("\n")
