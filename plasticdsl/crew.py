"""The runs of a sweep on several processors: processes that carry out turns, each with the network to itself.

Comes in: what an experiment is run with, and how many processes. Goes out: its runs in their order. The first process compiles; the others get their turns
when it has, and find machine code in the cache. One that is lost, killed by the system for example, is replaced and its run carried out again.

A process is this Python with pipes: a task and then turns come as pickles on its standard input, which is the parent's end, and answers go out on its
standard output. Where the parent is gone, so is the process, in the middle of a run too.
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
from collections import Counter, deque
from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from plasticdsl.jobs import Bench, Done, Failed, Job, Returns, Task, brought_back
from plasticdsl.runtime.instance.patterns import Data
from plasticdsl.runtime.play.experiment import Order, Run
from plasticdsl.runtime.play.progress import TICK, Interruption, Progress
from plasticdsl.runtime.play.sweep import Turn, Turns

#: So many processes may be lost over one run: then it is the run.
MOST_LOST = 3

#: Turns that a process may have ahead, where runs are short: as many as take a `TICK`, and not more than these.
MOST_AHEAD = 8

#: A process whose runs take less (s) has the next one ahead: what is done with a run, which is kept on disk for example, would take a part of its time.
SHORT = 10.0

# --- what goes through the pipes -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Share:
    """How much of a run is done, and what is being done."""

    done: float
    what: str


@dataclass(frozen=True, slots=True)
class Lost:
    """The process is gone. `status`: what it ended with."""

    status: int


Answer = Share | Done | Failed | Lost


# --- the process -----------------------------------------------------------------------------------------------------


def serve() -> None:
    """The main loop of a process: a task, then turns, until the pipe is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all processes of a terminal; the parent decides
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever else is printed is for people
    orders: queue.SimpleQueue[Any] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(sys.stdin.buffer, orders), daemon=True).start()
    told = _Told(answers)
    bench = Bench(orders.get(), told)
    while True:
        answer = bench.carry_out(orders.get(), told, Interruption())
        assert answer is not None, "nobody interrupts it"
        _send(answers, answer)
        told.is_first = False


def _listen(pipe: BinaryIO, orders: queue.SimpleQueue[Any]) -> None:
    """What comes. Where nothing comes any more nobody waits for an answer either."""
    try:
        while True:
            orders.put(pickle.load(pipe))
    finally:
        os._exit(0)


@dataclass(slots=True)
class _Told:
    """Progress that is told the parent, now and then; what is being done at once in the first run, which may compile for long."""

    pipe: BinaryIO
    last: float = field(default_factory=time.monotonic)
    what: str = ""
    is_first: bool = True

    def show(self, done: float, what: str) -> None:
        if (self.is_first and what != self.what) or time.monotonic() > self.last + TICK:
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
    """One process, and a thread that passes its answers on. `held`: its turns, first the one that it carries out; `share` of that one is done; `took`: the
    seconds of its last run."""

    def __init__(self, task: Task, answers: queue.SimpleQueue[tuple[_Worker, Answer]]) -> None:
        command = [sys.executable, "-c", "from plasticdsl.crew import serve; serve()"]
        path = os.pathsep.join(p for p in sys.path if p)
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": path}, start_new_session=True
        )
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.pipe, self.out = self.process.stdin, self.process.stdout
        self.held: deque[Turn] = deque()
        self.share = 0.0
        self.took = float("inf")
        self.listener = threading.Thread(target=self._listen, args=(answers,), daemon=True)
        self._give(task)
        self.listener.start()

    @property
    def room(self) -> int:
        """How many turns it should hold: more than one where runs are so short that asking for the next takes a part of the time."""
        return 1 + min(MOST_AHEAD, int(TICK / self.took) if self.took > 0.0 else MOST_AHEAD)

    def give(self, turn: Turn) -> None:
        """Another turn."""
        self.held.append(turn)
        self._give(turn)

    def _give(self, what: object) -> None:
        """That the process is gone is said by its answers."""
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
    """`workers` processes for one job."""

    def __init__(self, job: Job, workers: int) -> None:
        self.job, self.most = job, workers
        self._returns = Returns()

    @property
    def compile_s(self) -> float:
        """The longest that one of them took to compile."""
        return self._returns.compile_s

    def carry_out(self, order: Order, turns: Turns, data: Data, progress: Progress, interruption: Interruption) -> Generator[Run]:
        """The runs in the order of their turns, as soon as all before them are done; after an interruption those that were finished until then.

        Raises what kept a run from beginning (`PlasError`), and ChildProcessError where one is lost again and again.
        """
        shift = _Shift(Task(self.job, order, data), turns, self.most)
        self._returns = shift.returns
        try:
            yield from brought_back(shift, progress, interruption)
        finally:
            for worker in shift.workers:
                worker.end()


