"""`expect fraction(m_1 > 0.9) < 0.3 over repeats`: one look at all repeats of a combination.

Comes in: the moment of an `expect` line, then the expectation. Goes out: the moment without `over repeats`, and findings. What an expectation over
repeats reads belongs to statistics, which are of all runs together; outside of them only what is the same in every run has a meaning.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from plasticdsl.check.experiments.readings import Taking
from plasticdsl.check.experiments.statistics import statistic
from plasticdsl.model.experiments import Expectation
from plasticdsl.model.expr import Call, Expr, Ref, children
from plasticdsl.model.model import Distribution, Network, Role
from plasticdsl.model.owners import Whose
from plasticdsl.syntax import tree


def without_repeats(moment: tree.Moment | None) -> tuple[tree.Moment | None, bool]:
    """The moment without `over repeats`, and whether it said so."""
    if moment is None or not isinstance(moment.over, tree.Name) or moment.over.name != "repeats":
        return moment, False
    return replace(moment, over=None), True


def check_over_repeats(expectation: Expectation, taking: Taking) -> None:
    """Reports what has a value of its own in each run, and moments of which there are many."""
    report = taking.context.report
    if expectation.right is None and expectation.relation != "holds":
        report.error("not-here", "What happens from step to step is looked at in each run, not over repeats.", expectation.span)
        return
    if expectation.window.every is not None:
        report.error(
            "not-here", "Repeats are looked at together once, not at every moment.", expectation.span, "Write ‘at end’ or ‘over last T’."
        )
    alone = [r for e in (expectation.left, expectation.right, expectation.tolerance) if e is not None for r in _outside(e)]
    if any(not _same_in_all(r, taking.network) for r in alone):
        message = "Over repeats there is one value for each run, so a statistic must say what is compared."
        report.error("not-here", message, expectation.span, "For example ‘mean(…)’, ‘min(…)’ or ‘fraction(… > …)’.")


def _outside(expr: Expr) -> Iterator[Expr]:
    """What is read but not by a statistic of values: variables, and statistics of spikes."""
    if isinstance(expr, Call) and (found := statistic(expr.function, len(expr.arguments))) is not None:
        if found[1].of_spikes:
            yield expr
        return
    if isinstance(expr, Ref):
        yield expr
    for child in children(expr):
        yield from _outside(child)


def _same_in_all(expr: Expr, network: Network) -> bool:
    """Whether it is a parameter of the network that is not drawn."""
    if not isinstance(expr, Ref) or expr.owner is not Whose.NETWORK:
        return False
    found = next((v for v in network.variables if v.name == expr.name), None)
    return found is not None and found.role in (Role.PARAMETER, Role.GIVEN) and not isinstance(found.value, Distribution)
