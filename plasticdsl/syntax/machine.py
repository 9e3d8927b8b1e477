"""Reads one statement: its tokens and the start rule come in, a node (or what the rule gives) goes out.

Most words of the language are keywords only where the grammar can use them: `phase = 3` defines a variable, `phase warm for
1 s` begins a phase, and `record rate` records a variable called `rate`. So the tokens are fed one by one, and each
word is looked up in what the grammar accepts at that place.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from lark.exceptions import UnexpectedToken
from lark.parsers.lalr_parser_state import ParserState

from plasticdsl.source import Span
from plasticdsl.syntax.grammar import keywords, tables
from plasticdsl.syntax.problems import unexpected
from plasticdsl.syntax.tokens import Token

# A first word followed by one of these is a name, whatever else it may mean.
_AFTER_A_NAME = frozenset(("=", "->", "+=", "-=", "*=", "/=", "~", "in", ".", "INDEX", "<->", "+"))


@lru_cache(maxsize=1)
def _keywords() -> Mapping[str, str]:
    return keywords()


def read_statement(tokens: Sequence[Token], rule: str) -> Any:
    """What the start rule `rule` makes of the tokens; raises `Refusal` where they do not fit it."""
    state = tables().parse_interactive(start=rule).parser_state
    feed: Callable[[Token, bool], Any] = state.feed_token  # type: ignore[assignment]  # it reads nothing but `.type`
    words = _keywords()
    for number, token in enumerate(tokens):
        if token.kind == "NAME" and token.text in words and _is_keyword(_choices(state), tokens, number, words):
            token = Token(words[token.text], token.text, token.span)
        try:
            feed(token, False)
        except UnexpectedToken:
            raise unexpected(tokens, number, _choices(state), rule) from None
    try:
        return feed(Token("$END", "", _end(tokens)), True)
    except UnexpectedToken:
        raise unexpected(tokens, len(tokens), _choices(state), rule) from None


def _choices(state: ParserState[Any]) -> Mapping[str, Any]:
    """The terminals (and rules) that the grammar can go on with."""
    return state.parse_conf.states[state.position]


def _is_keyword(choices: Mapping[str, Any], tokens: Sequence[Token], number: int, words: Mapping[str, str]) -> bool:
    if words[tokens[number].text] not in choices:
        return False
    if number > 0 or "NAME" not in choices:
        return True
    return len(tokens) == 1 or tokens[1].kind not in _AFTER_A_NAME


def _end(tokens: Sequence[Token]) -> Span:
    last = tokens[-1].span
    return Span(last.end, last.end, last.path)
