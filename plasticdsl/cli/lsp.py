"""`plasticdsl lsp`: the language server on standard input and output, for editors."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from plasticdsl.cli.console import WrongUsage


def lsp(
    stdio: Annotated[bool, typer.Option("--stdio", help="Speak over standard input and output: what it does anyway.")] = True,
    pictures: Annotated[bool, typer.Option("--pictures", hidden=True, help="Draw for the preview of another language server.")] = False,
) -> None:
    """Serve editors by the Language Server Protocol, over standard input and output."""
    if pictures:
        from plasticdsl.editor.sketch import serve_sketches

        answering, sys.stdout = sys.stdout, sys.stderr
        serve_sketches(sys.stdin, answering)
    try:
        from plasticdsl.editor.server import serve
    except ModuleNotFoundError as missing:
        if (missing.name or "").split(".")[0] not in ("pygls", "lsprotocol"):
            raise
        raise WrongUsage("the language server needs pygls: pip install 'plasticdsl[lsp]'") from None
    answers = sys.stdout.buffer
    sys.stdout = sys.stderr  # nothing else may be written between the answers
    serve(sys.stdin.buffer, answers)
