"""Blanks between the words of a statement, in the one layout that `fmt` writes; spelling is left as it is.

Where blanks carry meaning (`g (V − E)`, `10 mV`, `0.04v²`) they are kept, as one blank or none.
"""

from __future__ import annotations

from collections.abc import Sequence

from plasticdsl.source import SourceFile
from plasticdsl.syntax.tokens import OPERAND_ENDS, Token
from plasticdsl.syntax.words import RESERVED

_OPENING = frozenset(("(", "[", "{", "INDEX", "SUM_BRACE", "⟨", "BAR_OPEN", "∂", "√", "."))
_TIGHT_BEFORE = frozenset((")", "]", "}", "RECTIFIED", "⟩", "AVERAGED", "BAR_CLOSE", ",", ".", "ᵀ", "LIMIT"))
_RELATIONS = frozenset(("=", "->", "<->", "+=", "-=", "*=", "/=", "<", "<=", ">", ">=", "!=", "~=", "~", "+-"))
_KEPT = frozenset(("*", "/"))


def spaced(source: SourceFile, tokens: Sequence[Token], start: int, stop: int) -> str:
    """The text of the tokens from `start` to before `stop`, which stand on one line."""
    parts: list[str] = []
    in_sum: list[bool] = []
    for number in range(start, stop):
        token = tokens[number]
        if number > start and _blank(tokens, number, in_sum[-1:] == [True]):
            parts.append(" ")
        if token.kind in ("(", "[", "{", "INDEX", "SUM_BRACE"):
            in_sum.append(token.kind == "SUM_BRACE")
        elif token.kind in (")", "]", "}", "RECTIFIED") and in_sum:
            in_sum.pop()
        written = source.text[token.span.start : token.span.end]
        parts.append(written if token.kind == "STRING" else " ".join(written.split()))
    return "".join(parts)


def is_sign(tokens: Sequence[Token], number: int) -> bool:
    """Whether the `+` or `−` at `number` is a sign, not an operation between two operands."""
    return tokens[number].kind in ("+", "-") and (number == 0 or tokens[number - 1].kind not in OPERAND_ENDS)


def _blank(tokens: Sequence[Token], number: int, in_sum: bool) -> bool:
    """Whether a blank stands before the token at `number`; `in_sum` is inside `Σ_{…}`, where relations may be tight."""
    before, token = tokens[number - 1], tokens[number]
    gap = before.span.end < token.span.start
    if tokens[0].text == "method":  # `exponential Euler`, `Euler–Maruyama`
        return gap
    if before.kind in _OPENING or token.kind in _TIGHT_BEFORE or before.kind == "CALLED":
        return False
    if token.kind == ":" and number == len(tokens) - 1:
        return False
    if before.kind == "^":
        return bool(tokens[number - 2].unit)
    if is_sign(tokens, number - 1):
        return False
    if before.kind in (",", ":"):
        return True
    if token.kind in ("^", "POWER"):  # `10 mV²` is a unit, `10 mV ²` a power
        return bool(before.unit) and (gap or token.kind == "^")
    if token.kind in _RELATIONS or before.kind in _RELATIONS:
        return not in_sum or _around(tokens, number, _RELATIONS)
    if token.kind in _KEPT or before.kind in _KEPT:
        return _around(tokens, number, _KEPT)
    if token.kind in ("+", "-") or before.kind in ("+", "-"):
        return True
    return gap or (token.kind != ":" and (token.kind in RESERVED or before.kind in RESERVED))


def _around(tokens: Sequence[Token], number: int, kinds: frozenset[str]) -> bool:
    """Whether blanks stand on either side of the operator at `number` or just before it: then both sides get one."""
    place = number if tokens[number].kind in kinds else number - 1
    left = tokens[place - 1].span.end < tokens[place].span.start if place else False
    right = tokens[place].span.end < tokens[place + 1].span.start if place + 1 < len(tokens) else False
    return left or right
