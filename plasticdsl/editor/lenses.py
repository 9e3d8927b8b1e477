"""What can be done with blocks at a click: experiments are run, and tested where they expect something. An `Analysis` comes in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from plasticdsl.editor.analysis import Analysis
from plasticdsl.editor.structure import SymbolKind, symbols
from plasticdsl.source import Span

Deed = Literal["run", "test"]


@dataclass(frozen=True, slots=True)
class Lens:
    """Above `span`: what can be done with the block `name`."""

    span: Span
    deed: Deed
    name: str


def lenses(analysis: Analysis) -> tuple[Lens, ...]:
    """Over experiments."""
    found: list[Lens] = []
    for one in symbols(analysis):
        if one.kind is SymbolKind.EXPERIMENT:
            found.append(Lens(one.name_span, "run", one.name))
            expects = any(
                s.words and s.words[0].kind == "EXPECT" and one.span.start <= s.line.start < one.span.end for s in analysis.statements
            )
            if expects or "like" in one.detail.split():
                found.append(Lens(one.name_span, "test", one.name))
    return tuple(found)
