"""Places in UTF-16 units, edits, and what they move."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plasticdsl.editor.text import Position, Text, applied, changes, shift
from plasticdsl.source import Span

#: Letters of one and of two units, accents, and everything that ends lines, or does so elsewhere.
LETTERS = st.text(st.sampled_from("aτ₊₋\U0001d465\U0001d6fc\u0304 =\n\r\u2028\x0b\x85\t"), max_size=40)


@pytest.mark.parametrize(
    ("text", "offset", "line", "character"),
    [
        ("τ₊ = 1", 2, 0, 2),
        ("τ₊ = 1", 5, 0, 5),
        ("\U0001d465 = 1", 1, 0, 2),
        ("\U0001d465 = 1", 4, 0, 5),
        ("a\n\U0001d465\U0001d465 τ₊", 7, 1, 7),
        ("a\r\nb", 3, 1, 0),
        ("a\rb", 2, 1, 0),
        ("a\x0bb\u2028c", 4, 0, 4),
        ("a", 9, 0, 1),
    ],
)
def test_characters_are_counted_in_utf_16_units(text: str, offset: int, line: int, character: int) -> None:
    assert Text(text).position(offset) == Position(line, character)
    assert Text(text).offset(Position(line, character)) == min(offset, len(text))


@given(LETTERS)
def test_places_are_what_an_encoder_counts(text: str) -> None:
    whole = Text(text)
    for offset in range(len(text) + 1):
        place = whole.position(offset)
        begin = whole.starts[place.line]
        assert place.character == len(text[begin:offset].encode("utf-16-le")) // 2
        inside = text[offset - 1 : offset + 1] != "\r\n" and text[offset : offset + 1] != "\n"
        if inside:
            assert whole.offset(place) == offset


@given(LETTERS, st.integers(-2, 50), st.integers(-2, 50))
def test_any_place_is_one_of_the_text(text: str, line: int, character: int) -> None:
    assert 0 <= Text(text).offset(Position(line, character)) <= len(text)


def test_a_place_inside_a_letter_is_behind_it() -> None:
    assert Text("\U0001d465y").offset(Position(0, 1)) == 1


@given(LETTERS, LETTERS)
def test_changes_turn_one_text_into_the_other(before: str, after: str) -> None:
    assert applied(before, changes(before, after)) == after


@given(LETTERS, LETTERS, LETTERS, LETTERS)
def test_an_edit_moves_what_is_around_it(first: str, old: str, new: str, last: str) -> None:
    before, after = first + old + last, first + new + last
    moved = shift(before, after)
    for offset in range(len(before)):
        span = moved.forward(Span(offset, offset + 1))
        if span is not None:
            assert after[span.start : span.end] == before[offset]
            assert moved.back(span.start) == offset
    assert moved.forward(Span(0, moved.first)) == Span(0, moved.first)
