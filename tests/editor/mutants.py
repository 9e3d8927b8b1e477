"""Texts as they are while somebody writes: the bad files of `tests/bad` with a stretch cut out, doubled, cut off, or with something odd put in."""

from __future__ import annotations

import random
from pathlib import Path

BAD = sorted((Path(__file__).resolve().parents[1] / "bad").glob("*.plas"))
_ODD = (
    "\\",
    '"',
    '"""',
    "(",
    ")",
    "|",
    "₊",
    "\U0001d465",
    "\t",
    "\r",
    "\x00",
    "\u2028",
    "\n    ",
    "\n",
    ":",
    "Σ_",
    "3 ",
    "1e999",
    " if ",
    "use ",
    "=",
    ".",
    "⟨",
)


def mutant(text: str, seed: str) -> str:
    """Another text, the same one for the same seed."""
    rng = random.Random(seed)
    for _ in range(rng.randint(1, 3)):
        start = rng.randint(0, len(text))
        end = min(len(text), start + rng.choice((0, 1, 3, 10, 60)))
        text = rng.choice(
            (
                text[:start] + text[end:],
                text[:end] + text[start:],
                text[:start],
                text[start:],
                text[:start] + rng.choice(_ODD) + text[end:],
                text[:start] + rng.choice(_ODD) + text[start:],
            )
        )
    return text


def place_in(text: str, seed: str) -> int:
    """Somewhere in the text."""
    return random.Random(seed).randint(0, len(text))
