"""The shape of a text: its blocks and what they declare, for outlines, and what can be folded away. Right or wrong, every statement takes part.

Comes in: an `Analysis`. Goes out: `Symbol`s, each with those inside it, and `Fold`s.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from itertools import pairwise

from plasticdsl.editor.analysis import Analysis
from plasticdsl.names import NAME
from plasticdsl.source import Span
from plasticdsl.syntax.layout import Line
from plasticdsl.syntax.statements import Written
from plasticdsl.syntax.tokens import Token
from plasticdsl.syntax.words import BLOCKS


class SymbolKind(Enum):
    """What a symbol is."""

    NEURON = "neuron"
    SYNAPSE = "synapse"
    RULE = "rule"
    NETWORK = "network"
    EXPERIMENT = "experiment"
    TABLE = "table"
    FUNCTION = "function"
    QUANTITY = "quantity"
    STATE = "state"
    INPUT = "input"
    EVENT = "event"
    POPULATION = "population"
    PROJECTION = "projection"
    PATTERNS = "patterns"
    DATA = "data"
    PHASE = "phase"
    RECORD = "record"


@dataclass(frozen=True, slots=True)
class Symbol:
    """`span`: all of it; `name_span`: its name, inside it. `detail`: what stands behind the name."""

    name: str
    kind: SymbolKind
    span: Span
    name_span: Span
    detail: str = ""
    inside: tuple[Symbol, ...] = ()


class FoldKind(Enum):
    """What is folded."""

    BLOCK = "block"
    COMMENT = "comment"
    USES = "uses"


@dataclass(frozen=True, slots=True)
class Fold:
    """The lines (from 0) from which to which a text folds."""

    first: int
    last: int
    kind: FoldKind


_JUMPS = frozenset(("->", "+=", "-=", "*=", "/=", "~"))
_ARGUMENTS = re.compile(rf"\s*\(\s*{NAME}\s*(?:,\s*{NAME}\s*)*\)")


# --- symbols ---------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Open:
    """A line, the symbol that it makes, and what is found inside it."""

    line: Line
    symbol: Symbol | None
    inside: list[Symbol] = field(default_factory=list)


def symbols(analysis: Analysis) -> tuple[Symbol, ...]:
    """Blocks, functions and tables with what they declare; a name that a block has several statements about is there once."""
    found: list[Symbol] = []
    stack: list[_Open] = []

    def close(down_to: int) -> None:
        while len(stack) > down_to:
            one = stack.pop()
            outer = stack[-1].inside if stack else found
            if one.symbol is not None:
                outer.append(replace(one.symbol, inside=_once(one.inside)))
            else:
                outer.extend(one.inside)

    for statement in analysis.statements:
        close(_depth(stack, statement.parents))
        made = list(declared(statement, analysis.source.text))
        if len(made) == 1 and statement.line.body:
            stack.append(_Open(statement.line, made[0]))
        else:
            (stack[-1].inside if stack else found).extend(made)
            if statement.line.body:
                stack.append(_Open(statement.line, None))
    close(0)
    return tuple(found)


def _depth(stack: Sequence[_Open], parents: Sequence[Line]) -> int:
    """How many of the open lines are around a statement."""
    around = {id(line) for line in parents}
    return next((n for n, one in enumerate(stack) if id(one.line) not in around), len(stack))


def _once(symbols: Sequence[Symbol]) -> tuple[Symbol, ...]:
    """The first of each name; a state that is set before its equation is a state."""
    kept: dict[str, Symbol] = {}
    for one in symbols:
        known = kept.setdefault(one.name, one)
        if one.kind is SymbolKind.STATE and known.kind is SymbolKind.QUANTITY:
            kept[one.name] = replace(known, kind=SymbolKind.STATE)
    return tuple(kept.values())


def declared(statement: Written, text: str) -> Iterator[Symbol]:
    """What a statement declares."""
    words = [w for w in statement.words if w.kind not in ("LINE", "NEXT_CASE")]
    if not words:
        return
    whole = Span(statement.line.start, _end(statement.line), words[0].span.path)
    match statement.rule:
        case "item":
            made = _item(words)
        case "network":
            made = _wired(words)
        case "procedure":
            made = _done(words, len(statement.parents) > 1)
        case "dynamics":
            made = _dynamics(words)
        case _:
            return
    for token, kind in made:
        yield Symbol(token.text, kind, whole, _name_span(token), _rest(words, token, text))


def _name_span(token: Token) -> Span:
    match token.kind:
        case "DERIVATIVE":  # dV/dt
            return Span(token.span.start + 1, token.span.end - 3, token.span.path)
        case _:
            return Span(token.span.start, token.span.start + len(token.text), token.span.path)


def _named(token: Token) -> bool:
    return token.kind in ("NAME", "CALLED")


def _item(words: Sequence[Token]) -> Iterator[tuple[Token, SymbolKind]]:
    if len(words) > 1 and words[0].text in (*BLOCKS, "table", "function") and _named(words[1]):
        yield words[1], SymbolKind(words[0].text)


def _dynamics(words: Sequence[Token]) -> Iterator[tuple[Token, SymbolKind]]:
    match words[0].text if words[0].kind.isupper() and not _named(words[0]) else "":
        case "input":
            yield from ((w, SymbolKind.INPUT) for w in _until_colon(words) if w.kind == "NAME")
        case "output" | "event" if len(words) > 1 and words[1].kind == "NAME":
            yield words[1], SymbolKind.EVENT if words[0].text == "event" else SymbolKind.QUANTITY
        case "":
            yield from _target(words)
        case _:
            return


def _until_colon(words: Sequence[Token]) -> Iterator[Token]:
    for word in words:
        if word.kind == ":":
            return
        yield word


def _target(words: Sequence[Token]) -> Iterator[tuple[Token, SymbolKind]]:
    """`V = …`, `τ dV/dt = …`, `V(0) = …`, `F(Δt) = …`, `w += …`."""
    derivative = next((w for w in words if w.kind == "DERIVATIVE"), None)
    if derivative is not None:
        inner = derivative.text[1:-3]
        yield replace(derivative, text=inner, span=_name_span(derivative), kind="NAME"), SymbolKind.STATE
    elif words[0].kind == "NAME" and len(words) > 1:
        if words[1].kind == "=":
            yield words[0], SymbolKind.QUANTITY
        elif words[1].kind in _JUMPS:
            yield words[0], SymbolKind.QUANTITY if words[1].kind == "~" else SymbolKind.STATE
    elif words[0].kind == "CALLED" and len(words) > 3:
        yield words[0], SymbolKind.STATE if words[2].text == "0" else SymbolKind.FUNCTION


def _wired(words: Sequence[Token]) -> Iterator[tuple[Token, SymbolKind]]:
    kinds = {w.kind for w in words}
    if words[0].kind == "DATA" and len(words) > 1:
        yield words[1], SymbolKind.DATA
    elif words[0].kind == "NAME" and len(words) > 1 and words[1].kind == "=":
        if "->" in kinds:
            yield words[0], SymbolKind.PROJECTION
        elif "PATTERNS" in kinds:
            yield words[0], SymbolKind.PATTERNS
        else:
            yield words[0], SymbolKind.POPULATION if _is_population(words) else SymbolKind.QUANTITY
    elif words[0].kind != "EXPECT":
        yield from _target(words)


def _is_population(words: Sequence[Token]) -> bool:
    """`E = 800 LIF`, `E = N LIF(…)`: a size and a name that is written like a block's."""
    last = next((w for w in words[3:] if w.kind in ("NAME", "CALLED") and w.text[0].isupper()), None)
    return last is not None and words[2].kind in ("NUMBER", "NAME") and not any(w.kind in ("+", "-", "*", "/", "^") for w in words[2:4])


