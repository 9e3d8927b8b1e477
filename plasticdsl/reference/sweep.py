"""Units that update one after the other.

Each unit is visited once in a step, in a given order, after the rules; before each visit the sums that updates read are formed anew from all units as
they are by then.
"""

from __future__ import annotations

import numpy as np

from plasticdsl.model.expr import refs
from plasticdsl.model.model import Assign, Block, Role, Trigger
from plasticdsl.model.owners import Whose
from plasticdsl.reference.handlers import run_at
from plasticdsl.reference.state import Run
from plasticdsl.reference.sums import inputs_in_order, summed


def sweep(run: Run) -> None:
    """One sweep over each population that updates unit by unit now, in the order in which they are declared."""
    for name, population in run.structure.populations.items():
        if name in run.visits and any(h.trigger is Trigger.STEP for h in population.block.handlers):
            for unit in run.visits[name]:
                _sum_anew(run)
                for handler in population.block.handlers:
                    if handler.trigger is Trigger.STEP:
                        run_at(run, name, handler, np.array([unit]), run.frame)
    if run.visits:
        _sum_anew(run)


def _sum_anew(run: Run) -> None:
    """The sums that updates of visited populations read."""
    for population, target in inputs_in_order(run.structure):
        if population in run.visits and target in read_by_updates(run.structure.block(population)):
            run.frame.values[population][target] = summed(run, run.frame, population, target)
            run.keep_fed(run.frame, population, target)


def read_by_updates(block: Block) -> frozenset[str]:
    """The inputs that what units do at steps reads, also through definitions."""
    waiting = [s.value for h in block.handlers if h.trigger is Trigger.STEP for s in h.statements if isinstance(s, Assign)]
    seen: set[str] = set()
    while waiting:
        for ref in refs(waiting.pop()):
            formula = block.definition(ref) if ref.name not in seen else None
            seen |= {ref.name} if ref.owner is Whose.OWN else set()
            waiting += [] if formula is None else [formula]
    return frozenset(v.name for v in block.variables if v.role is Role.INPUT and v.name in seen)
