"""Source text and places in it.

Every node of the syntax tree and every object of the checked model carries a `Span`; a `SourceFile` turns it into
lines and columns for messages.
"""

from __future__ import annotations

import bisect
import codecs
from dataclasses import dataclass, field
from pathlib import Path

#: Bytes of the largest file that is read.
LARGEST_FILE = 1 << 20


@dataclass(frozen=True, slots=True)
class Span:
    """A half-open range of characters, `start` to `end`, in the file `path`."""

    start: int
    end: int
    path: str = "<text>"

    def to(self, other: Span) -> Span:
        """The range from the beginning of this one to the end of `other`."""
        return Span(min(self.start, other.start), max(self.end, other.end), self.path)


NOWHERE = Span(0, 0, "<built in>")


@dataclass(frozen=True)
class SourceFile:
    """One text with its name; `path` is the name to show."""

    path: str
    text: str
    _line_starts: tuple[int, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        starts = [0]
        starts.extend(i + 1 for i, character in enumerate(self.text) if character == "\n")
        object.__setattr__(self, "_line_starts", tuple(starts))

    def line_column(self, offset: int) -> tuple[int, int]:
        """Line and column, both from 1, of a character offset."""
        line = bisect.bisect_right(self._line_starts, offset)
        return line, offset - self._line_starts[line - 1] + 1

    def line(self, number: int) -> str:
        """The text of line `number` (from 1) without its newline."""
        start = self._line_starts[number - 1]
        end = self._line_starts[number] - 1 if number < len(self._line_starts) else len(self.text)
        return self.text[start:end]

    def is_unchanged(self) -> bool:
        """Whether a file of this name holds this text now."""
        try:
            return text_of(Path(self.path).read_bytes()) == self.text
        except (OSError, UnicodeDecodeError):
            return False


#: The encodings that a file says it has by how it begins; the longer mark comes first, since it begins with the shorter one.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def text_of(content: bytes) -> str:
    """What a file holds, with one kind of line ends: UTF-8, or what its byte-order mark says, as Notepad writes UTF-16.
    Raises UnicodeDecodeError."""
    encoding = next((name for mark, name in _MARKS if content.startswith(mark)), "utf-8-sig")
    return content.decode(encoding).replace("\r\n", "\n").replace("\r", "\n")
