"""What a network says of itself and the compiler decided: `expect second.Δw = −η ∂L/∂second.w`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from plasticdsl.model.expr import Ref
from plasticdsl.source import NOWHERE, Span

Verdict = Literal["proved", "refuted", "not decided"]


@dataclass(frozen=True, slots=True)
class Proof:
    """`text`: the equation as written. `example`: where it is refuted, numbers at which both sides differ. `reads`: the variables that stand in it."""

    text: str
    outcome: Verdict
    example: str = ""
    span: Span = NOWHERE
    reads: tuple[Ref, ...] = ()

    @property
    def line(self) -> str:
        """One line for people: `proved  second.Δw = −η ∂L/∂second.w`."""
        return f"{self.outcome}  {self.text}" + (f"  ({self.example})" if self.example else "")
