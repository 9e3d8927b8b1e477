"""Ties: what one side of a synapse sees of the other when spikes of both reach it at the same t_n.

`on pre` runs before `on post`. Neither sees the other's jump of a trace at t_n, unless it asks for `r⁺` (docs/language, "Ties"). A trace is a
variable that jumps on one side only. Three means, the cheapest that is exact:

1. *Slot.* The jump runs late (after both sides have read) or early (before both), where nothing else in its own handler minds.
2. *Shadow.* A copy from before the events of this step, read by the other side.
3. *Forecast.* A copy on which the jump has been made already, read by the other side.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import dropwhile

from plasticdsl.diagnostics.diagnostic import Diagnostic, PlasError
from plasticdsl.graph import lasting
from plasticdsl.model import Assign, Total
from plasticdsl.model.expr import Expr, InPlan, Ref, Special, refs, walk
from plasticdsl.model.inline import map_refs
from plasticdsl.model.owners import Whose
from plasticdsl.plan.events import Event, Foresee, Note, Remember
from plasticdsl.plan.places import Slot
from plasticdsl.source import NOWHERE


def resolve(
    pre: Sequence[Event], post: Sequence[Event], parameters: frozenset[str], shared: frozenset[str] = frozenset(), once: bool = False
) -> tuple[dict[Slot, tuple[Event, ...]], tuple[str, ...], tuple[str, ...]]:
    """The statements of `on pre` and `on post` by the slots of a step, limits gone; the variables that need a shadow, and those that need a forecast.

    `parameters`: own names that never change. `shared`: targets of learning windows, no traces even where F is 0 on one side.
    Both come in the order in which the kinds of events happen. `once`: a presynaptic unit fires at most once a step, as it does anything but spike
    (a Poisson source may fire more often; its second spike sees what its first one did). Raises `PlasError` (`limit-not-available`) where `r⁺` is
    asked of a jump that itself depends on what happens at the other side.
    """
    of_pre, of_post = _targets(pre) - shared, _targets(post) - shared
    pre_side, post_side = of_pre - of_post, of_post - of_pre
    by_post, by_pre = _seen(post), _seen(pre)
    late = _movable(pre, {v for v in pre_side if by_post.get(v) == {"before"}}, parameters, once)
    early = _movable(post, {v for v in post_side if by_pre.get(v) == {"after"}}, parameters)
    shadows = sorted(v for v in pre_side - late if "before" in by_post.get(v, ()))
    forecasts = sorted(v for v in post_side - early if "after" in by_pre.get(v, ()))
    forecast_events = _forecast(post, frozenset(forecasts), parameters)
    events = {
        Slot.POST_EARLY: (*_picked(post, early), *forecast_events),
        Slot.PRE: tuple(_seeing(e, after=forecasts) for e in pre if e.assigned not in late),
        Slot.POST: tuple(_seeing(e, before=shadows) for e in post if e.assigned not in early),
        Slot.PRE_LATE: _picked(pre, late),
    }
    return events, tuple(shadows), tuple(forecasts)


def _targets(events: Sequence[Event]) -> frozenset[str]:
    return frozenset(name for e in events if (name := e.assigned) is not None)


def _seen(by: Sequence[Event]) -> dict[str, set[str]]:
    """Which limits of which variables the other side reads; a plain read of the other side is one of the value before."""
    found: dict[str, set[str]] = {}
    for event in by:
        for r in refs(event.value):
            if r.owner is Whose.OWN:
                found.setdefault(r.name, set()).add("after" if r.limit == "after" else "before")
    return found


def _movable(events: Sequence[Event], wanted: set[str], parameters: frozenset[str], once: bool = False) -> frozenset[str]:
    """Of `wanted`, the variables whose jumps may run apart from everything else: no statement that stays reads them (with `once`: no later one, and the
    jumps run late), and they read nothing that changes meanwhile (own parameters and other moved variables only)."""

    def fits(variable: str, moved: frozenset[str]) -> bool:
        return not _minds(variable, events, moved, once) and _self_contained(variable, events, moved | parameters)

    return lasting(wanted, fits)


def _minds(variable: str, events: Sequence[Event], moved: frozenset[str], once: bool) -> bool:
    asked = dropwhile(lambda e: e.assigned != variable, events) if once else events
    return any(e.assigned not in moved and variable in e.reads("", "before", "after") for e in asked)


def _self_contained(variable: str, events: Sequence[Event], allowed: frozenset[str]) -> bool:
    jumps = [e for e in events if e.assigned == variable]
    return not any(e.held for e in jumps) and all(_constant_read(node, allowed) for e in jumps for node in walk(e.value))


def _constant_read(node: Expr, allowed: frozenset[str]) -> bool:
    match node:
        case Ref(owner, name):
            return owner is Whose.OWN and name in allowed
        case Special(name):
            return name not in ("now_pre", "now_post")
        case InPlan("remembered" | "total"):
            return False
        case _:
            return True


def _picked(events: Sequence[Event], names: frozenset[str]) -> tuple[Event, ...]:
    return tuple(_seeing(e) for e in events if e.assigned in names)


def _forecast(post: Sequence[Event], names: frozenset[str], parameters: frozenset[str]) -> tuple[Event, ...]:
    """The jumps of `names` made on their forecast copies."""
    for name in sorted(names):
        if not _self_contained(name, post, names | parameters):
            statement = next(e.statement for e in post if e.assigned == name)
            span = NOWHERE if isinstance(statement, Remember | Total | Note) else statement.span
            message = (
                f"‘{name}⁺’ is asked for at presynaptic spikes, but how ‘{name}’ jumps at a postsynaptic spike depends on more than itself."
            )
            hint = f"Read ‘{name}’ just before the spike (without ⁺), or let ‘{name}’ jump by constants and traces of its own side."
            raise PlasError((Diagnostic("limit-not-available", message, span, hint),))

    def to_copy(ref: Ref) -> Expr:
        return InPlan("forecast", ref.name) if ref.owner is Whose.OWN and ref.name in names else ref

    jumps = ((e.statement, e.of) for e in post if e.assigned in names)
    return tuple(Event(Foresee(s.target.name, map_refs(s.value, to_copy), s.span), of=kind) for s, kind in jumps if isinstance(s, Assign))


def _seeing(event: Event, before: Collection[str] = (), after: Collection[str] = ()) -> Event:
    """The statement with the other side's values read from their shadows (`before`) and forecasts (`after`), and all limits dropped."""

    def change(ref: Ref) -> Expr:
        if ref.owner is Whose.OWN and ref.limit == "after" and ref.name in after:
            return InPlan("forecast", ref.name)
        if ref.owner is Whose.OWN and ref.limit != "after" and ref.name in before:
            return InPlan("shadow", ref.name)
        return Ref(ref.owner, ref.name)

    return event.mapped(change)
