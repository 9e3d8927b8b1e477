"""Kept sums: what units read that update one after the other is carried over to the next step instead of being summed anew.

Rewrite: h_i(n + 1) = Σ_j f(w_ij, x_j(n + 1)) → h_i(n) + Σ_j∈C (f(w_ij, x_j(n + 1)) − f(w_ij, x_j(n))) with the units C that changed in step n, which is
what a sweep has added to h_i anyway (`plan.sweeps`). Nor is h summed again before a sweep where no rule has run since the sums of the step.
Exact, up to rounding, when in step n nothing changed what the terms read but updates unit by unit: the rules of the projections concerned were off, and
the populations concerned updated unit by unit and were not shown anything (`Kept`; asked anew in each step). What is written from outside, tables
that are exchanged, and rules that are switched make the next step sum anew (`CompiledEngine`), as does every hundredth step, so that rounding does not
add up.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import reduce

from plasticdsl.model.expr import Call, Expr, Incoming, Ref, Special, refs, walk
from plasticdsl.model.model import Assign, Owned, Population, Role, Trigger
from plasticdsl.model.owners import Whose
from plasticdsl.model.schemes import variables_of
from plasticdsl.plan.inline import inline, scope_of
from plasticdsl.plan.operations import Due, EvaluateInput, Keep, OneByOne, Only, Operation, RulesOn, UpdateOneByOne
from plasticdsl.plan.plan import Plan, ProjectionPlan
from plasticdsl.plan.sweeps import Kept

_CONSTANT = (Role.PARAMETER, Role.GIVEN)
_FIXED = frozenset({"dt", "N_pre", "N_post", "i", "j"})
_DRAWS = frozenset({"uniform", "normal", "exponential"})


def keep_sums(plan: Plan) -> Plan:
    """The plan with every sum that can be kept between sweeps."""
    swept = [o.sweep for only in plan.step if isinstance(only, Only) for o in only.parts if isinstance(o, UpdateOneByOne)]
    names = frozenset(s.population for s in swept)
    kept = {(s.population, target): k for s in swept for target in s.inputs if (k := _kept(plan, s.population, target, names)) is not None}
    step = tuple(o for operation in plan.step for o in _when_needed(operation, kept))
    notes = tuple(_note(plan, population, k) for (population, _), k in kept.items())
    at_end = tuple(Keep(population, k) for (population, _), k in kept.items())
    return replace(plan, step=(*step, *at_end), notes=plan.notes + notes)


def _when_needed(operation: Operation, kept: Mapping[Owned, Kept]) -> Iterator[Operation]:
    """Sums at the beginning of a step where they are due, before a sweep where a rule has changed their terms."""
    match operation:
        case EvaluateInput(population, target, stage=None) if (population, target) in kept:
            yield Only(Due(population, target), (operation,))
        case Only(OneByOne(), parts):
            again = tuple(o for part in parts for o in _where_learnt(part, kept))
            yield from (replace(operation, parts=again),) if again else ()
        case _:
            yield operation


def _where_learnt(operation: Operation, kept: Mapping[Owned, Kept]) -> Iterator[Operation]:
    match operation:
        case EvaluateInput(population, target) if (population, target) in kept:
            rules = kept[population, target].switched
            yield from (Only(RulesOn(rules), (operation,)),) if rules else ()
        case _:
            yield operation


def _note(plan: Plan, population: str, kept: Kept) -> str:
    symbols = {p.projection.name: p.projection.symbol or p.projection.name for p in plan.projections}
    off = f" and the rules of {', '.join(symbols[p] for p in kept.switched)} are off" if kept.switched else ""
    return f"{population}.{kept.target} is kept from step to step while {', '.join(kept.visiting)} update unit by unit{off}"


def _kept(plan: Plan, population: str, target: str, swept: frozenset[str]) -> Kept | None:
    """When this sum of the units of a swept population can be kept; None where it never can."""
    into = [p for p in plan.projections if p.projection.post == population and target in {s.target for s in p.projection.connection.sums}]
    if not into or any((population, target) in _added_to(p) for p in plan.projections):
        return None
    own: Kept | None = Kept(target, (), (population,), tuple(f for f in ((population, target),) if f in plan.asked.fed))
    return reduce(_both, (_of_projection(plan, p, target, swept) for p in into), own)


def _both(one: Kept | None, other: Kept | None) -> Kept | None:
    """When the conditions of both hold."""
    if one is None or other is None:
        return None
    return replace(
        one,
        switched=_union(one.switched, other.switched),
        visiting=_union(one.visiting, other.visiting),
        unfed=tuple(dict.fromkeys((*one.unfed, *other.unfed))),
    )


def _union(one: Iterable[str], other: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*one, *other)))


def _of_projection(plan: Plan, projection: ProjectionPlan, target: str, swept: frozenset[str]) -> Kept | None:
    own = projection.projection
    ends = {p.name: p for p in plan.network.populations}
    scope = scope_of(own, ends)
    bodies = [inline(s.body, scope) for s in own.connection.sums if s.target == target]
    if not all(_is_fixed(body) for body in bodies):
        return None
    found: Kept | None = Kept(target, (), (), ())
    for ref in sorted({Ref(r.owner, r.name) for body in bodies for r in refs(body)}, key=lambda r: r.order):
        match ref.owner:
            case Whose.OWN:
                found = _both(found, _of_connection(projection, ref.name, target))
            case Whose.PRE | Whose.POST as side:
                found = _both(found, _of_unit(plan, ends[own.ends[side]], ref.name, target, side is Whose.PRE and own.ends[side] in swept))
            case Whose.NETWORK:
                constant = any(v.name == ref.name and v.role in _CONSTANT for v in plan.network.variables)
                found = found if constant else None
            case _:
                found = None
    return found


def _is_fixed(body: Expr) -> bool:
    """Whether it changes only with the variables that it reads."""
    moving = any(isinstance(node, Incoming) or (isinstance(node, Call) and node.function in _DRAWS) for node in walk(body))
    return not moving and all(node.name in _FIXED for node in walk(body) if isinstance(node, Special))


def _of_connection(projection: ProjectionPlan, name: str, target: str) -> Kept | None:
    """A variable of the connections: constant, or changed by rules that can be off."""
    events = (*(e for _, many in projection.events for e in many), *projection.without_spike)
    changing = [e for e in events if e.assigned == name]
    roles = {p.variable.role for p in projection.variables if p.variable.name == name}
    if (
        not roles <= {*_CONSTANT, Role.STATE}
        or any(name in variables_of(s.scheme) for s in projection.schemes)
        or not all(e.held for e in changing)
    ):
        return None
    return Kept(target, (projection.projection.name,) if changing else (), (), ())


def _of_unit(plan: Plan, population: Population, name: str, target: str, follows: bool) -> Kept | None:
    """A variable of units: constant, or changed by nothing but updates unit by unit. `follows`: a sweep adds its changes to the sum."""
    block, key = population.block, (population.name, name)
    variable = block.variable(name)
    unfed = (key,) if key in plan.asked.fed else ()
    if variable is None or variable.role not in (*_CONSTANT, Role.STATE, Role.CLAMPED):
        return None
    if any(name in variables_of(s) for s in block.schemes) or any(key in _added_to(p) for p in plan.projections):
        return None
    triggers = {h.trigger for h in block.handlers for s in h.statements if isinstance(s, Assign) and s.target.name == name}
    if not triggers:
        return Kept(target, (), (), unfed)
    return Kept(target, (), (population.name,), unfed) if follows and triggers == {Trigger.STEP} else None


def _added_to(projection: ProjectionPlan) -> set[Owned]:
    """Variables of units to which a projection adds, with or without spikes."""
    return projection.projection.of_units(s.target for s in projection.projection.connection.statements())
