"""The language server: questions of an editor come in by the Language Server Protocol (3.17), answers of the functions of `editor` go out.

Positions are in UTF-16 units, which every client knows. Texts come whole at each change: they are short, and what a client calls a line is then no
question.
"""

from __future__ import annotations

import logging
from collections.abc import Generator
from pathlib import Path
from typing import Any, BinaryIO

from lsprotocol import types as lsp
from pygls.lsp.server import LanguageServer
from pygls.protocol import LanguageServerProtocol, lsp_method
from pygls.uris import from_fs_path, to_fs_path

from plasticdsl.editor import protocol
from plasticdsl.editor.completion import completions
from plasticdsl.editor.documents import Document, Documents
from plasticdsl.editor.findings import findings, fixes_at, title
from plasticdsl.editor.layouting import formatting
from plasticdsl.editor.structure import folds, symbols
from plasticdsl.editor.text import Text
from plasticdsl.editor.words import said
from plasticdsl.version import __version__


class _Protocol(LanguageServerProtocol):
    """Positions are in UTF-16, whatever else a client could take."""

    @lsp_method(lsp.INITIALIZE)
    def lsp_initialize(self, params: lsp.InitializeParams) -> Generator[Any, Any, lsp.InitializeResult]:
        """Says what the server can do."""
        if params.capabilities.general is not None:
            params.capabilities.general.position_encodings = None
        return (yield from super().lsp_initialize(params))


class PlasServer(LanguageServer):
    """`documents`: the open texts."""

    def __init__(self) -> None:
        super().__init__("plasticdsl", __version__, lsp.TextDocumentSyncKind.Full, protocol_cls=_Protocol)
        self.documents = Documents(self._publish)

    async def _publish(self, document: Document) -> None:
        analysis = document.analysis
        if analysis is None or document.uri not in self.documents.opened:
            return
        found = findings(analysis, document.deeper.findings if document.deeper is not None else ())
        shown = protocol.diagnostics(analysis.text, found, lambda path: self.locate(document, path))
        version = document.version if document.is_current else None
        self.text_document_publish_diagnostics(lsp.PublishDiagnosticsParams(document.uri, shown, version))

    def locate(self, document: Document, path: str) -> tuple[str, Text] | None:
        """The address and the text of a file that a document knows."""
        analysis = document.analysis
        if analysis is None:
            return None
        if path == document.path:
            return document.uri, analysis.text
        source, uri = analysis.checked.sources.get(path), from_fs_path(path)
        return None if source is None or uri is None else (uri, Text(source.text))


def path_of(uri: str) -> Path | None:
    """The file at an address; None for a text that lies in no folder."""
    if not uri.startswith("file:"):
        return None
    path = to_fs_path(uri)
    return None if path is None else Path(path).resolve()


def serve(read: BinaryIO, write: BinaryIO) -> None:
    """Answers until the client ends."""
    logging.basicConfig(level=logging.WARNING)
    made().start_io(read, write)


def made() -> PlasServer:
    """The server with everything that it can do."""
    server = PlasServer()
    _texts(server)
    _looking(server)
    _writing(server)
    return server


def _texts(server: PlasServer) -> None:
    """What the editor tells of its texts."""

    @server.feature(lsp.TEXT_DOCUMENT_DID_OPEN)
    async def opened(params: lsp.DidOpenTextDocumentParams) -> None:
        document = params.text_document
        server.documents.open(document.uri, path_of(document.uri), document.text, document.version)

    @server.feature(lsp.TEXT_DOCUMENT_DID_CHANGE)
    async def changed(params: lsp.DidChangeTextDocumentParams) -> None:
        document = params.text_document
        for change in params.content_changes:
            server.documents.change(document.uri, change.text, document.version)

    @server.feature(lsp.TEXT_DOCUMENT_DID_CLOSE)
    async def closed(params: lsp.DidCloseTextDocumentParams) -> None:
        server.documents.close(params.text_document.uri)
        server.text_document_publish_diagnostics(lsp.PublishDiagnosticsParams(params.text_document.uri, []))


def _looking(server: PlasServer) -> None:
    """Questions about what is there."""

    @server.feature(lsp.TEXT_DOCUMENT_HOVER)
    async def hover(params: lsp.HoverParams) -> lsp.Hover | None:
        document = await server.documents.current(params.text_document.uri)
        if document is None or document.analysis is None:
            return None
        text = document.analysis.text
        found = said(document.analysis, text.offset(protocol.place(params.position)))
        if found is None:
            return None
        return lsp.Hover(lsp.MarkupContent(lsp.MarkupKind.Markdown, found.text), protocol.range_of(text, found.span))

    @server.feature(lsp.TEXT_DOCUMENT_DOCUMENT_SYMBOL)
    async def outline(params: lsp.DocumentSymbolParams) -> list[lsp.DocumentSymbol]:
        document = await server.documents.current(params.text_document.uri)
        if document is None or document.analysis is None:
            return []
        return [protocol.symbol(document.analysis.text, one) for one in symbols(document.analysis)]

    @server.feature(lsp.TEXT_DOCUMENT_FOLDING_RANGE)
    async def folding(params: lsp.FoldingRangeParams) -> list[lsp.FoldingRange]:
        document = await server.documents.current(params.text_document.uri)
        return [] if document is None or document.analysis is None else [protocol.fold(one) for one in folds(document.analysis)]


def _writing(server: PlasServer) -> None:
    """Questions about what could be written."""

    @server.feature(lsp.TEXT_DOCUMENT_COMPLETION, lsp.CompletionOptions(trigger_characters=["\\", ".", '"', " "]))
    async def completion(params: lsp.CompletionParams) -> lsp.CompletionList:
        document = await server.documents.current(params.text_document.uri)
        if document is None or document.analysis is None:
            return lsp.CompletionList(False, [])
        text = document.analysis.text
        found = completions(document.analysis, text.offset(protocol.place(params.position)), document.known)
        return lsp.CompletionList(False, [protocol.completion(text, one) for one in found])

    @server.feature(lsp.TEXT_DOCUMENT_FORMATTING)
    async def layout(params: lsp.DocumentFormattingParams) -> list[lsp.TextEdit] | None:
        document = await server.documents.current(params.text_document.uri)
        if document is None or document.analysis is None:
            return None
        return protocol.edits(document.analysis.text, formatting(document.analysis))

    @server.feature(lsp.TEXT_DOCUMENT_CODE_ACTION, lsp.CodeActionOptions([lsp.CodeActionKind.QuickFix]))
    async def fixes(params: lsp.CodeActionParams) -> list[lsp.CodeAction]:
        document = await server.documents.current(params.text_document.uri)
        if document is None or document.analysis is None:
            return []
        text = document.analysis.text
        deep = document.deeper.findings if document.deeper is not None else ()
        start, end = (text.offset(protocol.place(p)) for p in (params.range.start, params.range.end))
        actions = []
        for finding, fix in fixes_at(findings(document.analysis, deep), start, end):
            change = lsp.TextEdit(protocol.range_of(text, fix.span), fix.text)
            shown = protocol.diagnostics(text, [finding], lambda path: server.locate(document, path))
            actions.append(
                lsp.CodeAction(
                    title(fix, {document.path: document.text}),
                    lsp.CodeActionKind.QuickFix,
                    shown,
                    edit=lsp.WorkspaceEdit({document.uri: [change]}),
                )
            )
        return actions
