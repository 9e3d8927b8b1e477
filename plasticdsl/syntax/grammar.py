"""Reads one statement: its tokens and the start rule come in, a node (or what the rule gives) goes out.

The parse tables are made by lark from `grammar/plasticdsl.lark`, and kept in the user's cache folder between runs. Most words of the language are keywords
only where the grammar can use them: `phase = 3` defines a variable, `phase warm for 1 s` begins a phase, and `record rate` records a variable called
`rate`. So the tokens are fed one by one, and each word is looked up in what the grammar accepts at that place.
"""

from __future__ import annotations

import hashlib
import io
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from types import SimpleNamespace
from typing import Any

import lark
from lark.exceptions import UnexpectedToken
from lark.parsers.lalr_analysis import Shift
from lark.parsers.lalr_parser_state import ParserState

from plasticdsl import cache
from plasticdsl._resources import resource
from plasticdsl.source import Span
from plasticdsl.syntax.build_dynamics import DYNAMICS
from plasticdsl.syntax.build_experiments import EXPERIMENTS
from plasticdsl.syntax.build_expressions import EXPRESSIONS
from plasticdsl.syntax.build_networks import NETWORKS
from plasticdsl.syntax.problems import unexpected
from plasticdsl.syntax.tokens import Token, begins_with_name

#: The rules of the grammar that read one statement each.
START_RULES = ("item", "dynamics", "reaction", "network", "procedure", "unit_value", "row")


@lru_cache(maxsize=1)
def tables() -> lark.Lark:
    """The LALR tables with the building functions attached, in which signs are called as they are written; read from the cache where it holds them."""
    text = (resource("grammar") / "plasticdsl.lark").read_text(encoding="utf-8")
    build = SimpleNamespace(**EXPRESSIONS, **DYNAMICS, **NETWORKS, **EXPERIMENTS)
    name = _name_of(text)
    kept = cache.found(name)
    if kept is not None:
        with suppress(Exception):  # whatever is wrong with an old file, it is made anew
            return _loaded(kept, build)
    content = io.BytesIO()
    _make(text).save(content)
    cache.put(name, content.getvalue())
    return _loaded(content.getvalue(), build)  # its names are plain words, which are compared faster


def _loaded(content: bytes, build: SimpleNamespace) -> lark.Lark:
    return _with_signs(lark.Lark.__new__(lark.Lark)._load(io.BytesIO(content), transformer=build))


def _make(text: str) -> lark.Lark:
    """The lexer is never used: `tokens` cuts the words."""
    return lark.Lark(
        text,
        parser="lalr",
        lexer="basic",
        start=list(START_RULES),
        keep_all_tokens=True,
        maybe_placeholders=False,
    )


def _with_signs(made: lark.Lark) -> lark.Lark:
    """`"->"` in place of `ARROW`, so that a token is called in the tables what its kind is; words keep their names in capitals."""
    written = {t.name: str(t.pattern.value) for t in made.terminals if t.pattern.type == "str"}
    signs = {name: sign for name, sign in written.items() if not (sign[0].isalpha() and sign.isascii())}
    states = made.parser.parser.parser.parse_table.states
    for number, actions in states.items():
        states[number] = {signs.get(name, name): action for name, action in actions.items()}
    return made


def _name_of(text: str) -> str:
    key = "\n".join((text, lark.__version__, str(sys.version_info[:2])))
    return f"grammar-{hashlib.sha256(key.encode()).hexdigest()[:20]}.bin"


@lru_cache(maxsize=1)
def keywords() -> Mapping[str, str]:
    """Every word of the grammar, with the name of its terminal."""
    words = ((str(t.pattern.value), t.name) for t in tables().terminals if t.pattern.type == "str")
    return {word: name for word, name in words if word[0].isalpha() and word.isascii()}


# --- one statement ---------------------------------------------------------------------------------------------------


def read_statement(tokens: Sequence[Token], rule: str) -> Any:
    """What the start rule `rule` makes of the tokens; raises `Refusal` where they do not fit it."""
    state = tables().parse_interactive(start=rule).parser_state
    feed: Callable[[Token, bool], Any] = state.feed_token  # type: ignore[assignment]  # it reads nothing but `.type`
    words = keywords()
    for number, token in enumerate(tokens):
        if token.kind == "NAME" and token.text in words and _is_keyword(state, tokens, number, words):
            token = Token(words[token.text], token.text, token.span)
        try:
            for part in _parts(token):
                feed(part, False)
        except UnexpectedToken:
            raise unexpected(tokens, number, _choices(state), rule) from None
    try:
        return feed(Token("$END", "", _end(tokens)), True)
    except UnexpectedToken:
        raise unexpected(tokens, len(tokens), _choices(state), rule) from None


def _choices(state: ParserState[Any]) -> Mapping[str, Any]:
    """The terminals (and rules) that the grammar can go on with."""
    return state.parse_conf.states[state.position]


def _is_keyword(state: ParserState[Any], tokens: Sequence[Token], number: int, words: Mapping[str, str]) -> bool:
    """Whether a word is a keyword here: the grammar can go on with it, and the next word or sign fits it, or fits a name no better."""
    keyword = words[tokens[number].text]
    after_keyword, after_name = (_after(state, tuple(state.state_stack), terminal) for terminal in (keyword, "NAME"))
    if after_keyword is None or after_name is None:
        return after_keyword is not None
    if number == 0:
        return not begins_with_name(tokens)
    following = tokens[number + 1] if number + 1 < len(tokens) else None
    fits = {following.type, words.get(following.text, following.type)} if following is not None else {"$END"}
    return any(_after(state, after_keyword, t) for t in fits) or not any(_after(state, after_name, t) for t in fits)


def _after(state: ParserState[Any], stack: tuple[Any, ...], terminal: str) -> tuple[Any, ...] | None:
    """The states on the stack once the terminal has been taken in; None where it cannot be."""
    states, waiting = state.parse_conf.states, list(stack)
    while (found := states[waiting[-1]].get(terminal)) is not None:
        action, argument = found
        if action is Shift:
            return (*waiting, argument)
        del waiting[len(waiting) - len(argument.expansion) :]
        waiting.append(states[waiting[-1]][argument.origin.name][1])
        if waiting[-1] == state.parse_conf.end_state:
            return tuple(waiting)
    return None


def _parts(token: Token) -> tuple[Token, ...]:
    """`out-degree` where it is no keyword is a difference."""
    left, minus, right = token.text.partition("-")
    if token.kind != "NAME" or not minus:
        return (token,)
    start, middle, end, path = token.span.start, token.span.start + len(left), token.span.end, token.span.path
    sign = Token("-", minus, Span(middle, middle + 1, path))
    return Token("NAME", left, Span(start, middle, path)), sign, Token("NAME", right, Span(middle + 1, end, path))


def _end(tokens: Sequence[Token]) -> Span:
    last = tokens[-1].span
    return Span(last.end, last.end, last.path)
