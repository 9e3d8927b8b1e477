"""From the text of a generated module to object code of its entry point.

Comes in: an artifact. Goes out: object code that takes a table of plain pointers (`machine.translate.ENTRY`).
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

from plasticdsl.kernels.machine.assemble import assembled
from plasticdsl.kernels.machine.translate import ENTRY, translated
from plasticdsl.kernels.program import Artifact
from plasticdsl.kernels.store import ObjectCode


def object_code(artifact: Artifact) -> ObjectCode:
    """`advance`, with all that it calls."""
    with _undisturbed():
        code, externals = assembled(translated(artifact.program, artifact.source))
    return ObjectCode(code, ENTRY, externals)


@contextmanager
def _undisturbed() -> Iterator[None]:
    """No garbage collection meanwhile: what a compiler makes is soon gone as a whole."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
