"""A client of the language server over standard input and output, as editors have one."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lsprotocol import types as lsp
from pygls.lsp.client import LanguageClient

ROOT = Path(__file__).resolve().parents[2]
WAIT = 60.0


@dataclass
class Client:
    """`told`: the diagnostics of each text, every time that they came. `shown`: addresses that the server wanted to be shown, which fails
    without a `browser`."""

    speaking: LanguageClient
    told: dict[str, list[lsp.PublishDiagnosticsParams]] = field(default_factory=dict)
    messages: list[str] = field(default_factory=list)
    shown: list[str] = field(default_factory=list)
    browser: bool = True
    news: asyncio.Event = field(default_factory=asyncio.Event)
    versions: dict[str, int] = field(default_factory=dict)

    def open(self, uri: str, text: str) -> None:
        self.versions[uri] = 1
        self.speaking.text_document_did_open(lsp.DidOpenTextDocumentParams(lsp.TextDocumentItem(uri, "plas", 1, text)))

    def change(self, uri: str, text: str) -> None:
        self.versions[uri] += 1
        identifier = lsp.VersionedTextDocumentIdentifier(self.versions[uri], uri)
        change = lsp.TextDocumentContentChangeWholeDocument(text)
        self.speaking.text_document_did_change(lsp.DidChangeTextDocumentParams(identifier, [change]))

    async def diagnostics(self, uri: str) -> list[lsp.Diagnostic]:
        """Those of the text as it is now, as soon as they come."""
        async with asyncio.timeout(WAIT):
            while True:
                found = [d for d in self.told.get(uri, []) if d.version == self.versions[uri]]
                if found:
                    return list(found[-1].diagnostics)
                self.news.clear()
                await self.news.wait()

    async def until(self, uri: str, holds: Callable[[list[lsp.Diagnostic]], bool]) -> list[lsp.Diagnostic]:
        """The diagnostics of the text as it is now, once they are so."""
        async with asyncio.timeout(WAIT):
            while True:
                for one in self.told.get(uri, []):
                    if one.version == self.versions[uri] and holds(list(one.diagnostics)):
                        return list(one.diagnostics)
                self.news.clear()
                await self.news.wait()


@asynccontextmanager
async def connected(capabilities: lsp.ClientCapabilities | None = None, options: object = None) -> AsyncIterator[Client]:
    """A client whose server ends with the block, with status 0."""
    speaking = LanguageClient("tests", "1")
    client = Client(speaking)

    @speaking.feature(lsp.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
    def told(params: lsp.PublishDiagnosticsParams) -> None:
        client.told.setdefault(params.uri, []).append(params)
        client.news.set()

    @speaking.feature(lsp.WINDOW_SHOW_MESSAGE)
    def shown(params: lsp.ShowMessageParams) -> None:
        client.messages.append(params.message)

    @speaking.feature(lsp.WINDOW_SHOW_DOCUMENT)
    def show(params: lsp.ShowDocumentParams) -> lsp.ShowDocumentResult:
        client.shown.append(params.uri)
        return lsp.ShowDocumentResult(success=client.browser)

    @speaking.feature(lsp.WINDOW_LOG_MESSAGE)
    def logged(params: lsp.LogMessageParams) -> None:
        client.messages.append(params.message)

    environment = {**os.environ, "PYTHONPATH": os.pathsep.join((str(ROOT), os.environ.get("PYTHONPATH", "")))}
    await speaking.start_io(sys.executable, "-m", "plasticdsl", "lsp", "--stdio", env=environment)
    await speaking.initialize_async(
        lsp.InitializeParams(capabilities or lsp.ClientCapabilities(), root_uri=ROOT.as_uri(), initialization_options=options)
    )
    speaking.initialized(lsp.InitializedParams())
    try:
        yield client
    finally:
        async with asyncio.timeout(WAIT):
            await speaking.shutdown_async(None)
            speaking.exit(None)
            await speaking.stop()


@dataclass
class Server:
    """A server and its client, for any number of conversations one after the other; each about texts of its own."""

    loop: asyncio.AbstractEventLoop
    client: Client

    def talk(self, conversation: Callable[[Client], Awaitable[Any]]) -> Any:
        """Carries out a conversation; the server may have nothing to complain about."""

        async def whole() -> Any:
            found = await conversation(self.client)
            assert self.client.messages == []
            return found

        return asyncio.run_coroutine_threadsafe(whole(), self.loop).result()


@contextmanager
def running(capabilities: lsp.ClientCapabilities | None = None, options: object = None) -> Iterator[Server]:
    """A server that runs as long as the block lasts."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    connection = connected(capabilities, options)
    try:
        client = asyncio.run_coroutine_threadsafe(connection.__aenter__(), loop).result()
        try:
            yield Server(loop, client)
        finally:
            asyncio.run_coroutine_threadsafe(connection.__aexit__(None, None, None), loop).result()
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
