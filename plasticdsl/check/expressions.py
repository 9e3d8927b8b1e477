"""Expressions: `tree.Expr` → model `Expr` with its dimension.

`translate` never raises on bad input: it reports to `context.report` and returns an expression of unknown dimension, so that one mistake gives one
message. Names are looked up in `context.scope`; numbers become SI; user functions are inlined; conditions and numbers are told apart.
"""

from __future__ import annotations

from plasticdsl.check.context import Context, Typed
from plasticdsl.model.expr import Expr
from plasticdsl.check.solve import Dim
from plasticdsl.syntax import tree


def translate(node: tree.Expr, context: Context) -> Typed:
    """The meaning of `node` in `context`."""
    raise NotImplementedError


def translate_number(node: tree.Expr, context: Context) -> Typed:
    """Like `translate`, but reports a condition where a number is expected."""
    raise NotImplementedError


def translate_condition(node: tree.Expr, context: Context) -> Expr:
    """Like `translate`, but reports a number where a condition is expected."""
    raise NotImplementedError


def translate_as(node: tree.Expr, dim: Dim, what: str, context: Context) -> Expr:
    """A number that must have dimension `dim`; `what` completes "… must be a time" in the message, e.g. "a delay must be"."""
    raise NotImplementedError


def require_same(left: tree.Expr, left_dim: Dim, right: tree.Expr, right_dim: Dim, context: Context) -> bool:
    """Both sides have one dimension, else one error `inconsistent-units` that names both with their units."""
    raise NotImplementedError
