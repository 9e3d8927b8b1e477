"""Kept sums: what units read that update one after the other is carried over to the next step instead of being summed anew.

Rewrite: h_i(n + 1) = Σ_j f(w_ij, x_j(n + 1)) → h_i(n) + Σ_j∈C (f(w_ij, x_j(n + 1)) − f(w_ij, x_j(n))) with the units C that changed in step n, which is
what a sweep has added to h_i anyway (`plan.sweeps`). Nor is h summed again before a sweep where no rule has run since the sums of the step.
Exact, up to rounding, when in step n nothing changed what the terms read but updates unit by unit: the rules of the projections concerned were off, and
the populations concerned updated unit by unit and were not shown anything (`Keep`; asked anew in each step). What is written from outside, tables
that are exchanged, and rules that are switched make the next step sum anew (`CompiledEngine`), as does every hundredth step, so that rounding does not
add up.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from plasticdsl.model import Assign, Population, Role, Trigger
from plasticdsl.model.expr import Call, Expr, Incoming, Ref, Special, refs, walk
from plasticdsl.model.inline import inline, scope_of
from plasticdsl.model.owners import OfPopulation, OfProjection, Whose
from plasticdsl.model.schemes import variables_of
from plasticdsl.plan.operations import Due, EvaluateInput, Keep, OneByOne, Only, Operation, RulesOn
from plasticdsl.plan.plan import Plan, ProjectionPlan
from plasticdsl.plan.sweeps import Sweep

_CONSTANT = (Role.PARAMETER, Role.GIVEN)
_FIXED = frozenset({"dt", "N_pre", "N_post", "i", "j"})
_DRAWS = frozenset({"uniform", "normal", "exponential"})

#: What has to hold for a sum to be kept: the rules of a projection are off, a population updates unit by unit, or a variable of units comes from no
#: table; None is what never holds.
Needed = OfProjection | OfPopulation | Ref | None


def keep_sums(plan: Plan) -> Plan:
    """The plan with every sum that can be kept between sweeps."""
    swept = [o for only in plan.step if isinstance(only, Only) for o in only.parts if isinstance(o, Sweep)]
    names = frozenset(s.population for s in swept)
    found = (_kept(plan, s.population, target, names) for s in swept for target in s.inputs)
    kept = {Ref(OfPopulation(k.population), k.target): k for k in found if k is not None}
    step = tuple(o for operation in plan.step for o in _when_needed(operation, kept))
    return replace(plan, step=(*step, *kept.values()), notes=(*plan.notes, *(_note(plan, k) for k in kept.values())))


def _when_needed(operation: Operation, kept: Mapping[Ref, Keep], before_sweep: bool = False) -> Iterator[Operation]:
    """Sums at the beginning of a step where they are due, before a sweep where a rule has changed their terms."""
    match operation:
        case EvaluateInput(population, target, stage=None) if (known := kept.get(Ref(OfPopulation(population), target))) is not None:
            rules = known.switched
            when = RulesOn(rules) if before_sweep else Due(population, target)
            yield from (Only(when, (operation,)),) if rules or not before_sweep else ()
        case Only(OneByOne(), parts):
            again = tuple(o for part in parts for o in _when_needed(part, kept, before_sweep=True))
            yield from (replace(operation, parts=again),) if again else ()
        case _:
            yield operation


def _note(plan: Plan, kept: Keep) -> str:
    symbols = [plan.projection(name).projection.symbol or name for name in kept.switched]
    off = f" and the rules of {', '.join(symbols)} are off" if symbols else ""
    return f"{kept.population}.{kept.target} is kept from step to step while {', '.join(kept.visiting)} update unit by unit{off}"


def _kept(plan: Plan, population: str, target: str, swept: frozenset[str]) -> Keep | None:
    """When this sum of the units of a swept population can be kept; None where it never can."""
    into = [p for p in plan.projections if p.projection.post == population and any(s.target == target for s in p.sums)]
    changed = {p.from_outside(s.target) for p in plan.network.projections for s in p.connection.statements()}
    terms = (needed for p in into for needed in _of_projection(plan, p, target, swept, changed))
    itself = Ref(OfPopulation(population), target)
    found = dict.fromkeys((itself.owner, itself, *terms))
    if not into or None in found or itself in changed:
        return None
    switched = tuple(one.name for one in found if isinstance(one, OfProjection))
    visiting = tuple(one.name for one in found if isinstance(one, OfPopulation))
    unfed = tuple(one for one in found if isinstance(one, Ref) and one in plan.asked.fed)
    return Keep(population, target, switched, visiting, unfed)


def _of_projection(plan: Plan, projection: ProjectionPlan, target: str, swept: frozenset[str], changed: set[Ref]) -> Iterator[Needed]:
    """`changed`: variables of units to which connections add."""
    own = projection.projection
    ends = {p.name: p for p in plan.network.populations}
    scope = scope_of(own, ends)
    bodies = [inline(s.body, scope) for s in own.connection.sums if s.target == target]
    if not all(_is_fixed(body) for body in bodies):
        yield None
    for ref in sorted({Ref(r.owner, r.name) for body in bodies for r in refs(body)}, key=lambda r: r.order):
        match ref.owner:
            case Whose.OWN:
                yield from _of_connection(projection, ref.name)
            case Whose.PRE | Whose.POST as side:
                follows = side is Whose.PRE and own.pre in swept
                yield from _of_unit(ends[own.ends[side]], ref.name, follows, changed)
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


def _of_unit(population: Population, name: str, follows: bool, changed: set[Ref]) -> Iterator[Needed]:
    """A variable of units: constant, or changed by nothing but updates unit by unit. `follows`: a sweep adds its changes to the sum."""
    block, key = population.block, Ref(population.as_owner, name)
    variable = block.variable(name)
    yield key
    if variable is None or variable.role not in (*_CONSTANT, Role.STATE, Role.CLAMPED):
        yield None
    if key in changed or any(name in variables_of(s) for s in block.schemes):
        yield None
    triggers = {h.trigger for h in block.handlers for s in h.statements if isinstance(s, Assign) and s.target.name == name}
    if triggers:
        yield population.as_owner if follows and triggers == {Trigger.STEP} else None