def _done(words: Sequence[Token], in_phase: bool) -> Iterator[tuple[Token, SymbolKind]]:
    match words[0].kind:
        case "PHASE" if len(words) > 1:
            yield words[1], SymbolKind.PHASE
        case "DATA" if len(words) > 1:
            yield words[1], SymbolKind.DATA
        case "RECORD":
            yield from ((name, SymbolKind.RECORD) for word, name in pairwise(words) if word.kind == "as" and name.kind == "NAME")
        case "NAME" if len(words) > 1 and words[1].kind == "=" and not in_phase:
            yield words[0], SymbolKind.QUANTITY
        case _:
            return


def _rest(words: Sequence[Token], name: Token, text: str) -> str:
    """What stands behind the name, on one line and not too long."""
    behind = text[name.span.end : words[-1].span.end]
    arguments = _ARGUMENTS.match(behind) if name.kind == "CALLED" else None
    rest = " ".join((behind[arguments.end() :] if arguments else behind).split()).removeprefix("/dt").strip("=: ")
    return rest if len(rest) <= 60 else rest[:59] + "…"


def _end(line: Line) -> int:
    while line.body:
        line = line.body[-1]
    return line.end


# --- folds -----------------------------------------------------------------------------------------------------------


def folds(analysis: Analysis) -> tuple[Fold, ...]:
    """Blocks, texts that go over several lines, comments that follow each other, `use` lines that do."""
    line_of = analysis.text.position
    found = list(_of_lines(analysis.layout.lines, analysis))
    comments = [line_of(c.span.start).line for c in analysis.layout.comments if c.own_line]
    uses = [line_of(s.line.start).line for s in analysis.statements if s.words and s.words[0].kind == "USE"]
    found += [Fold(first, last, FoldKind.COMMENT) for first, last in _runs(comments)]
    found += [Fold(first, last, FoldKind.USES) for first, last in _runs(uses)]
    return tuple(sorted(found, key=lambda fold: (fold.first, -fold.last)))


def _of_lines(lines: Sequence[Line], analysis: Analysis) -> Iterator[Fold]:
    for line in lines:
        first, last = (analysis.text.position(offset).line for offset in (line.start, _end(line)))
        if last > first:
            yield Fold(first, last, FoldKind.COMMENT if line.doc is not None else FoldKind.BLOCK)
        yield from _of_lines(line.body, analysis)


def _runs(numbers: Sequence[int]) -> Iterator[tuple[int, int]]:
    """The first and last of numbers that follow each other."""
    begin = 0
    for place in range(1, len(numbers) + 1):
        if place == len(numbers) or numbers[place] != numbers[place - 1] + 1:
            if place - begin > 1:
                yield numbers[begin], numbers[place - 1]
            begin = place
