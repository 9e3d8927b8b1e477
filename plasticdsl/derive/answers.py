"""Cases whose condition has no answer have no value.

Comes in: a network. Goes out: the same, in which a value by cases is no number where one of the conditions that decide it compares with something that
is no number, instead of going on to the next case:

    v if a < b, …   is   NaN if a or b is no number, v if a < b, …

So what is made of it is found (`runtime/play/guard.py`), in a rate, a definition, a flow or a jump. Quotients by what is fixed during a run (`t/T`)
count as numbers.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

from plasticdsl.derive.grid import is_fixed, names_of
from plasticdsl.model import Network, Variable
from plasticdsl.model.expr import Binary, Call, Choice, Expr, Number, Ref, children, rebuild, walk
from plasticdsl.model.mapping import Read, map_network
from plasticdsl.model.undefined import may_be_undefined, undefined

NO_NUMBER = Number(math.nan)


def answered(network: Network) -> Network:
    """`network` with the cases of all that it evaluates asked for an answer, but for those of learning windows, which have one at any lag."""
    new = map_network(network, lambda part: _reader(names_of(network, part)))
    kept = (
        replace(p, connection=replace(p.connection, pairs=old.connection.pairs))
        for p, old in zip(new.projections, network.projections, strict=True)
    )
    return replace(new, projections=tuple(kept))


def _reader(names: Mapping[Ref, Variable]) -> Read:
    def dividend(expr: Expr) -> Expr:
        match rebuild(expr, dividend):
            case Binary("/", x, y) | Call("mod", (x, y)) if all(is_fixed(leaf, names) for leaf in walk(y) if not children(leaf)):
                return x
            case new:
                return new

    def asked(condition: Expr, value: Expr) -> tuple[tuple[Expr, Expr], ...]:
        silent = undefined(condition, lambda side: may_be_undefined(dividend(side)))
        return ((condition, value),) if silent is None else ((silent, NO_NUMBER), (condition, value))

    def read(expr: Expr) -> Expr:
        match rebuild(expr, read):
            case Choice(branches, otherwise):
                return Choice(tuple(case for branch in branches for case in asked(*branch)), otherwise)
            case new:
                return new

    return read
