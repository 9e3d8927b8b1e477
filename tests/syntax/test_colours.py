"""Colours: words and signs alone tell keywords, names and units apart as the grammar does, on everything that is written in the language here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from pygments.token import Keyword, Name

from plasticdsl.highlight import PlasLexer
from plasticdsl.library import library_models
from plasticdsl.source import SourceFile
from plasticdsl.syntax.statements import written
from plasticdsl.syntax.words import FOREIGN, MEANINGS
from plasticdsl.units.table import is_unit, unit_words

TESTS = Path(__file__).resolve().parents[1]
TEXTS = {
    **{name: path.read_text(encoding="utf-8") for name, path in library_models().items()},
    **{path.name: path.read_text(encoding="utf-8") for folder in ("syntax/samples", "cases") for path in (TESTS / folder).glob("*.plas")},
}
#: What only the grammar can tell: `s.n values` could be a product.
_UNTOLD = {("numbers_of_files.plas", "values")}
#: Names behind numbers that the grammar alone takes for units, which the lexer (as the compiler) does not.
_NAMED = {
    **dict.fromkeys((("names_behind_numbers.plas", word) for word in ("A²", "F", "V", "h")), "name"),
    ("stochastic.plas", "M"): "name",
    ("neuron_named_like_a_unit.plas", "C"): "name",
}

Words = set[tuple[int, str, str]]


def by_grammar(text: str) -> Iterator[tuple[int, str, str]]:
    """Where each word begins, the word, and what it is."""
    for statement in written(SourceFile("<text>", text)):
        for token in statement.words:
            if token.kind == "NUMBER" and token.unit:
                unit = re.search(r"%|[^\s%]+$", text[token.span.start : token.span.end])
                assert unit is not None
                yield token.span.start + unit.start(), unit[0], "unit"
            elif token.text[:1].isalpha() and token.text != "ᵀ" and not token.kind.startswith("SUM"):
                is_name = token.kind in ("NAME", "CALLED", "DERIVATIVE")
                for word in re.finditer(r"\S+", token.text.removesuffix("/dt")):
                    yield token.span.start + word.start(), word[0], "name" if is_name else "keyword"


def by_signs(text: str) -> Iterator[tuple[int, str, str]]:
    """The same as the lexer for documents has it."""
    begin = 0
    for kind, part in PlasLexer(stripnl=False, ensurenl=False).get_tokens(text):
        what = "unit" if kind is Keyword.Type else "keyword" if kind in Keyword else "name" if kind in Name else ""
        yield begin, part, what
        begin += len(part)


@pytest.mark.parametrize("name", TEXTS)
def test_words_have_the_colours_that_the_grammar_gives_them(name: str) -> None:
    told = set(by_signs(TEXTS[name]))
    assert {word for _, word, _ in set(by_grammar(TEXTS[name])) - told} <= {word for file, word in {*_UNTOLD, *_NAMED} if file == name}


def test_every_word_is_a_keyword_somewhere() -> None:
    coloured = {word for text in TEXTS.values() for _, word, what in by_signs(text) if what == "keyword"}
    assert set(MEANINGS) - coloured == FOREIGN


@pytest.mark.parametrize("number", ["1.05 A₊", "3 m_x", "2 s(t)", "2 S[1]", "5 V⁻", "10 mVolt", "3 ms̄"])
def test_a_name_behind_a_number_is_no_unit(number: str) -> None:
    text = f"rule A:\n    x = {number}\n"
    assert not [word for _, word, what in by_signs(text) if what == "unit"]
    assert {w for w in by_grammar(text) if w[2] == "unit"} == set()


@pytest.mark.parametrize(
    "number", ["1 A", "2 mV/ms", "0.2 µM⁻¹·ms⁻¹", "3 mV/√ms", "5%", "5 %", "3 m²", "1 ms^-1", "100 steps", "4 uA", "2 kΩ"]
)
def test_units_have_a_colour(number: str) -> None:
    text = f"rule A:\n    x = {number} + 1\n"
    expected = {w for w in by_grammar(text) if w[2] == "unit"}
    assert len(expected) == 1
    assert expected <= set(by_signs(text))


def test_all_units_have_a_colour() -> None:
    for word in unit_words():
        assert is_unit(word)
        assert (10, word, "unit") in set(by_signs(f"    x = 1 {word}")), word
    assert {"mV", "µM", "uM", "μM", "%", "kΩ", "k\u2126"} <= set(unit_words())
