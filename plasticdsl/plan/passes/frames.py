"""Frames: traces of units that events alone look at decay when somebody looks, and not in every step.

Rewrite, for a variable of units that decays, x ← P x in each step, and a frame that began at step f: kept is

    x̂ = x P^−(n − f),

which stands still while nothing happens to the unit. What reads it reads x̂ P^(n − f), and what makes it y leaves y P^−(n − f). When a frame has
lasted for five time constants, or some thousand steps, every x̂ becomes x, and the next frame begins. So a step costs nothing.

Exact, up to rounding, for any jumps whatever: x̂ has as many digits as x. P is the same for all units of a side, and known from parameters that they
share, so that powers of it are in a table.

Nothing is rewritten where x has bounds, which act in every step; where flows, bounds of other variables, sums, other projections or statements at every
step read or change it, so that units have to be gone through anyway; where ties of spikes need copies of it in every step.
What is read from outside is computed then (`CompiledEngine.read`).
"""

from __future__ import annotations

from dataclasses import replace

from plasticdsl.model.expr import Special
from plasticdsl.model.schemes import variables_of
from plasticdsl.options import A_FEW
from plasticdsl.plan.places import Kind, Place
from plasticdsl.plan.plan import PlacedScheme, Plan, ProjectionPlan
from plasticdsl.plan.sharing import decaying, own_read


def in_frames(plan: Plan) -> Plan:
    """The plan in which traces decay when somebody looks, where they can."""
    read_by_others = frozenset(o.name for p in plan.projections for o in p.others)
    done = tuple([p if p.name in read_by_others else replace(p, framed=_framed(p)) for p in plan.projections])
    notes = tuple(
        f"{p.label}: {', '.join(p.variable(n).variable.symbol for n in p.framed)}: what is left of traces is worked out when events read them, "
        f"in networks with {A_FEW} connections"
        for p in done
        if p.framed
    )
    return replace(plan, projections=done, notes=(*plan.notes, *notes))


def _framed(projection: ProjectionPlan) -> tuple[str, ...]:
    of_units = [p.variable for p in projection.variables if p.kind is Kind.STATE and p.place is not Place.CONNECTION]
    if not of_units:
        return ()
    looked_at = _in_every_step(projection)
    free = (v.name for v in of_units if v.low is None and v.high is None and v.name not in looked_at)
    return tuple(name for name in free if _decays(projection, name))


def _decays(projection: ProjectionPlan, name: str) -> bool:
    """Whether that is all that it does by itself."""
    flows = [s for s in projection.schemes if name in variables_of(s.scheme)]
    return len(flows) == 1 and not flows[0].held and decaying(projection, flows[0].scheme) == name


def _in_every_step(projection: ProjectionPlan) -> frozenset[str]:
    """What is read or changed in every step, but by its own decay."""
    events = (*projection.each_step, *(e for period, many in projection.periodic if period == Special("dt") for e in many))
    bounds = tuple(b for p in projection.variables for b in (p.variable.low, p.variable.high) if b is not None)
    flows = tuple(s for s in projection.schemes if not _is_decay(projection, s))
    parts = tuple(
        group.value(name) for group in projection.superposed for s in projection.schemes for _, name in s.sums if name in group.names
    )
    read = own_read((flows, parts, bounds, projection.sums, projection.totals, projection.past, tuple(e.statement for e in events)))
    return read | {*projection.shadows, *projection.forecasts} | {e.assigned for e in events if e.assigned is not None}


def _is_decay(projection: ProjectionPlan, placed: PlacedScheme) -> bool:
    return bool(decaying(projection, placed.scheme))
