"""From a population of the checked network to its plan: how its units spike, jump, change at steps and flow, all definitions written out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from plasticdsl.model.expr import Ref
from plasticdsl.model.inline import Scope, inline, plain
from plasticdsl.model.model import (
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
from plasticdsl.model.owners import Whose
from plasticdsl.plan.plan import (
    AtGivenTimes,
    AtThreshold,
    ByHazard,
    Emission,
    PopulationPlan,
    Rest,
    Stored,
    UnitChange,
    UnitJump,
    kind_of,
)


def lower_population(population: Population, per_unit: PerUnit) -> PopulationPlan:
    """The plan of a population, nothing coupled yet."""
    block, owner = population.block, population.as_owner
    scope: Scope = {Whose.OWN: block.definitions}
    steps = enumerate(h for h in block.handlers if h.trigger in (Trigger.STEP, Trigger.EVERY))
    changes = (UnitChange(number, h.period if h.trigger is Trigger.EVERY else None, _jumps((h,), scope)) for number, h in steps)
    return PopulationPlan(
        population=population,
        variables=tuple(Stored(bounded(v, scope), kind_of(v, Ref(owner, v.name) in per_unit)) for v in block.variables),
        emission=_emission(population, block, scope),
        jumps=_jumps((h for h in block.handlers if h.trigger is Trigger.SPIKE), scope),
        changes=tuple(sorted(changes, key=lambda c: c.period is not None)),
        rest=None if block.refractory is None else _rest(block, block.refractory, scope, Timed(owner, Timing.REFRACTORY) in per_unit),
        schemes=block.schemes,
    )


def _rest(block: Block, rest: Refractory, scope: Scope, differs: bool) -> Rest:
    duration, condition = (None if e is None else plain(inline(e, scope)) for e in (rest.duration, rest.condition))
    written = rest.duration if rest.condition is None else rest.condition
    assert written is not None
    shown = tuple(v.name for v in block.variables if v.role is Role.REFRACTORY)
    return Rest(duration, condition, written, rest.held, differs, rest.at_spike, shown)


def _emission(population: Population, block: Block, scope: Scope) -> Emission | None:
    match population.source, block.spike:
        case PoissonSource(rate), _:
            return ByHazard(rate, False, rate)
        case RegularSource() | GivenSpikes(), _:
            return AtGivenTimes()
        case _, AtRate(rate):
            return ByHazard(inline(rate, scope), True, rate)
        case _, Threshold(condition, rising):
            return AtThreshold(inline(condition, scope), rising, condition)
        case _:
            return None


def _jumps(handlers: Iterable[Handler], scope: Scope) -> tuple[UnitJump, ...]:
    """Statements of a neuron, top to bottom: it assigns its own variables alone."""
    assigned = (s for h in handlers for s in h.statements if isinstance(s, Assign))
    return tuple(UnitJump(s.target.name, plain(inline(s.value, scope)), s.value) for s in assigned)


def bounded(variable: Variable, scope: Scope) -> Variable:
    """A variable with its bounds written out."""
    low, high = (None if bound is None else inline(bound, scope) for bound in (variable.low, variable.high))
    return replace(variable, low=low, high=high)
