"""Questions of an editor about what names mean: where they are declared and used, in all files, and what else they could be called."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from functools import partial
from typing import TypeVar

from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcException

from plasticdsl.editor import protocol
from plasticdsl.editor.analysis import Analysis
from plasticdsl.editor.declarations import mentions
from plasticdsl.editor.documents import Document
from plasticdsl.editor.knowledge import Knowledge
from plasticdsl.editor.names import Names, names
from plasticdsl.editor.neighbours import users_of
from plasticdsl.editor.renaming import CannotRename, Edits, renamed, require_own
from plasticdsl.editor.session import PlasServer
from plasticdsl.editor.text import Edit
from plasticdsl.source import Span

Found = TypeVar("Found")


def register_meaning(server: PlasServer) -> None:
    """Answers them."""
    _finding(server)
    _renaming(server)


def _finding(server: PlasServer) -> None:
    """Where something is declared, and where else it is written."""

    @server.feature(lsp.TEXT_DOCUMENT_DEFINITION)
    async def definition(params: lsp.DefinitionParams) -> list[lsp.Location]:
        document, offset = await server.asked(params)
        if document is None:
            return []
        for known, place in _named(document, offset):
            spans = (known.now(span) for span in known.names.targets.get(place, ()))
            return protocol.locations(filter(None, spans), server.locator(document))
        return []

    @server.feature(lsp.TEXT_DOCUMENT_DOCUMENT_HIGHLIGHT)
    async def highlight(params: lsp.DocumentHighlightParams) -> list[lsp.DocumentHighlight]:
        document, offset = await server.asked(params)
        if document is None or document.analysis is None:
            return []
        text = document.analysis.text
        for known, place in _named(document, offset):
            thing = known.names.things[place]
            here = (known.now(span) for span in thing.places if span.path == known.path)
            return [lsp.DocumentHighlight(protocol.range_of(text, span), lsp.DocumentHighlightKind.Text) for span in here if span]
        return []

    @server.feature(lsp.TEXT_DOCUMENT_REFERENCES)
    async def references(params: lsp.ReferenceParams) -> list[lsp.Location]:
        document, offset = await server.asked(params)
        if document is None:
            return []
        for known, place in _named(document, offset):
            everything, _ = await _everywhere(server, known, place)
            thing = everything.things.get(place)
            there = () if thing is None else thing.places
            if thing is not None and not params.context.include_declaration:
                there = tuple(span for span in there if span not in thing.declared)
            return protocol.locations(filter(None, map(known.now, there)), server.locator(document))
        return []


def _renaming(server: PlasServer) -> None:
    """Another name for something."""

    @server.feature(lsp.TEXT_DOCUMENT_PREPARE_RENAME)
    async def prepare(params: lsp.PrepareRenameParams) -> lsp.PrepareRenamePlaceholder | None:
        document, offset = await server.asked(params)
        if document is None or document.analysis is None:
            return None
        for known, place in _named(document, offset):
            now = known.now(place)
            try:
                require_own(known.names.things[place].declared)
            except CannotRename as problem:
                raise _refused(str(problem)) from None
            if now is not None:
                return lsp.PrepareRenamePlaceholder(protocol.range_of(document.analysis.text, now), known.text_of(place))
        return None

    @server.feature(lsp.TEXT_DOCUMENT_RENAME, lsp.RenameOptions(prepare_provider=True))
    async def rename(params: lsp.RenameParams) -> lsp.WorkspaceEdit:
        document, offset = await server.asked(params)
        if document is None or document.analysis is None:
            return lsp.WorkspaceEdit()
        if document.analysis.reading.findings:
            raise _refused("While there are errors of notation in the text, it is not known what would have to be renamed.")
        for known, place in _named(document, offset):
            everything, analyses = await _everywhere(server, known, place)
            work = partial(renamed, place, params.new_name, everything, analyses, server.documents.texts())
            found = await _in_thread(server, work)
            return _workspace_edit(server, document, found)
        raise _refused("Nothing here has a name of its own.")


def _named(document: Document, offset: int) -> Iterable[tuple[Knowledge, Span]]:
    """The name at a place, from what knows it best."""
    for known in document.knowledge():
        place = known.at(offset)
        if place is not None and known.now(place) is not None:
            yield known, place


async def _everywhere(server: PlasServer, known: Knowledge, place: Span) -> tuple[Names, list[Analysis]]:
    """Names of all files of the workspace that use what the file uses, or the file itself; and their analyses, the text's own first."""
    thing = known.names.things[place]
    paths = {span.path for span in (*thing.declared, *thing.places)}
    folders, texts = server.folders(), server.documents.texts()
    others = await _in_thread(server, lambda: list(users_of(paths, folders, texts)))
    analyses = [known.analysis, *(a for a in others if a.source.path != known.path)]
    sources = {path: source for a in reversed(analyses) for path, source in a.checked.sources.items()}
    return names([m for a in analyses for m in mentions(a)], sources), analyses


async def _in_thread(server: PlasServer, work: Callable[[], Found]) -> Found:
    try:
        return await asyncio.get_running_loop().run_in_executor(server.documents.threads, work)
    except CannotRename as problem:
        raise _refused(str(problem)) from None


class _Refused(JsonRpcException):
    """What is shown to the person who asked."""

    CODE = lsp.LSPErrorCodes.RequestFailed.value
    MESSAGE = "The request cannot be fulfilled."


def _refused(message: str) -> _Refused:
    return _Refused(message, _Refused.CODE)


def _workspace_edit(server: PlasServer, document: Document, found: Edits) -> lsp.WorkspaceEdit:
    changes: dict[str, list[lsp.TextEdit]] = {}
    locate = server.locator(document)
    for path, edits in found.items():
        there = locate(path)
        if there is not None:
            uri, text = there
            changes[uri] = protocol.edits(text, list[Edit](edits))
    return lsp.WorkspaceEdit(changes)
