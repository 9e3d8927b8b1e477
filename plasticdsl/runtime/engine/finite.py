"""Does everything still have a value? States are finite numbers; rates, spike conditions and definitions are numbers.

Comes in: an observer. Goes out: every quantity that has gone wrong by now, with its units, and a finding for each that says where and when.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from plasticdsl.diagnostics.diagnostic import Diagnostic
from plasticdsl.model.expr import Ref
from plasticdsl.model.model import AtRate, Network, Population, Projection, Role, Threshold, Variable
from plasticdsl.runtime.watch.observer import Observer
from plasticdsl.source import Span


@dataclass(frozen=True, slots=True)
class Wrong:
    """`what` (`cell.V`, `the rate of src`) of these units or connections (from 0) at grid time `step`: `infinite`, or no number."""

    owner: Population | Projection
    what: str
    units: NDArray[np.int64]
    infinite: bool
    step: int
    span: Span
    hint: str


def wrong(observer: Observer, projections: bool = True) -> tuple[Wrong, ...]:
    """Every unit is looked at and, with `projections`, every connection."""
    network = observer.network
    owners: list[tuple[Population | Projection, tuple[Variable, ...]]] = [(p, p.block.variables) for p in network.populations]
    if projections:
        owners += [(p, p.connection.variables) for p in network.projections]
    found = [_state(observer, owner, v) for owner, variables in owners for v in variables if v.role is Role.STATE]
    found += [_spikes(observer, p) for p in network.populations]
    found += [_definition(observer, *place) for place in _definitions(network)]
    return tuple(w for w in found if w is not None)


def _state(observer: Observer, owner: Population | Projection, variable: Variable) -> Wrong | None:
    values = observer.engine.read(owner.name, variable.name)
    if _all_finite(values):
        return None
    units = np.flatnonzero(~np.isfinite(values))
    hint = "A smaller dt, or bounds for what grows without end, may help; record the variable to see it go."
    infinite = not np.isnan(values[units[0]])
    return Wrong(owner, f"{owner.symbol}.{variable.symbol}", units, infinite, observer.engine.step, variable.span, hint)


def _all_finite(values: NDArray[np.float64]) -> bool:
    with np.errstate(all="ignore"):
        if np.isfinite(values.sum()):  # the quick way; a sum may also overflow
            return True
    return bool(np.isfinite(values).all())


def _spikes(observer: Observer, population: Population) -> Wrong | None:
    """Its rate or spike condition in the last step, which was taken before that step's flow."""
    units = observer.engine.undecided(population.name)
    if not units.size:
        return None
    match population.source, population.block.spike:
        case None, Threshold(span=span):
            what = f"the spike condition of {population.symbol}"
        case None, AtRate(span=span):
            what = f"the rate of {population.symbol}"
        case _:
            what, span = f"the rate of {population.symbol}", population.span
    return Wrong(population, what, units, False, observer.engine.step - 1, span, UNDEFINED)


def _definitions(network: Network) -> list[tuple[Population, Variable]]:
    """Those that others read, so that they have a value at every step."""
    by_name = {p.name: p for p in network.populations}
    places = ((by_name[population], by_name[population].block.variable(name)) for population, name in network.order)
    return [(p, v) for p, v in places if v is not None and v.role is Role.DEFINITION]


def _definition(observer: Observer, owner: Population, variable: Variable) -> Wrong | None:
    with np.errstate(all="ignore"):
        values = np.broadcast_to(observer.value(Ref(owner.as_owner, variable.name)), (observer.size(owner.name),))
    units = np.flatnonzero(np.isnan(values))
    if not units.size:
        return None
    return Wrong(owner, f"{owner.symbol}.{variable.symbol}", units, False, observer.engine.step, variable.span, UNDEFINED)


#: What to do about it.
UNDEFINED = "0/0, and roots and logarithms of negative numbers, have no value: say what holds there, in a case of its own with ‘otherwise’ for the rest."


def finding(found: Wrong, observer: Observer, in_steps: bool) -> Diagnostic:
    """What there is to say about it (`not-finite`)."""
    first, others = int(found.units[0]), len(found.units) - 1
    where = f"unit {first + 1}" if isinstance(found.owner, Population) else _connection(observer, found.owner, first)
    more = f" and {others} more" if others else ""
    when = f"in step {found.step}" if in_steps else f"at t = {found.step * observer.instance.dt:.10g} s (step {found.step})"
    became = "became infinite" if found.infinite else "has no value (NaN)"
    what = found.what if found.what.startswith(found.owner.symbol) else f"{found.what[:1].upper()}{found.what[1:]}"
    preposition = "of" if what == found.what else "for"
    return Diagnostic("not-finite", f"{what} {preposition} {where}{more} {became} {when}.", found.span, found.hint)


def _connection(observer: Observer, projection: Projection, number: int) -> str:
    drawn = observer.instance.projections[projection.name]
    pre, post = int(drawn.sources()[number]) + 1, int(drawn.targets[number]) + 1
    return f"connection {number + 1} (from unit {pre} to unit {post})"
