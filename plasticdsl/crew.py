"""The runs of a sweep on several processors: processes that carry out orders, each with the network to itself.

Comes in: what an experiment is run with, and how many processes. Goes out: its runs in their order, each with the bits that it has alone, since nothing
that a run depends on is shared. The first process compiles; the others begin when it has, and find machine code in the cache. One that is lost, killed by
the system for example, is replaced and its run carried out again.

A process is this Python with pipes: orders come as pickles on its standard input, which is the parent's end, and answers go out on its standard output.
Where the parent is gone, so is the process, in the middle of a run too.
"""

from __future__ import annotations

import os
import pickle
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, BinaryIO

from plasticdsl import driver
from plasticdsl.model.experiments import Experiment
from plasticdsl.options import CompileOptions
from plasticdsl.runtime.instance.patterns import Data
from plasticdsl.runtime.play.beginnings import Beginnings
from plasticdsl.runtime.play.experiment import Order, Run
from plasticdsl.runtime.play.progress import TICK, Interruption, Progress

if TYPE_CHECKING:
    from plasticdsl.driver import Loaded

#: So many processes may be lost over one run: then it is the run.
MOST_LOST = 3

# --- what goes through the pipes -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Job:
    """What all runs have in common. `given` as in `driver.simulate`."""

    loaded: Loaded
    experiment: Experiment
    options: CompileOptions
    given: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Share:
    """How much of a run is done, and what is being done."""

    done: float
    what: str


@dataclass(frozen=True, slots=True)
class Done:
    """A run, and the seconds that compiling took in its process so far."""

    run: Run
    compile_s: float


@dataclass(frozen=True, slots=True)
class Failed:
    """What kept a run from beginning."""

    error: Exception


@dataclass(frozen=True, slots=True)
class Lost:
    """The process is gone. `status`: what it ended with."""

    status: int


Answer = Share | Done | Failed | Lost


# --- the process -----------------------------------------------------------------------------------------------------


