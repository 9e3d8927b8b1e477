"""Runs an experiment for every combination of its swept parameters and every repeat.

Comes in: the experiment, its network and the orders of the user. Goes out: `Study`, all runs in the order of the axes, the last axis and then the repeat
changing fastest. The network is compiled once; each combination gets an instance of its own.
"""

from __future__ import annotations

import hashlib
import itertools
from collections import deque
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
from plasticdsl.runtime.instance.settings import Given, Settings, places
from plasticdsl.runtime.instance.values import network_value
from plasticdsl.runtime.numbers.evaluate import constant
from plasticdsl.runtime.play.beginnings import Beginnings, Marker
from plasticdsl.runtime.play.experiment import Order, Run, Workshop
from plasticdsl.runtime.play.once import end_of, run_once
from plasticdsl.runtime.play.progress import SILENT, Interruption, Progress
from plasticdsl.source import Span
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


@dataclass(frozen=True, slots=True)
class Trial:
    """Of a fit: the `values` of its parameters, in SI, and what its goal was, the mean over its runs; None where that has no value."""

    values: tuple[float, ...]
    value: float | None


@dataclass(slots=True)
class Fitted:
    """What a fit has tried: the parameters with their ends as `values`, and all trials. `best`: the number of that with the smallest (or largest)
    value."""

    searched: tuple[Axis, ...]
    trials: list[Trial]
    best: int | None = None

    @property
    def chosen(self) -> tuple[float, ...] | None:
        """The values of the parameters in the best trial."""
        return None if self.best is None else self.trials[self.best].values


@dataclass(slots=True)
class Study:
    """`runs`: one for each combination and repeat, in the order of `numpy.ndindex(shape)`; fewer after an interruption or a failure
    (of the last of them). `terminated`: it was not Ctrl-C that interrupted them, but SIGTERM. Of a fit (`fitted`), the runs are those of the best
    trial."""

    experiment: Experiment
    network: Network
    order: Order
    axes: tuple[Axis, ...]
    repeats: int
    runs: list[Run]
    interrupted: bool = False
    terminated: bool = False
    fitted: Fitted | None = None

    @property
    def total(self) -> int:
        """How many runs it has, when all are carried out; of a fit, each trial."""
        return int(np.prod(self.shape, dtype=np.float64))

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


@dataclass(frozen=True, slots=True)
class Turn:
    """What sets one run of a study apart: its number, from 0, `settings` beside those of all, and its seed."""

    number: int
    settings: Settings
    seed: int

    def of(self, order: Order) -> Order:
        """The order of this run. `order`: what all have in common."""
        return replace(order, settings={**order.settings, **self.settings}, seed=self.seed)


class Turns:
    """Turns that are to be carried out, made as they are asked for. `total` runs are in the study, of which `known` were found so far: nobody carries
    these out again. `over`: there are no more."""

    def __init__(self, coming: Iterator[Turn | None], total: int) -> None:
        self._coming = coming
        self.total, self.known, self.over = total, 0, False

    def take(self) -> Turn | None:
        """The next one; None where there is none (`over`), or none until what has been taken is done."""
        try:
            return next(self._coming)
        except StopIteration:
            self.over = True
            return None

    def show(self, progress: Progress, done: float, what: str) -> None:
        """Tells how much is done: so many runs, beside those that were known."""
        missing, ready = max(self.total - self.known, 1), f"{int(done) + self.known} of {self.total} runs done"
        progress.show(min(done / missing, 1.0), f"{what}, {ready}" if self.total > 1 else what)


def best(study: Study, order: Order) -> Order:
    """The order with what a fit has found."""
    fitted = study.fitted
    if fitted is None or fitted.chosen is None:
        return order
    found = {place: Number(value) for axis, value in zip(fitted.searched, fitted.chosen, strict=True) for place in axis.places}
    return replace(order, settings={**order.settings, **found})


#: What carries out turns in another way than one after the other: given what all have in common and the user's data, it gives the runs in their order.
Hands = Callable[[Order, Turns, Data, Progress, Interruption], Generator[Run]]


