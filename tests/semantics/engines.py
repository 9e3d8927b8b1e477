"""The engines that are compared: the interpreter, generated code run by Python itself, and machine code."""

from __future__ import annotations

from plasticdsl.driver import not_exact
from plasticdsl.kernels.build import build
from plasticdsl.kernels.emit import emit
from plasticdsl.kernels.numbers import without_numbers
from plasticdsl.kernels.program import Artifact, Program
from plasticdsl.model import Network, PerUnit
from plasticdsl.model.protocol import NOTHING_ASKED, Asked
from plasticdsl.plan.lower import lower
from plasticdsl.plan.passes.pipeline import optimise
from plasticdsl.reference.interpreter import ReferenceEngine
from plasticdsl.runtime.engine.compiled import CompiledEngine
from plasticdsl.runtime.engine.engine import Engine
from plasticdsl.runtime.engine.load import digest_of, load
from plasticdsl.runtime.engine.plain import Plain
from plasticdsl.runtime.instance.instance import Instance
from tests.semantics.agreement import MakeEngine


def reference(network: Network, instance: Instance, per_unit: PerUnit, asked: Asked = NOTHING_ASKED) -> Engine:
    """The interpreter, which does not care how parameters are stored."""
    return ReferenceEngine(network, instance, asked)


# --- generated code --------------------------------------------------------------------------------------------------

#: Optimisation levels, from nothing rewritten to everything.
LEVELS = (0, 1, 2)


def program_of(
    network: Network, per_unit: PerUnit, level: int, without: frozenset[str] = frozenset(), asked: Asked = NOTHING_ASKED
) -> Program:
    """The loop program of a network at a level."""
    return build(optimise(lower(network, per_unit, asked), level, without))


def in_python(level: int, *without: str) -> MakeEngine:
    """The generated module as plain Python: no compile time, so many models can be tried. `without`: passes that are left out."""

    def make(network: Network, instance: Instance, per_unit: PerUnit, asked: Asked = NOTHING_ASKED) -> Engine:
        program = program_of(network, per_unit, level, not_exact(network, instance).union(without), asked)
        text = emit(program)
        return CompiledEngine(program, Plain(Artifact(program, text, digest_of(text))), instance)

    return make


def in_machine_code(level: int) -> MakeEngine:
    """What users run."""

    def make(network: Network, instance: Instance, per_unit: PerUnit, asked: Asked = NOTHING_ASKED) -> Engine:
        program = without_numbers(program_of(network, per_unit, level, not_exact(network, instance), asked=asked))
        text = emit(program)
        return CompiledEngine(program, load(Artifact(program, text, digest_of(text))), instance)

    return make
