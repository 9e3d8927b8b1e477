"""Sliding rates: `rate(5 s)` in a neuron, `rate(post, 5 s)` and `rate(pre, 5 s)` in a synapse or rule.

Comes in: such an application, and what is known of the block when all of it has been read. Goes out: a `Call` of `model.expr.SLIDING`, of the window
alone, whose window is the same at all times and whose unit spikes.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from plasticdsl.check.terms.amounts import POSITIVE, amount
from plasticdsl.check.terms.context import Context, Typed
from plasticdsl.check.terms.unification import PURE, SECONDS
from plasticdsl.diagnostics.diagnostic import Hint
from plasticdsl.model.expr import SLIDING, Call, Special, refs, walk
from plasticdsl.model.owners import Whose, owner_text
from plasticdsl.source import Span
from plasticdsl.syntax import tree

_BY_TEXT = {owner_text(owner): name for name, owner in SLIDING.items()}


def sliding_rate(node: tree.Apply, in_neuron: bool, context: Context) -> Typed | None:
    """The rate; None for anything else, and where `rate` is something of the author's."""
    if (
        not isinstance(node.function, tree.Name)
        or node.function.name != "rate"
        or node.primes
        or context.scope.find(node.function) is not None
    ):
        return None
    match [a.value for a in node.arguments]:
        case [window] if in_neuron:
            whose = ""
        case [tree.Name(name="pre" | "post" as whose), window] if not in_neuron:
            pass
        case values:
            return _refused(node, values, in_neuron, context)
    over = amount(window, POSITIVE, "The window of a rate", context, {}, SECONDS)
    return Typed(Call(_BY_TEXT[whose], (over,)), PURE / SECONDS)


def _refused(node: tree.Apply, values: Sequence[tree.Expr], in_neuron: bool, context: Context) -> Typed:
    beginnings = ("rate(",) if in_neuron else ("rate(post, ", "rate(pre, ")
    words = "Write ‘rate(5 s)’." if in_neuron else "Write ‘rate(post, 5 s)’ or ‘rate(pre, 5 s)’."
    hint = Hint(words, beginnings, Span(node.span.start, values[-1].span.start, node.span.path)) if values else Hint(words)
    where = "a neuron a rate is that of the unit itself" if in_neuron else "a synapse or rule a rate is that of one of the two units"
    return context.refuse("wrong-number-of-arguments", f"In {where}, over a window of time.", node.span, hint)


def check_windows(rates: Collection[tuple[Span, Call]], changing: Collection[str], fires: bool, context: Context) -> None:
    """Reports rates of units that make no spikes, and windows (or times since when) that are not constant."""
    for span, rate in rates:
        if not fires and SLIDING.get(rate.function) is Whose.OWN:
            message = "This neuron makes no spikes, so it has no rate of them."
            context.report.error("no-spikes", message, span, "Give it a ‘spike when …’ line.")
        window = rate.arguments[-1]
        elsewhere = (r for r in refs(window) if r.owner not in (Whose.OWN, Whose.NETWORK) or r.name in changing)
        if Special("t") in walk(window) or any(elsewhere):
            what = "The window of a rate" if rate.function in SLIDING else "How long ago"
            message = f"{what} is the same at all times, and this one changes."
            context.report.error("not-a-constant", message, span, "Use a parameter, or a number: ‘5 s’.")
