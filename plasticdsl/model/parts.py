"""Parts of populations: `E[1 to 240]`, `E[1, 3, 7]`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from plasticdsl.model.expr import Binary, Expr, Number


@dataclass(frozen=True, slots=True)
class Range:
    """The units `first` to `last`, both counted from 1 and included: numbers and parameters of the network."""

    first: Expr
    last: Expr


#: A part of a population, in the order written, each unit once; empty for the whole.
Units = tuple[Range, ...]


def count(units: Iterable[Range]) -> Expr:
    """How many units they are."""
    total: Expr = Number(0.0)
    for one in units:
        here = Number(1.0) if one.first == one.last else Binary("+", Binary("-", one.last, one.first), Number(1.0))
        total = here if total == Number(0.0) else Binary("+", total, here)
    return total
