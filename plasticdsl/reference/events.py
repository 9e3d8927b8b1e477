"""Spikes at synapses: `on pre`, then `on post`.

Shortest delay first, unit by unit in order of number, a unit's c spikes one after the other. One event: the statements of the synapse, those of each rule,
then the pairs that the spike completes. Connections of one unit do not see each other and are done at once, except where they share a unit
that they change.

What an event sees of the other side. A variable that jumps only at spikes of one side is a trace of that side. A trace of the other side
is read as it was before the events of this step, with ⁺ as it is after them. Anything else is read as it is now.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from plasticdsl.model.expr import Ref, refs
from plasticdsl.model.model import AddTo, Assign, Block, Handler, Statement, Trigger
from plasticdsl.model.owners import Whose
from plasticdsl.reference.handlers import Local, Site, meetings, right_side, run_handler
from plasticdsl.reference.pairs import completed
from plasticdsl.reference.scope import OwnerScope, bounded
from plasticdsl.reference.spikes import arriving
from plasticdsl.reference.state import Run
from plasticdsl.reference.structure import Index
from plasticdsl.runtime.instance.instance import Floats
from plasticdsl.symbolic.block_contents import definitions_with_sums

Skips = Callable[[Statement], bool]

OTHER = {Trigger.PRE: Trigger.POST, Trigger.POST: Trigger.PRE}


def spike_events(run: Run) -> None:
    """Everything that spikes do at synapses in this step."""
    run.deliver()
    frame, structure = run.frame, run.structure
    for name in structure.projections:
        frame.arrived_pre[name] = arriving(structure, run.spikes, name, Trigger.PRE, frame.step)
        frame.arrived_post[name] = arriving(structure, run.spikes, name, Trigger.POST, frame.step)
    run.before = {name: {v: values.copy() for v, values in frame.values[name].items()} for name in structure.projections}
    summing = {name: definitions_with_sums(p.connection) for name, p in structure.projections.items()}
    for side in (Trigger.PRE, Trigger.POST):
        for name in structure.projections:
            for number, parts in _in_order(run, name, side):
                _in_step([Event(run, name, side, connections, number, summing[name]).happen() for connections in parts])


def _in_step(parts: list[Iterator[None]]) -> None:
    """One part after the other, each to its end or to a sum that waits for the others."""
    while parts:
        parts = [part for part in parts if next(part, parts) is not parts]


def _in_order(run: Run, projection: str, side: Trigger) -> Iterator[tuple[int, list[Index]]]:
    """The events of one side: number of the spike among those of its unit in this step, and the connections it reaches, all at once or one
    by one."""
    structure, pre = run.structure, side is Trigger.PRE
    arrived = (run.frame.arrived_pre if pre else run.frame.arrived_post)[projection]
    ends = (structure.sources if pre else structure.targets)[projection]
    delays = (structure.axonal if pre else structure.dendritic)[projection]
    for delay in np.unique(delays[arrived > 0]):
        for unit in np.unique(ends[(arrived > 0) & (delays == delay)]):
            reached = np.flatnonzero((ends == unit) & (delays == delay) & (arrived > 0))
            for number in range(int(arrived[reached[0]])):
                if _independent(run, projection, side, reached):
                    yield number, [reached]
                else:
                    yield number, [reached[k : k + 1] for k in range(len(reached))]


def _independent(run: Run, projection: str, side: Trigger, connections: Index) -> bool:
    """Whether no two of these connections change the same unit, nor one a unit that another reads."""
    declared = run.structure.projections[projection]
    far = run.structure.targets if side is Trigger.PRE else run.structure.sources
    near = run.structure.sources if side is Trigger.PRE else run.structure.targets
    others = far[projection][connections]
    own_side = Whose.PRE if side is Trigger.PRE else Whose.POST
    shared = any(
        isinstance(s, AddTo) and s.target.owner is own_side for h in declared.connection.handlers if h.trigger is side for s in h.statements
    )
    itself = declared.pre == declared.post and bool(np.any(others == near[projection][connections]))
    return len(np.unique(others)) == len(others) and not shared and not itself


def traces(block: Block, side: Trigger) -> frozenset[str]:
    """Variables of a connection that jump only at spikes of `side`."""
    return _assigned(block, side) - _assigned(block, OTHER[side])


def _assigned(block: Block, side: Trigger) -> frozenset[str]:
    by_handlers = {s.target.name for h in block.handlers if h.trigger is side for s in h.statements if isinstance(s, Assign)}
    return frozenset(by_handlers | {pair.target.name for pair in block.pairs})


@dataclass(frozen=True, slots=True)
class Event:
    """A spike of `side` at some connections of one unit; `number`: which of the unit's spikes of this step, from 0. `summing`: definitions that
    hold sums over connections."""

    run: Run
    projection: str
    side: Trigger
    connections: Index
    number: int
    summing: frozenset[str] = frozenset()

    def happen(self) -> Iterator[None]:
        """Carry it out; at each stop the connections hold what has been done so far."""
        values = self.run.frame.values[self.projection]
        local = {name: array[self.connections] for name, array in values.items()}
        for _ in self._statements(local):
            self._keep(local)
            yield
        self._pairs(local)
        self._keep(local)

    def _keep(self, local: Local) -> None:
        for name, array in local.items():
            self.run.frame.values[self.projection][name][self.connections] = array

    @property
    def block(self) -> Block:
        """What the connections do."""
        return self.run.structure.projections[self.projection].connection

    def _statements(self, local: Local) -> Iterator[None]:
        other_before, other_after = self._other_side()
        for handler in self.block.handlers:
            if handler.trigger is self.side:
                yield from meetings(handler, self._site(local, other_before, other_after, rule_off(self.run, self.projection, handler)))

    def _site(self, local: Local, other_before: Local, other_after: Local, skips: Skips) -> Site:
        def scope(now: Local, start: Local, simultaneous: bool) -> OwnerScope:
            plain = {**(start if simultaneous else {}), **other_before}
            return self._scope(now, plain, {**start, **other_before}, other_after)

        def bound(name: str, new: Floats) -> Floats:
            return bounded(name, new, self._scope(local, {}, {}, {}))

        return Site(local, len(self.connections), scope, bound, self._add, skips, self.summing)

    def _scope(self, own: Local, plain: Local, before: Local, after: Local) -> OwnerScope:
        structure, frame = self.run.structure, self.run.frame
        elsewhere: Local = {}
        if self.side is Trigger.POST:  # no sums at presynaptic spikes
            elsewhere = {name: self.run.before[self.projection][name] for name in traces(self.block, OTHER[self.side])}
        return OwnerScope(structure, frame, self.projection, self.connections, own, plain, before, after, elsewhere=elsewhere)

    def _add(self, statement: AddTo, amounts: Floats) -> None:
        send(self.run, self.projection, statement.target, self.connections, amounts)

    # --- the other side ----------------------------------------------------------------------------------------------

    def _other_side(self) -> tuple[Local, Local]:
        """Traces of the other side before this step's events, and after them."""
        names = traces(self.block, OTHER[self.side])
        before = {name: self.run.before[self.projection][name][self.connections] for name in names}
        if self.side is Trigger.POST or not self._asks_for_after(names):
            return before, {}
        return before, self._foreseen(names)

    def _asks_for_after(self, names: frozenset[str]) -> bool:
        asked = {r for h in self.block.handlers if h.trigger is self.side for s in h.statements for r in refs(right_side(s))}
        definitions = self.block.definitions
        return any(r.owner is Whose.OWN and r.limit == "after" and (r.name in names or r.name in definitions) for r in asked)

    def _foreseen(self, names: frozenset[str]) -> Local:
        """What the post traces will be after this step's post spikes: their own statements, run on a copy."""
        foreseen = {name: self.run.before[self.projection][name][self.connections].copy() for name in names}
        arrived = self.run.frame.arrived_post[self.projection][self.connections]
        for number in range(int(arrived.max(initial=0))):
            reached = np.flatnonzero(arrived > number)
            event = Event(self.run, self.projection, Trigger.POST, self.connections[reached], number)
            part = {name: values[reached] for name, values in foreseen.items()}
            before, _ = event._other_side()
            for handler in self.block.handlers:
                if handler.trigger is Trigger.POST:
                    off = rule_off(self.run, self.projection, handler)
                    run_handler(handler, event._site(part, before, {}, _either(off, _assigns_none_of(names))))
            for name in names:
                foreseen[name][reached] = part[name]
        return foreseen

    # --- pairs -------------------------------------------------------------------------------------------------------

    def _pairs(self, local: Local) -> None:
        held = self.run.held_now(self.projection)
        other_before, _ = self._other_side()
        for number, rule in enumerate(self.block.pairs):
            if rule.target.name in held:
                continue
            tie_here = self.run.tie_sides[self.projection, number] is self.side
            pairs = completed(self.run, self.projection, rule, self.side, tie_here, self.connections, self.number)
            increment = self.run.structure.increments[self.projection][number]
            increments = pairs.sum_of(increment, lambda at, lags: self._at_pairs(local, other_before, at, lags))
            name = rule.target.name
            local[name] = bounded(name, local[name] + increments, self._scope(local, {}, {}, {}))

    def _at_pairs(self, local: Mapping[str, Floats], other_before: Local, at: Index, lags: Floats) -> OwnerScope:
        own = {name: values[at] for name, values in local.items()}
        plain = {name: values[at] for name, values in other_before.items()}
        structure, frame = self.run.structure, self.run.frame
        return OwnerScope(structure, frame, self.projection, self.connections[at], own, plain, {**own, **plain}, lag=lags)


def _assigns_none_of(names: frozenset[str]) -> Skips:
    return lambda statement: not (isinstance(statement, Assign) and statement.target.name in names)


def _either(first: Skips, second: Skips) -> Skips:
    return lambda statement: first(statement) or second(statement)


def send(run: Run, projection: str, target: Ref, connections: Index, amounts: Floats) -> None:
    """Add to a post unit after the dendritic delay, to a pre unit at once."""
    structure, name = run.structure, target.name
    declared = structure.projections[projection]
    if target.owner is Whose.PRE:
        run.add(declared.pre, name, structure.sources[projection][connections], amounts)
        return
    units, delays = structure.targets[projection][connections], structure.dendritic[projection][connections]
    run.add(declared.post, name, units[delays == 0], amounts[delays == 0])
    for k in np.flatnonzero(delays):
        run.add_later(run.frame.step + int(delays[k]), projection, name, int(units[k]), float(amounts[k]))


def rule_off(run: Run, projection: str, handler: Handler) -> Skips:
    """Which statements of a handler are not carried out while rules are off: those of a rule that assign a weight."""
    held = run.held_now(projection) if handler.is_rule else frozenset[str]()
    return lambda statement: isinstance(statement, Assign) and statement.target.name in held
