"""Definitions written out, every expression in terms of states, parameters, inputs and time alone; and expressions as others see them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from plasticdsl.model import Population, Projection
from plasticdsl.model.expr import Expr, Incoming, Limit, Ref, Special, rebuild
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


def at_this_moment(expr: Expr, now: Mapping[Ref, Expr], definitions: Mapping[str, Expr]) -> Expr:
    """An expression among statements that run top to bottom, in terms of the values from before them. `now`: what the variables changed so far have
    become. A definition has the value that its formula has now; those that none of these changes reaches stay as they are."""

    def read(node: Expr) -> Expr:
        match node:
            case Ref() if node in now:
                return now[node]
            case Ref(Whose.OWN, name, "") if name in definitions:
                value = read(definitions[name])
                return node if value == definitions[name] else value
            case _:
                return rebuild(node, read)

    return read(expr)


def as_owner(expr: Expr, owner: Owner, limit: Limit = "") -> Expr:
    """An expression of a block where its names are those of `owner`; a `limit` passes on to those that have none."""
    return map_refs(expr, lambda ref: Ref(owner, ref.name, limit or ref.limit) if ref.owner is Whose.OWN else ref)


def map_refs(expr: Expr, change: Callable[[Ref], Expr]) -> Expr:
    """`expr` with every reference replaced by `change(reference)`."""
    return change(expr) if isinstance(expr, Ref) else rebuild(expr, lambda child: map_refs(child, change))


def without_sums(expr: Expr, stand_in: Callable[[Expr], Expr]) -> Expr:
    """`expr` with each sum over connections replaced by what stands in for the sum of its body; a sum within a sum comes first."""
    new = rebuild(expr, lambda child: without_sums(child, stand_in))
    return stand_in(new.body) if isinstance(new, Incoming) else new


def plain(expr: Expr) -> Expr:
    """`expr` without limits: where it stands, every value is that of the moment."""
    return map_refs(expr, lambda ref: Ref(ref.owner, ref.name))


#: What takes whose place in a connection the other way round.
_SIDES: Mapping[Owner, Owner] = {Whose.PRE: Whose.POST, Whose.POST: Whose.PRE}
_SPECIALS = {"N_pre": Special("N_post"), "N_post": Special("N_pre"), "i": Special("j"), "j": Special("i")}


def turned(expr: Expr, owner: Owner = Whose.OWN) -> Expr:
    """A connection's expression as the connection the other way round sees it; its own variables belong to `owner` then."""
    match expr:
        case Ref(own, name, limit):
            return Ref(owner if own is Whose.OWN else _SIDES.get(own, own), name, limit)
        case Special(name):
            return _SPECIALS.get(name, expr)
        case _:
            return rebuild(expr, lambda child: turned(child, owner))
