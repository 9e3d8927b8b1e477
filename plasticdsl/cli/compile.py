"""`plasticdsl compile`: the kernels as one module that needs NumPy and numba alone."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from plasticdsl import driver
from plasticdsl.api import load
from plasticdsl.cli import console
from plasticdsl.cli.choices import Digits, File, Level
from plasticdsl.options import CompileOptions
from plasticdsl.whole import write_whole


def compile_file(
    file: File,
    out: Annotated[Path, typer.Option("-o", "--output", metavar="OUT.py", help="The module to write.")],
    precision: Digits = "double",
    level: Level = 1,
) -> None:
    """Write the kernels of a file as a Python module."""
    model = load(file)
    console.tell_findings(model.warnings, model.loaded.sources)
    with console.asking():
        text = driver.export(model.loaded, CompileOptions(level=level, precision=precision))
    write_whole(out, text.encode())
    out.chmod(0o644)