def serve() -> None:
    """The main loop of a process: a job, then orders, until the pipe is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all processes of a terminal; the parent decides
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever else is printed is for people
    orders: queue.SimpleQueue[Any] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(sys.stdin.buffer, orders), daemon=True).start()
    job: Job = orders.get()
    network = next(n for n in job.loaded.module.networks if n.name == job.experiment.network)
    workshop, compiler = driver.workshop_of(job.loaded, network, job.options, _Told(answers), **job.given)
    from plasticdsl.runtime.play.sweep import single

    while True:
        order, data = orders.get()
        beginnings = Beginnings(job.loaded.module, workshop, data)
        try:
            run = single(job.experiment, workshop, beginnings, order, _Told(answers), Interruption())
            assert run is not None, "nobody interrupts it"
            _send(answers, Done(run, compiler.seconds))
        except Exception as error:
            _send(answers, Failed(error))


def _listen(pipe: BinaryIO, orders: queue.SimpleQueue[Any]) -> None:
    """Orders as they come. Where nothing comes any more nobody waits for an answer either."""
    try:
        while True:
            orders.put(pickle.load(pipe))
    finally:
        os._exit(0)


@dataclass(slots=True)
class _Told:
    """Progress that is told the parent, now and then."""

    pipe: BinaryIO
    last: float = field(default_factory=time.monotonic)
    what: str = ""

    def show(self, done: float, what: str) -> None:
        if what != self.what or time.monotonic() > self.last + TICK:
            self.last, self.what = time.monotonic(), what
            _send(self.pipe, Share(done, what))


def _send(pipe: BinaryIO, what: object) -> None:
    try:
        pickle.dump(what, pipe, protocol=pickle.HIGHEST_PROTOCOL)
        pipe.flush()
    except BrokenPipeError:
        os._exit(0)


# --- the parent ------------------------------------------------------------------------------------------------------


class _Worker:
    """One process, and a thread that passes its answers on."""

    def __init__(self, job: Job, answers: queue.SimpleQueue[tuple[_Worker, Answer]]) -> None:
        command = [sys.executable, "-c", "from plasticdsl.crew import serve; serve()"]
        path = os.pathsep.join(p for p in sys.path if p)
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": path}, start_new_session=True
        )
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.pipe, self.out = self.process.stdin, self.process.stdout
        self.number: int | None = None
        self.share = 0.0
        self.give(job)
        self.listener = threading.Thread(target=self._listen, args=(answers,), daemon=True)
        self.listener.start()

    def give(self, what: object) -> None:
        """A job or an order. That the process is gone is said by its answers."""
        try:
            pickle.dump(what, self.pipe, protocol=pickle.HIGHEST_PROTOCOL)
            self.pipe.flush()
        except (BrokenPipeError, ValueError):
            pass

    def _listen(self, answers: queue.SimpleQueue[tuple[_Worker, Answer]]) -> None:
        try:
            while True:
                answers.put((self, pickle.load(self.out)))
        except (EOFError, pickle.UnpicklingError, OSError, ValueError):
            answers.put((self, Lost(self.process.wait())))

    def end(self) -> None:
        """At once, if it has not ended by itself."""
        self.process.kill()
        self.process.wait()
        self.listener.join()
        for pipe in (self.pipe, self.out):
            try:
                pipe.close()
            except OSError:
                continue


class Crew:
    """`workers` processes for one job; `compile_s` is the longest that one of them took to compile."""

    def __init__(self, job: Job, workers: int) -> None:
        self.job, self.most, self.compile_s = job, workers, 0.0

    def carry_out(self, orders: Sequence[Order], data: Data, progress: Progress, interruption: Interruption) -> Generator[Run]:
        """The runs in the order of the orders, as soon as all before them are done; after an interruption those that were finished until then.

        Raises what kept a run from beginning (`PlasError`), and ChildProcessError where one is lost again and again.
        """
        shift = _Shift(self.job, [(order, data) for order in orders])
        following = 0
        try:
            shift.recruit(1)  # which compiles
            while following < len(orders) and not interruption.requested:
                shift.listen(self.most, progress)
                while following in shift.finished:
                    match shift.finished.pop(following):
                        case Done(run, compile_s):
                            self.compile_s = max(self.compile_s, compile_s)
                            yield run
                        case Failed(error):
                            raise error
                    following += 1
        finally:
            for worker in shift.workers:
                worker.end()


class _Shift:
    """Orders on their way. `waiting`: numbers of those that nobody has, the next one last; `lost`: processes over each; `finished`: what has come of those
    that are done and not yet taken away, `done` of them in all."""

    def __init__(self, job: Job, orders: Sequence[tuple[Order, Data]]) -> None:
        self.job, self.orders = job, orders
        self.workers: list[_Worker] = []
        self.answers: queue.SimpleQueue[tuple[_Worker, Answer]] = queue.SimpleQueue()
        self.waiting = list(reversed(range(len(orders))))
        self.lost = [0] * len(orders)
        self.finished: dict[int, Done | Failed] = {}
        self.done = 0
        self.compiled = False

    def recruit(self, most: int) -> None:
        """As many processes as there are orders for, `most` at most."""
        while self.waiting and len(self.workers) < most:
            self.workers.append(_Worker(self.job, self.answers))
            self._employ(self.workers[-1])

    def _employ(self, worker: _Worker) -> None:
        worker.share, worker.number = 0.0, self.waiting.pop() if self.waiting else None
        if worker.number is not None:
            worker.give(self.orders[worker.number])

    def listen(self, most: int, progress: Progress) -> None:
        """Takes one answer, if one comes soon."""
        try:
            worker, answer = self.answers.get(timeout=TICK)
        except queue.Empty:
            return
        match answer:
            case Share(done, what):
                worker.share = done
                self.compiled = self.compiled or done > 0.0
                in_all = self.done + sum(w.share for w in self.workers)
                progress.show(in_all / len(self.orders), f"{what}, {self.done} of {len(self.orders)} runs done")
            case Lost(status):
                self.workers.remove(worker)
                worker.end()
                if worker.number is not None:
                    self._again(worker.number, status)
            case Done() | Failed():
                assert worker.number is not None
                self.finished[worker.number] = answer
                self.done, self.compiled = self.done + 1, True
                self._employ(worker)
        self.recruit(most if self.compiled else 1)

    def _again(self, number: int, status: int) -> None:
        self.lost[number] += 1
        if self.lost[number] < MOST_LOST:
            self.waiting.append(number)
        else:
            self.finished[number] = Failed(_gone(number, status))


def _gone(number: int, status: int) -> ChildProcessError:
    how = f"was ended by signal {-status}" if status < 0 else f"ended with status {status}"
    hint = "; there may not be enough memory for as many workers" if -status in (signal.SIGKILL, signal.SIGSEGV) else ""
    return ChildProcessError(f"the process of run {number + 1} {how}, {MOST_LOST} times{hint}")
