"""Words and units at a place: what each keyword says, what a unit is, what a built-in name does. An `Analysis` and an offset come in."""

from __future__ import annotations

import re
from dataclasses import dataclass

from plasticdsl.editor import built_in
from plasticdsl.editor.analysis import Analysis
from plasticdsl.source import Span
from plasticdsl.syntax.statements import Written
from plasticdsl.syntax.tokens import Token
from plasticdsl.syntax.words import MEANINGS
from plasticdsl.units.display import name_dimension, shown
from plasticdsl.units.table import combine

_UNIT = re.compile(r"%|[^\s%]+$")


@dataclass(frozen=True, slots=True)
class Said:
    """What is to be said of a stretch: Markdown."""

    span: Span
    text: str


def token_at(analysis: Analysis, offset: int) -> tuple[Written, Token] | None:
    """The statement at a place, and the word or sign in it."""
    for statement in analysis.statements:
        if statement.line.start <= offset <= statement.line.end:
            inside = [w for w in statement.words if w.span.start <= offset <= w.span.end and w.text]
            named = [w for w in inside if w.text[0].isalpha()] or inside
            if named:
                return statement, named[-1]
    return None


def said(analysis: Analysis, offset: int) -> Said | None:
    """What there is to say of a word of the language, a unit or a built-in name."""
    found = token_at(analysis, offset)
    if found is None:
        return None
    statement, token = found
    match token.kind:
        case "NUMBER":
            return _unit(analysis, token, offset)
        case "CALLED" | "NAME":
            known = built_in.meaning(token.text, statement.rule)
            return None if known is None else Said(token.span, f"```plas\n{known[0]}\n```\n{known[1]}")
        case _:
            words = [w for w in token.text.split() if w in MEANINGS]
            return Said(token.span, f"**{token.text}** – {' '.join(MEANINGS[w] for w in words)}") if words else None


def _unit(analysis: Analysis, token: Token, offset: int) -> Said | None:
    """`mV/ms`: what it measures, and what it is in SI."""
    text = analysis.source.text[token.span.start : token.span.end]
    unit = _UNIT.search(text)
    if not token.unit or unit is None or offset < token.span.start + unit.start():
        return None
    span = Span(token.span.start + unit.start(), token.span.end, token.span.path)
    if any(word in ("step", "steps") for word, _ in token.unit):
        return Said(span, "**steps** – so many time steps, `dt` each.")
    try:
        scale, dim = combine(token.unit)
    except (KeyError, ValueError):
        return None
    return Said(span, f"**{unit[0]}** – {name_dimension(dim) or 'a unit'}; {shown(float(scale))} {dim} in SI.")
