"""Very long files are answered in proportion to their length: no step on the way to a plan is quadratic in the number of names or statements."""

from __future__ import annotations

import pytest

from plasticdsl import driver
from plasticdsl.check.module import checked
from plasticdsl.options import CompileOptions
from plasticdsl.runtime.instance.dependence import per_unit
from plasticdsl.source import SourceFile
from plasticdsl.syntax.parser import parse
from plasticdsl.syntax.reading import Reading
from tests.counting import counted

LINES = 3000

#: Calls of functions for each line; what is quadratic makes thousands more.
CHECKED, PLANNED = 2000, 6000

LONG = {
    "a chain of definitions": ["neuron N:", "    input a0", *(f"    a{i} = 2 a{i - 1} + 1" for i in reversed(range(1, LINES)))],
    "many flows": ["neuron N:", "    τ = 10 ms", *(f"    τ dV{i}/dt = −V{i} + V{max(i - 1, 0)}" for i in range(LINES))],
    "unknown names": ["neuron N:", *(f"    a{i} = q{i} + 1" for i in range(LINES))],
    "values from outside": ["rule R:", "    on pre:", *(f"        w += q{i} r{i}" for i in range(LINES))],
    "a long circle": ["neuron N:", *(f"    a{i} = a{(i + 1) % LINES} + 1" for i in range(LINES))],
    "averages": ["rule R:", "    τ = 3 ms", *(f"    Δw = ⟨{i}·x⟩_τ" for i in range(2, LINES // 3))],
}


@pytest.mark.parametrize("name", LONG)
def test_long_files(name: str) -> None:
    source = SourceFile("long.plas", "\n".join(LONG[name]))
    file = parse(source)
    result, calls = counted(lambda: checked(Reading(file), source))
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

WHOLE = {
    "projections": CELLS + "".join(f"    p{i} = A → B: Kick, w = 1\n" for i in range(LINES)),
    "projections without names": CELLS + "    A → B: Kick, w = 1\n" * LINES,
    "populations": CELLS + "".join(f"    P{i} = 10 Cell\n" for i in range(LINES)),
    "sources written in place": CELLS + "    Poisson(rate = 10 Hz) → A: Kick, w = 1\n" * (LINES // 2),
    "parameters": "network Net:\n    x0 = 1\n" + "".join(f"    x{i} = x{i - 1} + 1\n" for i in range(1, LINES)),
    "expectations": CELLS + EXPERIMENT + "".join(f"    expect rate(A) < {i} Hz\n" for i in range(1, LINES)),
    "recordings": CELLS + EXPERIMENT + "".join(f"    record A.V[{i % 10 + 1}]\n" for i in range(LINES)),
    "settings and a sweep": CELLS + EXPERIMENT + "    sweep B in [1, 2]\n" + "    A = 3\n" * LINES,
    "comments": CELLS + "# nothing but comments\n" * (10 * LINES),
}


@pytest.mark.parametrize("name", WHOLE)
def test_long_networks_and_experiments(name: str) -> None:
    source = SourceFile("long.plas", WHOLE[name])

    def planned() -> None:
        found = driver.read(source)
        for network in driver.prepared(found).networks if found.module is not None else ():
            driver.plan_of(network, per_unit(network), CompileOptions())

    assert counted(planned)[1] < PLANNED * source.text.count("\n")
