"""What a file becomes, as text: `plasticdsl compile` writes the kernels as one module that needs NumPy and numba alone, `plasticdsl explain` says what the
compiler derived and decided, in words and formulas, or shows one of its stages as data."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from plasticdsl import driver
from plasticdsl.cli import console
from plasticdsl.cli.choices import Digits, File, Level, Without
from plasticdsl.options import CompileOptions
from plasticdsl.whole import write_whole


def compile_file(
    file: File,
    out: Annotated[Path, typer.Option("-o", "--output", metavar="OUT.py", help="The module to write.")],
    precision: Digits = "double",
    level: Level = 1,
) -> None:
    """Write the kernels of a file as a Python module."""
    model = console.loaded(file)
    with console.asking():
        text = driver.export(model.loaded, CompileOptions(level=level, precision=precision))
    write_whole(out, text.encode())
    out.chmod(0o644)


def explain(
    file: File,
    level: Level = 1,
    without: Without = None,
    stage: Annotated[
        driver.Stage | None, typer.Option("--stage", help="Print a stage of the compiler instead, for people who work on it.")
    ] = None,
) -> None:
    """Say what was derived, where it is kept and which integrators were chosen."""
    model = console.loaded(file)
    with console.asking():
        options = CompileOptions(level=level, without=frozenset(without or ()))
        text = driver.explain(model.loaded, options) if stage is None else driver.stage(model.loaded, stage, options)
    console.say(text.rstrip())
