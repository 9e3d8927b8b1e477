"""Is every expectation looked at? One whose moment lies outside of its phase, or of the run, never is.

Comes in: the phases and expectations of a checked experiment. Goes out: findings (`never-looked-at`). Lengths that are not known before the run (swept
ones, phases that show items or wait for something) are left to the run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from plasticdsl.check.experiments.readings import Taking
from plasticdsl.check.terms.constants import constant
from plasticdsl.model.experiments import Expectation, Phase
from plasticdsl.model.expr import Expr, Number, Special, substitute

#: Rounding that is forgiven, relative to a length; moments are put on the grid later.
_ROUNDING = 1e-9


def check_reached(dt: Expr | None, phases: Sequence[Phase], expectations: Sequence[Expectation], taking: Taking) -> None:
    """Reports expectations that no run of this length can look at. `expectations`: those of the experiment; phases bring their own."""
    step = Number(1.0) if dt is None else dt
    of_phases = (e for p in phases for e in p.expectations)

    def seconds(expr: Expr | None) -> float | None:
        return None if expr is None else constant(substitute(expr, {Special("dt"): step}), taking.constants)

    lengths = {p.name: seconds(p.duration) for p in phases}
    for expectation in (*of_phases, *expectations):
        length = lengths.get(expectation.window.during) if expectation.window.during is not None else _sum(lengths)
        wanted = seconds(expectation.window.last if expectation.window.last is not None else expectation.window.at)
        if length is not None and wanted is not None and wanted > length * (1.0 + _ROUNDING):
            _report(expectation, wanted, length, None if dt is not None else 1.0, taking)


def _sum(lengths: Mapping[str, float | None]) -> float | None:
    known = [length for length in lengths.values() if length is not None]
    return sum(known) if len(known) == len(lengths) else None


def _report(expectation: Expectation, wanted: float, length: float, step: float | None, taking: Taking) -> None:
    window = expectation.window
    whole = f"phase ‘{window.during}’" if window.during is not None else "the run"
    there, asked = (f"{t:g} {'s' if step is None else 'steps'}" for t in (length, wanted))
    what = f"looks at the last {asked}" if window.last is not None else f"is looked at at {asked}"
    message = f"This expectation {what}, and {whole} lasts {there}, so it is never looked at."
    taking.context.report.error("never-looked-at", message, expectation.span, "Choose a moment within, or let it last longer.")
