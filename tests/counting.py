"""How much work something is, whatever the processor: calls of Python functions instead of seconds."""

from __future__ import annotations

import cProfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TypeVar

from plasticdsl.driver import read
from plasticdsl.source import SourceFile

T = TypeVar("T")


def counted(work: Callable[[], T]) -> tuple[T, int]:
    """What `work` gives, and how many calls of Python functions (and of functions in C by them) it took."""
    _made_once()
    profile = cProfile.Profile()
    found = profile.runcall(work)
    return found, sum(entry.callcount for entry in profile.getstats())  # type: ignore[attr-defined]


@cache
def _made_once() -> None:
    """The tables of the grammar are made where the cache has none, and are no part of any work."""
    path = Path(__file__).parent / "syntax" / "samples" / "everything.plas"
    read(SourceFile(path.name, path.read_text(encoding="utf-8")))
