"""Fetch: a walk over the connections of one presynaptic spike asks for those of the next.

Rewrite: with each connection of a row that is walked, one of the row of the next spike is asked for, which is known: it is the next of this step, or
the first of the next step where spikes take their time. What a row holds lies far away in memory where a projection is large, and the
processor foresees no more than that the next number of the same row is wanted.
Exact always: nothing is computed.
"""

from __future__ import annotations

from dataclasses import replace

from plasticdsl.options import LARGE
from plasticdsl.plan.places import Slot
from plasticdsl.plan.plan import Layout, Plan, ProjectionPlan


def fetch(plan: Plan) -> Plan:
    """The plan in which presynaptic spikes fetch."""
    done = tuple(replace(p, fetches=_fetches(p)) for p in plan.projections)
    who = ", ".join(p.label for p in done if p.fetches)
    notes = (f"{who}: each spike asks for the connections of the next in networks with {LARGE} connections",) if who else ()
    return replace(plan, projections=done, notes=plan.notes + notes)


def _fetches(projection: ProjectionPlan) -> bool:
    """Whether there are rows of more than one connection, which spikes reach as wholes."""
    rows = projection.layout is Layout.LISTED and projection.projection.connectivity.kind != "one"
    return rows and projection.same_axonal and bool(projection.at(Slot.PRE))
