"""The one layout of `.plas` files, as `plasticdsl fmt` writes it: a text that has been parsed comes in, a text goes out.

Indentation, blanks, blank lines and columns are put in order; spelling, line breaks, comments and docstrings stay. What
comes out has the same tree, places aside, and is its own layout.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise, zip_longest

from plasticdsl.diagnostics.columns import width
from plasticdsl.source import SourceFile
from plasticdsl.syntax.alignment import STEP, Row, Statement, align_comments, rows, runs, statement
from plasticdsl.syntax.layout import Comment, Layout, Line, begins_table, layout


def format_file(source: SourceFile, columns_of: SourceFile | None = None) -> str:
    """The text of a file without errors in canonical layout. `columns_of`: the same file in another spelling, whose columns are kept."""
    found = layout(source)
    entries = _entries(source, found)
    if columns_of is not None:
        _take_columns(entries, _entries(columns_of, layout(columns_of)))
    result = _all_rows(source, found, entries)
    align_comments(result, result if columns_of is None else _all_rows(columns_of, layout(columns_of)))
    text = "".join(("\n" if row.blank_before else "") + (" " * row.indent + row.text).rstrip() + "\n" for row in result)
    return text.lstrip("\n")


def _all_rows(source: SourceFile, found: Layout, entries: Sequence[_Entry] | None = None) -> list[Row]:
    """The lines, with their comments beside them."""
    entries = _entries(source, found) if entries is None else entries
    _share_columns(entries)
    trailing = {_line_of(source, c.span.start): c for c in found.comments if not c.own_line}
    result: list[Row] = []
    for entry in entries:
        made = _rows(source, entry, trailing)
        made[0].blank_before = entry.blank_before
        result.extend(made)
    return result


def _take_columns(entries: Sequence[_Entry], others: Sequence[_Entry]) -> None:
    """Columns are shared as they are among the others."""
    for entry, other in zip(entries, others, strict=True):
        if entry.statement is not None and other.statement is not None:
            entry.statement.column, entry.statement.padded = other.statement.column, other.statement.padded


@dataclass(slots=True)
class _Entry:
    """A statement, docstring or comment line, with its level; `inside` are comment lines between the lines of a statement."""

    start: int
    end: int
    level: int
    line: Line | None = None
    statement: Statement | None = None
    comment: Comment | None = None
    inside: list[Comment] = field(default_factory=list)
    blank_before: bool = False


def _line_of(source: SourceFile, offset: int) -> int:
    return source.line_column(offset)[0]


def _entries(source: SourceFile, found: Layout) -> list[_Entry]:
    """Everything that gets lines of its own, in the order of the text, with blank lines decided."""
    entries = _with_comments(source, _code(source, found.lines, 0), [comment for comment in found.comments if comment.own_line])
    for before, entry in pairwise(entries):
        first_in_block = before.line is not None and before.line.opens and entry.level > before.level
        apart = _line_of(source, entry.start) - _line_of(source, before.end) > 1
        entry.blank_before = apart and not first_in_block
    _separate_blocks(entries)
    return entries


def _code(source: SourceFile, lines: Sequence[Line], level: int, in_table: bool = False) -> Iterator[_Entry]:
    every = [None if line.doc is not None else statement(source, line, in_table) for line in lines]
    _share_widths([made for made in every if made is not None and made.cells])
    for line, made in zip(lines, every, strict=True):
        yield _Entry(line.start, line.end, level, line, made)
        yield from _code(source, line.body, level + 1, level == 0 and begins_table(source, line))


def _share_widths(rows: Sequence[Statement]) -> None:
    """The columns of a table are as wide as their widest cell."""
    widest = [max(map(width, column)) for column in zip_longest(*(row.cells for row in rows), fillvalue="")]
    for row in rows:
        row.widths = tuple(widest[: len(row.cells)])


def _with_comments(source: SourceFile, code: Iterable[_Entry], comments: list[Comment]) -> list[_Entry]:
    """Puts comment lines between the statements, or into the one whose lines they stand between."""
    entries: list[_Entry] = []
    last = _Entry(-1, -1, 0)
    around = [0]  # how deep the blocks are indented that a statement stands in, and it itself, by level
    for entry in (*code, None):
        while comments and (entry is None or comments[0].span.start < entry.start):
            comment = comments.pop(0)
            if comment.span.start < last.end:
                last.inside.append(comment)
                continue
            depths = list(enumerate(around))
            if entry is not None and entry.line is not None:
                depths.append((entry.level, entry.line.indent))
            level = max((depth, level) for level, depth in depths if depth <= _column(source, comment))[1]
            entries.append(_Entry(comment.span.start, comment.span.end, level, comment=comment))
        if entry is not None and entry.line is not None:
            entries.append(last := entry)
            around = [*around[: entry.level], entry.line.indent]
    return entries


def _column(source: SourceFile, comment: Comment) -> int:
    """How much stands before a comment on its line."""
    line, column = source.line_column(comment.span.start)
    return width(source.line(line)[: column - 1])


def _separate_blocks(entries: Sequence[_Entry]) -> None:
    """A blank line stands before and after every block; comments right above a block belong to it."""
    last_had_body = False
    for number, entry in enumerate(entries):
        if entry.level or entry.line is None:
            continue
        if number and (entry.line.body or last_had_body or entries[number - 1].level):
            top = number
            while top > 0 and entries[top - 1].comment is not None and entries[top - 1].level == 0 and not entries[top].blank_before:
                top -= 1
            entries[top].blank_before = True
        last_had_body = bool(entry.line.body) or entry.line.doc is not None


def _share_columns(entries: Sequence[_Entry]) -> None:
    """Neighbouring statements of one line whose `=` stood in one column, some with extra blanks before it, keep that."""
    for run in runs(entries, _share_column):
        members = [entry.statement for entry in run if entry.statement is not None]
        if len(members) > 1 and any(member.padded for member in members):
            widest = max(member.tight for member in members)
            for member in members:
                member.wanted = widest + 1


def _share_column(before: _Entry, entry: _Entry) -> bool:
    left, right = before.statement, entry.statement
    if left is None or right is None or not (left.shares_column and right.shares_column):
        return False
    return left.column == right.column and entry.level == before.level and not entry.blank_before


def _rows(source: SourceFile, entry: _Entry, trailing: dict[int, Comment]) -> list[Row]:
    indent = entry.level * STEP
    if entry.comment is not None:
        return [Row(indent, _comment_text(entry.comment), level=-1)]
    assert entry.line is not None
    if entry.statement is None:
        result = [Row(indent, text, level=entry.level) for text in _docstring(entry.line.doc or "")]
        _add_comment(source, result[-1], entry, trailing.get(_line_of(source, entry.end - 1)))
        return result
    result = []
    inside = list(entry.inside)
    for text, (start, _) in zip(rows(entry.statement), entry.line.stretches, strict=True):
        while inside and inside[0].span.start < start:
            result.append(Row(indent + STEP, _comment_text(inside.pop(0)), level=-1))
        depth = len(text) - len(text.lstrip(" "))
        row = Row(indent + depth, text[depth:], level=entry.level)
        _add_comment(source, row, entry, trailing.get(_line_of(source, start)))
        result.append(row)
    return result


def _add_comment(source: SourceFile, row: Row, entry: _Entry, comment: Comment | None) -> None:
    if comment is None or entry.line is None:
        return
    row.comment = _comment_text(comment)
    row.column = _column(source, comment) - entry.line.indent


def _comment_text(comment: Comment) -> str:
    if not comment.text or comment.text.startswith("#"):
        return "#" + comment.text
    return "# " + comment.text


def _docstring(doc: str) -> list[str]:
    """The lines of a docstring; quotes at its ends are kept off the three that surround it."""
    lines = doc.split("\n")
    if lines[0].startswith('"'):
        lines[0] = " " + lines[0]
    if len(lines) == 1:
        end = " " if doc.endswith('"') else ""
        return [f'"""{lines[0]}{end}"""']
    return ['"""' + lines[0], *lines[1:], '"""']
