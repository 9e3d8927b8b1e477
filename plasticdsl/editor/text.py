r"""Places in a text as editors count them: lines and UTF-16 code units, both from 0 (Language Server Protocol 3.17, "Position").

A letter outside the basic plane has two code units; `τ₊` has two, one for each of its characters. Lines end in `\n`, `\r\n` or `\r`.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher

from plasticdsl.source import Span

_ENDS = re.compile(r"\r\n|\n|\r")
#: Where texts differ in more than this many lines, a change is one replacement.
_MOST_LINES = 20_000


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """`line` and `character`, from 0."""

    line: int
    character: int


@dataclass(frozen=True, slots=True)
class Region:
    """From `start` to before `end`."""

    start: Position
    end: Position


@dataclass(frozen=True, slots=True)
class Edit:
    """`text` in place of what stands from `start` to `end` (offsets)."""

    start: int
    end: int
    text: str


@dataclass(frozen=True)
class Text:
    """A text with its lines. `starts`: where each line begins."""

    text: str
    starts: tuple[int, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "starts", (0, *(m.end() for m in _ENDS.finditer(self.text))))

    def position(self, offset: int) -> Position:
        """The place of a character; of one beyond the end, the end."""
        offset = max(0, min(offset, len(self.text)))
        line = bisect_right(self.starts, offset) - 1
        return Position(line, units(self.text[self.starts[line] : offset]))

    def offset(self, position: Position) -> int:
        """The character at a place; of a place beyond its line, the end of the line, beyond the text, the end of the text."""
        if position.line < 0:
            return 0
        if position.line >= len(self.starts):
            return len(self.text)
        begin = self.starts[position.line]
        line = _ENDS.split(self.text[begin : self._stop(position.line)])[0]
        if line.isascii():
            return begin + min(max(position.character, 0), len(line))
        left = position.character
        for number, letter in enumerate(line):
            if left <= 0:
                return begin + number
            left -= 1 + (ord(letter) > 0xFFFF)
        return begin + len(line)

    def region(self, span: Span) -> Region:
        """The places of a stretch."""
        return Region(self.position(span.start), self.position(max(span.start, span.end)))

    def _stop(self, line: int) -> int:
        return self.starts[line + 1] if line + 1 < len(self.starts) else len(self.text)


def units(text: str) -> int:
    """How many UTF-16 code units a text has."""
    return len(text) if text.isascii() else len(text) + sum(ord(letter) > 0xFFFF for letter in text)


def changes(before: str, after: str) -> tuple[Edit, ...]:
    """What turns one text into the other: whole lines, in the order of the text."""
    if before == after:
        return ()
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    if len(old) + len(new) > _MOST_LINES:
        return (Edit(0, len(before), after),)
    places = _sums([len(line) for line in old])
    blocks = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    return tuple(Edit(places[a], places[b], "".join(new[c:d])) for kind, a, b, c, d in blocks if kind != "equal")


def applied(text: str, edits: Sequence[Edit]) -> str:
    """The text after edits that do not overlap."""
    for edit in sorted(edits, key=lambda e: (e.start, e.end), reverse=True):
        text = text[: edit.start] + edit.text + text[edit.end :]
    return text


def _sums(lengths: Sequence[int]) -> list[int]:
    found = [0]
    for length in lengths:
        found.append(found[-1] + length)
    return found


# --- from one version of a text to the next --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Shift:
    """What an edit moved: the texts are alike before `first`, and behind `before`, which has become `after`."""

    first: int
    before: int
    after: int

    def forward(self, span: Span) -> Span | None:
        """The same stretch in the later text; None where the edit touched it."""
        if span.end <= self.first:
            return span
        if span.start >= self.before:
            return Span(span.start - self.before + self.after, span.end - self.before + self.after, span.path)
        return None

    def back(self, offset: int) -> int:
        """The same place in the earlier text; of what is new, where it was put."""
        if offset < self.first:
            return offset
        return offset - self.after + self.before if offset >= self.after else self.first


def shift(before: str, after: str) -> Shift:
    """One edit that turns one text into the other, as short as can be."""
    shortest = min(len(before), len(after))
    first = _alike(before, after, shortest)
    last = _alike(before[::-1], after[::-1], shortest - first)
    return Shift(first, len(before) - last, len(after) - last)


def _alike(one: str, other: str, most: int) -> int:
    """How many letters both begin with, at most so many."""
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if one[:middle] == other[:middle] else (low, middle - 1)
    return low
