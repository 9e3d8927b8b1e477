"""The statements of a file, right or wrong, one by one: for what goes through a text without needing all of it to be right, as editors do.

Comes in: a `SourceFile`. Goes out: `Written` statements in the order of the text, each with the start rule that reads it and its words as the grammar
takes them, as far as it can. Nothing here raises, and nothing says what is wrong: that is for `parser`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from plasticdsl.source import SourceFile
from plasticdsl.syntax.grammar import words_of
from plasticdsl.syntax.homes import body_rule, home_rule
from plasticdsl.syntax.layout import Layout, Line, layout
from plasticdsl.syntax.limits import LONGEST_STATEMENT
from plasticdsl.syntax.tokens import Token, begins_with_name, cut
from plasticdsl.syntax.words import FIRST_WORDS

_HEADERS = ("on", "every", "spike", "event", "phase", "repeat")


@dataclass(frozen=True, slots=True)
class Written:
    """One statement. `line`: where it stands, with the lines of its block. `rule`: the start rule of the grammar that reads it. `words`: as the grammar
    takes them. `parents`: the lines around it, from the margin inwards."""

    line: Line
    rule: str
    words: tuple[Token, ...]
    parents: tuple[Line, ...]


def written(source: SourceFile, found: Layout | None = None) -> tuple[Written, ...]:
    """All statements of a file. `found`: its layout, where that is known."""
    lines = (layout(source) if found is None else found).lines
    return tuple(statement for line in lines for statement in _of_line(source, line, "item", ()))


def inline_body(tokens: Sequence[Token]) -> int:
    """Where the statement after the colon begins in `on pre: post.g += w`; 0 where there is none."""
    if not tokens or tokens[0].text not in _HEADERS or begins_with_name(tokens):
        return 0
    for number, token in enumerate(tokens[:-1]):
        if token.kind == ":":
            return number + 1
    return 0


def rule_below(line: Line, source: SourceFile, rule: str) -> str:
    """The start rule that reads the statements below a line that `rule` reads."""
    text = source.text[line.start : line.end]
    word = text.split(maxsplit=1)[0].rstrip(":") if text.strip() else ""
    if rule == "item":
        return "row" if word == "table" else body_rule(text)
    if word == "reactions":
        return "reaction"
    if rule == "network" and word not in FIRST_WORDS["network"]:
        return "unit_value"
    return "dynamics" if word in ("on", "every", "spike", "event") else home_rule(text, rule)


def _of_line(source: SourceFile, line: Line, rule: str, parents: tuple[Line, ...]) -> Iterator[Written]:
    if line.doc is None and line.end - line.start <= LONGEST_STATEMENT:
        tokens = cut(source, line.stretches, in_table=rule == "row")
        inner = inline_body(tokens) if rule != "item" else 0
        if inner:
            yield Written(line, rule, words_of(tokens[:inner], rule), parents)
            yield Written(line, _inside(tokens[0].text, rule), words_of(tokens[inner:], _inside(tokens[0].text, rule)), parents)
        else:
            yield Written(line, rule, words_of(tokens, rule), parents)
    below = rule_below(line, source, rule) if line.body else rule
    for inside in line.body:
        yield from _of_line(source, inside, below, (*parents, line))


def _inside(word: str, rule: str) -> str:
    return "dynamics" if word == "on" else rule
