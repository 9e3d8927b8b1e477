"""What statements that run top to bottom make of a connection's variables, in terms of the values from before them.

A definition has the value that its formula has at the moment at which it is read.
"""

from __future__ import annotations

from collections.abc import Mapping

from plasticdsl.model.expr import Expr, Ref, rebuild
from plasticdsl.model.owners import Whose


def at_this_moment(expr: Expr, now: Mapping[Ref, Expr], definitions: Mapping[str, Expr]) -> Expr:
    """An expression in terms of the values from before; `now`: what the variables changed so far have become. Definitions that none of these changes
    reaches stay as they are."""

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
