"""Blanks and columns of a statement, in the one layout that `fmt` writes; spelling is left as it is.

Where blanks carry meaning (`g (V − E)`, `10 mV`, `0.04v²`) they are kept, as one blank or none. Lined up are `=` where the author did, the cases of a
distinction, and comments at the end of lines.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from plasticdsl.diagnostics.columns import width
from plasticdsl.source import SourceFile
from plasticdsl.syntax.layout import Line
from plasticdsl.syntax.tokens import CLOSING, OPENING, OPERAND_ENDS, Token, tokenize
from plasticdsl.syntax.words import FIRST_WORDS, RESERVED

T = TypeVar("T")

_DEFINES = frozenset(("=", "->", "+=", "-=", "*=", "/="))
# Statements that begin with one of these have no column of `=` to share.
_NO_COLUMN = frozenset(("record", "plot", "phase", "repeat", "sweep", "fit", "output", "function", "start"))
STEP = 4
_WIDEST_GAP = 4
# No blank stands after the first and before the second; around the third there is one on both sides, around the fourth as the author did.
_TIGHT_AFTER = OPENING | {"BAR_OPEN", "∂", "√", ".", "CALLED"}
_TIGHT_BEFORE = CLOSING | {"BAR_CLOSE", ",", ".", "ᵀ", "LIMIT"}
_RELATIONS = frozenset(("=", "->", "<->", "+=", "-=", "*=", "/=", "<", "<=", ">", ">=", "!=", "~=", "~", "+-"))
_KEPT = frozenset(("*", "/"))
_FIRST = frozenset(word for words in FIRST_WORDS.values() for word in words)


@dataclass(slots=True)
class Statement:
    """A statement on its way out: its tokens, where its lines begin among them, and the column of its `=` (or `≈`) if it has one.

    `column` is how far right `=` stands, counted from the beginning of the statement, `padded` whether more than one blank stands before it; `wanted` is
    where it shall stand. A row of a table has `cells`, as wide as `widths`.
    """

    source: SourceFile
    line: Line
    tokens: Sequence[Token]
    firsts: list[int]
    equals: int | None
    column: int = 0
    padded: bool = False
    wanted: int = 0
    cells: tuple[str, ...] = ()
    widths: tuple[int, ...] = ()

    @property
    def ends(self) -> list[int]:
        """Where the lines end among the tokens; the marks between cases belong to no line."""
        ends = [first - (self.tokens[first - 1].kind == "NEXT_CASE") for first in self.firsts[1:]]
        return [*ends, len(self.tokens)]

    @property
    def tight(self) -> int:
        """The width of what stands before `=`."""
        return width(spaced(self.source, self.tokens, 0, self.equals or 0))

    @property
    def shares_column(self) -> bool:
        """Whether its `=` may stand in one column with that of its neighbours."""
        return self.equals is not None and len(self.firsts) == 1


def statement(source: SourceFile, line: Line, in_table: bool = False) -> Statement:
    """Reads a line of the layout again, as tokens."""
    tokens = tokenize(source, line.stretches, in_table)
    firsts = [
        next(i for i, token in enumerate(tokens) if token.span.start >= start and token.kind != "NEXT_CASE") for start, _ in line.stretches
    ]
    equals = None
    if in_table and len(firsts) == 1:
        return Statement(source, line, tokens, firsts, None, cells=_cells(source, tokens))
    if tokens[0].text not in _NO_COLUMN:
        equals = _first_outside(tokens, 0, len(tokens), frozenset(("=", "~=")))
    made = Statement(source, line, tokens, firsts, equals)
    if equals is not None:
        made.column = width(source.text[line.start : tokens[equals].span.start])
        made.padded = tokens[equals].span.start - tokens[equals - 1].span.end > 1
        made.wanted = made.tight + 1
    return made


def _cells(source: SourceFile, tokens: Sequence[Token]) -> tuple[str, ...]:
    """What stands between the commas of a row, each but the last with its comma."""
    begin, found = 0, []
    while (comma := _first_outside(tokens, begin, len(tokens), frozenset((",",)))) is not None:
        found.append(spaced(source, tokens, begin, comma + 1))
        begin = comma + 1
    return (*found, spaced(source, tokens, begin, len(tokens)))


def _first_outside(tokens: Sequence[Token], start: int, stop: int, kinds: frozenset[str]) -> int | None:
    """The first token of one of the kinds that stands in no bracket."""
    depth = 0
    for number in range(start, stop):
        kind = tokens[number].kind
        if kind in OPENING:
            depth += 1
        elif kind in CLOSING:
            depth -= 1
        elif depth == 0 and kind in kinds:
            return number
    return None


def rows(made: Statement) -> list[str]:
    """The lines of a statement, without the indentation that they share."""
    if made.cells:
        return [" ".join(f"{c}{' ' * (w - width(c))}" for c, w in zip(made.cells, made.widths, strict=True)).rstrip()]
    cases = _case_rows(made)
    if cases is not None:
        return cases
    ends = made.ends
    result = [_text(made, first, end) for first, end in zip(made.firsts, ends, strict=True)]
    shift = made.wanted - made.column if made.equals is not None and made.equals < ends[0] else 0
    return [result[0], *(_deeper(made, number, text, shift) for number, text in enumerate(result) if number)]


def _text(made: Statement, start: int, stop: int) -> str:
    """Tokens as text; where `=` is among them, it moves to the wanted column."""
    equals = made.equals
    if equals is None or not start <= equals < stop or start > 0:
        return spaced(made.source, made.tokens, start, stop)
    left = spaced(made.source, made.tokens, 0, equals)
    right = spaced(made.source, made.tokens, equals + 1, stop)
    sign = spaced(made.source, made.tokens, equals, equals + 1)
    return f"{left}{' ' * (made.wanted - width(left))}{sign} {right}".rstrip()


def _deeper(made: Statement, number: int, text: str, shift: int) -> str:
    """A continuation line, as deep below the first one as it was."""
    begin = made.line.stretches[number][0]
    line, column = made.source.line_column(begin)
    depth = width(made.source.line(line)[: column - 1]) - made.line.indent
    if depth == 0:
        return text
    return " " * max(STEP, depth + shift) + text


def _case_rows(made: Statement) -> list[str] | None:
    """The lines of a case distinction, values and conditions each in a column; None where lines are no cases."""
    ends = made.ends
    splits = [_first_outside(made.tokens, first, end, frozenset(("if", "otherwise"))) for first, end in zip(made.firsts, ends, strict=True)]
    sign = _first_outside(made.tokens, 0, ends[0], _DEFINES)
    if len(ends) < 2 or sign is None or any(split is None for split in splits):
        return None
    begins = [sign + 1, *made.firsts[1:]]
    middles = [split for split in splits if split is not None]
    if begins[0] >= middles[0] or any(begin >= middle for begin, middle in zip(begins, middles, strict=True)):
        return None
    values = _hanging_signs(made, begins, middles)
    prefix = _text(made, 0, sign + 1)
    widest = max(width(value) for value in values)
    gap = " " * _gap(made, middles)
    lines = []
    for number, value in enumerate(values):
        head = prefix if number == 0 else " " * width(prefix)
        condition = spaced(made.source, made.tokens, middles[number], ends[number])
        lines.append(f"{head} {value}{' ' * (widest - width(value))}{gap}{condition}")
    return lines


def _hanging_signs(made: Statement, begins: Sequence[int], middles: Sequence[int]) -> list[str]:
    """The values; where only some have a sign, the others are moved by one, so that the numbers stand below each other."""
    texts = [spaced(made.source, made.tokens, begin, middle) for begin, middle in zip(begins, middles, strict=True)]
    signed = [is_sign(made.tokens, begin) for begin in begins]
    if any(signed) and not all(signed):
        return [text if sign else " " + text for text, sign in zip(texts, signed, strict=True)]
    return texts


def _gap(made: Statement, middles: Sequence[int]) -> int:
    """The blanks between the widest value and its condition: as many as there were, from two to four."""
    gaps = [made.tokens[middle].span.start - made.tokens[middle - 1].span.end for middle in middles]
    return max(2, min(*gaps, _WIDEST_GAP))


@dataclass(slots=True)
class Row:
    """One line of the result: its indentation, its text, and the comment at its end with the column where it stood."""

    indent: int
    text: str
    comment: str = ""
    column: int = 0
    blank_before: bool = False
    level: int = 0


def runs(items: Iterable[T], together: Callable[[T, T], bool]) -> Iterator[list[T]]:
    """Neighbours that belong together: each of a run `together` with the one before it."""
    run: list[T] = []
    for item in items:
        if run and not together(run[-1], item):
            yield run
            run = []
        run.append(item)
    if run:
        yield run


def align_comments(result: Sequence[Row], before: Sequence[Row]) -> None:
    """Appends the comments; those of neighbouring lines stand in one column, further right if the author had them there: as much as in the rows `before`
    anything was spelt anew."""
    gaps = [_gap_wanted(run) for run in runs(before, _share_comments)]
    for run, gap in zip(runs(result, _share_comments), gaps, strict=True):
        column = _widest(run) + gap
        for row in run:
            if row.comment:
                row.text += " " * (column - row.indent + run[0].level * STEP - width(row.text)) + row.comment


def _share_comments(before: Row, row: Row) -> bool:
    return bool(row.text) and not row.blank_before and row.level == before.level


def _widest(run: Sequence[Row]) -> int:
    """The width of the widest line with a comment."""
    return max((row.indent - run[0].level * STEP + width(row.text) for row in run if row.comment), default=0)


def _gap_wanted(run: Sequence[Row]) -> int:
    """How much stands between the widest line and the comments."""
    columns = {row.column for row in run if row.comment}
    return max(2, columns.pop() - _widest(run) if len(columns) == 1 else 0)


# --- blanks ----------------------------------------------------------------------------------------------------------


def spaced(source: SourceFile, tokens: Sequence[Token], start: int, stop: int) -> str:
    """The text of the tokens from `start` to before `stop`, which stand on one line."""
    parts: list[str] = []
    in_sum: list[bool] = []
    for number in range(start, stop):
        token = tokens[number]
        if number > start and _blank(tokens, number, in_sum[-1:] == [True]):
            parts.append(" ")
        if token.kind in OPENING:
            in_sum.append(token.kind == "SUM_BRACE")
        elif token.kind in CLOSING and in_sum:
            in_sum.pop()
        written = source.text[token.span.start : token.span.end]
        parts.append(written if token.kind == "STRING" else " ".join(written.split()))
    return "".join(parts)


#: By the word before them: words after which an operand begins.
_BEFORE_OPERANDS = {
    **dict.fromkeys(("rises", "falls"), ("above", "below")),
    "to": ("minimise", "minimize", "maximise", "maximize"),
}


def is_sign(tokens: Sequence[Token], number: int) -> bool:
    """Whether the `+` or `−` at `number` is a sign, not an operation between two operands."""
    if tokens[number].kind not in ("+", "-"):
        return False
    return number == 0 or tokens[number - 1].kind not in OPERAND_ENDS or _is_word(tokens, number - 1)


def _is_word(tokens: Sequence[Token], number: int) -> bool:
    """Whether what could be a name is a word of the language here, after which an operand begins: `expect −E < 1`, `rises above −20 mV`."""
    text = tokens[number].text
    return text in _FIRST if number == 0 else text in _BEFORE_OPERANDS.get(tokens[number - 1].text, ())


def _blank(tokens: Sequence[Token], number: int, in_sum: bool) -> bool:
    """Whether a blank stands before the token at `number`; `in_sum` is inside `Σ_{…}`, where relations may be tight."""
    before, token = tokens[number - 1], tokens[number]
    gap = before.span.end < token.span.start
    if tokens[0].text == "method":  # `exponential Euler`, `Euler–Maruyama`
        return gap
    if before.kind in _TIGHT_AFTER or token.kind in _TIGHT_BEFORE:
        return False
    if token.kind == ":" and number == len(tokens) - 1:
        return False
    if before.kind == "^":
        return bool(tokens[number - 2].unit)
    if is_sign(tokens, number - 1):
        return False
    if before.kind in (",", ":"):
        return True
    if token.kind in ("^", "POWER"):  # `10 mV²` is a unit, `10 mV ²` a power
        return bool(before.unit) and (gap or token.kind == "^")
    if token.kind in _RELATIONS or before.kind in _RELATIONS:
        return not in_sum or _around(tokens, number, _RELATIONS)
    if token.kind in _KEPT or before.kind in _KEPT:
        return _around(tokens, number, _KEPT)
    if token.kind in ("+", "-") or before.kind in ("+", "-"):
        return True
    return gap or (token.kind != ":" and (token.kind in RESERVED or before.kind in RESERVED))


def _around(tokens: Sequence[Token], number: int, kinds: frozenset[str]) -> bool:
    """Whether blanks stand on either side of the operator at `number` or just before it: then both sides get one."""
    place = number if tokens[number].kind in kinds else number - 1
    left = tokens[place - 1].span.end < tokens[place].span.start if place else False
    right = tokens[place].span.end < tokens[place + 1].span.start if place + 1 < len(tokens) else False
    return left or right
