"""The statements of one handler, run at some units or connections at once.

Top to bottom, each statement seeing the one before; in a `simultaneous` handler all right sides are evaluated with the values from before
the handler, then everything is assigned. ⁻ asks for the value before the handler, ⁺ for the value after its assignment.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import assert_never

import numpy as np

from plasticdsl.model.expr import Expr, Limit, refs
from plasticdsl.model.model import AddTo, Assign, Handler, Statement
from plasticdsl.model.owners import Whose
from plasticdsl.reference.evaluate import Array, evaluate
from plasticdsl.reference.scope import OwnerScope, bounded
from plasticdsl.reference.state import Run
from plasticdsl.reference.structure import Frame, Index
from plasticdsl.runtime.instance.instance import Floats
from plasticdsl.symbolic.block_contents import holds_sum

Local = dict[str, Floats]
Sums = dict[tuple[Expr, Limit], Array]


@dataclass(frozen=True, slots=True)
class Site:
    """Where a handler runs. `local`: own values there, changed by the handler. `count`: how many units or connections.

    `scope(local, start, simultaneous)`: what names mean, given the values now and those before the handler. `bound(name, values)` applies
    bounds; `add(statement, amounts)` carries out an addition to a unit; `skips(statement)`: it must not be carried out now.
    `summing`: definitions that hold sums over connections.
    """

    local: Local
    count: int
    scope: Callable[[Local, Local, bool], OwnerScope]
    bound: Callable[[str, Floats], Floats]
    add: Callable[[AddTo, Floats], None]
    skips: Callable[[Statement], bool]
    summing: frozenset[str] = frozenset()

    def value(self, expr: Expr, scope: OwnerScope) -> Floats:
        """One value per unit or connection."""
        return np.array(np.broadcast_to(evaluate(expr, scope), (self.count,)), dtype=np.float64)


def run_handler(handler: Handler, site: Site) -> None:
    """Carry out the handler at the site."""
    for _ in meetings(handler, site):
        pass


def meetings(handler: Handler, site: Site) -> Iterator[None]:
    """The same with a stop before each statement that reads a sum over connections, and another when the sums are known: all connections come to
    the first before any sums, and to the second before any goes on."""
    wanted = [s for s in handler.statements if not site.skips(s)]
    start = {name: values.copy() for name, values in site.local.items()}
    if handler.simultaneous:
        sums: Sums = {}
        if any(_holds_sum(s, site) for s in wanted):
            yield
            for statement in wanted:
                site.value(right_side(statement), _with_sums(site.scope(site.local, start, True), sums))
            yield
        _together(wanted, site, start, sums)
        return
    for statement in wanted:
        sums = {}
        if _holds_sum(statement, site):
            yield
            site.value(right_side(statement), _with_sums(site.scope(site.local, start, False), sums))
            yield
        value = site.value(right_side(statement), _with_sums(site.scope(site.local, start, False), sums))
        match statement:
            case Assign(target, _):
                site.local[target.name] = site.bound(target.name, value)
            case AddTo():
                site.add(statement, value)
            case _:
                assert_never(statement)


def _holds_sum(statement: Statement, site: Site) -> bool:
    """Whether it reads a sum, also through definitions."""
    return holds_sum(right_side(statement), site.summing)


def _with_sums(scope: OwnerScope, sums: Sums) -> OwnerScope:
    return replace(scope, sums=sums)


def _together(statements: Sequence[Statement], site: Site, start: Local, sums: Sums) -> None:
    new: Local = {}
    additions: list[tuple[AddTo, Floats]] = []
    for statement in _after_what_they_ask_for(statements):
        value = site.value(right_side(statement), _with_sums(site.scope({**site.local, **new}, start, True), sums))
        match statement:
            case Assign(target, _):
                new[target.name] = site.bound(target.name, value)
            case AddTo():
                additions.append((statement, value))
            case _:
                assert_never(statement)
    site.local.update(new)
    for addition, value in additions:
        site.add(addition, value)


def _after_what_they_ask_for(statements: Sequence[Statement]) -> list[Statement]:
    """The statements, each after those that assign what it reads with ⁺."""
    waiting, ordered = list(statements), list[Statement]()
    while waiting:
        ready = [s for s in waiting if not any(_asks_for(s, other) for other in waiting if other is not s)]
        if not ready:
            raise ValueError("each of these statements asks for a value that another one gives (⁺)")
        ordered.append(ready[0])
        waiting.remove(ready[0])
    return ordered


def _asks_for(statement: Statement, other: Statement) -> bool:
    if not isinstance(other, Assign):
        return False
    return any(r.owner is Whose.OWN and r.limit == "after" and r.name == other.target.name for r in refs(right_side(statement)))


def right_side(statement: Statement) -> Expr:
    """The value assigned, or the amount added."""
    match statement:
        case Assign(_, value):
            return value
        case AddTo(_, amount):
            return amount
        case _:
            assert_never(statement)


# --- all at once -----------------------------------------------------------------------------------------------------


def _adds_to_nobody(statement: AddTo, amounts: Floats) -> None:
    raise ValueError(f"a neuron cannot add to {statement.target.path}")


def run_at(
    run: Run,
    owner: str,
    handler: Handler,
    index: Index,
    others: Frame,
    add: Callable[[AddTo, Floats], None] = _adds_to_nobody,
    skips: Callable[[Statement], bool] = lambda statement: False,
) -> None:
    """A handler at some units or connections, whose states it changes; `others` is the frame of everything else it reads, `add` and `skips` as in
    `Site`."""
    values = run.frame.values[owner]
    local = {name: array[index] for name, array in values.items()}

    def scope(now: Local, start: Local, simultaneous: bool) -> OwnerScope:
        return OwnerScope(run.structure, others, owner, index, now, start if simultaneous else {}, start)

    def bound(name: str, new: Floats) -> Floats:
        return bounded(name, new, scope(local, local, False))

    run_handler(handler, Site(local, len(index), scope, bound, add, skips))
    for name, array in local.items():
        values[name][index] = array
