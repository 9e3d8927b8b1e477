"""Very long files are answered in seconds: no step of the check is quadratic in the number of names or statements."""

from __future__ import annotations

import time

import pytest

from plasticdsl.check.module import checked
from plasticdsl.source import SourceFile
from plasticdsl.syntax.parser import parse

LINES = 3000

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
    start = time.process_time()
    result = checked(file, source)
    assert time.process_time() - start < 10.0
    assert len(result.diagnostics) <= 101
