"""Runs an experiment for every combination of its swept parameters and every repeat.

Comes in: the experiment, its network and the orders of the user. Goes out: `Study`, all runs in the order of the axes, the last axis and then the repeat
changing fastest. The network is compiled once; each combination gets an instance of its own.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol

import numpy as np

from plasticdsl.diagnostics.diagnostic import Diagnostic, PlasError
from plasticdsl.model import Network
from plasticdsl.model.experiments import NO_WORDS, Experiment, SweepAxis, Words
from plasticdsl.model.expr import Expr, Number, Ref
from plasticdsl.model.module import Module
from plasticdsl.model.patterns import RandomPatterns
from plasticdsl.runtime.instance.patterns import Data, all_data
from plasticdsl.runtime.instance.settings import Given, places
from plasticdsl.runtime.instance.values import network_value
from plasticdsl.runtime.numbers.evaluate import constant
from plasticdsl.runtime.play.beginnings import Beginnings
from plasticdsl.runtime.play.experiment import Order, Run, Workshop
from plasticdsl.runtime.play.progress import SILENT, Interruption, PartOf, Progress
from plasticdsl.runtime.play.runner import run_once, run_with_end
from plasticdsl.support.arrays import Floats

#: More runs than this are refused, since somebody has mistyped a number.
MOST_RUNS = 1_000_000


@dataclass(frozen=True, slots=True)
class Axis:
    """A swept parameter with its values in SI and the unit to show them in; `places` where it is set. `together`: others that take theirs with it.
    `words`: what figures call it."""

    name: str
    values: Floats
    unit: str
    scale: float
    places: tuple[Ref, ...]
    together: tuple[Axis, ...] = ()
    words: Words = NO_WORDS

    @property
    def all(self) -> tuple[Axis, ...]:
        """It and those that change with it."""
        return (self, *self.together)


@dataclass(slots=True)
class Study:
    """`runs`: one for each combination and repeat, in the order of `numpy.ndindex(shape)`; fewer after an interruption or a failure
    (of the last of them)."""

    experiment: Experiment
    network: Network
    order: Order
    axes: tuple[Axis, ...]
    repeats: int
    runs: list[Run]
    interrupted: bool = False

    @property
    def failure(self) -> tuple[Diagnostic, ...]:
        """Why the last run could not go on."""
        return self.runs[-1].failure if self.runs else ()

    @property
    def shape(self) -> tuple[int, ...]:
        """Values on each axis; the repeats come last where there are several."""
        own = tuple(len(a.values) for a in self.axes)
        return (*own, self.repeats) if self.repeats > 1 else own

    def label(self, number: int, without: Axis | None = None) -> str:
        """What sets run `number` apart from the others: the values of its parameters, but for that of one axis."""
        index = np.unravel_index(number, self.shape) if self.shape else ()
        chosen = [(axis, i) for axis, i in zip(self.axes, index, strict=False) if axis is not without]
        values = [(one, one.values[i] / one.scale) for axis, i in chosen for one in axis.all]
        shown = [f"{value:g}".replace("-", "\u2212") for _, value in values]
        return ", ".join(f"{a.name} = {text}{' ' + a.unit if a.unit else ''}" for (a, _), text in zip(values, shown, strict=True))


#: What carries out orders, given the data of the user, in another way than one after the other: it gives the runs in their order.
Hands = Callable[[Sequence[Order], Data, Progress, Interruption], Generator[Run]]


class Keeper(Protocol):
    """Knows runs that have been carried out before."""

    def find(self, order: Order) -> Run | None:
        """The run of that order, if it is known."""

    def keep(self, order: Order, run: Run) -> None:
        """Remembers a finished one."""


def run(
    experiment: Experiment,
    module: Module,
    workshop: Workshop,
    order: Order,
    progress: Progress = SILENT,
    hands: Hands | None = None,
    keeper: Keeper | None = None,
) -> Study:
    """All runs, or until one fails; where there are several, `hands` may carry them out and `keeper` know some. Raises `PlasError` as `run_once` does,
    and for a sweep that cannot be carried out."""
    network = workshop.network
    beginnings, given = Beginnings(module, workshop, order.data), order.data
    order = replace(order, data=all_data(experiment.data, order.data))
    axes = tuple(_axis(axis, experiment, module, workshop, order) for axis in experiment.sweep)
    repeats = 1 if experiment.repeats is None else int(_number(experiment.repeats, experiment, workshop, order))
    study = Study(experiment, network, order, axes, repeats, [])
    total = int(np.prod(study.shape, dtype=np.float64))
    if total > MOST_RUNS:
        message = f"This sweep asks for {total:,} runs; at most {MOST_RUNS:,} are begun."
        raise PlasError((Diagnostic("sweep-too-large", message, experiment.span, "Give its axes fewer values, or sweep fewer of them."),))
    orders = tuple(_orders(axes, repeats, order))
    known = {} if keeper is None or total == 1 else {n: found for n, one in enumerate(orders) if (found := keeper.find(one)) is not None}
    missing = [one for n, one in enumerate(orders) if n not in known]
    with Interruption() as interruption:
        if hands is None or len(missing) < 2:
            coming = _one_by_one(experiment, workshop, beginnings, missing, progress, interruption)
        else:
            coming = hands(missing, given, progress, interruption)
        with closing(coming):
            for number, one in enumerate(orders):
                found = known.pop(number, None)
                if found is None:
                    found = next(coming, None)
                    if found is not None and keeper is not None and total > 1 and not (found.interrupted or found.failure):
                        keeper.keep(one, found)
                if found is None:
                    break
                study.runs.append(found)
                if study.failure:
                    break
        study.interrupted = interruption.requested
    return study


def _one_by_one(
    experiment: Experiment,
    workshop: Workshop,
    beginnings: Beginnings,
    orders: Sequence[Order],
    progress: Progress,
    interruption: Interruption,
) -> Generator[Run]:
    total = len(orders)
    for number, order in enumerate(orders):
        part = PartOf(progress, number / total, 1.0 / total, f"run {number + 1} of {total}" if total > 1 else "")
        found = single(experiment, workshop, beginnings, order, part, interruption)
        if found is not None:
            yield found
        if interruption.requested:
            return


def single(
    experiment: Experiment, workshop: Workshop, beginnings: Beginnings, order: Order, progress: Progress, interruption: Interruption
) -> Run | None:
    """One run with what it begins with; None where it was interrupted before it began. Raises as `run_once`."""
    before, beginning = beginnings.of(experiment, order, progress, interruption)
    if interruption.requested:
        return None
    if not beginnings.lead_on(experiment, order):
        return run_once(experiment, workshop, order, progress, interruption, beginning)
    found, end = run_with_end(experiment, workshop, order, progress, interruption, beginning)
    if end is not None:
        beginnings.keep(experiment, order, before, end)
    return found


def _orders(axes: Sequence[Axis], repeats: int, order: Order) -> Iterator[Order]:
    for chosen in itertools.product(*(range(len(a.values)) for a in axes)):
        swept: dict[Ref, Given] = dict(order.settings)
        for axis, number in zip(axes, chosen, strict=True):
            for one in axis.all:
                swept.update(dict.fromkeys(one.places, Number(float(one.values[number]))))
        for repeat in range(repeats):
            yield replace(order, settings=swept, seed=seed_of(order.seed, repeat))


def seed_of(seed: int, repeat: int) -> int:
    """The seed of a repeat; the first has the seed itself. The combinations of a sweep share their seeds."""
    if repeat == 0:
        return seed
    return int.from_bytes(hashlib.blake2b(f"{seed}/{repeat}".encode(), digest_size=8).digest(), "big") >> 1


def _axis(axis: SweepAxis, experiment: Experiment, module: Module, workshop: Workshop, order: Order) -> Axis:
    found = places(axis.target, workshop.network, module)
    given = {order.settings.get(place) for place in found if place in order.settings}
    if given and all(isinstance(v, Number) for v in given):
        values = np.array([v.value for v in given if isinstance(v, Number)])[:1]
    else:
        values = _values(axis, experiment, workshop, order)
    if any(place.name == "" for place in found) or _counts_patterns(found, workshop.network):
        values = np.rint(values)
    together = tuple(_axis(one, experiment, module, workshop, order) for one in axis.together)
    if together and {len(one.values) for one in together} != {len(values)}:  # `--set` gives one of them a value
        longest = max(len(values), *(len(one.values) for one in together))
        values, *others = (np.resize(v, longest) for v in (values, *(one.values for one in together)))
        together = tuple(replace(one, values=v) for one, v in zip(together, others, strict=True))
    return Axis(axis.text, values, axis.unit, axis.scale, found, together, axis.words)


def _counts_patterns(found: tuple[Ref, ...], network: Network) -> bool:
    """Whether it is the number of patterns of a set, which is a whole one."""
    counts = [s.source.count for s in network.patterns if isinstance(s.source, RandomPatterns)]
    return any(place in counts for place in found)


def _values(axis: SweepAxis, experiment: Experiment, workshop: Workshop, order: Order) -> Floats:
    number = partial(_number, experiment=experiment, workshop=workshop, order=order)
    if axis.start is None or axis.stop is None or axis.count is None:
        return np.array([number(v) for v in axis.values])
    start, stop, count = number(axis.start), number(axis.stop), int(number(axis.count))
    if not axis.logarithmic:
        return np.linspace(start, stop, count)
    if not start * stop > 0.0:
        raise PlasError((Diagnostic("out-of-range", f"A logarithmic sweep of ‘{axis.text}’ cannot reach 0.", experiment.span),))
    return np.geomspace(start, stop, count)


def _number(expr: Expr, experiment: Experiment, workshop: Workshop, order: Order) -> float:
    """In parameters of the network, or, where it reads others, of the network as it would be built."""
    try:
        return float(network_value(expr, workshop.network, order.settings))
    except KeyError:
        dt = order.step(experiment, workshop.network)
        return float(constant(expr, workshop.instantiate(dt, order.seed, order.settings)))
