"""Formulas as they are set on a page: what stands beside, above and below what. No meaning, and no format; the writers know these.

Made by `typeset` of what was written.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from enum import Enum

from plasticdsl.syntax.tree import Unit


@dataclass(frozen=True, slots=True)
class Digits:
    """A number, its digits as they were written: `0.05`, `1e-5`."""

    text: str


@dataclass(frozen=True, slots=True)
class Letter:
    """A single letter in italics: `V`, `τ`."""

    text: str


@dataclass(frozen=True, slots=True)
class Upright:
    """A word or name in upright letters: `exp`, `image`, `if`."""

    text: str


class Space(Enum):
    """What stands on both sides of a sign."""

    NONE = "none"
    THIN = "thin"
    AFTER = "after"
    OPERATOR = "operator"
    RELATION = "relation"


@dataclass(frozen=True, slots=True)
class Sign:
    """`+`, `≤`, `→`, `(`."""

    text: str
    space: Space = Space.NONE


@dataclass(frozen=True, slots=True)
class Row:
    """One beside the other."""

    parts: tuple[Formula, ...]


@dataclass(frozen=True, slots=True)
class Fraction:
    """One above the other, with a line between them."""

    above: Formula
    below: Formula


@dataclass(frozen=True, slots=True)
class Script:
    """With an index, and with what stands above it: a power, or whose it is."""

    base: Formula
    below: Formula | None = None
    above: Formula | None = None


@dataclass(frozen=True, slots=True)
class Accent:
    """With a mark above: `̄`, `̂`, …, as a combining character."""

    base: Formula
    mark: str


@dataclass(frozen=True, slots=True)
class Total:
    """`Σ`, with what it runs over below."""

    below: Formula | None


@dataclass(frozen=True, slots=True)
class Root:
    """A square root."""

    inner: Formula


@dataclass(frozen=True, slots=True)
class Fenced:
    """In brackets that are as high as what they hold."""

    left: str
    inner: Formula
    right: str


@dataclass(frozen=True, slots=True)
class Measure:
    """The unit of a number: `mV·ms⁻¹`."""

    unit: Unit


@dataclass(frozen=True, slots=True)
class Cases:
    """Values with their conditions, one line each; None for `otherwise`."""

    lines: tuple[tuple[Formula, Formula | None], ...]


Formula = Digits | Letter | Upright | Sign | Row | Fraction | Script | Accent | Total | Root | Fenced | Measure | Cases


def digits_in(value: object) -> Iterator[str]:
    """The digits of all numbers in a formula, or in anything that is made of formulas."""
    if isinstance(value, Digits):
        yield value.text
    elif isinstance(value, tuple):
        for part in value:
            yield from digits_in(part)
    elif is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            yield from digits_in(getattr(value, field.name))
