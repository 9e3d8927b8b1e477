"""Connections that come and go: each that may ever be there has a state `present`, 1 or 0.

Nothing of a connection that is absent reaches anything else: what it adds, its terms of sums and what others read of it are 0. Its rules are off: weights
stand still, and what else it has (traces, means) goes on.
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import replace

from plasticdsl.model import AddTo, Assign, Block, Handler, Network, Statement
from plasticdsl.model.expr import Choice, Compare, Expr, Incoming, Number, Ref, rebuild
from plasticdsl.model.mapping import mapped
from plasticdsl.model.owners import Owner, Whose

#: The state, and that of connections which arise at this moment: where it is not 0.
PRESENT, NEWBORN = "present", "newborn"


def is_there(owner: Owner = Whose.OWN) -> Expr:
    """Whether a connection is present."""
    return Compare("!=", Ref(owner, PRESENT), Number(0.0))


def while_there(value: Expr, owner: Owner = Whose.OWN) -> Expr:
    """The value of a connection that is present, else 0."""
    return Choice(((is_there(owner), value),), Number(0.0))


def is_rewiring(handler: Handler) -> bool:
    """Whether connections vanish or arise by it."""
    return any(s.target.name in (PRESENT, NEWBORN) for s in handler.statements)


def masked(block: Block, weights: Set[str]) -> Block:
    """A connection from which nothing goes out while it is absent, and whose rules do not change its weights then. Flows and pairs
    of spikes stay as they are written, for integrators and traces are made of them: both engines hold these weights themselves."""

    def read(expr: Expr) -> Expr:
        return Incoming(while_there(read(expr.body))) if isinstance(expr, Incoming) else rebuild(expr, read)

    def stands(handler: Handler, statement: Statement) -> Statement:
        match statement:
            case AddTo():
                return replace(statement, value=while_there(statement.value))
            case Assign(target) if target.name in weights and handler.is_rule and not is_rewiring(handler):
                return replace(statement, value=Choice(((is_there(), statement.value),), target))
            case _:
                return statement

    found = mapped(block, read)
    return replace(
        found,
        handlers=tuple(replace(h, statements=tuple(stands(h, s) for s in h.statements)) for h in found.handlers),
        sums=tuple(replace(s, body=while_there(s.body)) for s in found.sums),
    )


def absent_is_0(network: Network) -> Network:
    """The network, in which what a projection reads of an absent connection of another one is 0."""
    changing = {p.as_owner for p in network.projections if p.changing}
    if not changing:  # nearly all
        return network

    def read(expr: Expr) -> Expr:
        match expr:
            case Ref(owner, name) if owner in changing and name != PRESENT:
                return while_there(expr, owner)
            case _:
                return rebuild(expr, read)

    return replace(network, projections=tuple(replace(p, connection=mapped(p.connection, read)) for p in network.projections))
