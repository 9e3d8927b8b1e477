"""Tables of experiments: what is read of one comes in, an experiment for each row goes out, which is like the one that the table is of.

The first row says what the columns are: something that an experiment sets, or `expect` and what comes out. The others have a value for each; an
expected one may say `± …`, and where it does not, the column does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from plasticdsl.source import Span
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


def experiments_of(table: Table, rows: Sequence[Row]) -> tuple[tree.Block, ...]:
    """The experiments `Frequencies_1`, `Frequencies_2`, …. Raises `Refusal` for a table without rows, or a row that does not fit the first."""
    if len(rows) < 2:
        hint = "Below it stand the names of the columns, for example ‘ρ, expect ex.w’, and a row of values for each experiment."
        raise Refusal("bad-table", table.span, f"The table ‘{table.name.text}’ has no rows of values.", hint)
    for cell in rows[0]:
        if not cell.expected and (cell.tolerance is not None or not isinstance(cell.value, tree.Name | tree.Member | tree.Indexed)):
            hint = "A column is something that is set, ‘ρ’ or ‘cell.τ’, or what comes out, ‘expect ex.w’."
            raise Refusal("bad-table", cell.span, "This is no name of a column.", hint)
    return tuple(_experiment(table, number, rows[0], row) for number, row in enumerate(rows[1:], 1))


def _experiment(table: Table, number: int, columns: Row, row: Row) -> tree.Block:
    whole = row[0].span.to(row[-1].span)
    if len(row) != len(columns):
        raise Refusal("bad-table", whole, f"This row has {len(row)} value{'s' if len(row) != 1 else ''} for {len(columns)} columns.")
    for column, cell in zip(columns, row, strict=True):
        if cell.expected or cell.moment is not None or (cell.tolerance is not None and not column.expected):
            raise Refusal("bad-table", cell.span, "Here stands a value; what is expected, and when, is said by the first row.")
    pairs = list(zip(columns, row, strict=True))
    settings = tuple(tree.Define(column.value, (), cell.value, cell.span) for column, cell in pairs if not column.expected)
    expected = tuple(_expectation(column, cell, settings) for column, cell in pairs if column.expected)
    name = tree.Name(f"{table.name.name}_{number}", f"{table.name.text}_{number}", table.name.span)
    return tree.Block("experiment", name, (), table.base, None, "", (*settings, *expected), table.span.to(whole))


def _expectation(column: Cell, cell: Cell, settings: tuple[tree.Define, ...]) -> tree.Expect:
    tolerance = cell.tolerance or column.tolerance
    if tolerance is not None:
        return tree.Expect(column.value, "≈", cell.value, tolerance, column.moment, None, cell.span, settings)
    equal = tree.Compare((column.value, cell.value), ("=",), cell.span)
    return tree.Expect(equal, "holds", None, None, column.moment, None, cell.span, settings)
