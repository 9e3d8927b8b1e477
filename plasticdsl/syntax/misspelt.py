"""Misspelt keywords: a statement that was refused, or a name that nothing has, comes in; the word that was meant goes out, where the statement reads with
it.

`spike wehn V > V_θ:` has two names beside each other for the grammar, and `if c > 0 adn w > 1` a product of three. So every name about the place
that is a slip of the pen away from a keyword is tried in its place.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from functools import cache, cached_property

from plasticdsl.diagnostics.diagnostic import Diagnostic, Hint, diagnostic
from plasticdsl.diagnostics.suggest import slips
from plasticdsl.source import SourceFile, Span
from plasticdsl.syntax.grammar import read_statement
from plasticdsl.syntax.parse_tables import tables
from plasticdsl.syntax.refusal import Refusal
from plasticdsl.syntax.statements import Written, inline_body, written
from plasticdsl.syntax.tokens import Token, cut, tokenize
from plasticdsl.syntax.words import FOREIGN, RESERVED

#: Where the lines of a statement begin and end.
Stretches = Sequence[tuple[int, int]]
#: Reads a statement; raises `Refusal`.
Reads = Callable[[SourceFile, Stretches], object]
_WORD = re.compile(r"[^\W\d][\w-]*")
#: How many words before the place of a refusal are looked at, beside the first one: the grammar notices soon.
_BEFORE = 30
#: How many words about what can be read in another way are looked at.
_BESIDE = 5
#: How often a statement is read again.
_MOST = 12
#: What is found where a statement can be read in another way than was meant.
_AROUND = frozenset(("not-here", "not-a-number", "not-a-condition", "chance-outside"))
#: What is found of a word that stands for a value and has none.
_NAMELESS = frozenset(("unknown-name", "unknown-function", "rule-needs", "missing-value", "not-a-function", "not-a-value", *_AROUND))
#: Findings that name the first word of a statement already.
_TOLD = frozenset(("unknown-statement", "unknown-block", "unknown-option"))


def meant(refusal: Refusal, source: SourceFile, stretches: Stretches, reads: Reads, in_table: bool) -> Refusal:
    """What to say of a statement: that a keyword is misspelt, where `reads` takes it with the keyword, else what was said."""
    if refusal.code in _TOLD and refusal.hint.texts:
        return refusal
    tokens = cut(source, stretches, in_table)
    place = sum(token.span.start < max(refusal.span.end, refusal.span.start + 1) for token in tokens)
    near = range(max(place - _BEFORE, 0), min(place + 2, len(tokens)))
    found = _tried(tokens, dict.fromkeys((*reversed(near), *range(min(len(tokens), 1)))), source, stretches, reads)
    if found is None or found[0] in refusal.hint.texts:
        return refusal
    word, at = found
    return Refusal("unexpected", at, f"‘{source.text[at.start : at.end]}’ does not fit here.", _hint(word, at))


class Statements:
    """The statements of a file by where they begin; they are read when they are first asked for."""

    def __init__(self, source: SourceFile) -> None:
        self.source = source

    @cached_property
    def _by_start(self) -> tuple[tuple[int, ...], tuple[Written, ...]]:
        found = tuple(statement for statement in written(self.source) if statement.words)
        return tuple(statement.words[0].span.start for statement in found), found

    def at(self, place: int) -> Written | None:
        """The last one that begins before the place."""
        starts, found = self._by_start
        number = bisect_right(starts, place) - 1
        return found[number] if number >= 0 else None


def with_keyword(finding: Diagnostic, statements: Statements) -> Diagnostic:
    """A finding about a name that nothing has, with the keyword that was meant by it, or by one beside it, if any. `statements`: those of the file."""
    source, beside = statements.source, _BESIDE if finding.code in _AROUND else 0
    if finding.code not in _NAMELESS or finding.hint.startswith("For example"):  # a word that is known
        return finding
    for place in (at for at in finding.places if at.path == source.path):
        word = _WORD.match(source.text, place.start)
        if not beside and (word is None or not slips(word[0], _keywords())):
            continue
        statement = statements.at(place.start)
        found = None if statement is None else _in_statement(source, statement, place, beside)
        if found is not None and (not (finding.fixes or beside) or _same_letters(source, *found)):
            hint = _hint(*found)
            return diagnostic(finding.code, finding.message, finding.span, hint, finding.labels, severity=finding.severity)
    return finding


def _in_statement(source: SourceFile, statement: Written, place: Span, beside: int) -> tuple[str, Span] | None:
    begin, end = (statement.words[n].span.start for n in (0, -1))
    if not begin <= place.start <= end:
        return None
    tokens = [t for t in cut(source, statement.line.stretches, statement.rule == "row") if begin <= t.span.start <= end]
    first = sum(token.span.start <= place.start for token in tokens) - 1
    last = sum(token.span.start < place.end for token in tokens) if beside else first + 1
    near = range(max(first - beside, 0), min(last + beside, len(tokens)))
    places = sorted(near, key=lambda n: abs(n - first))

    def reads(changed: SourceFile, where: Stretches) -> object:
        made = tokenize(changed, where, statement.rule == "row")
        inner = inline_body(made)
        return read_statement(made[inner:] if begin > statement.line.start else made[:inner] if inner else made, statement.rule)

    return _tried(tokens, places, source, statement.line.stretches, reads)


def _same_letters(source: SourceFile, word: str, at: Span) -> bool:
    """Whether letters are changed about alone: then it is likelier than a name that is alike."""
    return sorted(source.text[at.start : at.end]) == sorted(word)


def _hint(word: str, span: Span) -> Hint:
    return Hint(f"Did you mean ‘{word}’?", (word,), span)


def _tried(
    tokens: Sequence[Token], places: Iterable[int], source: SourceFile, stretches: Stretches, reads: Reads
) -> tuple[str, Span] | None:
    """The keyword, and where the name stands in whose place it fits, of those at some places."""
    tries = 0
    for token in (tokens[number] for number in places):
        if token.kind not in ("NAME", "CALLED") or token.text in _keywords():
            continue
        for word in slips(token.text, _keywords()):
            tries += 1
            if tries > _MOST:
                return None
            at = Span(token.span.start, token.span.start + len(token.text), token.span.path)
            try:
                reads(*_changed(source, stretches, at, word))
            except Refusal:
                continue
            return word, at
    return None


def _changed(source: SourceFile, stretches: Stretches, at: Span, word: str) -> tuple[SourceFile, Stretches]:
    """The text of a statement with a word in place of another, and where its lines are in it."""
    first, last = stretches[0][0], stretches[-1][1]
    text = f"{source.text[first : at.start]}{word}{source.text[at.end : last]}"
    longer = len(word) - (at.end - at.start)
    moved = tuple(
        (start - first + (longer if start > at.start else 0), end - first + (longer if end > at.start else 0)) for start, end in stretches
    )
    return SourceFile(source.path, text), moved


@cache
def _keywords() -> tuple[str, ...]:
    return tuple(sorted({*tables().keywords, *RESERVED} - FOREIGN))
