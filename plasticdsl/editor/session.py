"""The server as such: which texts are open, and where files are. What it can do is registered by `server`, `meaning` and `deeds`."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from pathlib import Path
from typing import Any

from lsprotocol import types as lsp
from pygls.lsp.server import LanguageServer
from pygls.protocol import LanguageServerProtocol, lsp_method
from pygls.uris import from_fs_path, to_fs_path

from plasticdsl.editor import protocol
from plasticdsl.editor.documents import Document, Documents
from plasticdsl.editor.findings import findings
from plasticdsl.editor.text import Text
from plasticdsl.library import read
from plasticdsl.version import __version__

#: What asks about a place in a text.
Asking = (
    lsp.TextDocumentPositionParams | lsp.HoverParams | lsp.CompletionParams | lsp.DefinitionParams | lsp.ReferenceParams | lsp.RenameParams
)


class _Protocol(LanguageServerProtocol):
    """Positions are in UTF-16, whatever else a client could take. The protocol has no word for formulas: a client that sets LaTeX says so in its options,
    `{"formulas": "latex"}`."""

    @lsp_method(lsp.INITIALIZE)
    def lsp_initialize(self, params: lsp.InitializeParams) -> Generator[Any, Any, lsp.InitializeResult]:
        """Says what the server can do."""
        if params.capabilities.general is not None:
            params.capabilities.general.position_encodings = None
        options = params.initialization_options
        wanted = options.get("formulas") if isinstance(options, Mapping) else getattr(options, "formulas", None)
        if isinstance(self._server, PlasServer):
            self._server.sets_latex = wanted == "latex"
        return (yield from super().lsp_initialize(params))


class PlasServer(LanguageServer):
    """`documents`: the open texts. `listeners`: told of each of which more is known. `sets_latex`: whether the editor sets formulas that are LaTeX."""

    def __init__(self) -> None:
        super().__init__("plasticdsl", __version__, lsp.TextDocumentSyncKind.Full, protocol_cls=_Protocol)
        self.documents = Documents(self._publish)
        self.sets_latex = False
        self.listeners: list[Callable[[Document], None]] = []

    async def _publish(self, document: Document) -> None:
        analysis = document.analysis
        if analysis is None or document.uri not in self.documents.opened:
            return
        found = findings(analysis, document.deeper.findings if document.deeper is not None else ())
        shown = protocol.diagnostics(analysis.text, found, self.locator(document), related=self.shows_related)
        version = document.version if document.is_current else None
        self.text_document_publish_diagnostics(lsp.PublishDiagnosticsParams(document.uri, shown, version))
        for listener in self.listeners:
            listener(document)

    @property
    def shows_markdown(self) -> bool:
        """Whether the editor shows Markdown. It says what it takes, what it likes best first; many say nothing, and take it."""
        about = self.client_capabilities.text_document
        formats = about.hover.content_format if about is not None and about.hover is not None else None
        return not formats or formats[0] == lsp.MarkupKind.Markdown

    @property
    def shows_related(self) -> bool:
        """Whether the editor shows the other places that a finding is about; most say nothing, and do."""
        about = self.client_capabilities.text_document
        return about is None or about.publish_diagnostics is None or about.publish_diagnostics.related_information is not False

    async def asked(self, params: Asking | lsp.PrepareRenameParams | lsp.DocumentHighlightParams) -> tuple[Document | None, int]:
        """The text that is asked about, with an analysis of what it is now, and the place in it."""
        document = await self.documents.current(params.text_document.uri)
        if document is None or document.analysis is None:
            return None, 0
        return document, document.analysis.text.offset(protocol.place(params.position))

    def locator(self, document: Document) -> protocol.Locate:
        """Where files are that a text knows of, or that can be read."""

        def locate(path: str) -> tuple[str, Text] | None:
            if path == document.path:
                return document.uri, Text(document.text)
            for other in self.documents.opened.values():
                if other.path == path:
                    return other.uri, Text(other.text)
            source = None if document.analysis is None else document.analysis.checked.sources.get(path)
            uri = from_fs_path(path)
            if uri is None or not Path(path).is_file():
                return None
            return uri, Text(source.text if source is not None else read(Path(path)).text)

        return locate

    def folders(self) -> list[Path]:
        """The folders of the workspace, else that of its root."""
        uris = [folder.uri for folder in self.workspace.folders.values()] or [self.workspace.root_uri or ""]
        return [path for uri in uris if (path := path_of(uri)) is not None]


def path_of(uri: str) -> Path | None:
    """The file at an address; None for a text that lies in no folder."""
    if not uri.startswith("file:"):
        return None
    path = to_fs_path(uri)
    return None if path is None else Path(path).resolve()
