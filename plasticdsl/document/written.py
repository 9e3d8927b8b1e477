"""A text with its remarks: what an author wrote beside a statement, and where it stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from plasticdsl.source import SourceFile, Span
from plasticdsl.syntax.layout import layout


@dataclass(frozen=True, slots=True)
class Written:
    """`remarks`: the comment at the end of a line, by its number."""

    source: SourceFile
    remarks: Mapping[int, str]

    def remark(self, span: Span) -> str:
        """What stands behind a statement, or else behind its first line."""
        lines = (self._line(max(span.start, span.end - 1)), self._line(span.start))
        return next((self.remarks[line] for line in lines if line in self.remarks), "")

    def place(self, span: Span) -> str:
        """`lif.plas:12`; of a text that is no file its line alone."""
        line = self._line(span.start)
        return f"line {line}" if self.source.path.startswith("<") else f"{Path(self.source.path).name}:{line}"

    def text(self, span: Span) -> str:
        """What stands there, on one line."""
        return " ".join(self.source.text[span.start : span.end].split())

    def _line(self, offset: int) -> int:
        return self.source.line_column(min(offset, len(self.source.text)))[0]


def written(source: SourceFile) -> Written:
    """The text of a file without errors."""
    remarks = {source.line_column(c.span.start)[0]: c.text.strip() for c in layout(source).comments if not c.own_line}
    return Written(source, remarks)
