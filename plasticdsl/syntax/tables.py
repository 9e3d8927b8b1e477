"""Tables of experiments: what is read of one comes in, an experiment for each row goes out, which is like the one that the table is of.

The first row says what the columns are: something that an experiment sets, or `expect` and what comes out. The others have a value for each; an
expected one may say `± …`, and where it does not, the column does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from plasticdsl.source import SourceFile, Span
from plasticdsl.syntax import tree
from plasticdsl.syntax.refusal import Refusal


@dataclass(frozen=True, slots=True)
class Table:
    """`table Frequencies of Pairing:`."""

    name: tree.Name
    base: tree.Name
    span: Span


class Cell(NamedTuple):
    """`ρ`, `expect ex.w ± 5 % at end`, `0.14 ± 0.1`."""

    expected: bool
    value: tree.Expr
    tolerance: tree.Expr | None
    moment: tree.Moment | None
    span: Span


Row = tuple[Cell, ...]


def experiments_of(table: Table, rows: Sequence[Row], source: SourceFile) -> tuple[tree.Block, ...]:
    """The experiments `Frequencies_1`, `Frequencies_2`, …. Raises `Refusal` for a table without rows, or a row that does not fit the first."""
    if len(rows) < 2:
        hint = "Below it stand the names of the columns, for example ‘ρ, expect ex.w’, and a row of values for each experiment."
        raise Refusal("bad-table", table.span, f"The table ‘{table.name.text}’ has no rows of values.", hint)
    for cell in rows[0]:
        if not cell.expected and (cell.tolerance is not None or not isinstance(cell.value, tree.Name | tree.Member | tree.Indexed)):
            hint = "A column is something that is set, ‘ρ’ or ‘cell.τ’, or what comes out, ‘expect ex.w’."
            raise Refusal("bad-table", cell.span, "This is no name of a column.", hint)
    return tuple(_experiment(table, number, rows[0], row, source) for number, row in enumerate(rows[1:], 1))


def _experiment(table: Table, number: int, columns: Row, row: Row, source: SourceFile) -> tree.Block:
    whole = row[0].span.to(row[-1].span)
    if len(row) != len(columns):
        raise Refusal("bad-table", whole, f"This row has {len(row)} value{'s' if len(row) != 1 else ''} for {len(columns)} columns.")
    for column, cell in zip(columns, row, strict=True):
        if cell.expected or cell.moment is not None or (cell.tolerance is not None and not column.expected):
            raise Refusal("bad-table", cell.span, "Here stands a value; what is expected, and when, is said by the first row.")
    pairs = list(zip(columns, row, strict=True))
    said = ", ".join(f"{_text(c.value, source)} = {_text(v.value, source)}" for c, v in pairs if not c.expected)
    name = tree.Name(f"{table.name.name}_{number}", f"{table.name.text}_{number}", table.name.span)
    body = tuple(_statement(column, cell, said, source) for column, cell in pairs)
    return tree.Block("experiment", name, (), table.base, None, "", body, table.span.to(whole))


def _statement(column: Cell, cell: Cell, said: str, source: SourceFile) -> tree.Statement:
    if not column.expected:
        return tree.Define(column.value, (), cell.value, cell.span)
    tolerance = cell.tolerance or column.tolerance
    about = "=" if tolerance is None else f"≈ {_text(cell.value, source)} ±"
    text = f"{said}{': ' if said else ''}{_text(column.value, source)} {about} {_text(tolerance or cell.value, source)}"
    if tolerance is not None:
        return tree.Expect(column.value, "≈", cell.value, tolerance, column.moment, None, cell.span, text)
    equal = tree.Compare((column.value, cell.value), ("=",), cell.span)
    return tree.Expect(equal, "holds", None, None, column.moment, None, cell.span, text)


def _text(node: tree.Expr, source: SourceFile) -> str:
    return source.text[node.span.start : node.span.end]
