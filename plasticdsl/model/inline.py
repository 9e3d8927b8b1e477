"""Definitions written out: every expression in terms of states, parameters, inputs and time alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from plasticdsl.model.expr import Expr, Limit, Ref, rebuild
from plasticdsl.model.model import Population, Projection
from plasticdsl.model.owners import Owner, Whose

#: What the definitions of each owner stand for.
Scope = Mapping[Owner, Mapping[str, Expr]]


def scope_of(projection: Projection, populations: Mapping[str, Population]) -> dict[Owner, Mapping[str, Expr]]:
    """The definitions of a connection and of the two units."""
    return {Whose.OWN: projection.connection.definitions} | {side: populations[p].block.definitions for side, p in projection.ends.items()}


def inline(expr: Expr, by_owner: Scope) -> Expr:
    """`expr` with the definitions of each owner replaced by what they stand for, all the way down.

    A limit (`y⁻`) passes on to the states the definition reads. Cycles have been refused by the checker.
    """

    def visit(node: Expr) -> Expr:
        if isinstance(node, Ref) and node.name in by_owner.get(node.owner, {}):
            return visit(as_owner(by_owner[node.owner][node.name], node.owner, node.limit))
        return rebuild(node, visit)

    return visit(expr)


def as_owner(expr: Expr, owner: Owner, limit: Limit = "") -> Expr:
    """An expression of a block where its names are those of `owner`; a `limit` passes on to those that have none."""
    return map_refs(expr, lambda ref: Ref(owner, ref.name, limit or ref.limit) if ref.owner is Whose.OWN else ref)


def map_refs(expr: Expr, change: Callable[[Ref], Expr]) -> Expr:
    """`expr` with every reference replaced by `change(reference)`."""
    return change(expr) if isinstance(expr, Ref) else rebuild(expr, lambda child: map_refs(child, change))


def plain(expr: Expr) -> Expr:
    """`expr` without limits: where it stands, every value is that of the moment."""
    return map_refs(expr, lambda ref: Ref(ref.owner, ref.name))
