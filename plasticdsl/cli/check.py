"""`plasticdsl check`: every error and warning of a file, nothing run."""

from __future__ import annotations

from typing import Annotated

import typer

from plasticdsl import driver
from plasticdsl.cli import console
from plasticdsl.cli.choices import Files
from plasticdsl.diagnostics.diagnostic import Diagnostic, PlasError, Severity
from plasticdsl.diagnostics.render import Rejected
from plasticdsl.library import find_file, read
from plasticdsl.options import CompileOptions
from plasticdsl.source import SourceFile
from plasticdsl.units.display import counted

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
        return error.diagnostics, sources | dict(error.sources if isinstance(error, Rejected) else {})
    return loaded.warnings, sources
