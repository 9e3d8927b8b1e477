"""The same file in the other spelling: a text that has been parsed comes in, in one layout; its text in ASCII, or as papers write it, goes out.

Names, signs, powers, units and the notation with brackets are converted; what stands in quotes, docstrings and comments is left alone. The pairs are those
of `docs/language/names.md`. What comes out has the same tree, places and spelling aside.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

from plasticdsl.source import SourceFile
from plasticdsl.syntax.layout import Line, begins_table, layout
from plasticdsl.syntax.printer import format_file
from plasticdsl.syntax.to_ascii import to_ascii
from plasticdsl.syntax.to_unicode import to_unicode
from plasticdsl.syntax.tokens import tokenize
from plasticdsl.syntax.written import Words, Written

Spelling = Literal["ascii", "unicode"]


def respelled(source: SourceFile, spelling: Spelling) -> str:
    """The text of a file without errors in canonical layout and in this spelling."""
    laid = SourceFile(source.path, format_file(source))
    words = Words.of(laid)
    pieces: list[str] = []
    done = 0
    for line, in_table in _statements(laid, layout(laid).lines, 0):
        written = Written(laid, line, tokenize(laid, line.stretches, in_table))
        to_ascii(written) if spelling == "ascii" else to_unicode(written, words)
        pieces += [laid.text[done : line.start], written.text()]
        done = line.end
    text = "".join((*pieces, laid.text[done:]))
    return format_file(SourceFile(source.path, text), columns_of=laid)


def _statements(source: SourceFile, lines: Sequence[Line], level: int, in_table: bool = False) -> Iterator[tuple[Line, bool]]:
    """Every statement, and whether it is a row of a table."""
    for line in lines:
        if line.doc is None:
            yield line, in_table
        yield from _statements(source, line.body, level + 1, level == 0 and begins_table(source, line))