class _Shift:
    """Turns on their way. `waiting`: those that nobody holds, or whose process was lost; `lost`: how many were, over each; `compiled`: whether the first
    process has."""

    def __init__(self, task: Task, turns: Turns, most: int) -> None:
        self.task, self.turns, self.most = task, turns, most
        self.workers: list[_Worker] = []
        self.answers: queue.SimpleQueue[tuple[_Worker, Answer]] = queue.SimpleQueue()
        self.waiting: deque[Turn] = deque()
        self.lost: Counter[int] = Counter()
        self.returns = Returns()
        self.compiled = False

    def send(self) -> None:
        """Turns for processes that have room, a first one for each before a second. All begin at once, but those after the first get none until it has
        compiled."""
        self._recruit()
        able = self.workers if self.compiled else self.workers[:1]
        rooms = [max(worker.room, 2 if worker.took < SHORT and self._many_left else 1) for worker in able]
        for depth in range(max(rooms, default=0)):
            for worker, room in zip(able, rooms, strict=True):
                if len(worker.held) == depth < room:
                    turn = self.waiting.popleft() if self.waiting else self._another()
                    if turn is None:
                        return
                    worker.give(turn)

    @property
    def _many_left(self) -> bool:
        """Whether so many runs are to be given out that no process will wait in the end for one that another has ahead."""
        held = sum(len(worker.held) for worker in self.workers)
        return self.turns.total - self.turns.known - self.returns.done - held > 2 * len(self.workers)

    def _recruit(self) -> None:
        """As many processes as there are turns for."""
        while len(self.workers) < self.most:
            if len(self.waiting) > sum(not worker.held for worker in self.workers):
                self.workers.append(_Worker(self.task, self.answers))
            elif (turn := self._another()) is not None:
                self.waiting.append(turn)
            else:
                return

    def _another(self) -> Turn | None:
        turn = self.turns.take()
        if turn is not None:
            self.returns.take(turn)
        return turn

    def listen(self, progress: Progress) -> None:
        """Takes one answer, if one comes soon."""
        try:
            worker, answer = self.answers.get(timeout=TICK)
        except queue.Empty:
            return
        match answer:
            case Share(done, what):
                worker.share = done
                self.compiled = self.compiled or done > 0.0
                self._show(progress, what)
            case Lost(status):
                self.workers.remove(worker)
                worker.end()
                self._give_back(worker, status)
            case Done() | Failed():
                self.returns.put(worker.held.popleft().number, answer)
                worker.share, self.compiled = 0.0, True
                if isinstance(answer, Done):
                    worker.took = answer.run.build_s + answer.run.run_s
                self._show(progress, "running")  # runs may be too short to tell a share of theirs

    def _show(self, progress: Progress, what: str) -> None:
        self.turns.show(progress, self.returns.done + sum(worker.share for worker in self.workers), what)

    def _give_back(self, worker: _Worker, status: int) -> None:
        """The turns of a process that is lost: it was over the first of them."""
        if worker.held:
            first = worker.held[0].number
            self.lost[first] += 1
            if self.lost[first] == MOST_LOST:
                self.returns.put(first, Failed(_gone(first, status)))
                worker.held.popleft()
        self.waiting.extendleft(reversed(worker.held))


def _gone(number: int, status: int) -> ChildProcessError:
    how = f"was ended by signal {-status}" if status < 0 else f"ended with status {status}"
    hint = "; there may not be enough memory for as many workers" if -status in (signal.SIGKILL, signal.SIGSEGV) else ""
    return ChildProcessError(f"the process of run {number + 1} {how}, {MOST_LOST} times{hint}")
