"""The engines that are compared: the interpreter, generated code run by Python itself, and machine code."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from plasticdsl.kernels.artifact import Artifact
from plasticdsl.kernels.build import build
from plasticdsl.kernels.emit import emit
from plasticdsl.kernels.program import Program
from plasticdsl.model.model import Network, PerUnit
from plasticdsl.plan.lower import lower
from plasticdsl.plan.passes.pipeline import optimise
from plasticdsl.reference.interpreter import ReferenceEngine
from plasticdsl.runtime.engine.binding import Bound
from plasticdsl.runtime.engine.compiled import CompiledEngine
from plasticdsl.runtime.engine.engine import Engine
from plasticdsl.runtime.engine.load import digest_of, load
from plasticdsl.runtime.instance.instance import Instance
from tests.semantics.agreement import MakeEngine


def reference(network: Network, instance: Instance, per_unit: PerUnit) -> Engine:
    """The interpreter, which does not care how parameters are stored."""
    return ReferenceEngine(network, instance)


# --- generated code --------------------------------------------------------------------------------------------------

#: Optimisation levels, from nothing rewritten to everything.
LEVELS = (0, 1, 2)


def program_of(network: Network, per_unit: PerUnit, level: int, without: frozenset[str] = frozenset()) -> Program:
    """The loop program of a network at a level."""
    return build(optimise(lower(network, per_unit), level, without))


def in_python(level: int, *without: str) -> MakeEngine:
    """The generated module as plain Python: no compile time, so many models can be tried. `without`: passes that are left out."""

    def make(network: Network, instance: Instance, per_unit: PerUnit) -> Engine:
        program = program_of(network, per_unit, level, frozenset(without))
        return CompiledEngine(program, _InPython(program, _advance_of(emit(program))), instance)

    return make


def in_machine_code(level: int) -> MakeEngine:
    """What users run."""

    def make(network: Network, instance: Instance, per_unit: PerUnit) -> Engine:
        program = program_of(network, per_unit, level)
        text = emit(program)
        return CompiledEngine(program, load(Artifact(program, text, digest_of(text))), instance)

    return make


def _advance_of(text: str) -> Callable[..., int]:
    """The module's `advance`, without numba."""
    tree = ast.parse(text)
    tree.body = [node for node in tree.body if not (isinstance(node, ast.ImportFrom) and node.module == "numba")]
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            node.decorator_list = []
    names: dict[str, Any] = {}
    exec(compile(tree, "<generated>", "exec"), names)
    advance: Callable[..., int] = names["advance"]
    return advance


@dataclass
class _InPython:
    program: Program
    function: Callable[..., int]
    bound: Bound | None = None

    def bind(self, bound: Bound) -> _InPython:
        """With its arguments."""
        return _InPython(self.program, self.function, bound)

    def advance(self, first_step: int, steps: int) -> int:
        """Whole steps."""
        assert self.bound is not None
        values = {**self.bound.sizes, **self.bound.scalars}
        last = self.program.functions[-1]
        with np.errstate(all="ignore"):
            return int(self.function(first_step, steps, *(values[n] for n in last.scalars), *(self.bound.arrays[n] for n in last.arrays)))
