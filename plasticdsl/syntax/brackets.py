"""Brackets are matched before anything else is read, because a missing one makes every later message misleading."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from plasticdsl.diagnostics.diagnostic import Hint, Label
from plasticdsl.source import Span
from plasticdsl.syntax.refusal import Refusal

if TYPE_CHECKING:
    from plasticdsl.syntax.tokens import Token

DEEPEST_NESTING = 200

_CLOSES = {"(": ")", "[": "]", "{": "}", "INDEX": "]", "⟨": "⟩", "BAR_OPEN": "|"}
_CLOSERS = {")": ")", "]": "]", "}": "}", "RECTIFIED": "]", "⟩": "⟩", "AVERAGED": "⟩", "BAR_CLOSE": "|"}


def check_brackets(tokens: Sequence[Token]) -> None:
    """Raises `Refusal` for the first bracket without a partner and for nesting deeper than `DEEPEST_NESTING`."""
    opened: list[tuple[Token, str]] = []
    for token in tokens:
        if token.kind == "SUM_BRACE":
            opened.append((token, "]" if token.text.endswith("[") else "}"))
        elif token.kind in _CLOSES:
            opened.append((token, _CLOSES[token.kind]))
        elif token.kind in _CLOSERS:
            _close(opened, token)
        if len(opened) > DEEPEST_NESTING:
            message = f"Brackets are nested more than {DEEPEST_NESTING} deep here."
            raise Refusal("too-deep", token.span, message, "Name the inner parts by definitions of their own.")
    if opened:
        token, wanted = opened[-1]
        raise Refusal(
            "missing-bracket",
            token.span,
            f"This ‘{token.text}’ is never closed.",
            f"Add the missing ‘{wanted}’; a line that continues the statement is indented deeper than its first line.",
        )


def _close(opened: list[tuple[Token, str]], token: Token) -> None:
    if not opened:
        raise Refusal("missing-bracket", token.span, f"This ‘{token.text}’ closes nothing.", "Add the bracket that opens it.")
    opener, wanted = opened.pop()
    if wanted != _CLOSERS[token.kind]:
        missing = any(_CLOSERS[token.kind] == outer for _, outer in opened)
        at = Span(token.span.start, token.span.start, token.span.path) if missing else token.span
        hint = Hint(f"‘{wanted}’ is missing before it." if missing else f"Write ‘{wanted}’.", (wanted,), at)
        labels = (Label(opener.span, "opened here"),)
        raise Refusal("missing-bracket", token.span, f"‘{token.text}’ cannot close ‘{opener.text}’.", hint, labels=labels)
