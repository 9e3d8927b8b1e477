"""Markdown of hovers as plain text, for editors that show no Markdown, as Emacs without `markdown-mode`: text comes in, text goes out."""

from __future__ import annotations

import re
from collections.abc import Iterator

_FENCE = "```"
#: A sign that stands for itself, or marks.
_MARKS = re.compile(r"\\(.)|[*`]+")


def without_marks(markdown: str) -> str:
    """What `hover` and `words` write, without its marks. In what is fenced every sign stands for itself."""
    return "\n".join(_lines(markdown)).strip()


def _lines(markdown: str) -> Iterator[str]:
    fenced = False
    for line in markdown.split("\n"):
        if line.startswith(_FENCE):
            fenced = not fenced
        else:
            yield line if fenced else _MARKS.sub(lambda found: found[1] or "", line).rstrip()
