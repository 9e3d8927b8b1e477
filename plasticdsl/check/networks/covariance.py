"""Patterns whose units vary together: `P random patterns of N(0, covariance = [[2, 1], [1, 2]]) over inputs`.

Comes in: the application of N with its covariance. Goes out: `RandomPatterns` with one row and one column for each unit, in the square of the unit of
the entries. Whether the matrix is a covariance can be known only when its entries have numbers.
"""

from __future__ import annotations

from dataclasses import dataclass

from plasticdsl.check.terms.constants import Values, constant
from plasticdsl.check.terms.context import Context
from plasticdsl.check.terms.expressions import translate_number
from plasticdsl.check.terms.mismatch import require_same
from plasticdsl.check.terms.unification import PURE, Dim
from plasticdsl.diagnostics.diagnostic import Label
from plasticdsl.model.expr import Expr, Number
from plasticdsl.model.model import Population
from plasticdsl.model.patterns import RandomPatterns
from plasticdsl.syntax import tree

_FORM = "N(mean, covariance = [[…], […]])"


@dataclass(frozen=True, slots=True)
class Entries:
    """What patterns are entries for: units of a population, of this dimension."""

    population: Population
    dim: Dim
    constants: Values
    context: Context


def covariance_of(values: tree.Apply) -> tree.Expr | None:
    """The covariance that N is given, if it is."""
    named_n = isinstance(values.function, tree.Name) and values.function.name == "N" and not values.primes
    found = (a.value for a in values.arguments if a.keyword is not None and a.keyword.name == "covariance")
    return next(found, None) if named_n else None


def check_covariance(count: Expr, values: tree.Apply, matrix: tree.Expr, entries: Entries) -> RandomPatterns:
    """Patterns with this covariance."""
    report, solver = entries.context.report, entries.context.solver
    others = [a for a in values.arguments if a.value is not matrix]
    if len(others) != 1 or (others[0].keyword is not None and others[0].keyword.name != "mean"):
        report.error("wrong-number-of-arguments", f"‘N’ with a covariance takes two arguments: {_FORM}.", values.span)
        return RandomPatterns(count, distribution=("N", (Number(0.0), Number(1.0))))
    mean = translate_number(others[0].value, entries.context)
    if solver.resolve(mean.dim).known != PURE.known:
        require_same(others[0].value, entries.dim, others[0].value, mean.dim, entries.context, "be entries of one set")
    rows = tuple(tuple(_entry(node, entries) for node in _items(row)) for row in _items(matrix))
    if len({len(rows), *(len(row) for row in rows)}) != 1:
        report.error("sizes-differ", "A covariance has as many rows as columns.", matrix.span, "For example ‘[[2, 1], [1, 2]]’.")
    size = constant(entries.population.size, entries.constants)
    if size is not None and len(rows) != size:
        symbol = entries.population.symbol
        message = f"‘{symbol}’ has {size:g} units, and this covariance has {len(rows)} rows."
        report.error("sizes-differ", message, matrix.span, labels=(Label(entries.population.span, f"‘{symbol}’"),))
    return RandomPatterns(count, distribution=("N", (mean.expr, Number(1.0))), covariance=rows)


def _items(node: tree.Expr) -> tuple[tree.Expr, ...]:
    match node:
        case tree.Listing(items=items):
            return items
        case tree.Group(operand):
            return (operand,)
        case _:
            return (node,)


def _entry(node: tree.Expr, entries: Entries) -> Expr:
    value = translate_number(node, entries.context)
    if entries.context.solver.resolve(value.dim).known != PURE.known:
        require_same(node, entries.dim * entries.dim, node, value.dim, entries.context, "be entries of one covariance")
    return value.expr
