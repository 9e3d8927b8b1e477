"""What to say when a token does not fit: the place and what the grammar would accept there come in, a `Refusal` goes out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from plasticdsl.source import Span
from plasticdsl.syntax.names import RESERVED, reserved_message
from plasticdsl.syntax.refusal import Refusal
from plasticdsl.syntax.tokens import Token


def unexpected(tokens: Sequence[Token], number: int, choices: Mapping[str, Any], rule: str) -> Refusal:
    """The refusal for the token at `number` (the end of the statement where there is none)."""
    if number == len(tokens):
        last = tokens[-1].span
        return Refusal("incomplete", Span(max(last.end - 1, last.start), last.end, last.path), "the statement ends too early")
    token = tokens[number]
    if token.kind in RESERVED:
        return Refusal("reserved-word", token.span, reserved_message(token.text))
    return Refusal("unexpected", token.span, f"`{token.text}` does not fit here")
