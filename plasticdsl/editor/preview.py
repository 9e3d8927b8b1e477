"""The live preview: a page for each text that asked for one, drawn anew whenever the text has changed and `check` has nothing against it."""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from lsprotocol import types as lsp

from plasticdsl.editor.artist import Artist, NotDrawn
from plasticdsl.editor.documents import Document
from plasticdsl.editor.pages import Pages
from plasticdsl.editor.session import PlasServer
from plasticdsl.editor.sketch import Job

#: The command; its argument is the address of a text. It gives the address of the page.
PREVIEW = "plasticdsl.preview"
_REFUSED = "The text has errors; this is what it was before."
_DRAWING = "Drawing …"

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Preview:
    """`keys`: of the pages of texts, by their addresses. `jobs`: what is to be drawn, the newest of each text. `drawn`: what each page shows."""

    artist: Artist = field(default_factory=Artist)
    pages: Pages | None = None
    keys: dict[str, str] = field(default_factory=dict)
    jobs: dict[str, Job] = field(default_factory=dict)
    drawn: dict[str, Job] = field(default_factory=dict)
    drawing: asyncio.Task[None] | None = None

    def page(self, document: Document, texts: dict[Path, str]) -> str:
        """The address of the page of a text, which it has from now on."""
        self.pages = self.pages or Pages()
        if document.uri not in self.keys:
            self.keys[document.uri] = str(len(self.keys) + 1)
            self.pages.show(self.keys[document.uri], "", _DRAWING, Path(document.path).name)
        self.told(document, texts)
        return self.pages.address(self.keys[document.uri])

    def told(self, document: Document, texts: dict[Path, str]) -> None:
        """More is known of a text."""
        key = self.keys.get(document.uri)
        if key is None or self.pages is None or document.analysis is None or not document.is_current:
            return
        if document.analysis.checked.module is None or (document.deeper is not None and document.deeper.loaded is None):
            self.jobs.pop(document.uri, None)
            self.pages.show(key, state=_REFUSED)
        elif document.deeper is not None:
            others = {str(path): text for path, text in texts.items() if str(path) != document.path}
            job = Job(document.path, document.text, str(document.folder or ""), others)
            if self.drawn.get(document.uri) == job:
                self.pages.show(key)
                return
            self.jobs[document.uri] = job
            if self.drawing is None or self.drawing.done():
                self.drawing = asyncio.ensure_future(self._draw())

    async def _draw(self) -> None:
        """One text after the other."""
        while self.jobs and self.pages is not None:
            uri = next(iter(self.jobs))
            job, key = self.jobs.pop(uri), self.keys[uri]
            try:
                html = await self.artist.draw(job)
            except NotDrawn as why:
                self.pages.show(key, state=str(why))
                continue
            self.drawn[uri] = job
            self.pages.show(key, html, _DRAWING if uri in self.jobs else "")

    def end(self) -> None:
        """Nothing is drawn or shown any more."""
        self.jobs.clear()
        if self.drawing is not None:
            self.drawing.cancel()
        self.artist.end()
        if self.pages is not None:
            self.pages.end()


def register_preview(server: PlasServer) -> None:
    """Offers the command, and follows all texts."""
    preview = Preview()
    server.listeners.append(lambda document: preview.told(document, server.documents.texts()))

    @server.command(PREVIEW)
    async def show(*arguments: Any) -> str | None:
        flat = arguments[0] if len(arguments) == 1 and isinstance(arguments[0], list) else arguments
        document = await server.documents.current(str(flat[0])) if flat else None
        if document is None:
            server.window_show_message(lsp.ShowMessageParams(lsp.MessageType.Warning, "Open a text first: its preview follows it."))
            return None
        address = preview.page(document, server.documents.texts())
        can = server.client_capabilities.window
        if can is not None and can.show_document is not None and can.show_document.support:
            showing = server.window_show_document(lsp.ShowDocumentParams(address, external=True))
            showing.add_done_callback(partial(_unless_shown, server, address))
        else:
            _told(server, address)
        return address

    @server.feature(lsp.SHUTDOWN)
    def ended(_: None) -> None:
        preview.end()


def _unless_shown(server: PlasServer, address: str, answer: Future[lsp.ShowDocumentResult]) -> None:
    """An editor that knows how to show a page may not be able to: where there is no browser."""
    if not answer.cancelled() and (answer.exception() is not None or not answer.result().success):
        _told(server, address)


def _told(server: PlasServer, address: str) -> None:
    server.window_show_message(lsp.ShowMessageParams(lsp.MessageType.Info, f"The preview is at {address}"))
