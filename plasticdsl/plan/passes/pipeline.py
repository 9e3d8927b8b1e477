"""Which passes run at which level, in order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from plasticdsl.plan.passes.hoist import hoist
from plasticdsl.plan.passes.keep import keep_sums
from plasticdsl.plan.passes.layout import lay_out
from plasticdsl.plan.plan import Plan


@dataclass(frozen=True, slots=True)
class Pass:
    """A rewrite of the plan; it runs from optimisation level `level` on."""

    name: str
    level: int
    run: Callable[[Plan], Plan]


PASSES = (Pass("hoist", 1, hoist), Pass("layout", 1, lay_out), Pass("keep", 1, keep_sums))


def optimise(plan: Plan, level: int, without: frozenset[str] = frozenset()) -> Plan:
    """The plan after all passes of `level` (0: none) but those named in `without`; what each of them noted is under its name.

    Raises `ValueError` for an unknown pass.
    """
    unknown = without - {p.name for p in PASSES}
    if unknown:
        raise ValueError(f"no pass is called {', '.join(sorted(unknown))}; the passes are {', '.join(p.name for p in PASSES)}")
    for step in PASSES:
        if step.level <= level and step.name not in without:
            before, plan = plan.notes, step.run(plan)
            plan = replace(plan, notes=(*before, *(f"{step.name}: {note}" for note in plan.notes[len(before) :])))
    return plan
