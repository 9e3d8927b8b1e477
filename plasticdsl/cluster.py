"""The runs of a sweep on the workers of a Dask cluster, on this machine or others.

Comes in: what an experiment is run with, and a client of `distributed`. Goes out: its runs in their order, each with the bits that it has alone where the
workers have the packages and processors of this machine. Dask repeats what a lost worker had, and moves what the others need. A worker compiles before
the first run begins, and those that share its cache folder find the machine code.

What workers, scheduler and client send each other are pickles: whoever can talk to one of them can have code executed by all (docs/security.md).
"""

from __future__ import annotations

import asyncio
import errno
import json
import logging
import pickle
import queue
import threading
import time
import warnings
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from plasticdsl.jobs import Answer, Bench, Done, Failed, Job, Returns, Task, brought_back
from plasticdsl.runtime.instance.patterns import Data
from plasticdsl.runtime.play.experiment import Order, Run
from plasticdsl.runtime.play.progress import SILENT, TICK, Interruption, Progress
from plasticdsl.runtime.play.sweep import Turn, Turns
from plasticdsl.version import __version__

#: The extra that brings Dask.
EXTRA = "cluster"

#: Seconds that a scheduler may take to answer.
ANSWER = 10.0

#: So many turns are with the scheduler at least, workers or not: some clusters grow with what waits.
FEWEST_AHEAD = 100

#: Turns for each thread of the workers: the one that it carries out, and the next ones.
AHEAD = 4

#: Seconds that bringing a result here may take at first; it is tried again with twice as many.
PATIENCE = 10.0


# --- on a worker -----------------------------------------------------------------------------------------------------


class _Place:
    """A bench on a worker, for one thread at a time. What goes to another worker is what it is made of."""

    def __init__(self, content: bytes) -> None:
        task, version = pickle.loads(content)
        if version != __version__:
            raise ValueError(f"the workers have plasticdsl {__version__}, and this is {version}")
        self._content = content
        self.bench, self.lock = Bench(task, SILENT), threading.Lock()

    def __reduce__(self) -> tuple[type[_Place], tuple[bytes]]:
        return _Place, (self._content,)


def _compiled(place: _Place, turn: Turn) -> bool:
    with place.lock:
        place.bench.compile(turn)
    return True


def _carried_out(place: _Place, turn: Turn, _compiled: bool) -> Answer | None:
    """What comes of a turn; None where nobody waits for it any more."""
    with place.lock:
        interruption = Interruption()
        return place.bench.carry_out(turn, _Watch(interruption), interruption)


@dataclass(slots=True)
class _Watch:
    """Looks whether the client has taken its wish back, or is gone: then the run ends."""

    interruption: Interruption
    worker: Any = field(init=False)
    key: str = field(init=False)

    def __post_init__(self) -> None:
        from distributed import get_worker

        self.worker = get_worker()
        self.key = self.worker.get_current_task()

    def show(self, _done: float, _what: str) -> None:
        task = self.worker.state.tasks.get(self.key)
        self.interruption.requested = task is None or task.state == "cancelled"


# --- here ------------------------------------------------------------------------------------------------------------


@contextmanager
def connected(address: str) -> Iterator[Any]:
    """A client of the scheduler at an address (`tcp://host:8786`), or of the one that wrote a file (`scheduler.json`).

    Raises ModuleNotFoundError without Dask, OSError where nobody answers, ValueError for what is no address.
    """
    from distributed import Client

    for name in ("distributed", "distributed.client"):
        logging.getLogger(name).setLevel(logging.CRITICAL)  # they print traces of what is raised here
    opened: Callable[..., Any] = Client  # which has no types
    found = _address(address)
    asyncio.run(_require_scheduler(found))
    with opened(found, set_as_default=False, timeout=ANSWER) as client:
        yield client


def _address(given: str) -> str:
    """Of a scheduler, which has perhaps just been started, and writes its file soon. Raises OSError where there is no such file, ValueError for what
    holds none."""
    end = time.monotonic() + ANSWER
    while given.endswith(".json"):
        try:
            return str(json.loads(Path(given).read_bytes())["address"])
        except FileNotFoundError:
            if time.monotonic() > end:
                raise FileNotFoundError(errno.ENOENT, f"no scheduler has written this file within {ANSWER:g} s", given) from None
        except (ValueError, KeyError, TypeError):
            if time.monotonic() > end:
                raise ValueError(f"{given} is no file that a scheduler has written") from None
        time.sleep(TICK)
    return given


