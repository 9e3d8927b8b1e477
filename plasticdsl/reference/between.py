"""What happens at a step without a spike: changes at every step, and periodic ones.

Everywhere at once: what a unit or connection reads of others is from before these changes, and what connections add to units is added up for
each projection and added when all is done. Its own statements run top to bottom. A period of k steps is due at the steps 0, k, 2 k, ….

Populations that update unit by unit do so after the rules: each unit is visited once in a step, in a given order; before each visit the sums that
updates read are formed anew from all units as they are by then.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from plasticdsl.model import AddTo, Handler, Trigger
from plasticdsl.model.expr import Ref
from plasticdsl.model.owners import owner_text
from plasticdsl.reference.evaluate import evaluate, everything
from plasticdsl.reference.events import send, without_held
from plasticdsl.reference.handlers import run_at
from plasticdsl.reference.state import Run
from plasticdsl.reference.structure import Frame
from plasticdsl.reference.sums import sum_input
from plasticdsl.runtime.engine.engine import order_in_step
from plasticdsl.runtime.instance.instance import Floats
from plasticdsl.support.steps import to_steps

#: (projection, variable of a unit) → what is added to it, for each connection.
Additions = dict[tuple[str, Ref], Floats]


def change_between_spikes(run: Run) -> None:
    """All changes of this step that no spike triggers."""
    owners = [(owner, handler) for owner in run.structure.owners() for handler in _due(run, owner)]
    if not owners:
        return
    before = run.frame.copy()
    additions: Additions = {}
    for owner, handler in owners:
        if owner in run.structure.projections:
            _at_connections(run, owner, handler, before, additions)
    _sweep(run)
    for owner, handler in owners:
        if owner in run.structure.populations and owner not in run.visits:
            run_at(run, owner, handler, np.arange(run.structure.count(owner)), before)
    for (projection, target), amounts in additions.items():
        send(run, projection, target, np.arange(len(amounts)), amounts)


def _due(run: Run, owner: str) -> Iterator[Handler]:
    handlers, stride = run.structure.block(owner).handlers, run.structure.stride(owner)
    yield from (h for h in handlers if h.trigger is Trigger.STEP and run.due(owner))
    for handler in handlers:
        if handler.trigger is Trigger.EVERY and handler.period is not None:
            periods = evaluate(handler.period, everything(run.structure, run.frame, owner))
            steps = {stride * max(1, to_steps(float(p), run.structure.instance.dt * stride)) for p in np.atleast_1d(periods)}
            if len(steps) != 1:
                raise ValueError(f"{owner}: `every` needs one period for all")
            if run.frame.step % steps.pop() == 0:
                yield handler


def _at_connections(run: Run, projection: str, handler: Handler, others: Frame, additions: Additions) -> None:
    def add(statement: AddTo, amounts: Floats) -> None:
        key = projection, statement.target
        additions[key] = additions.get(key, 0.0) + amounts

    run_at(run, projection, without_held(run, projection, handler), np.arange(run.structure.count(projection)), others, add)


# --- units that update one after the other ---------------------------------------------------------------------------


def _sweep(run: Run) -> None:
    """One sweep over each population that updates unit by unit now, in the order in which they are declared."""
    for name, population in run.structure.populations.items():
        updates = [h for h in population.block.handlers if h.trigger is Trigger.STEP]
        if not updates:
            continue
        for unit in _order(run, name):
            _sum_anew(run)
            for handler in updates:
                run_at(run, name, handler, np.array([unit]), run.frame)
    if run.visits:
        _sum_anew(run)


def _order(run: Run, population: str) -> Iterable[int]:
    """In which its units update in this step; none where they do all at once."""
    if population not in run.visits:
        return ()
    given = run.visits[population]
    return order_in_step(population, run.frame.step, run.structure.instance) if given is None else given


def _sum_anew(run: Run) -> None:
    """The sums that updates of visited populations read."""
    for ref in run.structure.inputs:
        population, target = owner_text(ref.owner), ref.name
        if population in run.visits and target in run.structure.block(population).stepping_inputs:
            sum_input(run, run.frame, population, target)
