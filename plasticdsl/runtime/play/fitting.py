"""Fits: searches the values of parameters for which the goal of an experiment comes out smallest, or largest.

Comes in: an experiment with a line `fit`, its network and the orders of the user. Goes out: `Study` with the runs of the best trial, and what all came to.

The search is the covariance matrix adaptation of Hansen & Ostermeier (2001), *Evolutionary Computation* 9:159, in Optuna. Trials are made in batches of
`BATCH`: all of a batch are chosen before the first of them is carried out, and their values are told in their order. So what is tried depends on the seed
and on these values alone, not on who carries out what and which is finished first; and a search that was stopped is gone through again with the
values of the runs that are known (`Keeper`), which nobody carries out twice.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from plasticdsl.diagnostics.diagnostic import Diagnostic, PlasError
from plasticdsl.model.experiments import Experiment, Fit
from plasticdsl.model.expr import Number, Ref
from plasticdsl.model.module import Module
from plasticdsl.runtime.instance.settings import Given
from plasticdsl.runtime.play import sweep
from plasticdsl.runtime.play.beginnings import Beginnings
from plasticdsl.runtime.play.experiment import Order, Run, Workshop
from plasticdsl.runtime.play.place import Checkpoints
from plasticdsl.runtime.play.progress import SILENT, Interruption, Progress
from plasticdsl.runtime.play.sweep import Axis, Fitted, Hands, Keeper, Study, Trial, Turn

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution

#: Trials where nothing is said of them.
TRIALS = 200

#: So many are chosen at once.
BATCH = 8

#: The extra that brings Optuna.
EXTRA = "fit"

#: What Optuna's search needs beside at least two parameters: it has no meaning.
_FREE = "free"


def run(
    experiment: Experiment,
    module: Module,
    workshop: Workshop,
    order: Order,
    progress: Progress = SILENT,
    hands: Hands | None = None,
    keeper: Keeper | None = None,
) -> Study:
    """All trials, or until an interruption. What the order sets is not fitted; where that is everything, there is one trial. Raises `PlasError` for what
    cannot be carried out, and where no trial has a value, ModuleNotFoundError without Optuna."""
    fit = experiment.fit
    assert fit is not None, "asked for with a line ‘fit’"
    study, given = sweep.begun(experiment, module, workshop, order), order.data
    made = [(axis, sweep.axis_of(axis, experiment, module, workshop, study.order)) for axis in fit.searched]
    ranges = [
        _range(axis, one.logarithmic, sweep.is_whole(axis.places, study.network), fit)
        for one, axis in made
        if not set(axis.places) & set(order.settings)
    ]
    if not ranges:
        return sweep.run(experiment, module, workshop, order, progress, hands, keeper)
    trials = TRIALS if fit.trials is None else int(sweep.number_of(fit.trials, experiment, workshop, order))
    sweep.require_few(total := trials * study.total, fit.span)
    fitting = _Fitting(study, fit, ranges, trials, keeper)
    with Interruption() as interruption:
        how = sweep.hands_for(total, hands, experiment, workshop, Beginnings(module, workshop, given, keeper))
        for found in sweep.carried_out(study.order, fitting.turns(), total, how, given, progress, interruption, fitting):
            fitting.take(found)
        study.interrupted, study.terminated = interruption.requested, interruption.terminated
    fitting.end()
    return study


# --- trials ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Range:
    """A parameter with the ends between which it is searched: on a logarithmic scale, or in whole numbers."""

    axis: Axis
    logarithmic: bool
    whole: bool

    @property
    def ends(self) -> tuple[float, float]:
        """The smaller one first."""
        return float(self.axis.values[0]), float(self.axis.values[1])


def _range(axis: Axis, logarithmic: bool, whole: bool, fit: Fit) -> _Range:
    """Raises `PlasError` where nothing lies between the ends."""
    first, last = axis.values
    if not first < last or (logarithmic and not first > 0.0):
        where = " on a logarithmic scale" if logarithmic else ""
        message = f"‘{axis.name}’ is searched from {first:g} to {last:g} (SI), and nothing lies between these{where}."
        raise PlasError((Diagnostic("empty-fit", message, fit.span),))
    return _Range(axis, logarithmic, whole)


class _Fitting:
    """A fit on its way; it also tells `keeper` what is done, and takes from it what is known. `values`: of the goal in each run that is done."""

    def __init__(self, study: Study, fit: Fit, ranges: Sequence[_Range], trials: int, keeper: Keeper | None) -> None:
        self.study, self.fit, self.ranges, self.trials, self.keeper = study, fit, ranges, trials, keeper
        self.fitted = study.fitted = Fitted(tuple(one.axis for one in ranges), [])
        self.chosen: list[tuple[float, ...]] = []
        self.values: dict[int, float | None] = {}
        self.runs: list[Run] = []
        self.last: list[Run] = []

    def turns(self) -> Iterator[Turn | None]:
        """Those of all trials, a batch after the other; None until all of a batch is done."""
        search, made = _Search(self.ranges, self.fit.maximise, self.study.order.seed), 0
        for first in range(0, self.trials, BATCH):
            chosen = [search.ask() for _ in range(min(BATCH, self.trials - first))]
            self.chosen += chosen
            for values in chosen:
                for turn in sweep.turns_of(self.study.axes, self.study.repeats, self.study.order.seed):
                    yield Turn(made, {**self._settings(values), **turn.settings}, turn.seed)
                    made += 1
            while len(self.values) < made:
                yield None
            for number in range(first, first + len(chosen)):
                search.tell(number, self._value(number))

    def _settings(self, values: Sequence[float]) -> dict[Ref, Given]:
        return {place: Number(value) for one, value in zip(self.ranges, values, strict=True) for place in one.axis.places}

    def _value(self, number: int) -> float | None:
        """Of a trial: the mean over its runs, which have one each."""
        runs = self.study.total
        found = [self.values[k] for k in range(number * runs, (number + 1) * runs)]
        known = [value for value in found if value is not None]
        return math.fsum(known) / runs if len(known) == runs else None

    def find(self, order: Order, turn: Turn) -> Run | None:
        """A run that was carried out before."""
        found = None if self.keeper is None else self.keeper.find(order, turn)
        if found is not None:
            self.values[turn.number] = _goal(found)
        return found

    def keep(self, order: Order, turn: Turn, run: Run) -> None:
        """One that is finished."""
        if self.keeper is not None:
            self.keeper.keep(order, turn, run)

    def checkpoints(self, experiment: Experiment, order: Order, alone: bool) -> Checkpoints | None:
        """Where one stands that is under way."""
        return None if self.keeper is None else self.keeper.checkpoints(experiment, order, alone)

    def discard(self, experiment: Experiment, order: Order) -> None:
        """Nobody asks for what that one recorded."""
        if self.keeper is not None:
            self.keeper.discard(experiment, order)

    def take(self, run: Run) -> None:
        """The next run in their order. When it is the last of a trial, that is the best so far or forgotten."""
        if run.interrupted:
            return
        number = len(self.fitted.trials)
        self.values.setdefault(number * self.study.total + len(self.runs), _goal(run))
        self.runs.append(run)
        if len(self.runs) < self.study.total:
            return
        value, best = self._value(number), self.fitted.best
        self.fitted.trials.append(Trial(self.chosen[number], value))
        if value is not None and (best is None or self._is_better(value, self.fitted.trials[best].value)):
            self.fitted.best, self.study.runs = number, self.runs
        self.last, self.runs = self.runs, []

    def _is_better(self, value: float, than: float | None) -> bool:
        return than is None or (value > than if self.fit.maximise else value < than)

    def end(self) -> None:
        """Without a best trial the study has the last one, which says why. Raises `PlasError` where that does not."""
        if self.fitted.best is not None:
            return
        self.study.runs = self.last or self.runs
        if not self.study.failure and not self.study.interrupted:
            message = f"‘{self.fit.goal.text}’ has no value in any of the {self.trials} trials of this fit."
            hint = "It is 0/0, or a statistic of too few spikes; begin where it has one."
            raise PlasError((Diagnostic("empty-fit", message, self.fit.span, hint),))


def _goal(run: Run) -> float | None:
    """What the goal was in a run; None where that has no value, or the run could not go on."""
    value = run.outcomes[-1].value
    return None if run.failure or value is None or not math.isfinite(value) else value


# --- the search ------------------------------------------------------------------------------------------------------


class _Search:
    """Optuna's. Raises ModuleNotFoundError without it."""

    def __init__(self, ranges: Sequence[_Range], maximise: bool, seed: int) -> None:
        try:
            import cmaes  # noqa: F401
            from optuna.distributions import FloatDistribution, IntDistribution
            from optuna.samplers import CmaEsSampler
        except ModuleNotFoundError as missing:
            raise ModuleNotFoundError(f"a fit needs {missing.name}: pip install 'plasticdsl[{EXTRA}]'", name=missing.name) from None
        self._names = [f"{number}" for number in range(len(ranges))]
        self._given: dict[str, BaseDistribution] = {}
        for name, one in zip(self._names, ranges, strict=True):
            low, high = one.ends
            whole = IntDistribution(round(low), round(high), log=one.logarithmic) if one.whole else None
            self._given[name] = whole or FloatDistribution(low, high, log=one.logarithmic)
        if len(ranges) == 1:
            self._given[_FREE] = FloatDistribution(0.0, 1.0)
        with _quiet() as optuna:
            sampler = CmaEsSampler(seed=seed % 2**32, warn_independent_sampling=False)
            self._study = optuna.create_study(sampler=sampler, direction="maximize" if maximise else "minimize")
        self._asked: list[Any] = []

    def ask(self) -> tuple[float, ...]:
        """The values of the next trial."""
        with _quiet():
            self._asked.append(self._study.ask(self._given))
        return tuple(float(self._asked[-1].params[name]) for name in self._names)

    def tell(self, number: int, value: float | None) -> None:
        """What it came to."""
        from optuna.trial import TrialState

        with _quiet():
            self._study.tell(self._asked[number], value, None if value is not None else TrialState.FAIL)


@contextmanager
def _quiet() -> Iterator[Any]:
    """Optuna, which neither tells what it does, nor that parts of it are new."""
    import optuna

    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield optuna
    finally:
        optuna.logging.set_verbosity(before)
