"""What files are and become, nothing run: `plasticdsl check` shows every error and warning, `compile` writes the
kernels as one module that needs NumPy and numba alone, `explain` says what the compiler derived and decided, or shows one of its stages as data."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from plasticdsl import driver
from plasticdsl.cli import console
from plasticdsl.cli.choices import Digits, File, Files, Level, Without
from plasticdsl.diagnostics.diagnostic import Diagnostic, PlasError, Severity
from plasticdsl.library import find_file, read
from plasticdsl.options import CompileOptions
from plasticdsl.source import SourceFile
from plasticdsl.units.display import counted
from plasticdsl.whole import write_whole

Findings = tuple[tuple[Diagnostic, ...], dict[str, SourceFile]]


def check(
    files: Files,
    as_json: Annotated[bool, typer.Option("--json", help="A JSON list of findings on standard output, for tools.")] = False,
) -> None:
    """Show all errors and warnings."""
    found = [_findings(name) for name in files]
    errors = sum(d.severity is Severity.ERROR for diagnostics, _ in found for d in diagnostics)
    if as_json:
        from plasticdsl.diagnostics.render import to_json

        texts = {path: source for _, sources in found for path, source in sources.items()}
        console.say(to_json((finding for diagnostics, _ in found for finding in diagnostics), texts))
    else:
        for diagnostics, sources in found:
            console.tell_findings(diagnostics, sources)
        warnings = sum(len(diagnostics) for diagnostics, _ in found) - errors
        console.tell(f"{counted(errors, 'error')}, {counted(warnings, 'warning')} in {counted(len(files), 'file')}")
    if errors:
        raise typer.Exit(1)


def _findings(name: str) -> Findings:
    """What is wrong with a file, as far as the first stage that finds an error."""
    path = find_file(name)
    sources: dict[str, SourceFile] = {}
    try:
        source = read(path)
        sources[source.path] = source
        loaded = driver.load(source, path.resolve().parent)
        sources |= loaded.sources
        if loaded.module.networks:
            driver.plans(loaded, CompileOptions())
    except PlasError as error:
        return error.diagnostics, sources | dict(error.sources)
    return loaded.warnings, sources


# --- what a file becomes ---------------------------------------------------------------------------------------------


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
