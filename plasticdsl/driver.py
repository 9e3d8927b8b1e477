"""The pipeline, in order; every stage is a function from one immutable value to the next.

text      ──parse──▶      syntax.tree.File     what was written
File      ──check──▶      model.Module         what it means: names, units, roles
Network   ──integrate──▶  model.Network        with an integrator for every flow
Network   ──lower──▶      plan.Plan            what happens when; learning windows become traces
Plan      ──optimise──▶   plan.Plan            moved to where it is cheapest
Plan      ──build──▶      kernels.Program      loops over arrays
Program   ──emit──▶       kernels.Artifact     Python text for numba
Artifact  ──load──▶       machine code         cached on disk (kernels.load)

`runtime.instance.build.instantiate` gives a network its numbers; `runtime.engine.compiled.CompiledEngine` runs machine code on them.
`prepare` does all this for a
whole file and keeps the results between runs.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from plasticdsl.model.model import Network, PerUnit
from plasticdsl.options import CompileOptions
from plasticdsl.source import SourceFile

if TYPE_CHECKING:
    from plasticdsl.check.module import Checked
    from plasticdsl.kernels.artifact import Artifact
    from plasticdsl.kernels.program import Program
    from plasticdsl.plan.plan import Plan


def read(source: SourceFile, folder: Path | None = None) -> Checked:
    """Text to checked model. `folder`: where files named in the text are looked for. What is wrong is among the findings, and where an error is
    among them there is no model."""
    from plasticdsl.check.module import checked_reading
    from plasticdsl.syntax.parser import reading

    return checked_reading(reading(source), source, folder=folder)


def integrated(found: Checked) -> Checked:
    """The same model ready to run: its networks as `ready` makes them, its experiments likewise. Raises `PlasError` for a method that does not suit
    its equations."""
    from plasticdsl.derive.grid import experiment_on_grid
    from plasticdsl.symbolic.singular import repaired_experiment

    if found.module is None:
        return found
    networks = {network.name: ready(network) for network in found.module.networks}
    experiments = tuple(experiment_on_grid(repaired_experiment(e), networks[e.network]) for e in found.module.experiments)
    return replace(found, module=replace(found.module, networks=tuple(networks.values()), experiments=experiments))


def ready(network: Network) -> Network:
    """A checked network as both engines carry it out: running means start at what they average, removable singularities are repaired, every
    flow has an integrator, and what jumps with time is decided on the grid."""
    from plasticdsl.derive.grid import on_grid
    from plasticdsl.derive.integrate import integrate
    from plasticdsl.derive.means import with_starts
    from plasticdsl.symbolic.singular import repaired

    return on_grid(integrate(repaired(with_starts(network))))


def plan_of(network: Network, per_unit: PerUnit, options: CompileOptions) -> Plan:
    """Network with integrators to plan. `per_unit`: values that differ from unit to unit (`runtime.instance.dependence.per_unit`)."""
    from plasticdsl.plan.lower import lower
    from plasticdsl.plan.passes.pipeline import optimise

    return optimise(lower(network, per_unit), options.level, options.without)


def program_of(plan: Plan, options: CompileOptions) -> Program:
    """Plan to loops over arrays."""
    from plasticdsl.kernels.build import build
    from plasticdsl.kernels.precision import in_single

    return build(plan) if options.precision == "double" else in_single(build(plan))


def artifact_of(plan: Plan, options: CompileOptions) -> Artifact:
    """Plan to the text of the kernels."""
    from plasticdsl.kernels.artifact import Artifact
    from plasticdsl.kernels.emit import emit
    from plasticdsl.runtime.engine.load import digest_of

    program = program_of(plan, options)
    text = emit(program, parallel=options.threads > 1)
    return Artifact(program, text, digest_of(text))
