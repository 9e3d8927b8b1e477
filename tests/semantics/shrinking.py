"""A shorter text that still has some property, such as that two engines differ.

Comes in: a text and a test. Goes out: a text for which the test holds and from which nothing can be taken: no block, line, part of a line between commas,
or case. Lines are taken out with all that stands below them, longest first, as often as that goes (Zeller & Hildebrandt 2002, IEEE Trans. Softw. Eng.
28:183, with the structure of the text in place of halves).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from itertools import pairwise

#: What may stand in place of something else on a line: the end of a condition, a factor, a clause.
_PARTS = (
    re.compile(r" if [^,]*$"),
    re.compile(r" (?:where|every|until|with|and|over) [^,:]*(?=[,:]|$)"),
    re.compile(r" [+−·] (?:[\w.⟨⟩²θτΣξφ]+|\d[\d.]*)(?: [\w.]+)?"),
)


class _Enough(Exception):
    """It was asked often enough."""


def shrunk(text: str, holds: Callable[[str], bool], most: int = 2000) -> str:
    """The shorter text; `holds` is asked at most so many times."""
    lines, asked = text.splitlines(), 0

    def may_be(shorter: Sequence[str]) -> bool:
        nonlocal lines, asked
        asked += 1
        if asked > most:
            raise _Enough
        if not holds("\n".join(shorter) + "\n"):
            return False
        lines = list(shorter)
        return True

    with suppress(_Enough):
        before: list[str] = []
        while lines != before:
            before = lines
            for depth in sorted({_depth(line) for line in lines}):
                for place in reversed(range(len(lines))):
                    if place < len(lines) and _depth(lines[place]) == depth:
                        may_be([*lines[:place], *lines[_end(lines, place) :]])
            for place in range(len(lines)):
                while any(may_be([*lines[:place], other, *lines[place + 1 :]]) for other in _of_line(lines[place])):
                    pass
    return "\n".join(lines) + "\n"


def _end(lines: Sequence[str], place: int) -> int:
    """Behind the last line that belongs to this one."""
    depth = _depth(lines[place])
    end = place + 1
    while end < len(lines) and (not lines[end].strip() or _depth(lines[end]) > depth):
        end += 1
    return end


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip())


def _of_line(line: str) -> Iterator[str]:
    """The line without one of its parts between commas that stand in no brackets, or without the end of one."""
    cuts = [place for place, sign in enumerate(line) if sign == "," and _open(line[:place]) == 0]
    for begin, end in pairwise([*cuts, len(line)]):
        colon = ":" if end == len(line) and line.endswith(":") else ""
        yield line[:begin] + line[end:] + colon
    if cuts and (head := re.match(r"\s*(?:record|plot|expect|sweep) ", line)):
        yield head[0] + line[cuts[0] + 1 :].lstrip()
    for pattern in _PARTS:
        for match in pattern.finditer(line):
            yield line[: match.start()] + line[match.end() :]


def _open(text: str) -> int:
    return sum(text.count(sign) for sign in "([{⟨") - sum(text.count(sign) for sign in ")]}⟩")