class Keeper(Marker, Protocol):
    """Knows runs that have been carried out before. `order`: what all runs have in common."""

    def find(self, order: Order, turn: Turn) -> Run | None:
        """The run of that turn, if it is known."""

    def keep(self, order: Order, turn: Turn, run: Run) -> None:
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
    study, given = begun(experiment, module, workshop, order), order.data
    turns = turns_of(study.axes, study.repeats, order.seed)
    with Interruption() as interruption:
        how = hands_for(study.total, hands, experiment, workshop, Beginnings(module, workshop, given, keeper))
        for found in carried_out(study.order, turns, study.total, how, given, progress, interruption, keeper):
            study.runs.append(found)
            if study.failure:
                break
        study.interrupted, study.terminated = interruption.requested, interruption.terminated
    return study


def begun(experiment: Experiment, module: Module, workshop: Workshop, order: Order) -> Study:
    """The study before its first run, with the values of its axes, and with all data in its order. Raises `PlasError`."""
    order = replace(order, data=all_data(experiment.data, order.data))
    axes = tuple(axis_of(axis, experiment, module, workshop, order) for axis in experiment.sweep)
    repeats = 1 if experiment.repeats is None else int(number_of(experiment.repeats, experiment, workshop, order))
    study = Study(experiment, workshop.network, order, axes, repeats, [])
    require_few(study.total, experiment.span)
    return study


def require_few(total: int, span: Span) -> None:
    """Raises `PlasError` for more runs than anybody waits for."""
    if total > MOST_RUNS:
        message = f"This sweep asks for {total:,} runs; at most {MOST_RUNS:,} are begun."
        raise PlasError((Diagnostic("sweep-too-large", message, span, "Give its axes fewer values, or sweep fewer of them."),))


def hands_for(total: int, hands: Hands | None, experiment: Experiment, workshop: Workshop, beginnings: Beginnings) -> Hands:
    """Those that were given where there are several runs, else those of this process."""
    return hands if hands is not None and total > 1 else partial(_one_by_one, experiment, workshop, beginnings)


def carried_out(
    order: Order,
    turns: Iterator[Turn | None],
    total: int,
    hands: Hands,
    data: Data,
    progress: Progress,
    interruption: Interruption,
    keeper: Keeper | None,
) -> Generator[Run]:
    """The runs of turns in their order, those that are known and those that hands carry out; after an interruption those until the first that is missing.
    Raises `PlasError`."""
    waiting: deque[tuple[Turn, Run | None]] = deque()  # turns that were looked at, with their runs where these are known

    def missing() -> Iterator[Turn | None]:
        for turn in turns:
            if turn is not None:
                known = keeper.find(order, turn) if keeper is not None and total > 1 else None
                waiting.append((turn, known))
                if known is not None:
                    coming.known += 1
                    continue
            yield turn

    coming = Turns(missing(), total)
    with closing(hands(order, coming, data, progress, interruption)) as runs:
        for run in runs:
            while (known := waiting[0][1]) is not None:
                waiting.popleft()
                yield known
            turn, _ = waiting.popleft()
            if keeper is not None and total > 1 and not (run.interrupted or run.failure):
                keeper.keep(order, turn, run)
            yield run
    while waiting and (known := waiting[0][1]) is not None:
        waiting.popleft()
        yield known


def _one_by_one(
    experiment: Experiment,
    workshop: Workshop,
    beginnings: Beginnings,
    order: Order,
    turns: Turns,
    _data: Data,
    progress: Progress,
    interruption: Interruption,
) -> Generator[Run]:
    """Hands of this process."""
    done = 0
    while (turn := turns.take()) is not None:
        found = single(experiment, workshop, beginnings, turn.of(order), _Within(turns, progress, done), interruption, turns.total == 1)
        if found is not None:
            yield found
        if interruption.requested:
            return
        done += 1


@dataclass(frozen=True, slots=True)
class _Within:
    """The progress of one run in that of all, after so many were done."""

    turns: Turns
    progress: Progress
    before: int

    def show(self, done: float, what: str) -> None:
        """The same for all."""
        self.turns.show(self.progress, self.before + done, what)


