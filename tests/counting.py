"""How much work something is, whatever the processor: calls of Python functions instead of seconds."""

from __future__ import annotations

import cProfile
from collections.abc import Callable
from typing import TypeVar

from plasticdsl.driver import read
from plasticdsl.source import SourceFile

T = TypeVar("T")


def counted(work: Callable[[], T]) -> tuple[T, int]:
    """What `work` gives, and how many calls of Python functions (and of functions in C by them) it took."""
    read(SourceFile("first", ""))  # what is made once, such as the tables of the grammar, is not counted
    profile = cProfile.Profile()
    found = profile.runcall(work)
    return found, sum(entry.callcount for entry in profile.getstats())  # type: ignore[attr-defined]
