"""The pipeline, in order; every stage is a function from one immutable value to the next.

text      ──parse──▶      syntax.tree.File     what was written
File      ──check──▶      model.Module         what it means: names, units, roles
Network   ──integrate──▶  model.Network        with an integrator for every flow
Network   ──lower──▶      plan.Plan            what happens when; learning windows become traces
Plan      ──optimise──▶   plan.Plan            moved to where it is cheapest
Plan      ──build──▶      kernels.Program      loops over arrays
Program   ──emit──▶       kernels.Artifact     Python text for numba
Artifact  ──load──▶       machine code         cached on disk (kernels.load)

`runtime.build.instantiate` gives a network its numbers; `runtime.compiled.CompiledEngine` runs machine code on them.
"""

from __future__ import annotations

from pathlib import Path

from plasticdsl.kernels.artifact import Artifact
from plasticdsl.model.model import Module, Network
from plasticdsl.options import CompileOptions
from plasticdsl.plan.plan import Plan
from plasticdsl.source import SourceFile


def read(source: SourceFile, folder: Path | None = None) -> Module:
    """Text to checked model. `folder`: where files named in the text are looked for. Raises `PlasError` with every finding."""
    from plasticdsl.check import check
    from plasticdsl.syntax.parser import parse

    return check(parse(source), source, folder=folder)


def plan_of(network: Network, per_unit: frozenset[tuple[str, str]], options: CompileOptions) -> Plan:
    """Checked network to plan. `per_unit`: parameters with one value per unit or connection (`runtime.dependence.per_unit`)."""
    from plasticdsl.plan.lower import lower
    from plasticdsl.plan.passes.pipeline import optimise
    from plasticdsl.symbolic.integrate import integrate

    return optimise(lower(integrate(network), per_unit), options.level, options.without)


def artifact_of(plan: Plan, options: CompileOptions) -> Artifact:
    """Plan to the text of the kernels."""
    from plasticdsl.kernels.build import build
    from plasticdsl.kernels.emit import emit
    from plasticdsl.kernels.load import digest_of

    program = build(plan)
    text = emit(program, parallel=options.threads > 1)
    return Artifact(program, text, digest_of(text))
