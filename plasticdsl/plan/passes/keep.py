"""Kept sums: what units read that update one after the other is carried over to the next step, instead of being summed anew.

Rewrite: h_i = Σ_j f(w_ij, x_j) → h_i + Σ_{j∈C} (f(w_ij, x_j) − f(w_ij, x'_j)) with the units C whose x is not what it was when h was right, x'. In a
sweep these are the units that it changes (`plan.sweeps`); between steps, those that somebody has set or a table shows, if they are at most half of all:
else h is summed anew. Nor is h summed again before a sweep where no rule has run since the sums of the step.
Exact, up to rounding, while nothing changes what the terms read but such x: the rules of the projections concerned are off, everything else in them is
constant (`Keep`; asked anew in each step). What is written from outside otherwise makes the next step sum anew (`CompiledEngine`), as does every so many
changes, so that rounding does not add up.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from plasticdsl.model import Assign, Population, Role
from plasticdsl.model.expr import Call, Expr, Incoming, Ref, Special, refs, walk
from plasticdsl.model.inline import inline, scope_of
from plasticdsl.model.owners import OfPopulation, OfProjection, Whose
from plasticdsl.model.schemes import variables_of
from plasticdsl.plan.operations import Due, EvaluateInput, Follow, Keep, OneByOne, Only, Operation, RulesOn, Summed, Terms
from plasticdsl.plan.plan import Plan, ProjectionPlan
from plasticdsl.plan.sweeps import Sweep

_CONSTANT = (Role.PARAMETER, Role.GIVEN)
_FIXED = frozenset({"dt", "N_pre", "N_post", "i", "j"})
_DRAWS = frozenset({"uniform", "normal", "exponential"})

#: What has to hold for a sum to be kept: the rules of a projection are off, or a variable of units comes from no table; None is what never holds.
Needed = OfProjection | Ref | None


def keep_sums(plan: Plan) -> Plan:
    """The plan with every sum that can be kept between sweeps."""
    swept = [o for only in plan.step if isinstance(only, Only) for o in only.parts if isinstance(o, Sweep)]
    found = (_kept(plan, s.population, target) for s in swept for target in s.inputs)
    kept = {Ref(OfPopulation(k.population), k.target): k for k in found if k is not None}
    if not kept:
        return plan
    step = tuple(o for operation in plan.step for o in _when_needed(operation, kept))
    return replace(plan, step=(*step, *kept.values()), notes=(*plan.notes, *(_note(plan, k) for k in kept.values())))


def _when_needed(operation: Operation, kept: Mapping[Ref, Keep], before_sweep: bool = False) -> Iterator[Operation]:
    """Sums at the beginning of a step where they are due, before a sweep where a rule has changed their terms."""
    match operation:
        case EvaluateInput(population, target, stage=None) if (known := kept.get(Ref(OfPopulation(population), target))) is not None:
            if not before_sweep:
                yield Follow(known)
                yield Only(Due(population, target), (operation, Summed(known)))
            elif known.switched:
                yield Only(RulesOn(known.switched), (operation,))
        case Only(OneByOne(), parts):
            again = tuple(o for part in parts for o in _when_needed(part, kept, before_sweep=True))
            yield from (replace(operation, parts=again),) if again else ()
        case _:
            yield operation


def _note(plan: Plan, kept: Keep) -> str:
    symbols = [plan.projection(name).projection.symbol or name for name in kept.switched]
    off = f" while the rules of {', '.join(symbols)} are off" if symbols else ""
    followed = dict.fromkeys(f"{plan.projection(t.projection).projection.pre}.{v}" for t in kept.terms for v in t.variables)
    return f"{kept.population}.{kept.target} is kept from step to step{off}, and follows {', '.join(followed)}"


def _kept(plan: Plan, population: str, target: str) -> Keep | None:
    """When this sum of the units of a swept population can be kept; None where it never can."""
    into = [p for p in plan.projections if p.projection.post == population and any(s.target == target for s in p.sums)]
    changed = {p.from_outside(s.target) for p in plan.network.projections for s in p.connection.statements()}
    terms = tuple(t for p in into for t in _terms(plan, p, target))
    needed = (one for t in terms for one in _needed(plan, t, changed))
    itself = Ref(OfPopulation(population), target)
    found = dict.fromkeys((itself, *needed))
    if not into or None in found or itself in changed:
        return None
    switched = tuple(one.name for one in found if isinstance(one, OfProjection))
    unfed = tuple(one for one in found if isinstance(one, Ref) and one in plan.asked.fed)
    return Keep(population, target, switched, unfed, tuple(t for t in terms if t.variables))


def _terms(plan: Plan, projection: ProjectionPlan, target: str) -> Iterator[Terms]:
    """What a projection adds to an input, in terms of states, inputs and parameters alone."""
    own = projection.projection
    ends = {p.name: p for p in plan.network.populations}
    moving = {v.name for v in ends[own.pre].block.variables if v.role in (Role.STATE, Role.CLAMPED)}
    for body in (inline(s.body, scope_of(own, ends)) for s in own.connection.sums if s.target == target):
        yield Terms(own.name, body, tuple(sorted({r.name for r in refs(body) if r.owner is Whose.PRE and r.name in moving})))


def _needed(plan: Plan, terms: Terms, changed: set[Ref]) -> Iterator[Needed]:
    """What has to hold for these terms to change with the variables that are followed alone. `changed`: variables of units to which connections add."""
    projection = plan.projection(terms.projection)
    own, ends = projection.projection, {p.name: p for p in plan.network.populations}
    if not _is_fixed(terms.body):
        yield None
    for ref in sorted({Ref(r.owner, r.name) for r in refs(terms.body)}, key=lambda r: r.order):
        match ref.owner:
            case Whose.OWN:
                yield from _of_connection(projection, ref.name)
            case Whose.PRE if ref.name in terms.variables:
                pass
            case Whose.PRE | Whose.POST as side:
                yield from _of_unit(ends[own.ends[side]], ref.name, changed)
            case Whose.NETWORK if any(v.name == ref.name and v.role in _CONSTANT for v in plan.network.variables):
                pass
            case _:
                yield None


def _is_fixed(body: Expr) -> bool:
    """Whether it changes only with the variables that it reads."""
    moving = any(isinstance(node, Incoming) or (isinstance(node, Call) and node.function in _DRAWS) for node in walk(body))
    return not moving and all(node.name in _FIXED for node in walk(body) if isinstance(node, Special))


def _of_connection(projection: ProjectionPlan, name: str) -> Iterator[Needed]:
    """A variable of the connections: constant, or changed by rules that can be off."""
    changing = [e for e in (*projection.at_spikes, *projection.without_spike) if e.assigned == name]
    roles = {p.variable.role for p in projection.variables if p.variable.name == name}
    flows = any(name in variables_of(s.scheme) for s in projection.schemes)
    if flows or not roles <= {*_CONSTANT, Role.STATE} or not all(e.held for e in changing):
        yield None
    elif changing:
        yield projection.projection.as_owner


def _of_unit(population: Population, name: str, changed: set[Ref]) -> Iterator[Needed]:
    """A variable of units that stays as it is."""
    block, key = population.block, Ref(population.as_owner, name)
    variable = block.variable(name)
    yield key
    if variable is None or variable.role not in (*_CONSTANT, Role.STATE, Role.CLAMPED):
        yield None
    if key in changed or any(name in variables_of(s) for s in block.schemes):
        yield None
    if any(isinstance(s, Assign) and s.target.name == name for h in block.handlers for s in h.statements):
        yield None
