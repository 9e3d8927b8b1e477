"""The layout of `plasticdsl fmt` as edits of a text: an `Analysis` comes in, edits go out; none where the text has errors of notation."""

from __future__ import annotations

from plasticdsl.editor.analysis import Analysis
from plasticdsl.editor.text import Edit, changes
from plasticdsl.syntax.printer import format_file


def formatting(analysis: Analysis) -> tuple[Edit, ...]:
    """What `fmt` would change, whole lines."""
    if analysis.reading.findings:
        return ()
    return changes(analysis.source.text, format_file(analysis.source))
