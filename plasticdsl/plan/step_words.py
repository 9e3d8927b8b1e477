"""The order of a step in words: what happens, and to whom, one line for what happens to several parts in a row.

Comes in: a plan. Goes out: lines of `explain`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

from plasticdsl.plan import operations as ops
from plasticdsl.plan.places import Slot
from plasticdsl.plan.plan import Plan
from plasticdsl.plan.wording import Words

WHEN = {
    Slot.POST_EARLY: "when postsynaptic spikes arrive, before anything else reads it",
    Slot.PRE: "when presynaptic spikes arrive",
    Slot.POST: "when postsynaptic spikes arrive",
    Slot.PRE_LATE: "for presynaptic spikes, after both sides have read it",
}

_STAGES = "stages of Runge–Kutta that are taken together"


def step_in_words(plan: Plan) -> Iterator[str]:
    """`spikes: cells, inputs`, one line after the other in the order of the step."""
    phrases = _phrases(plan, plan.step)
    for what, many in groupby(phrases, key=lambda phrase: phrase[0]):
        yield f"{what}: {', '.join(dict.fromkeys(who for _, who in many))}"


def _phrases(plan: Plan, operations: Iterable[ops.Operation]) -> Iterator[tuple[str, str]]:
    for operation in operations:
        if isinstance(operation, ops.Only):
            when = _condition(plan, operation.when)
            yield from ((f"{what}, {when}", who) for what, who in _phrases(plan, operation.parts))
        elif not isinstance(operation, ops.ForgetArrivals):
            yield _what(plan, operation), _who(plan, operation)


def _condition(plan: Plan, when: ops.OneByOne | ops.Due | ops.RulesOn) -> str:
    match when:
        case ops.OneByOne(population, off):
            return f"while {plan.population(population).population.symbol} update {'all at once' if off else 'unit by unit'}"
        case ops.Due():
            return "unless kept from the step before"
        case ops.RulesOn(projections):
            return f"while the rules of {', '.join(plan.projection(p).label for p in projections)} are on"


def _who(plan: Plan, operation: ops.Single | ops.EvaluateInput) -> str:
    """`cells`, `cells.I`, `inputs → cells`."""
    match operation:
        case ops.UpdateOneByOne(sweep):
            return plan.population(sweep.population).population.symbol
        case ops.Feed(p, name) | ops.Define(p, name) | ops.EvaluateInput(p, name) | ops.HoldFed(p, name) | ops.Keep(p, name):
            return _variable(plan, p, name)
        case ops.Units(p) | ops.BeginLate(p) | ops.BeginSum(p) | ops.ChangeUnits(p) | ops.BeginStage(p) | ops.TakeSlopes(p):
            return plan.population(p).population.symbol
        case _:
            return plan.projection(operation.projection).label


def _variable(plan: Plan, owner: str, name: str) -> str:
    population = plan.population(owner).population
    return f"{population.symbol}.{Words(plan.network, population.as_owner).name(name)}"


def _what(plan: Plan, operation: ops.Single | ops.EvaluateInput) -> str:
    match operation:
        case ops.Define(stage=int()) | ops.EvaluateInput(stage=int()) | ops.BeginStage() | ops.TakeSlopes():
            return _STAGES
        case ops.Units(_, ops.OfUnits.FLOW | ops.OfUnits.FINISH) | ops.Flow():
            return "flow"
        case ops.Units() | ops.Connections():
            return str(operation.what)
        case ops.AtSpikes(_, slot):
            return WHEN[slot]
        case ops.AtStep(_, periodic):
            return "at every step" if periodic is None else "periodically"
        case ops.ChangeUnits(p, number):
            change = next(c for c in plan.population(p).changes if c.number == number)
            return "at every step" if change.period is None else "periodically"
        case _:
            return _WORDS[type(operation)]


_WORDS: dict[type[ops.Single | ops.EvaluateInput], str] = {
    ops.Feed: "from what a phase shows",
    ops.KeepTimes: "spike times are kept",
    ops.CountArrivals: "spikes that arrive are counted",
    ops.Define: "sums and definitions",
    ops.EvaluateInput: "sums and definitions",
    ops.TakeTotals: "sums that flows of connections read",
    ops.UpdateOneByOne: "at every step",
    ops.Keep: "whether sums are still right",
}
