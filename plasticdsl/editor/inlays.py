"""Units that nobody wrote: beside each name that is declared without one, the unit that the compiler inferred. What is known of a text comes in."""

from __future__ import annotations

from dataclasses import dataclass

from plasticdsl.editor.analysis import Analysis
from plasticdsl.editor.catalogue import unit_of
from plasticdsl.editor.knowledge import Knowledge
from plasticdsl.source import Span
from plasticdsl.syntax.statements import Written
from plasticdsl.syntax.tokens import Token
from plasticdsl.units.display import name_dimension


@dataclass(frozen=True, slots=True)
class Inlay:
    """`text`, shown behind the letter before `offset`; `meaning`: what it says, in words."""

    offset: int
    text: str
    meaning: str


def inlays(analysis: Analysis, known: Knowledge, start: int, end: int) -> tuple[Inlay, ...]:
    """Those of the names that are declared between two places; each name has one, where it is declared."""
    found: dict[Span, Inlay] = {}
    for statement in analysis.statements:
        if statement.line.end < start or statement.line.start > end or statement.rule not in ("dynamics", "network"):
            continue
        name = _declared(statement)
        if name is None:
            continue
        place = known.at(name.start)
        unit = unit_of(known.entries(place)) if place is not None and known.is_declaration(place) else None
        if place is None or unit is None or not unit[1]:
            continue
        behind = _derivative(statement)
        inlay = Inlay(name.end, f": {unit[1]}", name_dimension(unit[0]))
        if behind is not None:  # between ‘V’ and ‘/dt’ it could be read as the unit of either
            inlay = Inlay(behind.span.end, f" ({analysis.source.text[name.start : name.end]}: {unit[1]})", inlay.meaning)
        found.setdefault(place, inlay)
    return tuple(found.values())


def _derivative(statement: Written) -> Token | None:
    return next((w for w in statement.words if w.kind == "DERIVATIVE"), None)


def _declared(statement: Written) -> Span | None:
    """The name that a statement declares without writing its unit."""
    words = [w for w in statement.words if w.kind not in ("LINE", "NEXT_CASE")]
    derivative = _derivative(statement)
    if derivative is not None:
        return Span(derivative.span.start + 1, derivative.span.end - 3, derivative.span.path)
    match [w.kind for w in words[:3]]:
        case ["INPUT", "NAME", *_] if not any(w.kind == ":" for w in words):
            return words[1].span
        case ["OUTPUT", "NAME", *_]:
            return words[1].span
        case ["NAME", "=" | "~", *_] if not _has_unit(words[2:]):
            return words[0].span
        case _:
            return None


def _has_unit(value: list[Token]) -> bool:
    """Whether a value is no more than a number, with its unit or without one."""
    return [w.kind for w in value] in (["NUMBER"], ["-", "NUMBER"])
