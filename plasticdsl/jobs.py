"""What is carried out elsewhere, in processes (`crew`) or on a cluster (`cluster`): a job, the turns of its runs, and what came of each.

Comes in: what an experiment is run with. Goes out: `Bench`, where one process carries out its turns, each with the bits that the run has alone, since
nothing that a run depends on is shared; and `brought_back`, the runs in the order of the turns, in whichever they come.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from plasticdsl import driver
from plasticdsl.model.experiments import Experiment
from plasticdsl.options import CompileOptions
from plasticdsl.runtime.instance.patterns import Data
from plasticdsl.runtime.play.beginnings import Beginnings, Marker
from plasticdsl.runtime.play.experiment import Order, Run
from plasticdsl.runtime.play.progress import Interruption, Progress
from plasticdsl.runtime.play.sweep import Turn, Turns, single

if TYPE_CHECKING:
    from plasticdsl.driver import Loaded


class Reached(Marker, Protocol):
    """Knows where runs stand, in a folder that other processes may see, or not."""

    def is_here(self) -> bool:
        """Whether this process sees it."""


@dataclass(frozen=True, slots=True)
class Job:
    """What an experiment is run with. `given` as in `driver.simulate`; `places`: what knows where its runs stand, wherever they are carried out."""

    loaded: Loaded
    experiment: Experiment
    options: CompileOptions
    given: Mapping[str, Any]
    places: Reached | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """A job with what its turns have in common: the order that they vary, and the data of the user. It is sent once."""

    job: Job
    order: Order
    data: Data


@dataclass(frozen=True, slots=True)
class Done:
    """A run, and the seconds that compiling took in its process so far."""

    run: Run
    compile_s: float


@dataclass(frozen=True, slots=True)
class Failed:
    """What kept a run from beginning."""

    error: Exception


Answer = Done | Failed


class Bench:
    """Where a process carries out the turns of a task, one after the other."""

    def __init__(self, task: Task, told: Progress) -> None:
        job = task.job
        self._task = task
        network = next(n for n in job.loaded.module.networks if n.name == job.experiment.network)
        self._workshop, self._compiler = driver.workshop_of(job.loaded, network, job.options, told, **job.given)
        places = job.places if job.places is not None and job.places.is_here() else None
        self._beginnings = Beginnings(job.loaded.module, self._workshop, task.data, places)

    def compile(self, turn: Turn) -> None:
        """Makes the kernels that a turn needs, if it can; otherwise carrying it out says why not."""
        order, experiment = turn.of(self._task.order), self._task.job.experiment
        try:
            instance = self._workshop.instantiate(order.step(experiment, self._workshop.network), order.seed, order.settings)
            self._workshop.engine(instance, order.settings)
        except Exception:
            return

    def carry_out(self, turn: Turn, told: Progress, interruption: Interruption) -> Answer | None:
        """What comes of a turn; None where it was interrupted before it began."""
        order = turn.of(self._task.order)
        try:
            run = single(self._task.job.experiment, self._workshop, self._beginnings, order, told, interruption)
        except Exception as error:
            return Failed(error)
        return None if run is None else Done(run, self._compiler.seconds)


class Returns:
    """What has come of turns that were taken, given back in their order. `compile_s`: the longest that one process took to compile; `done`: how many."""

    def __init__(self) -> None:
        self.compile_s, self.done = 0.0, 0
        self._taken: deque[int] = deque()
        self._there: dict[int, Answer] = {}

    def take(self, turn: Turn) -> None:
        """Its answer will come."""
        self._taken.append(turn.number)

    def put(self, number: int, answer: Answer) -> None:
        """It is here."""
        self._there[number] = answer
        self.done += 1

    def ready(self) -> Iterator[Run]:
        """Those before which nothing is missing. Raises what kept one from beginning."""
        while self._taken and self._taken[0] in self._there:
            match self._there.pop(self._taken.popleft()):
                case Done(run, compile_s):
                    self.compile_s = max(self.compile_s, compile_s)
                    yield run
                case Failed(error):
                    raise error

    @property
    def all_here(self) -> bool:
        """Whether nothing is on its way or waits to be given back."""
        return not self._taken


class Away(Protocol):
    """Turns that are being carried out elsewhere."""

    turns: Turns
    returns: Returns

    def send(self) -> None:
        """As many turns as are taken ahead."""

    def listen(self, progress: Progress) -> None:
        """Takes one answer, if one comes soon. Raises OSError where none can come any more."""


def brought_back(away: Away, progress: Progress, interruption: Interruption) -> Iterator[Run]:
    """The runs in the order of their turns, as soon as all before them are done; after an interruption those that were finished until then. Raises what
    kept a run from beginning (`PlasError`)."""
    while not interruption.requested:
        away.send()
        if away.turns.over and away.returns.all_here:
            return
        away.listen(progress)
        away.send()  # before what is done with the runs, which may be written to disk
        yield from away.returns.ready()
