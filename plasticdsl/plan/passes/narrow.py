"""Narrow: units have numbers of 16 bits.

Rewrite: lists of post units, and of pre units in the order of post units, hold 16 bits for each connection in place of 32. A walk over connections then
reads half as much memory, where each adds a number that they share.
Exact always, in networks whose connected populations have at most 65 536 units; others do without (`driver`).
"""

from __future__ import annotations

from dataclasses import replace

from plasticdsl.plan.plan import Layout, Plan
from plasticdsl.support.arrays import MOST_UNITS_IN_16_BITS


def narrow(plan: Plan) -> Plan:
    """The plan with narrow numbers in every list of units."""
    done = tuple(replace(p, narrow=p.layout is Layout.LISTED) for p in plan.projections)
    listed = ", ".join(p.label for p in done if p.narrow)
    notes = (f"{listed}: units have numbers of 16 bits in networks with at most {MOST_UNITS_IN_16_BITS} of them",) if listed else ()
    return replace(plan, projections=done, notes=plan.notes + notes)
