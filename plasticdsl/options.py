"""Choices that change how something is computed but not what it means; all of them have a default."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Precision = Literal["double", "single"]


@dataclass(frozen=True, slots=True)
class CompileOptions:
    """`level` 0 to 2 chooses the passes, `without` leaves some out by name; `threads` runs independent loops side by side."""

    level: int = 2
    without: tuple[str, ...] = ()
    precision: Precision = "double"
    threads: int = 1

    def __post_init__(self) -> None:
        if self.level not in (0, 1, 2):
            raise ValueError(f"there is no optimisation level {self.level}; there are 0, 1 and 2")
        if self.precision not in ("double", "single"):
            raise ValueError(f"precision is {self.precision!r}, but must be 'double' or 'single'")
        if self.threads < 1:
            raise ValueError(f"threads is {self.threads}, but must be at least 1")
