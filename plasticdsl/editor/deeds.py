"""What an editor can have done: an experiment is run or tested by the command line, in a process of its own; what it writes is shown."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

from lsprotocol import types as lsp

from plasticdsl.editor import protocol
from plasticdsl.editor.lenses import lenses
from plasticdsl.editor.session import PlasServer, path_of
from plasticdsl.source import SourceFile

#: The commands, by what they do. Their arguments are the address of a text and the name of an experiment.
RUN, TEST = "plasticdsl.run", "plasticdsl.test"
_TITLES = {"run": "▶ run", "test": "✓ test"}
_LINES_SHOWN = 8


def register_deeds(server: PlasServer) -> None:
    """Answers questions for lenses, and carries commands out."""

    @server.feature(lsp.TEXT_DOCUMENT_CODE_LENS)
    async def shown(params: lsp.CodeLensParams) -> list[lsp.CodeLens]:
        document = await server.documents.current(params.text_document.uri)
        if document is None or document.analysis is None:
            return []
        text = document.analysis.text
        return [
            lsp.CodeLens(
                protocol.range_of(text, one.span),
                lsp.Command(_TITLES[one.deed], f"plasticdsl.{one.deed}", arguments=[document.uri, one.name]),
            )
            for one in lenses(document.analysis)
        ]

    @server.command(RUN)
    async def run(*arguments: Any) -> None:
        uri, name = _arguments(arguments)
        await _carry_out(server, uri, "run", name)

    @server.command(TEST)
    async def test(*arguments: Any) -> None:
        uri, name = _arguments(arguments)
        await _carry_out(server, uri, "test", "--only", name)


def _arguments(given: tuple[Any, ...]) -> tuple[str, str]:
    """The address of a text and a name, whether they come one by one or as a list."""
    flat = given[0] if len(given) == 1 and isinstance(given[0], list) else given
    return str(flat[0]), str(flat[1])


async def _carry_out(server: PlasServer, uri: str, command: str, *options: str) -> None:
    path, document = path_of(uri), server.documents.opened.get(uri)
    if path is None or not path.is_file():
        _say(server, "Save the text first: what is run is the file.", lsp.MessageType.Warning)
        return
    if document is not None and not SourceFile(str(path), document.text).is_unchanged():
        _say(server, f"{path.name} has changes that are not saved; what is run is the file.", lsp.MessageType.Warning)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "plasticdsl", command, str(path), *options),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        cwd=path.parent,
    )
    assert process.stdout is not None
    lines: list[str] = []
    async for line in process.stdout:
        lines.append(line.decode("utf-8", "replace").rstrip())
        server.window_log_message(lsp.LogMessageParams(lsp.MessageType.Info, lines[-1]))
    good = await process.wait() == 0
    _say(server, "\n".join(lines[-_LINES_SHOWN:]) or f"{command}: done", lsp.MessageType.Info if good else lsp.MessageType.Error)


def _say(server: PlasServer, message: str, kind: lsp.MessageType) -> None:
    server.window_show_message(lsp.ShowMessageParams(kind, message))
