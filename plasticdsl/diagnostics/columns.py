"""How wide text is on a terminal: accents have no width, CJK letters two, and a tab is shown as four spaces."""

from __future__ import annotations

import unicodedata

_TAB = "    "


def shown(text: str) -> str:
    """The text as it is printed: tabs as spaces, and a mark for what has no glyph."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_TAB if c == "\t" else c if c.isprintable() or unicodedata.combining(c) else "\ufffd" for c in text)


def width(text: str) -> int:
    """The number of columns that `text` takes once printed."""
    if text.isascii() and text.isprintable():
        return len(text)
    return sum(_width(character) for character in shown(text))


def _width(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1
