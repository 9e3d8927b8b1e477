"""Spikes and other events at synapses: `on pre`, then `on post`, then those of units that are arguments.

Spikes first, then each other event of the side in the order in which its neuron lists them. Shortest delay first, unit by unit in order of number, a
unit's c spikes one after the other. One event: the statements of the synapse, those of each rule, then the pairs that the
spike completes. Connections of one unit do not see each other and are done at once, except where they share a unit that they change.

What an event sees of the other side. A variable that jumps only at spikes of one side is a trace of that side. A trace of the other side
is read as it was before the events of this step, with ⁺ as it is after them. Anything else is read as it is now.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from plasticdsl.model import AddTo, Assign, AtMost, Block, Handler, Trigger
from plasticdsl.model.expr import Ref, refs
from plasticdsl.model.owners import OfArgument, Whose
from plasticdsl.model.parts import Emitted
from plasticdsl.model.presence import PRESENT
from plasticdsl.reference.evaluate import OwnerScope, bounded, evaluate
from plasticdsl.reference.handlers import Local, meetings
from plasticdsl.reference.pairs import completed
from plasticdsl.reference.spikes import arriving
from plasticdsl.reference.state import Run
from plasticdsl.reference.structure import OTHER, Index
from plasticdsl.runtime.instance.instance import Floats


def spike_events(run: Run) -> None:
    """Everything that spikes do at synapses in this step."""
    run.deliver()
    frame, structure = run.frame, run.structure
    for side, arrived in frame.arrived.items():
        for name in structure.projections:
            for kind in structure.kinds(name, side):
                arrived[name, kind] = arriving(structure, run.spikes, name, side, kind, frame.step)
    run.before = {name: {v: values.copy() for v, values in frame.values[name].items()} for name in structure.projections}
    for side in (Trigger.PRE, Trigger.POST):
        for name in structure.projections:
            for kind in structure.kinds(name, side):
                for number, parts in _in_order(run, name, side, kind):
                    _in_step([Event(run, name, side, kind, connections, number).happen() for connections in parts])
    for name, projection in structure.projections.items():
        for unit, kind in dict.fromkeys((h.unit, h.event) for h in projection.connection.handlers if h.unit is not None):
            for number, parts in _of_third(run, name, unit, kind):
                _in_step([Event(run, name, Trigger.THIRD, kind, connections, number, unit).happen() for connections in parts])


def _in_step(parts: list[Iterator[None]]) -> None:
    """One part after the other, each to its end or to a sum that waits for the others."""
    while parts:
        parts = [part for part in parts if next(part, parts) is not parts]


def _in_order(run: Run, projection: str, side: Trigger, kind: str) -> Iterator[tuple[int, list[Index]]]:
    """The events of one kind and side: number of the spike among those of its unit in this step, and the connections it reaches, all at once or one
    by one."""
    arrived = run.frame.arrived[side][projection, kind]
    end = run.structure.end(projection, side)
    for delay in np.unique(end.delays[arrived > 0]):
        now = (arrived > 0) & (end.delays == delay)
        for unit in np.unique(end.units[now]):
            reached = np.flatnonzero(now & (end.units == unit))
            for number in range(int(arrived[reached[0]])):
                yield number, _parts(run, projection, side, reached)


def _of_third(run: Run, projection: str, unit: OfArgument, kind: str) -> Iterator[tuple[int, list[Index]]]:
    """The same for spikes of a unit that is an argument, which reach all connections at once, whatever their delays."""
    end = run.structure.unit(projection, unit)
    counts = run.spikes[Emitted(end.population, kind)].counts.get(
        run.frame.step, np.zeros(run.structure.count(end.population), dtype=np.int64)
    )
    for spiking in np.unique(end.units):
        reached = np.flatnonzero(end.units == spiking)
        for number in range(int(counts[spiking])):
            yield number, _parts(run, projection, Trigger.THIRD, reached)


def _parts(run: Run, projection: str, side: Trigger, reached: Index) -> list[Index]:
    """The connections that one spike reaches: all at once, or one by one."""
    return [reached] if _independent(run, projection, side, reached) else [reached[k : k + 1] for k in range(len(reached))]


def _independent(run: Run, projection: str, side: Trigger, connections: Index) -> bool:
    """Whether no two of these connections change the same unit, nor one a unit that another reads."""
    block = run.structure.block(projection)
    changes = [s for h in block.handlers if h.trigger is side for s in h.statements]
    if run.structure.projections[projection].thirds:
        return not any(isinstance(s, AddTo) for s in changes)
    near, far = run.structure.end(projection, side), run.structure.end(projection, OTHER[side])
    others = far.units[connections]
    own_side = Whose.PRE if side is Trigger.PRE else Whose.POST
    shared = any(isinstance(s, AddTo) and s.target.owner is own_side for s in changes)
    itself = near.population == far.population and bool(np.any(others == near.units[connections]))
    return len(np.unique(others)) == len(others) and not shared and not itself


def traces(block: Block, side: Trigger) -> frozenset[str]:
    """Variables of a connection that jump only at spikes of `side`."""
    return _assigned(block, side) - _assigned(block, OTHER[side])


def _assigned(block: Block, side: Trigger) -> frozenset[str]:
    by_handlers = {s.target.name for h in block.handlers if h.trigger is side for s in h.statements if isinstance(s, Assign)}
    return frozenset(by_handlers | {pair.target.name for pair in block.pairs})


@dataclass(frozen=True, slots=True)
class Event:
    """A spike of `side`, or another `kind` of event, at some connections of one unit; `number`: which of the unit's spikes of this step, from 0; `unit`:
    the argument whose it is."""

    run: Run
    projection: str
    side: Trigger
    kind: str
    connections: Index
    number: int
    unit: OfArgument | None = None

    @property
    def block(self) -> Block:
        """What the connections do."""
        return self.run.structure.block(self.projection)

    def happen(self) -> Iterator[None]:
        """Carry it out; at each stop the connections hold what has been done so far."""
        local = {name: array[self.connections] for name, array in self.run.frame.values[self.projection].items()}
        before = {} if self.side is Trigger.THIRD else self._before(OTHER[self.side])
        scope = self._scope(before, self._foreseen() if self._asks_for_after() else {})
        for handler in self._handlers():
            for _ in meetings(handler, local, scope, self._add):
                self._keep(local)
                yield
        if not self.kind and self.side is not Trigger.THIRD:
            self._pairs(local, before)
        self._keep(local)

    def _keep(self, local: Local) -> None:
        for name, array in local.items():
            self.run.frame.values[self.projection][name][self.connections] = array

    def _handlers(self) -> list[Handler]:
        own = [h for h in self.block.handlers if (h.trigger, h.event, h.unit) == (self.side, self.kind, self.unit)]
        return [without_held(self.run, self.projection, handler) for handler in own]

    def _scope(self, before: Local, after: Local) -> OwnerScope:
        """What names mean here, with the traces of the other side before this step's events, and after them."""
        structure, frame = self.run.structure, self.run.frame
        elsewhere: Local = {}
        if self.side is Trigger.POST:  # no sums at presynaptic spikes
            elsewhere = {name: self.run.before[self.projection][name] for name in before}
        return OwnerScope(
            structure, frame, self.projection, self.connections, plain=before, after=after, elsewhere=elsewhere, repeat=self.number
        )

    def _add(self, statement: AddTo, amounts: Floats) -> None:
        send(self.run, self.projection, statement.target, self.connections, amounts)

    # --- the other side ----------------------------------------------------------------------------------------------

    def _before(self, side: Trigger) -> Local:
        """Traces of a side before this step's events."""
        return {name: self.run.before[self.projection][name][self.connections] for name in traces(self.block, side)}

    def _asks_for_after(self) -> bool:
        if self.side is not Trigger.PRE:
            return False
        asked = {r for h in self.block.handlers if h.trigger is self.side for s in h.statements for r in refs(s.value)}
        known = traces(self.block, OTHER[self.side]) | self.block.definitions.keys()
        return any(r.owner is Whose.OWN and r.limit == "after" and r.name in known for r in asked)

    def _foreseen(self) -> Local:
        """What the post traces will be after this step's post spikes and other events: their own statements, run on a copy."""
        foreseen = self._before(Trigger.POST)
        for kind in self.run.structure.kinds(self.projection, Trigger.POST):
            arrived = self.run.frame.arrived[Trigger.POST][self.projection, kind][self.connections]
            for number in range(int(arrived.max(initial=0))):
                reached = np.flatnonzero(arrived > number)
                event = Event(self.run, self.projection, Trigger.POST, kind, self.connections[reached], number)
                event._foresee(foreseen, reached)
        return foreseen

    def _foresee(self, foreseen: Local, reached: Index) -> None:
        part = {name: values[reached] for name, values in foreseen.items()}
        for handler in self._handlers():
            of_traces = tuple(s for s in handler.statements if isinstance(s, Assign) and s.target.name in part)
            for _ in meetings(replace(handler, statements=of_traces), part, self._scope(self._before(Trigger.PRE), {}), self._add):
                pass
        for name, values in part.items():
            foreseen[name][reached] = values

    # --- pairs -------------------------------------------------------------------------------------------------------

    def _pairs(self, local: Local, before: Local) -> None:
        structure, held = self.run.structure, self.run.held_now(self.projection)
        for number, rule in enumerate(self.block.pairs):
            name = rule.target.name
            if name in held:
                continue
            at, lags = completed(self.run, self.projection, number, self.side, self.connections, self.number)
            total = np.zeros(len(self.connections))
            if len(at):
                own, plain = ({v: values[at] for v, values in known.items()} for known in (local, before))
                scope = OwnerScope(structure, self.run.frame, self.projection, self.connections[at], own, plain, {**own, **plain}, lag=lags)
                np.add.at(total, at, np.broadcast_to(evaluate(structure.increments[self.projection][number], scope), at.shape))
            if structure.projections[self.projection].changing and name in self.run.held[self.projection]:
                total = np.where(local[PRESENT] != 0.0, total, 0.0)
            here = OwnerScope(structure, self.run.frame, self.projection, self.connections, local)
            local[name] = bounded(name, local[name] + total, here)


def send(run: Run, projection: str, target: Ref, connections: Index, amounts: Floats) -> None:
    """Add to a post unit after the dendritic delay, to any other at once."""
    end = run.structure.unit(projection, target.owner)
    units, delays = end.units[connections], end.delays[connections] * (target.owner is Whose.POST)
    run.add(end.population, target.name, units[delays == 0], amounts[delays == 0])
    for k in np.flatnonzero(delays):
        run.add_later(run.frame.step + int(delays[k]), projection, target.name, int(units[k]), float(amounts[k]))


def without_held(run: Run, projection: str, handler: Handler) -> Handler:
    """A handler without the statements that are not carried out while rules are off: those of a rule that assign a weight."""
    held = run.held_now(projection) if handler.is_rule else frozenset[str]()
    return (
        handler
        if not held
        else replace(
            handler, statements=tuple(s for s in handler.statements if not (isinstance(s, Assign | AtMost) and s.target.name in held))
        )
    )
