"""Colours by meaning: the words of a text as the grammar takes them, and its names as the compiler does. An `Analysis` and what is known of it come in,
coloured stretches go out, each on one line, in the order of the text, none over another."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from plasticdsl.editor import built_in
from plasticdsl.editor.analysis import Analysis
from plasticdsl.editor.catalogue import Sort
from plasticdsl.editor.knowledge import Knowledge
from plasticdsl.source import Span
from plasticdsl.syntax.layout import Line
from plasticdsl.syntax.statements import Written
from plasticdsl.syntax.tokens import Token

_UNIT = re.compile(r"%|[^\s%]+$")
_ENDS = re.compile(r"\r\n|\n|\r")


class Shade(Enum):
    """What has a colour of its own; the values are the token types of the Language Server Protocol."""

    COMMENT = "comment"
    STRING = "string"
    KEYWORD = "keyword"
    NUMBER = "number"
    UNIT = "type"
    OPERATOR = "operator"
    BLOCK = "class"
    FUNCTION = "function"
    ARGUMENT = "parameter"
    CONSTANT = "enumMember"
    STATE = "variable"
    QUANTITY = "property"
    POPULATION = "namespace"
    PROJECTION = "interface"
    EVENT = "event"
    DATA = "struct"


@dataclass(frozen=True, slots=True)
class Coloured:
    """A stretch with its colour; whether something is declared there, is a constant, is built in."""

    span: Span
    shade: Shade
    declaration: bool = False
    constant: bool = False
    built_in: bool = False


_SHADES = {
    Sort.BLOCK: Shade.BLOCK, Sort.NETWORK: Shade.BLOCK, Sort.EXPERIMENT: Shade.BLOCK, Sort.FUNCTION: Shade.FUNCTION,
    Sort.ARGUMENT: Shade.ARGUMENT, Sort.PARAMETER: Shade.CONSTANT, Sort.STATE: Shade.STATE, Sort.DEFINITION: Shade.QUANTITY,
    Sort.INPUT: Shade.ARGUMENT, Sort.POPULATION: Shade.POPULATION, Sort.PROJECTION: Shade.PROJECTION, Sort.PHASE: Shade.EVENT,
    Sort.EVENT: Shade.EVENT, Sort.DATA: Shade.DATA, Sort.OTHER: Shade.QUANTITY,
}  # fmt: skip
_BLOCKS = ("NEURON", "SYNAPSE", "RULE", "NETWORK", "EXPERIMENT", "TABLE")


def coloured(analysis: Analysis, known: Sequence[Knowledge]) -> tuple[Coloured, ...]:
    """All stretches that have a colour. `known`: what is asked about names, in this order."""
    found = [
        *(Coloured(c.span, Shade.COMMENT) for c in analysis.layout.comments),
        *_texts(analysis.layout.lines, analysis.source.path),
        *(one for statement in analysis.statements for one in _statement(statement, analysis, known)),
    ]
    lines = sorted((part for one in found for part in _by_lines(one, analysis.source.text)), key=lambda one: one.span.start)
    kept: list[Coloured] = []
    for one in lines:
        if one.span.end > one.span.start and (not kept or kept[-1].span.end <= one.span.start):
            kept.append(one)
    return tuple(kept)


def _texts(lines: Sequence[Line], path: str) -> Iterator[Coloured]:
    for line in lines:
        if line.doc is not None:
            yield Coloured(Span(line.start, line.end, path), Shade.COMMENT)
        yield from _texts(line.body, path)


def _by_lines(one: Coloured, text: str) -> Iterator[Coloured]:
    begin = one.span.start
    for end in _ENDS.finditer(text, one.span.start, one.span.end):
        yield Coloured(Span(begin, end.start(), one.span.path), one.shade, one.declaration, one.constant, one.built_in)
        begin = end.end()
    yield Coloured(Span(begin, one.span.end, one.span.path), one.shade, one.declaration, one.constant, one.built_in)


def _statement(statement: Written, analysis: Analysis, known: Sequence[Knowledge]) -> Iterator[Coloured]:
    words = statement.words
    unit = next((n for n, w in enumerate(words) if w.kind == ":"), len(words)) if words and words[0].kind == "INPUT" else len(words)
    for number, word in enumerate(words):
        span = word.span
        match word.kind:
            case "NAME" if number > unit:
                yield Coloured(span, Shade.UNIT)
            case "LINE" | "NEXT_CASE":
                pass
            case "STRING":
                yield Coloured(span, Shade.STRING)
            case "NUMBER":
                yield from _number(word, analysis.source.text, statement, known)
            case "NAME" | "CALLED":
                name = Span(span.start, span.start + len(word.text), span.path)
                yield _name(name, word, statement, known, number == 1 and words[0].kind in _BLOCKS)
            case "DERIVATIVE":
                yield Coloured(Span(span.start, span.start + 1, span.path), Shade.OPERATOR)
                yield _name(Span(span.start + 1, span.end - 3, span.path), word, statement, known, False)
                yield Coloured(Span(span.end - 3, span.end, span.path), Shade.OPERATOR)
            case _:
                is_word = word.text[:1].isalpha() and word.text != "ᵀ"
                begins = is_word and number == 0 and statement.rule == "item"
                yield Coloured(span, Shade.KEYWORD if is_word else Shade.OPERATOR, declaration=begins)


def _number(word: Token, text: str, statement: Written, known: Sequence[Knowledge]) -> Iterator[Coloured]:
    """`0.062 V`: the unit behind it, or where the block has a value of that name, the name and a power of it."""
    unit = _UNIT.search(text[word.span.start : word.span.end]) if word.unit else None
    middle = word.span.end if unit is None else word.span.start + unit.start()
    digits = text[word.span.start : middle].rstrip()
    yield Coloured(Span(word.span.start, word.span.start + len(digits), word.span.path), Shade.NUMBER)
    named = next(filter(None, (_named(middle, word.span.end, one) for one in known)), None) if unit is not None else None
    if named is None:
        yield Coloured(Span(middle, word.span.end, word.span.path), Shade.UNIT)
    else:
        yield _name(named, word, statement, known, False)
        yield Coloured(Span(named.end, word.span.end, word.span.path), Shade.OPERATOR)


def _named(start: int, end: int, known: Knowledge) -> Span | None:
    """The name that begins at a place, where it is now."""
    place = known.at(start)
    now = None if place is None else known.now(place)
    return now if now is not None and now.start == start < now.end <= end else None


def _name(span: Span, word: Token, statement: Written, known: Sequence[Knowledge], is_block: bool) -> Coloured:
    if is_block:
        return Coloured(span, Shade.BLOCK, declaration=True)
    for one in known:
        place = one.at(span.start)
        if place is not None:
            sort = one.sort(place)
            return Coloured(span, _SHADES[sort], one.is_declaration(place), constant=sort is Sort.PARAMETER)
    built = built_in.meaning(word.text, statement.rule)
    if built is not None:
        called = word.kind == "CALLED" or word.text in built_in.SOURCES
        return Coloured(span, Shade.FUNCTION if called else Shade.CONSTANT, constant=not called, built_in=True)
    return Coloured(span, Shade.FUNCTION if word.kind == "CALLED" else Shade.QUANTITY)
