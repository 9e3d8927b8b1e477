"""The language server: questions of an editor come in by the Language Server Protocol (3.17), answers of the functions of `editor` go out.

Positions are in UTF-16 units, which every client knows. Texts come whole at each change: they are short, and what a client calls a line is then no
question.
"""

from __future__ import annotations

import logging
from typing import BinaryIO

from lsprotocol import types as lsp

from plasticdsl.editor import protocol
from plasticdsl.editor.colouring import coloured
from plasticdsl.editor.completion import CompletionKind, completions
from plasticdsl.editor.deeds import register_deeds
from plasticdsl.editor.documents import Document
from plasticdsl.editor.findings import findings, fixes_at, title
from plasticdsl.editor.hover import described
from plasticdsl.editor.inlays import inlays
from plasticdsl.editor.layouting import formatting
from plasticdsl.editor.meaning import register_meaning
from plasticdsl.editor.preview import register_preview
from plasticdsl.editor.session import PlasServer, path_of
from plasticdsl.editor.structure import folds, symbols
from plasticdsl.editor.words import said


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
    register_meaning(server)
    register_deeds(server)
    register_preview(server)
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
        document, offset = await server.asked(params)
        if document is None or document.analysis is None:
            return None
        deep = document.deep[1] if document.deep is not None else None
        names = (described(known, deep, offset, latex=server.sets_latex and server.shows_markdown) for known in document.knowledge())
        found = next(filter(None, names), None) or said(document.analysis, offset)
        if found is None:
            return None
        text = document.analysis.text
        return lsp.Hover(protocol.said(found.text, markdown=server.shows_markdown), protocol.range_of(text, found.span))

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

    @server.feature(lsp.TEXT_DOCUMENT_SEMANTIC_TOKENS_FULL, protocol.LEGEND)
    async def colours(params: lsp.SemanticTokensParams) -> lsp.SemanticTokens:
        document = await server.documents.current(params.text_document.uri)
        if document is None or document.analysis is None:
            return lsp.SemanticTokens([])
        return protocol.colours(document.analysis.text, coloured(document.analysis, document.knowledge()))

    @server.feature(lsp.TEXT_DOCUMENT_INLAY_HINT)
    async def units(params: lsp.InlayHintParams) -> list[lsp.InlayHint]:
        document = await server.documents.current(params.text_document.uri)
        if document is None or document.analysis is None:
            return []
        text = document.analysis.text
        start, end = (text.offset(protocol.place(p)) for p in (params.range.start, params.range.end))
        found = {i.offset: i for known in reversed(document.knowledge()) for i in inlays(document.analysis, known, start, end)}
        return [protocol.inlay(text, found[offset]) for offset in sorted(found)]


def _writing(server: PlasServer) -> None:
    """Questions about what could be written."""

    @server.feature(lsp.TEXT_DOCUMENT_COMPLETION, lsp.CompletionOptions(trigger_characters=["\\", ".", '"', " "]))
    async def completion(params: lsp.CompletionParams) -> lsp.CompletionList:
        document, offset = await server.asked(params)
        if document is None or document.analysis is None:
            return lsp.CompletionList(False, [])
        found = completions(document.analysis, offset, document.known)
        # Editors that narrow a list down themselves take letters of either case, so that ‘5 m’ would become 5 M: of units they ask at each letter.
        again = any(one.kind is CompletionKind.UNIT for one in found)
        return lsp.CompletionList(again, [protocol.completion(document.analysis.text, one) for one in found])

    @server.feature(lsp.TEXT_DOCUMENT_FORMATTING)
    async def layout(params: lsp.DocumentFormattingParams) -> list[lsp.TextEdit] | None:
        document = await server.documents.current(params.text_document.uri)
        if document is None or document.analysis is None:
            return None
        return protocol.edits(document.analysis.text, formatting(document.analysis))

    @server.feature(lsp.TEXT_DOCUMENT_CODE_ACTION, lsp.CodeActionOptions([lsp.CodeActionKind.QuickFix]))
    async def fixes(params: lsp.CodeActionParams) -> list[lsp.CodeAction]:
        document = await server.documents.current(params.text_document.uri)
        return [] if document is None else _fixes(server, document, params.range)


def _fixes(server: PlasServer, document: Document, there: lsp.Range) -> list[lsp.CodeAction]:
    analysis = document.analysis
    if analysis is None:
        return []
    text = analysis.text
    deep = document.deeper.findings if document.deeper is not None else ()
    start, end = (text.offset(protocol.place(p)) for p in (there.start, there.end))
    actions = []
    for finding, fix in fixes_at(findings(analysis, deep), start, end):
        change = lsp.TextEdit(protocol.range_of(text, fix.span), fix.text)
        shown = protocol.diagnostics(text, [finding], server.locator(document), related=server.shows_related)
        words = title(fix, {document.path: document.text})
        actions.append(lsp.CodeAction(words, lsp.CodeActionKind.QuickFix, shown, edit=lsp.WorkspaceEdit({document.uri: [change]})))
    return actions
