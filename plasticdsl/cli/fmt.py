"""`plasticdsl fmt`: files in the one layout, and in one spelling where asked; in place, or from standard input to standard output."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from plasticdsl.cli import console
from plasticdsl.diagnostics.diagnostic import Severity
from plasticdsl.library import read, text_source
from plasticdsl.source import SourceFile
from plasticdsl.whole import write_whole

#: What stands for standard input.
_STDIN = "-"


def fmt(
    files: Annotated[
        list[str],
        typer.Argument(metavar="FILE...", help="The files to lay out, in place; - lays standard input out on standard output."),
    ],
    check: Annotated[bool, typer.Option("--check", help="Change nothing; end with status 1 where a file would change.")] = False,
    ascii_: Annotated[bool, typer.Option("--ascii", help="Spell names and signs in ASCII: tau_m, ->, x^2.")] = False,
    unicode: Annotated[bool, typer.Option("--unicode", help="Spell names and signs as papers do: τ_m, →, x².")] = False,
    fix: Annotated[
        bool, typer.Option("--fix", help="Write what hints show, where that mends a finding, and say what was changed.")
    ] = False,
) -> None:
    """Lay files out in one way."""
    if ascii_ and unicode:
        raise console.WrongUsage("--ascii and --unicode exclude each other")
    if _STDIN in files and len(files) > 1:
        raise console.WrongUsage("- stands alone")
    different = failed = 0
    for name in files:
        given = _Text.of(name)
        source, whole = _fixed(given) if fix else (given.source, True)
        failed += not whole
        text = _laid_out(source, ascii_, unicode) if whole else source.text
        changes = text.encode() != given.written
        different += changes
        if check:
            if changes:
                console.say(f"{given.shown} would be changed")
        elif name == _STDIN:
            sys.stdout.flush()
            sys.stdout.buffer.write(text.encode())
        elif changes:
            _write(Path(name), text)
    if failed or (check and different):
        raise typer.Exit(1)


@dataclass(frozen=True, slots=True)
class _Text:
    """What is laid out: what it is called, the bytes that are there now, the text that is read, and the folder that it lies in."""

    shown: str
    written: bytes
    source: SourceFile
    folder: Path

    @staticmethod
    def of(name: str) -> _Text:
        if name == _STDIN:
            source = text_source("<stdin>", sys.stdin.buffer.read())
            return _Text(source.path, source.text.encode(), source, Path())
        path = Path(name)
        source = read(path)
        return _Text(name, path.read_bytes(), source, path.resolve().parent)


def _fixed(given: _Text) -> tuple[SourceFile, bool]:
    """The text after what hints show has been written, and whether it is free of errors; says what was changed and what is left."""
    from plasticdsl.mending import mended

    result = mended(given.source, given.folder)
    for change in result.changes:
        console.tell(f"{given.shown}:{change.line}: {change.said}")
    left = [d for d in result.left if d.severity is Severity.ERROR]
    console.tell_findings(left, {result.source.path: result.source})
    return result.source, not left


def _laid_out(source: SourceFile, ascii_: bool, unicode: bool) -> str:
    """The text of a file without errors. Raises `PlasError` for one that has an error of notation."""
    from plasticdsl.syntax.parser import parse
    from plasticdsl.syntax.printer import format_file
    from plasticdsl.syntax.respell import respelled

    parse(source)
    if ascii_ or unicode:
        return respelled(source, "ascii" if ascii_ else "unicode")
    return format_file(source)


def _write(path: Path, text: str) -> None:
    mode = path.stat().st_mode
    write_whole(path, text.encode())
    path.chmod(mode)
