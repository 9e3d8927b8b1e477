"""Connections that come and go: what a projection has where a block of it says so.

Comes in: the joined parts, and the connection that they make. Goes out: its states that tell of it, the order of its handlers, and findings.
"""

from __future__ import annotations

from plasticdsl.check.blocks.rewiring import report_clash
from plasticdsl.check.networks.merging import Joined
from plasticdsl.check.report import Reporter
from plasticdsl.check.terms.context import Context
from plasticdsl.diagnostics.diagnostic import Label
from plasticdsl.model import Assign, Block, Connectivity, Handler, Presence, Role, Variable
from plasticdsl.model.expr import Number
from plasticdsl.model.owners import Whose
from plasticdsl.model.presence import NEWBORN, PRESENT
from plasticdsl.source import Span


def presence_of(joined: Joined, context: Context) -> Presence:
    """Whether connections come and go; then the variables that tell of it are added."""
    kinds = ((Presence.GROWN, NEWBORN), (Presence.PRUNED, PRESENT))
    presence = next((kind for kind, name in kinds if any(_sets(block, name) for block in joined.blocks)), Presence.FIXED)
    needed = {Presence.FIXED: (), Presence.PRUNED: (PRESENT,), Presence.GROWN: (PRESENT, NEWBORN)}[presence]
    for name in needed:
        if name in joined.variables:
            report_clash(name, joined.variables[name].span, context.report)
            continue
        _, need = joined.open.pop(name)
        at_first, values = (Number(1.0), (0.0, 1.0)) if name == PRESENT else (Number(0.0), ())
        joined.variables[name] = Variable(name, name, Role.STATE, initial=at_first, values=values, span=need.span)
        joined.origins[name] = ("", name)
    return presence


def _sets(block: Block, name: str) -> bool:
    """Whether a block sets one of these states, which is none of its own."""
    return name not in {v.name for v in block.variables} and any(s.target.name == name for s in block.statements())


def in_turn(handler: Handler) -> int:
    """Connections vanish when all else is done, and then others arise."""
    changed = {s.target.name for s in handler.statements}
    return 2 if NEWBORN in changed else 1 if PRESENT in changed else 0


def check_beginning(block: Block, weights: frozenset[str], span: Span, report: Reporter) -> None:
    """Warns where a connection arises with the very values at which it vanished: `weights` stand still meanwhile."""
    states = {v.name: v.symbol for v in block.variables if v.role is Role.STATE and v.name not in (PRESENT, NEWBORN)}
    prunes = [h for h in block.handlers if in_turn(h) == 1]
    asked = {r.name for r in block.read_through(s.value for h in prunes for s in h.statements) if r.owner is Whose.OWN} & states.keys()
    for handler in (h for h in block.handlers if in_turn(h) == 2):
        condition = next(s.value for s in handler.statements if isinstance(s, Assign))
        decides = {r.name for r in block.read_through([condition]) if r.owner is Whose.OWN} - weights
        seen = {s.target.name for s in handler.statements} | decides
        if asked and not asked & seen:
            names = " and ".join(f"‘{states[name]}’" for name in sorted(asked))
            message = f"Nothing says with which {names} a new connection begins, so it is what it was when the connection vanished."
            labels = (Label(prunes[0].span, "it vanishes here"), Label(span, "in this projection"))
            hint = f"For example ‘…, {states[min(asked)]} = …’ at the end of the line."
            report.warning("begins-as-pruned", message, handler.span, hint, labels)


def check_pairs(block: Block, connected: Connectivity, report: Reporter) -> None:
    """Reports pairs of units with several connections, where every pair has one place."""
    if block.presence is Presence.GROWN and connected.repeats:
        message = "Where connections arise there is one for each pair of units, and ‘with repeats’ makes several."
        report.error("unsupported", message, connected.span, "Leave ‘with repeats’ out.")
