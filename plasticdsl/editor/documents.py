"""The texts that an editor has open, and what is known of each: the one place of the language server that remembers anything.

A text is analysed in a thread as soon as it changes; while that takes, later changes wait, and only the last of them is analysed. What takes longer
(methods, integrators, plans) begins when a text has been left alone for a moment.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from plasticdsl.editor.analysis import Analysis, Deeper, analyse, deeper, unchecked
from plasticdsl.editor.knowledge import Knowledge, knowledge
from plasticdsl.model.module import Module
from plasticdsl.source import SourceFile

#: How long a text is left alone before the compiler goes on (s).
PAUSE = 0.3

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Document:
    """One open text. `good`: the last analysis of a text without errors of notation; `deep`: the last that went on, and what it found; `last`: what was
    known of which text."""

    uri: str
    path: str
    folder: Path | None
    text: str
    version: int
    analysis: Analysis | None = None
    good: Analysis | None = None
    deep: tuple[Analysis, Deeper] | None = None
    last: dict[str, tuple[Analysis, str, Knowledge]] = field(default_factory=dict)
    working: asyncio.Task[None] | None = None
    waiting: asyncio.Task[None] | None = None

    @property
    def is_current(self) -> bool:
        """Whether the last analysis is of this text."""
        return self.analysis is not None and self.analysis.source.text == self.text

    @property
    def known(self) -> Module | None:
        """The last model that is known of the text."""
        newest = None if self.analysis is None else self.analysis.checked.known
        older = None if self.good is None else self.good.checked.known
        return older if self.analysis is not None and self.analysis.reading.findings and older is not None else newest or older

    def knowledge(self) -> tuple[Knowledge, ...]:
        """What is known of names: from the text as it is, and from the last one that could be read."""
        found = [self._known("now", self.analysis), self._known("good", self.good) if self.good is not self.analysis else None]
        return tuple(one for one in found if one is not None)

    def _known(self, which: str, analysis: Analysis | None) -> Knowledge | None:
        if analysis is None:
            return None
        kept = self.last.get(which)
        if kept is None or kept[0] is not analysis or kept[1] != self.text:
            kept = self.last[which] = (analysis, self.text, knowledge(analysis, self.text))
        return kept[2]

    @property
    def deeper(self) -> Deeper | None:
        """What has been found deeper, if it is of this text."""
        return self.deep[1] if self.deep is not None and self.deep[0] is self.analysis else None


Publish = Callable[[Document], Awaitable[None]]


@dataclass(slots=True)
class Documents:
    """The open texts by their addresses. `publish` is called whenever more is known of one."""

    publish: Publish
    opened: dict[str, Document] = field(default_factory=dict)
    threads: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(2, "plasticdsl"))

    def open(self, uri: str, path: Path | None, text: str, version: int) -> None:
        """A text that an editor shows from now on."""
        folder = path.parent if path is not None else None
        self.opened[uri] = Document(uri, str(path) if path is not None else uri, folder, text, version)
        self._changed(self.opened[uri])

    def change(self, uri: str, text: str, version: int) -> None:
        """The whole text, as it is now."""
        document = self.opened.get(uri)
        if document is not None:
            document.text, document.version = text, version
            self._changed(document)

    def close(self, uri: str) -> None:
        """A text that is not shown any more: what is on disk counts again."""
        document = self.opened.pop(uri, None)
        if document is not None:
            for task in (document.working, document.waiting):
                if task is not None:
                    task.cancel()
            self._look_again_at_others(document)

    async def current(self, uri: str) -> Document | None:
        """The text with an analysis of what it is now; None where it is not open."""
        while (document := self.opened.get(uri)) is not None and not document.is_current:
            if document.working is None or document.working.done():
                document.working = asyncio.ensure_future(self._work(document))
            await asyncio.shield(document.working)
        return document

    def texts(self) -> dict[Path, str]:
        """What stands for files on disk."""
        return {Path(d.path): d.text for d in self.opened.values() if d.folder is not None}

    # --- work ------------------------------------------------------------------------------------------------------------

    def _changed(self, document: Document) -> None:
        if document.working is None or document.working.done():
            document.working = asyncio.ensure_future(self._work(document))

    async def _work(self, document: Document) -> None:
        """Analyses a text until nothing has changed meanwhile."""
        loop = asyncio.get_running_loop()
        while not document.is_current:
            source, texts = SourceFile(document.path, document.text), self.texts()
            try:
                found = await loop.run_in_executor(self.threads, analyse, source, document.folder, texts)
            except Exception as problem:  # a fault of the compiler must not end the server
                _log.exception("the compiler failed on %s", document.path)
                found = unchecked(source, document.folder, problem)
            document.analysis = found
            if found.checked.known is not None and not found.reading.findings:
                document.good = found
            await self.publish(document)
        if document.waiting is not None:
            document.waiting.cancel()
        document.waiting = asyncio.ensure_future(self._go_on(document))
        self._look_again_at_others(document)

    async def _go_on(self, document: Document) -> None:
        await asyncio.sleep(PAUSE)
        analysis = document.analysis
        if analysis is None or not document.is_current:
            return
        try:
            found = await asyncio.get_running_loop().run_in_executor(self.threads, deeper, analysis.checked)
        except Exception:  # nor here; ‘check’ says the same, with its traceback where that is wanted
            _log.exception("the compiler could not go on with %s", document.path)
            return
        if document.analysis is analysis:
            document.deep = (analysis, found)
            await self.publish(document)

    def _look_again_at_others(self, document: Document) -> None:
        """Texts that use this one are analysed again, once it is another than they know."""
        for other in self.opened.values():
            read = None if other.analysis is None else other.analysis.checked.sources.get(document.path)
            if other is not document and read is not None and read.text != document.text:
                other.analysis = None
                self._changed(other)
