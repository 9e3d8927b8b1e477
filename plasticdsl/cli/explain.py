"""`plasticdsl explain`: what the compiler derived and decided, in words and formulas, or one of its stages as data."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from plasticdsl import driver
from plasticdsl.api import load
from plasticdsl.cli import console
from plasticdsl.cli.choices import File, Level, Without
from plasticdsl.options import CompileOptions

#: What lies between the stages of the compiler.
Stage = Literal["tree", "model", "plan", "program", "kernels"]


def explain(
    file: File,
    level: Level = 1,
    without: Without = None,
    stage: Annotated[
        Stage | None, typer.Option("--stage", help="Print a stage of the compiler instead, for people who work on it.")
    ] = None,
) -> None:
    """Say what was derived, where it is kept and which integrators were chosen."""
    model = load(file)
    console.tell_findings(model.warnings, model.loaded.sources)
    with console.asking():
        options = CompileOptions(level=level, without=frozenset(without or ()))
        text = driver.explain(model.loaded, options) if stage is None else driver.stage(model.loaded, stage, options)
    console.say(text.rstrip())