async def _require_scheduler(address: str) -> None:
    """Asks for an answer first: a client that cannot begin waits for its end, and for anything else that listens there. Raises OSError and ValueError."""
    import distributed

    dask: Any = distributed  # which has no types
    try:
        async with asyncio.timeout(ANSWER), dask.rpc(address, connection_args=dask.Security().get_connection_args("client")) as scheduler:
            await scheduler.identity()
    except TimeoutError:
        raise TimeoutError(errno.ETIMEDOUT, f"no scheduler answers there within {ANSWER:g} s", address) from None
    except OSError:
        raise
    except Exception as problem:  # whatever transports say of an address that is not theirs
        raise ValueError(f"‘{address}’ leads to no scheduler, as tcp://host:8786 or a file scheduler.json would: {problem}") from None


class Cluster:
    """The workers that a client of `distributed` reaches, for one job.

    Raises ValueError for a client that has to be awaited.
    """

    def __init__(self, job: Job, client: Any) -> None:
        if getattr(client, "asynchronous", False):
            raise ValueError("a client for coroutines cannot be waited for here; make it with asynchronous=False")
        self.job, self.client = job, client
        self._returns = Returns()

    @property
    def compile_s(self) -> float:
        """The longest that one of them took to compile."""
        return self._returns.compile_s

    def carry_out(self, order: Order, turns: Turns, data: Data, progress: Progress, interruption: Interruption) -> Generator[Run]:
        """The runs in the order of their turns, as soon as all before them are done; after an interruption those that were finished until then.

        Raises what kept a run from beginning (`PlasError`), and ConnectionError where the cluster gives one up or is gone.
        """
        sent = _Sent(self.client, Task(self.job, order, data), turns)
        self._returns = sent.returns
        try:
            yield from brought_back(sent, progress, interruption)
        finally:
            sent.take_back()


class _Sent:
    """Turns on their way, each with its future. `answers`: the numbers of those that are done, or given up; `kept`: whether finished runs are."""

    def __init__(self, client: Any, task: Task, turns: Turns) -> None:
        self.client, self.turns, self.returns, self.kept = client, turns, Returns(), task.job.places is not None
        self.answers: queue.SimpleQueue[int] = queue.SimpleQueue()
        self.futures: dict[int, Any] = {}
        self.place = self._submit(_Place, pickle.dumps((task, __version__), pickle.HIGHEST_PROTOCOL))
        self.compiled: Any = None
        self.ahead, self.looked = FEWEST_AHEAD, float("-inf")

    def _submit(self, function: Callable[..., Any], *arguments: Any) -> Any:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Sending large graph", UserWarning)  # the task, once
            return self.client.submit(function, *arguments, pure=False)

    def send(self) -> None:
        """As many turns as are taken ahead."""
        if time.monotonic() > self.looked + 5.0:
            self.ahead = max(FEWEST_AHEAD, AHEAD * sum(self.client.nthreads().values()))
            self.looked = time.monotonic()
        while len(self.futures) < self.ahead and (turn := self.turns.take()) is not None:
            if self.compiled is None:
                self.compiled = self._submit(_compiled, self.place, turn)
            self.returns.take(turn)
            future = self.futures[turn.number] = self._submit(_carried_out, self.place, turn, self.compiled)
            future.add_done_callback(lambda _, number=turn.number: self.answers.put(number))

    def listen(self, progress: Progress) -> None:
        """Takes one answer, if one comes soon. Raises ConnectionError."""
        try:
            number = self.answers.get(timeout=TICK)
        except queue.Empty:
            if self.client.status not in ("running", "connecting"):
                raise self.gone from None
            return
        self.returns.put(number, self._brought(self.futures.pop(number), number))
        self.turns.show(progress, self.returns.done, "running")

    @property
    def gone(self) -> ConnectionError:
        """What is raised where the scheduler does not answer any more."""
        kept = "; finished runs are kept, and ‘--resume’ goes on with the others" if self.kept else ""
        return ConnectionError(f"the scheduler is gone{kept}")

    def _brought(self, future: Any, number: int) -> Answer:
        """The answer of a future that is done. Raises ConnectionError where there is none."""
        patience = PATIENCE
        while True:
            try:
                answer = future.result(timeout=patience)
                break
            except TimeoutError:  # its worker is gone, and another one is at it
                patience *= 2.0
            except Exception as error:
                if self.client.status != "running" or getattr(error, "reason", "") == "scheduler-connection-lost":
                    raise self.gone from error
                raise ConnectionError(f"run {number + 1} is not carried out by the cluster: {error}") from error
        assert isinstance(answer, Done | Failed), "who waits for it has not taken it back"
        return answer

    def take_back(self) -> None:
        """What nobody waits for any more is not begun, and what has begun ends."""
        held = [*self.futures.values(), self.place, *([] if self.compiled is None else [self.compiled])]
        if self.client.status == "running":
            self.client.cancel(held, force=True)
