"""A token that does not fit, with the statement around it: what those ask who say what is wrong with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from plasticdsl.diagnostics.diagnostic import Hint
from plasticdsl.source import Span
from plasticdsl.syntax.refusal import Refusal
from plasticdsl.syntax.tokens import Token
from plasticdsl.units.display import unit_text


@dataclass(frozen=True, slots=True)
class Place:
    """The token at `number` of `tokens` does not fit; `choices` are the terminals that would."""

    tokens: Sequence[Token]
    number: int
    choices: frozenset[str]
    rule: str

    @property
    def token(self) -> Token | None:
        """The token that does not fit; None at the end of the statement."""
        return self.tokens[self.number] if self.number < len(self.tokens) else None

    @property
    def kind(self) -> str:
        """Of the token; empty at the end of the statement."""
        return self.token.kind if self.token is not None else ""

    @property
    def text(self) -> str:
        """Of the token; empty at the end of the statement."""
        return self.token.text if self.token is not None else ""

    @property
    def before(self) -> Token:
        """The token before it, or the first one."""
        return self.tokens[max(self.number - 1, 0)]

    @property
    def first(self) -> Token:
        """The one with which the statement begins."""
        return self.tokens[0]

    @property
    def wants_value(self) -> bool:
        """Whether a value could stand there."""
        return "NAME" in self.choices and "(" in self.choices

    @property
    def span(self) -> Span:
        """Where the token is; the last letter at the end of the statement."""
        if self.token is not None:
            return self.token.span
        end = self.tokens[-1].span
        return Span(max(end.end - 1, end.start), end.end, end.path)

    def has(self, *kinds: str) -> bool:
        """Whether a token of one of these kinds stands anywhere in the statement."""
        return any(token.kind in kinds for token in self.tokens)

    def refusal(self, code: str, message: str, hint: Hint | str = "", at: Span | None = None) -> Refusal:
        """What to say of the token, or of another place."""
        return Refusal(code, at or self.span, message, hint)


def touch(tokens: Sequence[Token], number: int) -> bool:
    """Whether a token follows the one before it without a blank."""
    return tokens[number - 1].span.end == tokens[number].span.start


def number_text(token: Token) -> str:
    """A number as it is written, with its unit; any other word."""
    return f"{token.text} {unit_text(token.unit)}" if token.unit else token.text
