"""From a population of the checked network to its plan: how its units spike, jump, change at steps and flow, all definitions written out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from plasticdsl.model import (
    Assign,
    AtRate,
    Block,
    GivenSpikes,
    Handler,
    PerUnit,
    PoissonSource,
    Population,
    Refractory,
    RegularSource,
    Role,
    Threshold,
    Timed,
    Timing,
    Trigger,
    Variable,
)
from plasticdsl.model.expr import Ref
from plasticdsl.model.inline import Scope, inline, plain
from plasticdsl.model.owners import Whose
from plasticdsl.plan.places import kind_of
from plasticdsl.plan.populations import (
    AtGivenTimes,
    AtThreshold,
    ByHazard,
    Emission,
    Emits,
    Located,
    PopulationPlan,
    Rest,
    Stored,
    UnitChange,
    UnitJump,
)


def lower_population(population: Population, per_unit: PerUnit, kept: Iterable[str] = ()) -> PopulationPlan:
    """The plan of a population, nothing coupled yet. `kept`: variables that are kept at spikes."""
    block, owner = population.block, population.as_owner
    scope: Scope = {Whose.OWN: block.definitions}
    steps = enumerate(h for h in block.handlers if h.trigger in (Trigger.STEP, Trigger.EVERY))
    changes = (UnitChange(number, h.period if h.trigger is Trigger.EVERY else None, _jumps((h,), scope)) for number, h in steps)
    return PopulationPlan(
        population=population,
        variables=tuple(Stored(bounded(v, scope), kind_of(v, Ref(owner, v.name) in per_unit)) for v in block.variables),
        events=tuple(_emits(population, event, scope) for _, event in population.emits),
        changes=tuple(sorted(changes, key=lambda c: c.period is not None)),
        rest=None if block.refractory is None else _rest(block, block.refractory, scope, Timed(owner, Timing.REFRACTORY) in per_unit),
        schemes=block.schemes,
        kept=tuple((name, plain(inline(Ref(Whose.OWN, name), scope))) for name in kept),
    )


def _rest(block: Block, rest: Refractory, scope: Scope, differs: bool) -> Rest:
    duration, condition = (None if e is None else plain(inline(e, scope)) for e in (rest.duration, rest.condition))
    written = rest.duration if rest.condition is None else rest.condition
    assert written is not None
    shown = tuple(v.name for v in block.variables if v.role is Role.REFRACTORY)
    return Rest(duration, condition, written, rest.held, differs, rest.at_spike, shown)


def _emits(population: Population, event: str, scope: Scope) -> Emits:
    block = population.block
    jumps = _jumps((h for h in block.handlers if h.trigger is Trigger.SPIKE and h.event == event), scope)
    when = {e.name: e.when for e in block.events}.get(event)
    emission = _at_threshold(when, scope) if when is not None else _of_spikes(population, scope)
    return Emits(event, emission, jumps)


def _at_threshold(when: Threshold, scope: Scope) -> AtThreshold | Located:
    return (Located if when.located else AtThreshold)(inline(when.condition, scope), when.rising, when.condition)


def _of_spikes(population: Population, scope: Scope) -> Emission:
    match population.source, population.block.spike:
        case PoissonSource(rate), _:
            return ByHazard(rate, False, rate)
        case RegularSource() | GivenSpikes(), _:
            return AtGivenTimes()
        case _, AtRate(rate):
            return ByHazard(inline(rate, scope), True, rate)
        case _, Threshold() as when:
            return _at_threshold(when, scope)
        case _:
            raise ValueError(f"the units of {population.name} do not spike")


def _jumps(handlers: Iterable[Handler], scope: Scope) -> tuple[UnitJump, ...]:
    """Statements of a neuron, top to bottom: it assigns its own variables alone."""
    assigned = (s for h in handlers for s in h.statements if isinstance(s, Assign))
    return tuple(UnitJump(s.target.name, plain(inline(s.value, scope)), s.value) for s in assigned)


def bounded(variable: Variable, scope: Scope) -> Variable:
    """A variable with its bounds written out."""
    low, high = (None if bound is None else inline(bound, scope) for bound in (variable.low, variable.high))
    return replace(variable, low=low, high=high)