def single(
    experiment: Experiment,
    workshop: Workshop,
    beginnings: Beginnings,
    order: Order,
    progress: Progress,
    interruption: Interruption,
    alone: bool = False,
) -> Run | None:
    """One run with what it begins with, of several or `alone`; None where it was interrupted before it began. Raises as `run_once`."""
    before, beginning = beginnings.of(experiment, order, progress, interruption)
    if interruption.requested:
        return None
    checkpoints = beginnings.checkpoints(experiment, order, alone)
    found, engine = run_once(experiment, workshop, order, progress, interruption, beginning, checkpoints)
    if beginnings.lead_on(experiment, order) and (end := end_of(found, engine)) is not None:
        beginnings.keep(experiment, order, before, end)
    return found


def turns_of(axes: Sequence[Axis], repeats: int, seed: int) -> Iterator[Turn]:
    """A turn for each combination and repeat, in their order."""
    number = itertools.count()
    for chosen in itertools.product(*(range(len(a.values)) for a in axes)):
        swept: dict[Ref, Given] = {}
        for axis, place in zip(axes, chosen, strict=True):
            for one in axis.all:
                swept.update(dict.fromkeys(one.places, Number(float(one.values[place]))))
        for repeat in range(repeats):
            yield Turn(next(number), swept, seed_of(seed, repeat))


def seed_of(seed: int, repeat: int) -> int:
    """The seed of a repeat; the first has the seed itself. The combinations of a sweep share their seeds."""
    if repeat == 0:
        return seed
    return int.from_bytes(hashlib.blake2b(f"{seed}/{repeat}".encode(), digest_size=8).digest(), "big") >> 1


def axis_of(axis: SweepAxis, experiment: Experiment, module: Module, workshop: Workshop, order: Order) -> Axis:
    """A parameter with its values: those that it takes, or, where it is fitted, the two ends; one value where the order sets it. Raises `PlasError`."""
    found = places(axis.target, workshop.network, module)
    given = {order.settings.get(place) for place in found if place in order.settings}
    if given and all(isinstance(v, Number) for v in given):
        values = np.array([v.value for v in given if isinstance(v, Number)])[:1]
    else:
        values = _values(axis, experiment, workshop, order)
    if is_whole(found, workshop.network):
        values = np.rint(values)
    together = tuple(axis_of(one, experiment, module, workshop, order) for one in axis.together)
    if together and {len(one.values) for one in together} != {len(values)}:  # `--set` gives one of them a value
        longest = max(len(values), *(len(one.values) for one in together))
        values, *others = (np.resize(v, longest) for v in (values, *(one.values for one in together)))
        together = tuple(replace(one, values=v) for one, v in zip(together, others, strict=True))
    return Axis(axis.text, values, axis.unit, axis.scale, found, together, axis.words)


def is_whole(places: tuple[Ref, ...], network: Network) -> bool:
    """Whether it is the size of a population, or the number of patterns of a set, which are whole ones."""
    counts = [s.source.count for s in network.patterns if isinstance(s.source, RandomPatterns)]
    return any(place.name == "" or place in counts for place in places)


def _values(axis: SweepAxis, experiment: Experiment, workshop: Workshop, order: Order) -> Floats:
    number = partial(number_of, experiment=experiment, workshop=workshop, order=order)
    if axis.start is None or axis.stop is None or axis.count is None:
        ends = () if axis.start is None or axis.stop is None else (axis.start, axis.stop)
        return np.array([number(v) for v in axis.values or ends])
    start, stop, count = number(axis.start), number(axis.stop), int(number(axis.count))
    require_few(count, experiment.span)  # before there are so many values
    if not axis.logarithmic:
        return np.linspace(start, stop, count)
    if not start * stop > 0.0:
        raise PlasError((Diagnostic("out-of-range", f"A logarithmic sweep of ‘{axis.text}’ cannot reach 0.", experiment.span),))
    return np.geomspace(start, stop, count)


def number_of(expr: Expr, experiment: Experiment, workshop: Workshop, order: Order) -> float:
    """In parameters of the network, or, where it reads others, of the network as it would be built."""
    try:
        return float(network_value(expr, workshop.network, order.settings))
    except KeyError:
        dt = order.step(experiment, workshop.network)
        return float(constant(expr, workshop.instantiate(dt, order.seed, order.settings)))
