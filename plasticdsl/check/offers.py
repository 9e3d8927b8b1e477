"""What the library has of what a file lacks: a finding about a block that does not exist comes in; with the line that would bring it in, it goes out."""

from __future__ import annotations

from dataclasses import replace

from plasticdsl.diagnostics.diagnostic import Diagnostic, Replacement
from plasticdsl.library import model_with
from plasticdsl.source import SourceFile, Span
from plasticdsl.syntax.layout import layout

_KINDS = {"undeclared-neuron": ("neuron",), "undeclared-block": ("synapse", "rule")}


def with_offer(found: Diagnostic, source: SourceFile) -> Diagnostic:
    """The finding with a line `use LIF from "neurons/lif"` in its hint, where the library has such a block and nothing in sight is nearly called so."""
    kinds = _KINDS.get(found.code)
    if kinds is None or found.fixes or found.span.path != source.path:
        return found
    name = source.text[found.span.start : found.span.end]
    model = model_with(kinds, name)
    if model is None:
        return found
    line = f'use {name} from "{model}"'
    return replace(
        found, hint=f"The library has one: write ‘{line}’ at the top of the file.", fixes=(Replacement(*_at_the_top(source, line)),)
    )


def _at_the_top(source: SourceFile, line: str) -> tuple[Span, str]:
    """Below what the file says of itself, and beside what it uses already."""
    lines = layout(source).lines
    first = next((one for one in lines if one.doc is None), lines[0])
    used = source.text.startswith("use ", first.start)
    return Span(first.start, first.start, source.path), f"{line}\n" if used else f"{line}\n\n"
