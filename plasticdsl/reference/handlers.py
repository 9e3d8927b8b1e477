"""The statements of one handler, run at some units or connections at once.

Top to bottom, each statement seeing the one before; in a `simultaneous` handler all right sides are evaluated with the values from before
the handler, then everything is assigned. ⁻ asks for the value before the handler, ⁺ for the value after its assignment.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import assert_never

import numpy as np

from plasticdsl.model import AddTo, Assign, AtMost, Handler, Statement
from plasticdsl.model.expr import Ref, refs
from plasticdsl.model.owners import Whose
from plasticdsl.model.presence import PRESENT
from plasticdsl.reference.evaluate import OwnerScope, bounded, evaluate
from plasticdsl.reference.state import Run
from plasticdsl.reference.structure import Frame, Index
from plasticdsl.runtime.instance.instance import Floats
from plasticdsl.symbolic.block_contents import holds_sum

Local = dict[str, Floats]
#: Carries out an addition to units.
Add = Callable[[AddTo, Floats], None]


def meetings(handler: Handler, local: Local, scope: OwnerScope, add: Add) -> Iterator[None]:
    """Carry out the handler, with a stop before each statement that reads a sum over connections, and another when the sums are known: all connections
    come to the first before any sums, and to the second before any goes on.

    `local`: own values of the units or connections of `scope`, changed by the handler; `scope`: what is read beside them, and in their place."""
    start = {name: values.copy() for name, values in local.items()}
    plain = {**(start if handler.simultaneous else {}), **scope.plain}
    seen = replace(scope, own=local, plain=plain, before={**start, **scope.plain})
    summing = scope.structure.summing.get(scope.owner, frozenset())
    for statements in [handler.statements] if handler.simultaneous else [(s,) for s in handler.statements]:
        now = replace(seen, sums={})
        if any(holds_sum(s.value, summing) for s in statements):
            yield
            for statement in statements:
                _value(statement, now)
            yield
        _at_once(statements, local, now, scope, add)


def _at_once(statements: Sequence[Statement], local: Local, seen: OwnerScope, scope: OwnerScope, add: Add) -> None:
    """Evaluate all right sides, then assign and add; `scope` as in `meetings`, `seen` the same in the middle of a handler."""
    new: Local = {}
    additions: list[tuple[AddTo, Floats]] = []
    for statement in _after_what_they_ask_for(statements):
        value = _value(statement, replace(seen, own={**local, **new}))
        match statement:
            case Assign(target, _):
                new[target.name] = bounded(target.name, value, replace(scope, own=local, plain={}, after={}))
            case AtMost(target, _, side):
                new[target.name] = _chosen(local[target.name], value, side, seen)
            case AddTo():
                additions.append((statement, value))
            case _:
                assert_never(statement)
    local.update(new)
    for addition, value in additions:
        add(addition, value)


def _chosen(among: Floats, most: Floats, side: Whose, scope: OwnerScope) -> Floats:
    """Which connections arise after all, where a unit must not have more than so many of all connections."""
    units = (scope.structure.post if side is Whose.POST else scope.structure.pre)[scope.owner].units
    present, kept = evaluate(Ref(Whose.OWN, PRESENT), scope), among.copy()
    for unit in np.unique(units):
        own = np.flatnonzero(units == unit)
        room = most[own].min() - np.count_nonzero(present[own])
        while 0 < np.count_nonzero(kept[own]) > room:
            kept[own[np.argmax(kept[own])]] = 0.0
    return kept


def _value(statement: Statement, scope: OwnerScope) -> Floats:
    """One value per unit or connection."""
    return np.array(np.broadcast_to(evaluate(statement.value, scope), scope.index.shape), dtype=np.float64)


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
    return any(r.owner is Whose.OWN and r.limit == "after" and r.name == other.target.name for r in refs(statement.value))


def run_at(run: Run, owner: str, handler: Handler, index: Index, others: Frame, add: Add | None = None, repeat: int = 0) -> None:
    """A handler at some units or connections, all at once, whose states it changes; `others` is the frame of everything else it reads, `add` what to
    do about additions, of which units have none. `repeat`: which of the spikes of each unit in this step it answers."""
    values = run.frame.values[owner]
    local = {name: array[index] for name, array in values.items()}
    for _ in meetings(handler, local, OwnerScope(run.structure, others, owner, index, repeat=repeat), add or _adds_to_nobody):
        pass
    for name, array in local.items():
        values[name][index] = array


def _adds_to_nobody(statement: AddTo, amounts: Floats) -> None:
    raise ValueError(f"a neuron cannot add to {statement.target.path}")
