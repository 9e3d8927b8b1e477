"""Which variables of a connection are its weights: what `rules off` holds, and what a program may give and write."""

from __future__ import annotations

from plasticdsl.graph import reachable
from plasticdsl.model import Assign, Block, Presence, Projection
from plasticdsl.model.expr import Expr, refs
from plasticdsl.model.owners import Whose
from plasticdsl.model.presence import NEWBORN, PRESENT, is_rewiring


def weights(projection: Projection) -> frozenset[str]:
    """The variables that `rules off` holds; everything else (traces, means) runs on.

    A weight is what a rule changes and (a) the synapse declares or the projection gives, or (b) no other change in the connection
    reads: a rule without a synapse has its weight as its final product. Whether a connection is there is one of them, and what decides that is not asked.
    """
    block = projection.connection
    origins = dict(projection.origins)
    rules = set(projection.rules)
    changed = _changed_by_rules(block)
    read = read_by_others(block)
    return frozenset(name for name in changed if origins.get(name, ("", name))[0] not in rules or name not in read)


def standing_weights(projection: Projection) -> frozenset[str]:
    """The weights that nothing changes while rules are off: rules alone do."""
    block = projection.connection
    otherwise = {flow.variable for flow in block.flows if not flow.is_rule}
    otherwise |= {s.target.name for h in block.handlers if not h.is_rule for s in h.statements if isinstance(s, Assign)}
    return weights(projection) - otherwise


def flowing_weights(projection: Projection) -> frozenset[str]:
    """The weights that rules let flow: these stand still while rules are off."""
    return weights(projection) & {flow.variable for flow in projection.connection.flows if flow.is_rule}


def weight(projection: Projection) -> str | None:
    """The one variable that rules change or, without rules, that the projection gives (among several, the one that no block declares); None where there
    is not one."""
    undeclared = {name for name in projection.given if dict(projection.origins).get(name, ("", name))[0] == ""}
    choices = (found - {PRESENT, NEWBORN} for found in (weights(projection), undeclared, frozenset(projection.given)))
    return next((next(iter(found)) for found in choices if len(found) == 1), None)


def _changed_by_rules(block: Block) -> set[str]:
    by_pairs_and_flows = {*(pair.target.name for pair in block.pairs), *(flow.variable for flow in block.flows if flow.is_rule)}
    return by_pairs_and_flows | {s.target.name for h in block.handlers if h.is_rule for s in h.statements if isinstance(s, Assign)}


def read_by_others(block: Block) -> set[str]:
    """Variables read by a change of some other variable (definitions are followed)."""
    changes: list[tuple[str, Expr]] = [(flow.variable, flow.rate) for flow in block.flows]
    changes += [(pair.target.name, pair.increment) for pair in block.pairs]
    changes += [("", total.body) for total in block.sums]
    lasting = (s for h in block.handlers if block.presence is Presence.FIXED or not is_rewiring(h) for s in h.statements)
    changes += [(s.target.name if isinstance(s, Assign) else "", s.value) for s in lasting]
    definitions = block.definitions | {total.name: total.value for total in block.totals}
    behind = {name: _own(value) for name, value in definitions.items()}
    return {read for name, expr in changes for read in reachable(_own(expr), behind) if read != name}


def _own(expr: Expr) -> set[str]:
    return {ref.name for ref in refs(expr) if ref.owner is Whose.OWN}
