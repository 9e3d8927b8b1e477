"""How to compile, as data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class CompileOptions:
    """`level`: 0 runs no pass, 1 is the default, 2 tries everything. `without`: passes to leave out. `precision` of state arrays.
    `threads`: more than one runs loops over independent units in parallel (the same bits)."""

    level: int = 1
    without: frozenset[str] = frozenset()
    precision: Literal["double", "single"] = "double"
    threads: int = 1
