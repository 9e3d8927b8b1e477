"""Statements that hold at the same instant, put into an order in which running them one by one means the same.

A pulse in a flow (`dw/dt = S_post r₁ …`) multiplies the values just before the event, so all right sides of one event are meant to be
evaluated before anything is assigned. Running a statement before the one that assigns what it reads achieves that; where reads run in a
circle, a value is remembered first.
"""

from __future__ import annotations

from collections.abc import Sequence

from plasticdsl.model.expr import Expr, Ref, Remembered, TotalOf, refs, walk
from plasticdsl.model.model import AddTo, Assign, Total
from plasticdsl.model.owners import Whose
from plasticdsl.plan.inline import map_refs
from plasticdsl.plan.plan import Event, Foresee, PlanStatement, Remember, SumHistory


def value_of(statement: PlanStatement) -> Expr:
    """The right side."""
    match statement:
        case Assign(_, value) | Remember(_, value) | Foresee(_, value):
            return value
        case AddTo(_, amount):
            return amount
        case SumHistory(increment=increment):
            return increment
        case Total(_, body):
            return body


def with_value(statement: PlanStatement, value: Expr) -> PlanStatement:
    """The same statement with another right side."""
    match statement:
        case Assign(target, _, span):
            return Assign(target, value, span)
        case AddTo(target, _, span):
            return AddTo(target, value, span)
        case Remember(name, _):
            return Remember(name, value)
        case Foresee(name, _, span):
            return Foresee(name, value, span)
        case SumHistory(history, target_name, _, with_now, span):
            return SumHistory(history, target_name, value, with_now, span)
        case Total(name, _):
            return Total(name, value)


def assigned(event: Event) -> str | None:
    """The own variable that a statement assigns."""
    match event.statement:
        case Assign(target):
            return target.name
        case Foresee(name) | SumHistory(target=name):
            return name
        case _:
            return None


def reads(event: Event, *limits: str) -> frozenset[str]:
    """The own variables a statement reads with one of these limits, without what an assignment reads of its own target."""
    return frozenset(r.name for r in refs(value_of(event.statement)) if r.owner is Whose.OWN and r.limit in limits)


def in_sequence(events: Sequence[Event]) -> tuple[Event, ...]:
    """Simultaneous statements as sequential ones (limits stay for `resolve_own_limits` and `ties`)."""
    waiting = list(events)
    done: list[Event] = []
    remembered: dict[str, str] = {}
    while waiting:
        ready = next((e for e in waiting if _ready(e, waiting)), None)
        if ready is None:
            name = assigned(waiting[0])
            blocked = name if name is not None else sorted(_waiting_targets(waiting))[0]
            remembered[blocked] = f"{blocked}_before"
            done.append(Event(Remember(remembered[blocked], Ref(Whose.OWN, blocked))))
            waiting = [_use_remembered(e, blocked, remembered[blocked]) for e in waiting]
            continue
        waiting.remove(ready)
        done.append(ready)
    return tuple(done)


def _waiting_targets(waiting: Sequence[Event]) -> set[str]:
    return {name for e in waiting if (name := assigned(e)) is not None}


def _ready(event: Event, waiting: Sequence[Event]) -> bool:
    """Nobody else still has to read what it assigns, and what it wants to see assigned has been."""
    target = assigned(event)
    others = [e for e in waiting if e is not event]
    sums = {e.statement.name for e in others if isinstance(e.statement, Total)}
    if any(isinstance(n, TotalOf) and n.name in sums for n in walk(value_of(event.statement))):
        return False
    if any(reads(event, "after") & {t} for e in others if (t := assigned(e)) is not None):
        return False
    return target is None or not any(target in reads(e, "", "before") for e in others)


def _use_remembered(event: Event, name: str, local: str) -> Event:
    def change(ref: Ref) -> Expr:
        return Remembered(local) if ref.owner is Whose.OWN and ref.name == name and ref.limit != "after" else ref

    return Event(with_value(event.statement, map_refs(value_of(event.statement), change)), event.held)


def resolve_own_limits(events: Sequence[Event], own: frozenset[str]) -> tuple[Event, ...]:
    """A handler's statements with `x⁻` of a variable it assigns itself replaced by the value remembered at its beginning, and `x⁺` by the
    value at that point of the sequence."""
    wanted = sorted({name for e in events for name in reads(e, "before") if name in own and _assigned_before(name, e, events)})
    result = [Event(Remember(f"{name}_before", Ref(Whose.OWN, name))) for name in wanted]

    def change(ref: Ref) -> Expr:
        if ref.owner is not Whose.OWN or ref.name not in own or ref.limit == "":
            return ref
        if ref.limit == "before" and ref.name in wanted:
            return Remembered(f"{ref.name}_before")
        return Ref(Whose.OWN, ref.name)

    result += [Event(with_value(e.statement, map_refs(value_of(e.statement), change)), e.held) for e in events]
    return tuple(result)


def _assigned_before(name: str, event: Event, events: Sequence[Event]) -> bool:
    return any(assigned(e) == name for e in events[: list(events).index(event)])
