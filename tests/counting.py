"""How much work something is, whatever the processor: calls of Python functions instead of seconds."""

from __future__ import annotations

import cProfile
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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


#: How many times as long the longer text is, and how deep functions may call each other.
TIMES, DEEP = 4, 500


def counted_in_proportion(work: Callable[[int], Callable[[], T]], many: int, more: float = 1.02) -> tuple[T, int]:
    """`counted` for `work(many)`, which is in proportion to a quarter of it, up to the factor `more`: a quadratic part of a fortieth would show.
    `many` is more than functions may call each other deep here, so none goes by recursion through what is written."""
    assert many > DEEP
    work(TIMES)()  # what is imported and made once is no part of it
    with _not_deep():
        _, fewer = counted(work(many // TIMES))
        found, calls = counted(work(many))
    assert calls < more * TIMES * fewer, f"{calls} calls, and {fewer} for a quarter"
    return found, calls


@contextmanager
def _not_deep() -> Iterator[None]:
    before, here = sys.getrecursionlimit(), 0
    frame = sys._getframe()
    while frame.f_back is not None:
        frame, here = frame.f_back, here + 1
    sys.setrecursionlimit(min(before, here + DEEP))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)


@cache
def _made_once() -> None:
    """The tables of the grammar are made where the cache has none, and are no part of any work."""
    path = Path(__file__).parent / "syntax" / "samples" / "everything.plas"
    read(SourceFile(path.name, path.read_text(encoding="utf-8")))
