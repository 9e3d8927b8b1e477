"""What the preview shows of a text: windows of its rules, planes of its small neurons, its formulas, and what the compiler made of it.

A `Job` comes in, a piece of HTML goes out. It is done in a process of its own (`plasticdsl lsp --pictures`), where it keeps no editor waiting and can be
ended: jobs come as lines of JSON on standard input, answers go out as lines on standard output. A text that `check` refuses is not run.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from queue import Queue
from typing import TYPE_CHECKING, NoReturn, TextIO
from xml.etree.ElementTree import Element

from plasticdsl.diagnostics.diagnostic import PlasError
from plasticdsl.markup import node, text_of
from plasticdsl.options import CompileOptions
from plasticdsl.source import SourceFile

if TYPE_CHECKING:
    from plasticdsl.api import Model
    from plasticdsl.explore.gallery import Gallery


@dataclass(frozen=True, slots=True)
class Job:
    """A text to be shown. `folder`: where it lies, "" for nowhere. `texts`: what stands for files that are open elsewhere, by path."""

    path: str
    text: str
    folder: str
    texts: Mapping[str, str]

    def line(self) -> str:
        """As it goes to the other process."""
        return json.dumps(asdict(self)) + "\n"


def serve_sketches(read: TextIO, write: TextIO) -> NoReturn:
    """Answers jobs, and ends as soon as nobody is there who asks, whatever is being drawn."""
    from plasticdsl.explore.gallery import Gallery

    jobs: Queue[str] = Queue()
    galleries: dict[str, Gallery] = {}
    threading.Thread(target=_listen, args=(read, jobs), daemon=True).start()
    while True:
        job = Job(**json.loads(jobs.get()))
        write.write(json.dumps({"html": sketch(job, galleries.setdefault(job.path, Gallery()))}) + "\n")
        write.flush()


def _listen(read: TextIO, jobs: Queue[str]) -> NoReturn:
    for line in read:
        jobs.put(line)
    os._exit(0)


def sketch(job: Job, gallery: Gallery) -> str:
    """The piece of HTML; of a text that is refused, what is said of it. `gallery`: what was drawn of it before."""
    from plasticdsl import driver
    from plasticdsl.api import Model

    folder = Path(job.folder) if job.folder else None
    try:
        loaded = driver.load(SourceFile(job.path, job.text), folder, {Path(path): text for path, text in job.texts.items()})
        parts = list(_parts(Model(loaded, folder), job, gallery))
    except PlasError as refused:
        return text_of(node("pre", str(refused)))
    return "\n".join(part if isinstance(part, str) else text_of(part) for part in parts)


def _parts(model: Model, job: Job, gallery: Gallery) -> Iterator[str | Element]:
    from plasticdsl import driver
    from plasticdsl.document.html import piece

    module, texts = model.loaded.module, {Path(path): text for path, text in job.texts.items()}
    yield from (f"<figure>{picture}</figure>" for picture in gallery.pictures(model, texts=texts))
    if module.networks or module.blocks:
        yield node("h2", "What the compiler made of it")
        yield node("pre", driver.explain(model.loaded, CompileOptions()))
    yield f"<details><summary>Formulas</summary>{piece(model.document)}</details>"
