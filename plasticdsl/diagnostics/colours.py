"""Parts of a finding that are told apart by colour, on terminals and in notebooks."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum


class Tone(Enum):
    """What a part of a finding is; its value is the colour for terminals (SGR parameters of ECMA-48)."""

    ERROR = "1;31"
    WARNING = "1;33"
    PLACE = "1"
    GUTTER = "34"
    NOTE = "36"
    HINT = "32"


#: Gives a text the colour of its tone.
Paint = Callable[[str, Tone], str]


def plain(text: str, tone: Tone) -> str:
    """No colours."""
    return text


def ansi(text: str, tone: Tone) -> str:
    """With escape sequences, as terminals and notebooks show them."""
    return f"\x1b[{tone.value}m{text}\x1b[0m" if text else text
