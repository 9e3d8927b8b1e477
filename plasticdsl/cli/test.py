"""`plasticdsl test`: what networks and experiments expect, a line for each expectation with the proof or the value found."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from plasticdsl.api import Model, load
from plasticdsl.cli import console
from plasticdsl.cli.choices import Digits, Files, Level, Quiet, Runs, Seed, Threads
from plasticdsl.model.experiments import Experiment
from plasticdsl.names import canonical
from plasticdsl.results.result import Result
from plasticdsl.results.summary import beside
from plasticdsl.results.verdicts import verdicts
from plasticdsl.runtime.watch.expectations import Outcome


def test(
    files: Files,
    only: Annotated[list[str] | None, typer.Option("--only", metavar="EXPERIMENT", help="Only this experiment; repeatable.")] = None,
    refine: Annotated[bool, typer.Option("--refine", help="Run again at half the time step and show what moved.")] = False,
    seed: Seed = None,
    threads: Threads = 1,
    quiet: Quiet = False,
    level: Level = 1,
    precision: Digits = "double",
    engine: Runs = "compiled",
) -> None:
    """Run every experiment that has `expect` lines; one that was skipped has not passed. In single precision, show what moved from double."""
    good = True
    for file in files:
        model = load(file)
        _tell_proofs(model)
        for experiment in model.loaded.module.experiments:
            if only and canonical(experiment.name) not in map(canonical, only):
                continue
            if experiment.expectations or any(p.expectations for p in experiment.phases):
                how = {"seed": seed, "threads": threads, "level": level, "precision": precision, "engine": engine}
                good &= _test(model, experiment, refine, how, quiet)
    if not good:
        raise typer.Exit(1)


def _tell_proofs(model: Model) -> None:
    """What the compiler found of the equations of the networks; refuted ones are errors, so the model would not be here."""
    for network in model.loaded.module.networks:
        if network.proofs:
            console.say(f"{model.loaded.module.path}: {network.called}")
        for proof in network.proofs:
            console.say(f"  {proof.line}")


def _test(model: Model, experiment: Experiment, refine: bool, how: Mapping[str, Any], quiet: bool) -> bool:
    def carried_out(**changed: Any) -> Result:
        with console.progress(quiet) as bar:
            found = model.run(experiment.name, progress=bar, **{**how, **changed})
        if found.interrupted:
            raise KeyboardInterrupt
        return found

    with console.asking():
        result = carried_out()
    console.tell_findings(result.warnings, model.loaded.sources)
    line = result.study.runs[0].line
    note = " (time is counted in steps, so there is no step to halve)" if refine and line.in_steps else ""
    console.say(f"{model.loaded.module.path}: {experiment.called}{note}")
    others: dict[str, tuple[Outcome, ...]] = {}
    if refine and not line.in_steps:
        others["at half the step"] = beside(result.study, carried_out(dt=line.dt / 2.0).study)
    if how["precision"] == "single":
        others["in double precision"] = beside(result.study, carried_out(precision="double").study)
    for number, text in enumerate(verdicts(result.expectations)):
        moved = "".join(f"; {where} {_moved(result.expectations[number], found[number])}" for where, found in others.items())
        console.say(f"  {text}{moved}")
    return result.passed and not any(o.skipped for o in result.expectations)


def _moved(before: Outcome, after: Outcome) -> str:
    """How a value changed, in its own unit and relative to itself."""
    if before.value is None or after.value is None:
        return "skipped"
    found = after.found
    if before.value:
        moved = f"{100.0 * (after.value - before.value) / abs(before.value):+.2g} %".replace("-", "\u2212")
        found += " (the same)" if after.value == before.value else f" ({moved})"
    return found if after.passed == before.passed else f"{found}, {'passed' if after.passed else 'FAILED'}"
