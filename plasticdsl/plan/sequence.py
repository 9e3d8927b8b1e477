"""Statements that hold at the same instant, put into an order in which running them one by one means the same.

A pulse in a flow (`dw/dt = S_post r₁ …`) multiplies the values just before the event, so all right sides of one event are meant to be
evaluated before anything is assigned. Running a statement before the one that assigns what it reads achieves that; where reads run in a
circle, a value is remembered first.
"""

from __future__ import annotations

from collections.abc import Sequence

from plasticdsl.model import Total
from plasticdsl.model.expr import Expr, InPlan, Ref, walk
from plasticdsl.model.owners import Whose
from plasticdsl.plan.events import Event, Remember


def in_sequence(events: Sequence[Event]) -> tuple[Event, ...]:
    """Simultaneous statements as sequential ones (limits stay for `resolve_own_limits` and `ties`)."""
    waiting = list(events)
    done: list[Event] = []
    while waiting:
        ready = next((e for e in waiting if _ready(e, waiting)), None)
        if ready is None:
            blocked = waiting[0].assigned or min(name for e in waiting if (name := e.assigned) is not None)
            done.append(_remembering(blocked))
            waiting = [_with_remembered(e, blocked) for e in waiting]
            continue
        waiting.remove(ready)
        done.append(ready)
    return tuple(done)


def _ready(event: Event, waiting: Sequence[Event]) -> bool:
    """Nobody else still has to read what it assigns, and what it wants to see assigned has been."""
    others = [e for e in waiting if e is not event]
    sums = {e.statement.name for e in others if isinstance(e.statement, Total)}
    if any(InPlan("total", name) in walk(event.value) for name in sums) or event.reads("after") & {e.assigned for e in others}:
        return False
    return not any(event.assigned in e.reads("", "before") for e in others)


def _remembering(name: str) -> Event:
    return Event(Remember(f"{name}_before", Ref(Whose.OWN, name)))


def _with_remembered(event: Event, name: str) -> Event:
    def change(ref: Ref) -> Expr:
        return InPlan("remembered", f"{name}_before") if ref.owner is Whose.OWN and ref.name == name and ref.limit != "after" else ref

    return event.mapped(change)


def resolve_own_limits(events: Sequence[Event]) -> tuple[Event, ...]:
    """A handler's statements with `x⁻` of a variable it assigns itself replaced by the value remembered at its beginning, and `x⁺` by the
    value at that point of the sequence."""
    own = {e.assigned for e in events}
    wanted = sorted({name for k, e in enumerate(events) for name in e.reads("before") & {before.assigned for before in events[:k]}})

    def change(ref: Ref) -> Expr:
        if ref.owner is not Whose.OWN or ref.name not in own or ref.limit == "":
            return ref
        if ref.limit == "before" and ref.name in wanted:
            return InPlan("remembered", f"{ref.name}_before")
        return Ref(Whose.OWN, ref.name)

    return (*map(_remembering, wanted), *(e.mapped(change) for e in events))
