"""What a phase changes while it lasts: values that are held or shown item by item, parameters, rules that are off; where units start and in which order
they update say `starts` and `visits`.

Comes in: the phases of a checked experiment and what they show. The `Stage` of a run enters and leaves them: a source that nothing holds gives 0, a
held state is set before every step, a held parameter gets back its value when the phase ends.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

import numpy as np

from plasticdsl.model import Network, Role
from plasticdsl.model.experiments import Change, Clamp, Phase
from plasticdsl.model.expr import Expr, Ref, Special, refs, walk
from plasticdsl.model.owners import Owner, Part, Whose, owner_text
from plasticdsl.runtime.engine.engine import Engine, Feed
from plasticdsl.runtime.instance.instance import Floats, Values
from plasticdsl.runtime.instance.resolver import fail
from plasticdsl.runtime.instance.settings import Settings
from plasticdsl.runtime.numbers.evaluate import Lookup, Name
from plasticdsl.runtime.play.feeds import Show, computed, held_units, is_fixed, put, table_of, with_numbers
from plasticdsl.runtime.play.place import Held, InTurns
from plasticdsl.runtime.play.starts import require_allowed, started
from plasticdsl.runtime.play.visits import Visits
from plasticdsl.runtime.watch.observer import Observer
from plasticdsl.support.arrays import Integers

#: From the parameters that are held, and the engine so far, to an engine that goes on from there with these parameters.
Rebuild = Callable[[Settings, Engine], Engine]


def _reads_item(value: Expr) -> bool:
    return any(r.owner is Whose.ITEM for r in refs(value))


def _moves(clamp: Clamp) -> bool:
    """Whether its value changes during the phase."""
    return _reads_item(clamp.value) or any(node == Special("t") for node in walk(clamp.value))


class Stage:
    """What the present phase does to the network that `observer` reads; its engine is replaced when other parameters are held. `shows`: what each
    phase shows; `visits`: the order in which units update in this phase, if one by one."""

    def __init__(self, network: Network, observer: Observer, rebuild: Rebuild, shows: Mapping[str, Show]) -> None:
        self._network, self._observer, self._rebuild, self._shows = network, observer, rebuild, shows
        self._held: tuple[Clamp, ...] = ()
        self._turning: tuple[Change, ...] = ()
        self._base = observer.instance
        self._parameters: dict[Ref, float | Floats] = {}
        self._plastic = {p.name: p.rules for p in network.projections}
        self._switches: dict[str, bool] = {}
        self._clamps: tuple[Clamp, ...] = ()
        self._feeds: list[Feed] = []
        self._show: Show | None = None
        self._first = 0
        self._coming = False
        self.visits: Visits | None = None

    def _role(self, clamp: Clamp) -> Role:
        return self._observer.declared[clamp.target].role

    @property
    def free_steps(self) -> int:
        """How many steps can be done before something has to be set again: a value that is held or moves, a parameter that follows the items."""
        if self._held:
            return 1
        if self._turning and self._show is not None:
            return self._show.hold - (self._observer.engine.step - self._first) % self._show.hold
        return sys.maxsize

    def preview(self, phase: str | None, number: int = 0) -> None:
        """Before the run: what this phase shows first can be read. `number`: how often it has been carried out before."""
        show = self._shows.get(phase or "")
        self._show = None if show is None else show.in_round(number)
        self._observer.present.item = self._item if self._show is not None else None

    def check(self, phase: Phase) -> None:
        """Before the run: raises `PlasError` where what a phase shows does not fit what follows it."""
        show = self._shows.get(phase.name)
        for clamp in phase.clamps:
            if show is not None and is_fixed(clamp.value, self._network):
                look_up = self._observer.given_to(clamp.target.owner)
                table_of(clamp, show.head(), look_up, self._observer.size(clamp.population))

    # --- beginning and end ---

    def enter(self, phase: Phase, number: int) -> Show | None:
        """Begin a phase that has been carried out `number` times before; what it shows."""
        self.preview(phase.name, number)
        show = self._show
        in_turns = show is not None and show.in_turns
        if show is not None and in_turns:
            self._show = show.only(0)
        self._hold_all(phase, in_turns, lambda: self._start(phase, number))
        return show

    def turn(self, phase: Phase, show: Show, turn: int) -> None:
        """Show what is shown at this turn, from now on."""
        self._show = show.only(turn)
        self._hold_all(phase, True)

    def pause(self, phase: Phase) -> None:
        """Until the next turn nothing is held."""
        self._release(phase)
        if self._change(()):
            self._observer.engine.switch_rules(self._switches)

    # --- a phase that is under way ---

    def held(self) -> Held:
        """What is held now, as data."""
        fixed = not self._turning
        kept = {f.target: f.table for f in self._feeds if not (fixed and self._is_told(f.target))}
        return Held(self._first, self._parameters, kept)

    def _is_told(self, target: Ref) -> bool:
        """Whether what it is fed follows from the model, the items and the parameters alone."""
        return all(is_fixed(clamp.value, self._network) for clamp in self._clamps if clamp.target == target)

    def go_on(self, phase: Phase, number: int, turns: InTurns | None, held: Held) -> Show | None:
        """As `enter` and `turn`, for a phase that was left on its way; nothing of the network changes but what is fed from tables, and the order of
        updates. Parameters are those that are held already."""
        self.preview(phase.name, number)
        show = self._show
        if show is not None and turns is not None:
            self._show = show.only(turns.turn)
        self._parameters, self._first = dict(held.parameters), held.first
        self._switches = self._switched(phase)
        self._observer.engine.switch_rules(self._switches)
        self._tell_order(phase)
        if turns is None or not turns.resting:
            fed = self._divide(phase, turns is not None)
            self._feed(fed, held.tables)
        return show

    def _divide(self, phase: Phase, in_turn: bool) -> list[Clamp]:
        """What the engine goes through by itself; the rest that has to be held before each step is known from now on."""
        self._clamps = phase.clamps
        fed = [c for c in phase.clamps if self._is_fed(c)]
        self._turning = phase.changes if not in_turn and any(_reads_item(c.value) for c in phase.changes) else ()
        self._held = tuple(c for c in phase.clamps if c not in fed and (_moves(c) or self._role(c) is Role.STATE))
        return fed

    def _switched(self, phase: Phase) -> dict[str, bool]:
        return {name: not _is_off(name, rules, phase.rules_off) for name, rules in self._plastic.items()}

    def _tell_order(self, phase: Phase) -> None:
        one_by_one = self._observer.engine.asked.one_by_one
        self.visits = None if phase.asynchronous is None else Visits(phase.asynchronous, self._network, one_by_one)
        if one_by_one:
            self._observer.engine.visit({})
        if self.visits is not None:
            self.visits.tell(self._observer.engine)

    def _hold_all(self, phase: Phase, in_turn: bool, start: Callable[[], None] = lambda: None) -> None:
        """Everything is held that the phase holds, or one turn of it; in between units `start`."""
        self._first = self._observer.engine.step
        fed = self._divide(phase, in_turn)
        self._change(phase.changes)
        self._switches = self._switched(phase)
        self._observer.engine.switch_rules(self._switches)
        start()
        for clamp in phase.clamps:
            if clamp not in fed:
                self._hold(clamp)
        given = self._feed(fed)
        for target, row in given.items():
            self._observer.engine.write(target, np.where(np.isnan(row), self._observer.engine.read(target), row))

    def _start(self, phase: Phase, number: int) -> None:
        for start in phase.starts:
            values = started(start, f"{phase.name} {number}" if number else phase.name, self._network, self._observer)
            self._observer.engine.write(start.target, values)
        self._tell_order(phase)

    def leave(self, phase: Phase) -> None:
        """End a phase: sources fall silent. Parameters return when the next phase begins."""
        self._release(phase)
        self._observer.present.item = None

    def _release(self, phase: Phase) -> None:
        if self._observer.engine.asked.fed:
            self._observer.engine.feed(())
        self._observer.present.fed = {}
        for clamp in phase.clamps:
            if self._role(clamp) is Role.CLAMPED:
                self._observer.engine.write(clamp.target, 0.0)
        self._held, self._turning, self._feeds = (), (), []

    # --- items ---

    def _item(self, name: str) -> Values:
        """A name of the loop: what the last step was shown, or, while the next one is prepared, what that will be shown."""
        assert self._show is not None, "names of a loop are read where it shows something"
        done = self._observer.engine.step - self._first
        return self._show.value(name, done if self._coming else max(0, done - 1))

    def _is_fed(self, clamp: Clamp) -> bool:
        fed = clamp.target in self._observer.engine.asked.fed
        return fed and (self._role(clamp) is Role.INPUT or is_fixed(clamp.value, self._network))

    def _feed(self, clamps: list[Clamp], known: Mapping[Ref, Floats] = MappingProxyType({})) -> Mapping[Ref, Floats]:
        """Tables for all items at once, which the engine goes through by itself, some of them `known`; gives what is fed first."""
        if not self._observer.engine.asked.fed:
            return {}
        targets = dict.fromkeys(c.target for c in clamps)
        feeds = (self._fed([c for c in clamps if c.target == target]) for target in targets)
        self._feeds = [replace(feed, table=known.get(feed.target, feed.table)) for feed in feeds]
        self._observer.engine.feed(self._feeds)
        given = {f.target: f.table[f.items[0]] for f in self._feeds}
        self._observer.present.fed = {target: ~np.isnan(row) for target, row in given.items()}
        return given

    def _fed(self, clamps: list[Clamp]) -> Feed:
        """What one variable is fed; units that no clamp holds are free."""
        target, units = clamps[0].target, self._observer.size(clamps[0].population)
        look_up = self._observer.given_to(target.owner)
        last_whole = max((k for k, c in enumerate(clamps) if not c.those.are_some), default=0)
        effective = clamps[last_whole:]
        show = self._show if any(_reads_item(c.value) for c in effective) else None
        table = np.full((1, 1), np.nan)
        for clamp in effective:
            rows = table_of(clamp, self._show if _reads_item(clamp.value) else None, look_up, units)
            require_allowed(self._observer.declared[target].values, target.path, rows, clamp.span)
            if clamp.those.are_some:
                table = np.array(np.broadcast_to(table, (max(len(rows), len(table)), units)))
                put(rows, table, held_units(clamp, target.path, look_up, units))
            else:
                table = rows
        order = np.zeros(1, dtype=np.int64) if show is None else show.order
        return Feed(target, table, order, self._first, 1 if show is None else show.hold)

    # --- steps ---

    def hold(self, remember: bool) -> None:
        """Before each step of a phase that asks for it; `remember`: the updates of its units will be replayed."""
        self._coming = True
        if self._turning and self._change(self._turning):
            self._observer.engine.switch_rules(self._switches)
            if self._feeds:
                self._observer.engine.feed(self._feeds)
        for clamp in self._held:
            self._hold(clamp)
        self._coming = False
        if self.visits is not None and remember:
            self.visits.remember(self._observer.engine)

    def settle(self) -> None:
        """After each step: what flows did to a held state is undone."""
        for clamp in self._held:
            if self._role(clamp) is Role.STATE:
                self._hold(clamp)

    def _hold(self, clamp: Clamp) -> None:
        units, name, look_up = self._observer.size(clamp.population), clamp.target.path, self._observer.given_to(clamp.target.owner)
        values = computed(clamp.value, name, clamp.span, with_numbers(look_up, units), self._observer)
        held = held_units(clamp, name, look_up, units)
        if np.ndim(values) and np.shape(values) not in ((units,), (len(held),)):
            table_of(clamp, self._show, look_up, units)
        if clamp.those.are_some:
            free = np.array(self._observer.engine.read(clamp.target), dtype=np.float64)
            put(values, free, held)
            values = free
        require_allowed(self._observer.declared[clamp.target].values, name, np.atleast_1d(values), clamp.span)
        self._observer.engine.write(clamp.target, values)

    # --- parameters ---

    def _change(self, changes: tuple[Change, ...]) -> bool:
        """Much depends on parameters (propagators, other parameters), so the network with other ones goes on from the same state. True where it does.

        Every value is that of the beginning of the phase; what stands below reads what stands above as it is changed.
        """
        wanted: dict[Ref, float | Floats] = {}

        def seen_from(owner: Owner) -> Lookup:
            given = self._observer.given_to(owner)

            def look_up(node: Name) -> Values:
                if isinstance(node, Ref) and node in wanted:
                    return wanted[node]
                own = self._base.parameters_of(node.owner) if isinstance(node, Ref) else {}
                return own[node.name] if isinstance(node, Ref) and node.name in own else given(node)

            return look_up

        for change in changes:
            new: dict[Ref, Values] = {}
            for target in change.targets:
                count, look_up = self._base.part(target.owner).count if isinstance(target.owner, Part) else 1, seen_from(target.owner)
                value = computed(change.value, change.text, change.span, with_numbers(look_up, count), self._observer)
                held = held_units(change, change.text, look_up, count)
                free = wanted.get(target, self._base.parameters_of(target.owner)[target.name])
                new[target] = self._like_before(target, value, change, held, free)
            wanted |= new
        same = wanted.keys() == self._parameters.keys() and all(np.array_equal(v, self._parameters[k]) for k, v in wanted.items())
        if not same:
            self._observer.engine = self._rebuild(wanted, self._observer.engine)
            self._parameters = wanted
        return not same

    def _like_before(self, target: Ref, value: Values, change: Change, held: Integers, free: Values) -> Values:
        """The value of a parameter, one for each unit or connection where it had one for each, or where some are `free` of the change."""
        if not np.isfinite(value).all():
            fail("not-finite", f"‘{change.text}’ would be set to a value that is no finite number.", change.span)
        count = self._base.part(target.owner).count if isinstance(target.owner, Part) else 1
        if np.shape(value) not in ((), (1,), (count,), (len(held),)):
            many = f"‘{owner_text(target.owner)}’ has {count}" if isinstance(target.owner, Part) else "this is one number"
            fail("sizes-differ", f"‘{change.text}’ is set to {np.size(value)} values, but {many}.", change.span)
        if np.size(value) == 1 and not change.those.are_some and isinstance(self._base.parameters_of(target.owner)[target.name], float):
            return float(np.reshape(value, ()))
        made = np.array(np.broadcast_to(free, (count,)), dtype=np.float64)
        put(value, made, held)
        return made


def _is_off(projection: str, rules: tuple[str, ...], off: tuple[str, ...] | None) -> bool:
    """Whether `rules off` (all) or `rules off for …` (by rule or projection) silences this projection."""
    if off is None:
        return False
    return not off or projection in off or any(rule in off for rule in rules)
