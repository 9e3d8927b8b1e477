"""Reads one statement: its tokens and the start rule come in, a node (or what the rule gives) goes out.

Most words of the language are keywords only where the grammar can use them: `phase = 3` defines a variable, `phase warm for 1 s` begins a phase, and
`record rate` records a variable called `rate`. So the tokens are fed one by one, and each word is looked up in what the grammar accepts at that place.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from plasticdsl.source import Span
from plasticdsl.syntax.build_dynamics import DYNAMICS
from plasticdsl.syntax.build_experiments import EXPERIMENTS
from plasticdsl.syntax.build_expressions import EXPRESSIONS
from plasticdsl.syntax.build_networks import NETWORKS
from plasticdsl.syntax.parse_tables import END, Action, Rule, tables
from plasticdsl.syntax.problems import unexpected
from plasticdsl.syntax.refusal import Refusal
from plasticdsl.syntax.tokens import Token, begins_with_name

_BUILDERS: Mapping[str, Callable[[list[Any]], Any]] = {**EXPRESSIONS, **DYNAMICS, **NETWORKS, **EXPERIMENTS}


def read_statement(tokens: Sequence[Token], rule: str) -> Any:
    """What the start rule `rule` makes of the tokens; raises `Refusal` where they do not fit it."""
    statement, words = _Statement(rule), tables().keywords
    for number, token in enumerate(tokens):
        if token.kind == "NAME" and token.text in words and statement.has_keyword(tokens, number):
            token = Token(words[token.text], token.text, token.span)
        for part in _parts(token):
            if not statement.take(part.type, part):
                raise unexpected(tokens, number, statement.choices, rule)
    if not statement.take(END, None):
        raise unexpected(tokens, len(tokens), statement.choices, rule)
    return statement.values[-1]


def words_of(tokens: Sequence[Token], rule: str) -> tuple[Token, ...]:
    """The words and signs of a statement, complete or not, as the grammar takes them: a keyword has the kind of its terminal. Of what stands behind a
    mistake nothing is known."""
    statement, words = _Statement(rule), tables().keywords
    found: list[Token] = []
    for number, token in enumerate(tokens):
        if token.kind == "NAME" and token.text in words and statement.has_keyword(tokens, number):
            token = Token(words[token.text], token.text, token.span)
        found += _parts(token)
        try:
            fits = all(statement.take(part.type, part) for part in _parts(token))
        except Refusal:  # what was built from the words before it is no good
            fits = False
        if not fits:
            return (*found, *tokens[number + 1 :])
    return tuple(found)


def following(words: Sequence[Token], rule: str) -> frozenset[str]:
    """What the grammar can go on with behind words as it takes them: its terminals, `END` among them; nothing can go on behind a mistake."""
    statement = _Statement(rule)
    try:
        fits = all(statement.take(word.type, word) for word in words)
    except Refusal:
        fits = False
    return statement.going_on() if fits else frozenset()


class _Statement:
    """A statement as far as it has been read: the states on the stack, and for each but the first what was read or built."""

    def __init__(self, rule: str) -> None:
        self.first, self.last = tables().starts[rule]
        self.states, self.values = [self.first], list[Any]()

    @property
    def choices(self) -> Mapping[str, Action]:
        """The words and signs (and rules) that the grammar can go on with."""
        return tables().states[self.states[-1]]

    def take(self, word: str, value: Any) -> bool:
        """Builds what is complete before the word, and takes it in; whether it fits."""
        rows, states, values = tables().states, self.states, self.values
        while not (word == END and states[-1] == self.last):
            action = rows[states[-1]].get(word)
            if (
                isinstance(action, Rule) and action.alone and action.length == 1 and not action.inlined
            ):  # as most often: the part stays what it is
                states[-1] = _after_part(rows[states[-2]], action.origin)
            elif isinstance(action, Rule):
                begin = len(values) - action.length
                parts = values[begin:]
                del values[begin:], states[begin + 1 :]
                values.append(_built(action, parts))
                states.append(_after_part(rows[states[-1]], action.origin))
            elif action is None:
                return False
            else:
                states.append(action)
                values.append(value)
                break
        return True

    def has_keyword(self, tokens: Sequence[Token], number: int) -> bool:
        """Whether a word is a keyword here: the grammar can go on with it, and the next word or sign fits it, or fits a name no better."""
        words = tables().keywords
        after_keyword, after_name = (self._after(self.states, word) for word in (words[tokens[number].text], "NAME"))
        if after_keyword is None or after_name is None:
            return after_keyword is not None
        if number == 0:
            return not begins_with_name(tokens)
        following = tokens[number + 1] if number + 1 < len(tokens) else None
        fits = {following.type, words.get(following.text, following.type)} if following is not None else {END}
        return any(self._after(after_keyword, word) for word in fits) or not any(self._after(after_name, word) for word in fits)

    def going_on(self) -> frozenset[str]:
        """The words and signs that can follow."""
        return frozenset(word for word in self.choices if not word.islower() and self._after(self.states, word) is not None)

    def _after(self, before: Sequence[int], word: str) -> list[int] | None:
        """The states on the stack once the word has been taken in; None where it cannot be."""
        rows, states = tables().states, list(before)
        while not (word == END and states[-1] == self.last):
            action = rows[states[-1]].get(word)
            if isinstance(action, Rule):
                del states[len(states) - action.length :]
                states.append(_after_part(rows[states[-1]], action.origin))
            elif action is None:
                return None
            else:
                states.append(action)
                break
        return states


def _after_part(row: Mapping[str, Action], part: str) -> int:
    state = row[part]
    assert isinstance(state, int)
    return state


def _built(rule: Rule, parts: list[Any]) -> Any:
    """The node of a complete rule. A list that a rule without a builder gave belongs to that rule alone, so it may grow."""
    if rule.inlined:
        flat: list[Any] = []
        for place, part in enumerate(parts):
            if place not in rule.inlined:
                flat.append(part)
            elif flat:
                flat += part
            else:
                flat = part
        parts = flat
    if rule.alone and len(parts) == 1:
        return parts[0]
    return _BUILDERS[rule.builder](parts) if rule.builder else parts


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
