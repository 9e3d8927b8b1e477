"""The inputs of units: sums over their incoming connections.

Evaluated in the network's order, each after what it depends on; 0 where nothing comes in. A connection with delays uses its pre unit as it
was an axonal delay ago (after the sums of that step) and itself and its post unit as they are; the result arrives a dendritic delay later.
What would have left before the first step is 0. Sums that the flows of connections read (`Block.totals`) come last, with everything as it is.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from plasticdsl.model.expr import Expr, Incoming, Ref, refs
from plasticdsl.model.model import Block, Projection, Role, SumInto
from plasticdsl.model.owners import Whose
from plasticdsl.model.schemes import variables_of
from plasticdsl.reference.evaluate import evaluate
from plasticdsl.reference.feeds import keep_fed
from plasticdsl.reference.scope import ConnectionScope
from plasticdsl.reference.state import Run
from plasticdsl.reference.structure import Frame, Index, Structure
from plasticdsl.runtime.instance.instance import Floats


def sum_inputs(run: Run) -> None:
    """Evaluate all inputs at t_n, and send what arrives later on its way."""
    run.delayed = run.inputs_waiting.pop(run.frame.step, {})
    for population, target in inputs_in_order(run.structure):
        for projection, total in _into(run.structure, population, target):
            if is_delayed(run.structure, projection.name):
                at_once = np.flatnonzero(run.structure.dendritic[projection.name] == 0)
                _gather(run, projection, target, at_once, _late_body(run, projection, total, at_once), run.delayed)
        run.frame.values[population][target] = _total(run, run.frame, population, target)
        keep_fed(run, run.frame, population, target)
    _send(run)
    _remember(run)
    for name, projection in run.structure.projections.items():
        for own in projection.connection.totals:
            scope = ConnectionScope(run.structure, run.frame, name, np.arange(run.structure.count(name)))
            run.frame.values[name][own.name] = np.array(evaluate(Incoming(own.body), scope))


def total_now(run: Run, frame: Frame, population: str, target: str) -> Floats:
    """The sum into an input with everything as it is in a frame."""
    return _total(run, frame, population, target)


def sum_inputs_at_stage(run: Run, frame: Frame) -> None:
    """Evaluate the sums of flowing variables in a frame at a stage of an integrator; all other inputs, and what comes with a delay, stay."""
    flowing = flowing_names(run.structure)
    for population, target in inputs_in_order(run.structure):
        if (population, target) in flowing:
            frame.values[population][target] = _total(run, frame, population, target)
            keep_fed(run, frame, population, target)


def flowing_names(structure: Structure) -> frozenset[tuple[str, str]]:
    """(population, name) of all that changes during a flow: variables with a flow, definitions that read such, undelayed sums of such."""
    flowing = {
        (name, flow) for name, population in structure.populations.items() for s in population.block.schemes for flow in variables_of(s)
    }
    while True:
        more = {name for name in _names(structure) if any(read in flowing for read in _reads(structure, *name))} - flowing
        if not more:
            return frozenset(flowing)
        flowing |= more


def _names(structure: Structure) -> Iterator[tuple[str, str]]:
    for population in structure.populations.values():
        for variable in population.block.variables:
            if variable.role in (Role.INPUT, Role.DEFINITION):
                yield population.name, variable.name


def _reads(structure: Structure, population: str, name: str) -> Iterator[tuple[str, str]]:
    """What a definition reads of its unit, or the undelayed sums into an input read of units."""
    variable = structure.populations[population].block.variable(name)
    if variable is not None and isinstance(variable.value, Expr):
        yield from ((population, r.name) for r in refs(variable.value) if r.owner is Whose.OWN)
    for projection, total in _into(structure, population, name):
        if not is_delayed(structure, projection.name):
            for ref in _followed(projection.connection, total.body):
                if ref.owner in (Whose.PRE, Whose.POST):
                    yield projection.pre if ref.owner is Whose.PRE else projection.post, ref.name


def _followed(block: Block, expr: Expr) -> Iterator[Ref]:
    """Everything an expression reads, also through definitions of the block."""
    for ref in refs(expr):
        yield ref
        inner = block.variable(ref.name) if ref.owner is Whose.OWN else None
        if inner is not None and inner.role is Role.DEFINITION and isinstance(inner.value, Expr):
            yield from _followed(block, inner.value)


def inputs_in_order(structure: Structure) -> Iterator[tuple[str, str]]:
    """Population and name of every input, each after what it depends on."""
    for entry in structure.network.order:
        variable = structure.populations[entry.population].block.variable(entry.name)
        if variable is not None and variable.role is Role.INPUT:
            yield entry.population, entry.name


def is_delayed(structure: Structure, projection: str) -> bool:
    """Whether sums over this projection take time (perhaps 0 steps)."""
    return bool(structure.projections[projection].delays)


def _into(structure: Structure, population: str, target: str) -> Iterator[tuple[Projection, SumInto]]:
    for projection in structure.projections.values():
        if projection.post == population:
            yield from ((projection, total) for total in projection.connection.sums if total.target == target)


def _total(run: Run, frame: Frame, population: str, target: str) -> Floats:
    result = np.zeros(run.structure.count(population))
    for projection, total in _into(run.structure, population, target):
        if not is_delayed(run.structure, projection.name):
            connections = np.arange(run.structure.count(projection.name))
            scope = ConnectionScope(run.structure, frame, projection.name, connections)
            body = np.broadcast_to(evaluate(total.body, scope), connections.shape)
            np.add.at(result, run.structure.targets[projection.name], body)
    return result + run.delayed.get((population, target), 0.0)


# --- delays ----------------------------------------------------------------------------------------------------------


def _late_body(run: Run, projection: Projection, total: SumInto, connections: Index) -> Floats:
    """The body at the synapse now, with the pre unit of an axonal delay ago."""
    structure, name = run.structure, projection.name
    result = np.zeros(len(connections))
    delays = structure.axonal[name][connections]
    for delay in np.unique(delays):
        earlier = run.frame if delay == 0 else run.earlier.get(run.frame.step - int(delay))
        if earlier is not None:
            chosen = delays == delay
            scope = ConnectionScope(structure, run.frame, name, connections[chosen], pre_frame=earlier)
            result[chosen] = evaluate(total.body, scope)
    return result


def _gather(
    run: Run, projection: Projection, target: str, connections: Index, amounts: Floats, into: dict[tuple[str, str], Floats]
) -> None:
    total = into.setdefault((projection.post, target), np.zeros(run.structure.count(projection.post)))
    np.add.at(total, run.structure.targets[projection.name][connections], amounts)


def _send(run: Run) -> None:
    structure = run.structure
    for projection in structure.projections.values():
        delays = structure.dendritic[projection.name]
        for total in projection.connection.sums:
            for delay in np.unique(delays[delays > 0]):
                connections = np.flatnonzero(delays == delay)
                arrival = run.inputs_waiting.setdefault(run.frame.step + int(delay), {})
                _gather(run, projection, total.target, connections, _late_body(run, projection, total, connections), arrival)


def _remember(run: Run) -> None:
    """Keep this step's values for as long as an axonal delay may ask for them."""
    structure = run.structure
    with_sums = [p.name for p in structure.projections.values() if p.connection.sums]
    longest = max((int(structure.axonal[name].max(initial=0)) for name in with_sums), default=0)
    if longest > 0:
        run.earlier[run.frame.step] = run.frame.copy()
        run.earlier.pop(run.frame.step - longest, None)
