"""What `for each` shows: the items of a phase in their order, and what is clamped to them.

Comes in: a phase, the arrays it takes its items from, a way to compute expressions, a seed. Goes out: a `Show`, which says what each name of the loop
is at any step of the phase, and tables [items, units] for the variables that follow it. The order of an epoch is keyed by seed, experiment,
phase and epoch, which are counted on from round to round where the phase is repeated.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from plasticdsl.model import Network
from plasticdsl.model.experiments import Change, Clamp, Phase
from plasticdsl.model.expr import Expr, Ref, Special, is_of_file, refs, walk
from plasticdsl.model.owners import OfData, Whose
from plasticdsl.model.protocol import ForEach
from plasticdsl.model.right_sides import PARAMETERS
from plasticdsl.runtime.instance.instance import Floats, Instance, Values
from plasticdsl.runtime.instance.patterns import Data
from plasticdsl.runtime.instance.resolver import counted, fail
from plasticdsl.runtime.numbers.evaluate import Lookup, Name, constant, evaluate, holds, units_of
from plasticdsl.runtime.numbers.sums import Space
from plasticdsl.source import Span
from plasticdsl.support.arrays import Integers
from plasticdsl.support.random import bulk_uniforms, stream_of
from plasticdsl.support.steps import is_multiple, to_steps

#: The most rounds of what is repeated, or shown again, until something happens, and does not say how many.
MOST_ROUNDS = 1000


@dataclass(frozen=True, slots=True)
class Shuffle:
    """Where random orders of items come from; `names`: of the experiment and the phase."""

    items: int
    epochs: int
    seed: int
    names: tuple[str, str]

    def order(self, number: int) -> Integers:
        """Of all epochs, when the phase is carried out for this time (from 0)."""
        first = number * self.epochs
        return np.concatenate([permutation(self.items, self.seed, "shuffled", *self.names, str(first + k)) for k in range(self.epochs)])


@dataclass(frozen=True, slots=True)
class Show:
    """`parts`: loop name → float64[items, values]. `order`: the item shown at each turn, over all epochs. `hold`: steps for which it is shown, `rest`: of
    the pause after it; `showings`: how often in a row at most."""

    parts: Mapping[str, Floats]
    order: Integers
    hold: int
    rest: int = 0
    showings: int = 1
    shuffle: Shuffle | None = None

    @property
    def steps(self) -> int:
        """How long it takes at most to show them all."""
        return len(self.order) * self.showings * (self.hold + self.rest)

    @property
    def in_turns(self) -> bool:
        """Whether items do not simply follow each other."""
        return self.rest > 0 or self.showings > 1

    def head(self) -> Show:
        """The first item alone."""
        return Show({name: values[:1] for name, values in self.parts.items()}, np.zeros(1, dtype=np.int64), 1)

    def only(self, turn: int) -> Show:
        """What is shown at one turn alone."""
        return replace(self, order=self.order[turn : turn + 1], rest=0, showings=1)

    def in_round(self, number: int) -> Show:
        """The same when the phase is carried out once more (from 0)."""
        return self if self.shuffle is None or not number else replace(self, order=self.shuffle.order(number))

    def value(self, name: str, step: int) -> Values:
        """What a name of the loop is in a step of the phase, counted from 0: a number, or one per unit."""
        row = self.parts[name][self.order[min(step // self.hold, len(self.order) - 1)]]
        return float(row[0]) if row.size == 1 else row


def show_of(phase: Phase, experiment: str, instance: Instance, data: Data) -> Show | None:
    """The items of a phase; None where it shows none. Raises `PlasError` where there are none to show."""
    each = phase.each
    if each is None:
        return None
    arrays = data[each.source] if each.source in data else {"": instance.patterns[each.source]}  # patterns are one array without a name
    kept = _kept(each, arrays, instance)
    parts = {name: values.reshape(len(values), -1)[kept] for name, values in zip(each.names, _named(each, arrays), strict=False)}
    epochs = 1 if each.epochs is None else counted(float(constant(each.epochs, instance)), "The number of epochs", each.span)
    hold = 1 if each.each_for is None else _steps(each.each_for, "Each item is shown for", each, instance)
    rest = 0 if each.pause is None else _steps(each.pause, "The pause after each item lasts", each, instance)
    showings = 1 if each.again is None else most_rounds(each.again.at_most, instance, each.span)
    shuffle = Shuffle(len(kept), epochs, instance.seed, (experiment, phase.name)) if each.shuffled else None
    order = np.tile(np.arange(len(kept)), epochs) if shuffle is None else shuffle.order(0)
    return Show(parts, order, hold, rest, showings, shuffle)


# --- which items -----------------------------------------------------------------------------------------------------


def _named(each: ForEach, arrays: Mapping[str, Floats]) -> list[Floats]:
    names = each.arrays or tuple(arrays)[: len(each.names)]
    missing = [n for n in names if n not in arrays]
    there = ", ".join(f"‘{n}’" for n in arrays)
    if missing:
        fail("unknown-name", f"‘{each.source}’ has no ‘{missing[0]}’; it has {there}.", each.span)
    if len(names) < len(each.names):
        fail("unknown-name", f"There is nothing for ‘{each.names[len(names)]}’: ‘{each.source}’ has only {there}.", each.span)
    return [arrays[n] for n in names]


def _kept(each: ForEach, arrays: Mapping[str, Floats], instance: Instance) -> Integers:
    """The numbers of the items that `where` lets through."""
    count = len(next(iter(arrays.values())))
    if each.where is None:
        return np.arange(count)

    def look_up(node: Name) -> Values:
        if isinstance(node, Ref) and node.owner == OfData(each.source) and node.name in arrays:
            return arrays[node.name]
        return constant(node, instance)

    chosen = np.asarray(holds(each.where, look_up))
    if chosen.shape not in ((), (count,)):
        fail("sizes-differ", f"‘where’ must hold or not for each item of ‘{each.source}’, but reads several values per item.", each.span)
    kept = np.flatnonzero(np.broadcast_to(chosen, (count,)))
    if not len(kept):
        fail("no-items", f"There is nothing to show: ‘where’ holds for none of the {count} items of ‘{each.source}’.", each.span)
    return kept


def _steps(time: Expr, what: str, each: ForEach, instance: Instance) -> int:
    length = float(constant(time, instance))
    steps = to_steps(length, instance.dt)
    if steps < 1 or not is_multiple(length, instance.dt):
        fail("out-of-range", f"{what} {length:g} s, which is no whole number of steps of {instance.dt:g} s.", each.span)
    return steps


def most_rounds(times: Expr | None, instance: Instance, span: Span) -> int:
    """How often something is carried out at most. Raises `PlasError` where that is no whole number of at least 1."""
    return MOST_ROUNDS if times is None else counted(float(constant(times, instance)), "The number of rounds", span)


def permutation(count: int, seed: int, *names: str) -> Integers:
    """The numbers 0 to count − 1 in the random order of this seed and these names."""
    return np.argsort(bulk_uniforms(seed, stream_of(*names), count), kind="stable")


def subset(count: int, chosen: int, seed: int, *names: str) -> Integers:
    """The first `chosen` numbers of this permutation, in any order."""
    return (
        np.argpartition(bulk_uniforms(seed, stream_of(*names), count), min(chosen, count - 1))[:chosen] if count else np.zeros(0, np.int64)
    )


# --- what follows them -----------------------------------------------------------------------------------------------


def table_of(clamp: Clamp, show: Show | None, look_up: Lookup, units: int) -> Floats:
    """What a clamp is for every item: float64[items, units or 1]. Raises `PlasError` where it does not fit the population."""

    def of_items(node: Name) -> Values:
        if show is not None and isinstance(node, Ref) and node.owner is Whose.ITEM:
            return show.parts[node.name]
        return look_up(node)

    name = clamp.target.path
    table = np.asarray(computed(clamp.value, name, clamp.span, with_numbers(of_items, units)), dtype=np.float64)
    table = np.atleast_2d(table)
    if table.shape[1] not in (1, units, len(held_units(clamp, name, look_up, units))):
        values = f"{table.shape[1]} values" + (" per item" if show is not None else "")
        fail("sizes-differ", f"‘{clamp.population}’ has {units} units, but is set to {values}.", clamp.span)
    if not np.isfinite(table).all():
        fail("not-finite", f"‘{name}’ would be set to a value that is no finite number.", clamp.span)
    items = 1 if show is None else len(next(iter(show.parts.values())))
    return np.ascontiguousarray(np.broadcast_to(table, (items, table.shape[1])))


def held_units(held: Clamp | Change, name: str, look_up: Lookup, units: int) -> Integers:
    """The units (from 0) that are given another value. Raises `PlasError` for a part with units that are not there."""
    try:
        part = units_of(held.those.units, units, lambda number: float(evaluate(number, look_up)))
    except ValueError as problem:
        fail("out-of-range", f"‘{name}’ cannot be set: {problem}.", held.span)
    if held.those.where is None:
        return part
    chosen = np.broadcast_to(holds(held.those.where, with_numbers(look_up, units)), (units,))
    return np.asarray(part[chosen[part]])


def put(values: Values, into: Floats, units: Integers) -> None:
    """Writes one value, or one for each unit or for each of all units, where some units (from 0) stand on the last axis."""
    of_all = np.shape(values)[-1:] == into.shape[-1:]
    into[..., units] = np.asarray(values)[..., units] if of_all else values


def with_numbers(look_up: Lookup, units: int) -> Lookup:
    """The same, with the numbers of the units as `i`."""
    return lambda node: np.arange(1.0, units + 1.0) if node == Special("i") else look_up(node)


def computed(value: Expr, name: str, span: Span, look_up: Lookup, space: Space | None = None) -> Values:
    """What `name` is set to. Raises `PlasError` for an argument that a function does not take."""
    try:
        return evaluate(value, look_up, space)
    except ValueError as problem:
        fail("out-of-range", f"‘{name}’ cannot be set: {problem}.", span)


def is_fixed(expr: Expr, network: Network) -> bool:
    """Whether an expression has one value for each item, whatever the network does: it reads items, patterns, files and parameters alone."""
    if any(node == Special("t") for node in walk(expr)):
        return False
    known = {Ref(Whose.NETWORK, v.name) for v in network.variables if v.role in PARAMETERS}
    known |= {Ref(p.as_owner, v.name) for p in network.populations for v in p.block.variables if v.role in PARAMETERS}
    return all(r.owner in (Whose.ITEM, Whose.ROUND) or not r.name or is_of_file(r) or Ref(r.owner, r.name) in known for r in refs(expr))
