"""Misspelt keywords: each keyword at each place where one stands, with two letters changed about, is what the finding’s hint shows to write."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from plasticdsl.check.module import checked
from plasticdsl.diagnostics.diagnostic import Diagnostic
from plasticdsl.source import SourceFile
from plasticdsl.syntax.parse_tables import tables
from plasticdsl.syntax.parser import reading
from plasticdsl.syntax.statements import written
from plasticdsl.syntax.words import RESERVED

SAMPLES = Path(__file__).parent / "samples"


def misspelt(word: str) -> str:
    """The word with two letters changed about that differ, in its middle if it is long enough."""
    at = next(n for n in (*range(1, len(word) - 1), 0) if word[n] != word[n + 1])
    return word[:at] + word[at + 1] + word[at] + word[at + 2 :]


def slips(text: str, whole: bool) -> Iterator[tuple[str, str, int]]:
    """Each keyword, the text of its block (or the `whole` file) with it misspelt, and where; alike places once."""
    source = SourceFile("words.plas", text)
    seen = set[object]()
    keywords = {*tables().keywords.values(), *RESERVED}
    for statement in written(source):
        words = statement.words
        for number, token in enumerate(words):
            word = text[token.span.start : token.span.end]
            around = (word, *(other.kind for other in words[max(number - 2, 0) : number + 2]))
            if token.kind not in keywords or not word.isalpha() or around in seen:
                continue
            seen.add(around)
            top = statement.parents[0] if statement.parents else statement.line
            last = top
            while last.body:
                last = last.body[-1]
            begin, end = (0, len(text)) if whole else (top.start, last.end)
            yield word, text[begin : token.span.start] + misspelt(word) + text[token.span.end : end] + "\n", token.span.start - begin


def says(found: tuple[Diagnostic, ...], word: str, place: int) -> bool:
    """Whether some hint shows the word to write at the place."""
    return any(fix.text == word and fix.span.start == place for finding in found for fix in finding.fixes)


def test_a_statement_that_cannot_be_read_says_which_word_was_meant() -> None:
    silent = set[str]()
    for word, text, place in slips((SAMPLES / "everything.plas").read_text(encoding="utf-8"), False):
        found = reading(SourceFile("words.plas", text)).findings
        assert not found or says(found, word, place) or f"‘{word}" in found[0].hint, text
        silent |= set() if found else {word}
    assert len(silent) < 30  # of 130: the statement reads as another one, with a name for the word


def test_a_name_that_nothing_has_is_the_word_that_was_meant() -> None:
    for word, text, place in slips((SAMPLES.parent / "misspelt" / "words.plas").read_text(encoding="utf-8"), True):
        source = SourceFile("words.plas", text)
        read = reading(source)
        found = read.findings or checked(read, source).diagnostics
        assert says(found, word, place) or any(f"‘{word}" in finding.hint for finding in found), text
