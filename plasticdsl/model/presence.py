"""Connections that come and go: each that may ever be there has a state `present`, 1 or 0.

A connection that is absent goes on with its own variables, but nothing of it reaches anything else: what it adds, its terms of sums and what others read
of it are 0.
"""

from __future__ import annotations

from dataclasses import replace

from plasticdsl.model.expr import Choice, Compare, Expr, Incoming, Number, Ref, rebuild
from plasticdsl.model.mapping import mapped
from plasticdsl.model.model import AddTo, Block, Network, Statement
from plasticdsl.model.owners import Owner, Whose

#: The state, and that of connections which arise at this moment: where it is not 0.
PRESENT, NEWBORN = "present", "newborn"


def is_there(owner: Owner = Whose.OWN) -> Expr:
    """Whether a connection is present."""
    return Compare("!=", Ref(owner, PRESENT), Number(0.0))


def while_there(value: Expr, owner: Owner = Whose.OWN) -> Expr:
    """The value of a connection that is present, else 0."""
    return Choice(((is_there(owner), value),), Number(0.0))


def masked(block: Block) -> Block:
    """A connection from which nothing goes out while it is absent."""

    def read(expr: Expr) -> Expr:
        return Incoming(while_there(read(expr.body))) if isinstance(expr, Incoming) else rebuild(expr, read)

    def silent(statement: Statement) -> Statement:
        return replace(statement, value=while_there(statement.value)) if isinstance(statement, AddTo) else statement

    found = mapped(block, read)
    return replace(
        found,
        sums=tuple(replace(s, body=while_there(s.body)) for s in found.sums),
        handlers=tuple(replace(h, statements=tuple(map(silent, h.statements))) for h in found.handlers),
    )


def absent_is_0(network: Network) -> Network:
    """The network, in which what a projection reads of an absent connection of another one is 0."""
    changing = {p.as_owner for p in network.projections if p.changing}

    def read(expr: Expr) -> Expr:
        match expr:
            case Ref(owner, name) if owner in changing and name != PRESENT:
                return while_there(expr, owner)
            case _:
                return rebuild(expr, read)

    projections = tuple(replace(p, connection=mapped(p.connection, read)) for p in network.projections)
    return replace(network, projections=projections) if changing else network
