"""Layout: connections between all pairs need no list of who is connected to whom.

Rewrite: where all of n_pre · n_post pairs are connected, the connection of pre unit j to post unit i is number k = j n_post + i; where all but j = i are,
the row of unit j has n_post − 1 connections: k = j (n_post − 1) + i for i < j, and one less for i > j. Targets, the beginnings of rows, and the
index by post units are computed instead of read, and a row is walked in one stride.
Exact always: connections are sorted by pre, then post unit, so that these are the numbers they have anyway, and walks keep their order. Given lists of
connections are no such projections (`Connectivity.kind` is `listed`).
"""

from __future__ import annotations

from dataclasses import replace

from plasticdsl.plan.plan import Layout, Plan, ProjectionPlan

_WORDS = {
    Layout.FULL: "every pair is connected, so that connections are numbered by row and column and no list of targets is kept",
    Layout.FULL_BUT_SELF: "every pair but j = i is connected, so that connections are numbered by row and column and no list of targets is kept",
}


def lay_out(plan: Plan) -> Plan:
    """The plan with the layout of every projection."""
    done = tuple(replace(p, layout=_layout(p)) for p in plan.projections)
    notes = tuple(f"{p.projection.symbol or p.projection.name}: {_WORDS[p.layout]}" for p in done if p.layout in _WORDS)
    return replace(plan, projections=done, notes=plan.notes + notes)


def _layout(projection: ProjectionPlan) -> Layout:
    own = projection.projection
    if not own.connectivity.is_full:
        return Layout.LISTED
    return Layout.FULL_BUT_SELF if own.pre == own.post and not own.connectivity.self_connections else Layout.FULL
