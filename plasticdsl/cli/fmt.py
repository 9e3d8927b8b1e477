"""`plasticdsl fmt`: one layout for all files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from plasticdsl.cli import console
from plasticdsl.library import read
from plasticdsl.whole import write_whole


def fmt(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="The files to lay out, in place.")],
    check: Annotated[bool, typer.Option("--check", help="Change nothing; end with status 1 where a file would change.")] = False,
) -> None:
    """Lay files out in one way, in place."""
    from plasticdsl.syntax.parser import parse
    from plasticdsl.syntax.printer import format_file

    different = 0
    for path in files:
        source = read(path)
        parse(source)  # nothing is laid out that has an error
        text = format_file(source)
        if text == path.read_bytes().decode("utf-8"):
            continue
        different += 1
        if check:
            console.say(f"{path} would be changed")
        else:
            mode = path.stat().st_mode
            write_whole(path, text.encode())
            path.chmod(mode)
    if check and different:
        raise typer.Exit(1)
