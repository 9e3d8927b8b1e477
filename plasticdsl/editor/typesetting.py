"""The formulas of a statement or a block, set as in a methods section (`plasticdsl show`): a text and a place in it come in, lines of Markdown go out.

Formulas are text with the signs of Unicode, which every editor shows, or LaTeX for those that say that they set it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

from plasticdsl.document import statements as st
from plasticdsl.document.describe_blocks import rows_of
from plasticdsl.document.description import Line
from plasticdsl.document.formula import Formula
from plasticdsl.document.markdown import line_with_latex, line_without_latex
from plasticdsl.source import SourceFile, Span
from plasticdsl.syntax import tree
from plasticdsl.syntax.parser import reading

#: At most so many lines of a block.
_MOST = 12


def typeset_at(source: SourceFile, place: Span, *, latex: bool) -> list[str]:
    """What stands at the place where a name is declared: the statement, or all that a neuron, synapse or rule of this name does. Nothing for what is no
    formula, as a number that a parameter has."""
    item = next((i for i in _items(source) if i.span.start <= place.start < i.span.end), None)
    match item:
        case tree.Function(name=name, arguments=arguments, body=body, span=span):
            found: list[tuple[str, Line]] = [("", (st.defined(tree.Define(name, arguments, body, span)),))]
        case tree.Block(name=name, body=body, kind="neuron" | "synapse" | "rule"):
            whole = name.span.start == place.start
            inside = [s for s in body if whole or s.span.start <= place.start < s.span.end]
            found = [(f"{label}: " if whole else "", line) for label, line in _lines(inside)]
        case _:
            found = []
    write = line_with_latex if latex else line_without_latex
    shown = [f"{label}{write(line)}" for label, line in found if _has_formula(line)]
    return shown if len(shown) <= _MOST else [*shown[:_MOST], "…"]


@lru_cache(maxsize=32)
def _items(source: SourceFile) -> tuple[tree.Block | tree.Function | tree.UseFile, ...]:
    """The same text is asked about again and again."""
    return reading(source).file.items


def _lines(body: Iterable[tree.Statement]) -> Iterator[tuple[str, Line]]:
    for statement in body:
        if not isinstance(statement, tree.Input) and not (isinstance(statement, tree.Define) and _is_number(statement.rhs)):
            yield from ((label, line) for label, lines in rows_of(statement) for line in lines)


def _is_number(written: tree.Expr) -> bool:
    return _is_number(written.operand) if isinstance(written, tree.Unary) else isinstance(written, tree.Number)


def _has_formula(line: Line) -> bool:
    return any(isinstance(part, Formula) for part in line)
