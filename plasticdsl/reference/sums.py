"""The inputs of units: sums over their incoming connections.

Evaluated in the network's order, each after what it depends on; 0 where nothing comes in. A connection with delays uses its pre unit as it
was an axonal delay ago (after the sums of that step) and itself and its post unit as they are; the result arrives a dendritic delay later.
What would have left before the first step is 0. Sums that the flows of connections read (`Block.totals`) come last, with everything as it is.
"""

from __future__ import annotations

import numpy as np

from plasticdsl.model import Projection, SumInto
from plasticdsl.model.expr import Incoming, Ref
from plasticdsl.model.owners import OfPopulation, owner_text
from plasticdsl.reference.evaluate import OwnerScope, evaluate, everything
from plasticdsl.reference.state import Run
from plasticdsl.reference.structure import Frame, Index
from plasticdsl.runtime.instance.instance import Floats


def sum_inputs(run: Run) -> None:
    """Evaluate all inputs at t_n, and send what arrives later on its way."""
    run.delayed = run.inputs_waiting.pop(run.frame.step, {})
    for ref in run.structure.inputs:
        population, target = owner_text(ref.owner), ref.name
        for projection, total in run.structure.sums[population, target]:
            if projection.delays:
                at_once = np.flatnonzero(run.structure.post[projection.name].delays == 0)
                _gather(run, projection, target, at_once, _late_body(run, projection, total, at_once), run.delayed)
        if run.due(population):
            sum_input(run, run.frame, population, target)
    _send(run)
    _remember(run)
    for name, projection in run.structure.projections.items():
        for own in projection.connection.totals:
            scope = everything(run.structure, run.frame, name)
            run.frame.values[name][own.name] = np.array(evaluate(Incoming(own.value), scope))


def sum_inputs_at_stage(run: Run, frame: Frame) -> None:
    """Evaluate the sums of flowing variables in a frame at a stage of an integrator; all other inputs, and what comes with a delay, stay."""
    for ref in run.structure.inputs:
        if ref in run.structure.flowing:
            sum_input(run, frame, owner_text(ref.owner), ref.name)


def sum_input(run: Run, frame: Frame, population: str, target: str) -> None:
    """Evaluate one input with everything as it is in a frame."""
    result = np.zeros(run.structure.count(population))
    for projection, total in run.structure.sums[population, target]:
        if not projection.delays:
            units = run.structure.post[projection.name].units
            np.add.at(result, units, np.broadcast_to(evaluate(total.body, everything(run.structure, frame, projection.name)), units.shape))
    frame.values[population][target] = result + run.delayed.get((population, target), 0.0)
    run.keep_fed(frame, Ref(OfPopulation(population), target))


# --- delays ----------------------------------------------------------------------------------------------------------


def _late_body(run: Run, projection: Projection, total: SumInto, connections: Index) -> Floats:
    """The body at the synapse now, with the pre unit of an axonal delay ago."""
    structure, name = run.structure, projection.name
    result = np.zeros(len(connections))
    delays = structure.pre[name].delays[connections]
    for delay in np.unique(delays):
        earlier = run.frame if delay == 0 else run.earlier.get(run.frame.step - int(delay))
        if earlier is not None:
            chosen = delays == delay
            scope = OwnerScope(structure, run.frame, name, connections[chosen], pre_frame=earlier)
            result[chosen] = evaluate(total.body, scope)
    return result


def _gather(
    run: Run, projection: Projection, target: str, connections: Index, amounts: Floats, into: dict[tuple[str, str], Floats]
) -> None:
    total = into.setdefault((projection.post, target), np.zeros(run.structure.count(projection.post)))
    np.add.at(total, run.structure.post[projection.name].units[connections], amounts)


def _send(run: Run) -> None:
    structure = run.structure
    for projection in structure.projections.values():
        end = structure.post[projection.name]
        for total in projection.connection.sums:
            for delay in (d for d in end.delays_there if d > 0):
                connections = np.flatnonzero(end.delays == delay)
                arrival = run.inputs_waiting.setdefault(run.frame.step + delay, {})
                _gather(run, projection, total.target, connections, _late_body(run, projection, total, connections), arrival)


def _remember(run: Run) -> None:
    """Keep this step's values for as long as an axonal delay may ask for them."""
    structure = run.structure
    with_sums = [p.name for p in structure.projections.values() if p.connection.sums]
    longest = max((delay for name in with_sums for delay in structure.pre[name].delays_there), default=0)
    if longest > 0:
        run.earlier[run.frame.step] = run.frame.copy()
        run.earlier.pop(run.frame.step - longest, None)
