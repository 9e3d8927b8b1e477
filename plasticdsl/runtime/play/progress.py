"""How a long run shows that it is alive, how often it looks up, and how Ctrl-C or the system ends it.

The runner calls `Progress.show` about five times a second; `plasticdsl.bars` draws a bar from it, and where there is none it is `SILENT`.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn, Protocol, Self

#: Seconds of wall-clock time between two looks at the clock.
TICK = 0.2


class Progress(Protocol):
    """Is told how much is done."""

    def show(self, done: float, what: str) -> None:
        """`done` between 0 and 1; `what` a word or two."""


class Silence:
    """Shows nothing."""

    def show(self, done: float, what: str) -> None:
        """Nothing."""


SILENT = Silence()


class TimeLeft:
    """How long something will take yet, from how much of it is done now and then: from the first time that something was, so that building and compiling
    count for nothing, to the last, however long ago."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._first: tuple[float, float] | None = None
        self._last = 0.0, 0.0

    def told(self, done: float) -> None:
        """So much is done now, between 0 and 1."""
        if done > 0.0:
            self._last = self._clock(), done
            self._first = self._first or self._last

    @property
    def seconds(self) -> float | None:
        """None where nobody can say yet."""
        if self._first is None or self._last[1] <= self._first[1]:
            return None
        (begin, before), (end, done) = self._first, self._last
        return max(0.0, (1.0 - done) * (end - begin) / (done - before) - (self._clock() - end))

    @property
    def text(self) -> str:
        """As on a clock: `0:07`, `2:03:20`; nothing where nobody can say yet."""
        if self.seconds is None:
            return ""
        minutes, seconds = divmod(round(self.seconds), 60)
        hours, minutes = divmod(minutes, 60)
        return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


class Pace:
    """Chooses how many steps to run at once, so that control comes back about every `TICK` seconds. `agreed`: makes a number the same for all processes
    that run the network (`engine.Engine.agreed`)."""

    def __init__(self, agreed: Callable[[float], float] = float) -> None:
        self._agreed = agreed
        self._speed = 0.0  # steps per second
        self._since = time.perf_counter()
        self._steps = 0

    def chunk(self) -> int:
        """Steps to run at most."""
        return int(self._agreed(max(1, int(self._speed * TICK)) if self._speed else 1))

    def done(self, steps: int) -> bool:
        """Counts steps; True when it is time to look up."""
        return bool(self._agreed(self._is_time(steps)))

    def _is_time(self, steps: int) -> bool:
        self._steps += steps
        passed = time.perf_counter() - self._since
        if passed <= 0.0:
            return False
        self._speed = min(self._steps / passed, 4.0 * self._speed) if self._speed else self._steps / passed
        if passed < TICK:
            return False
        self._since, self._steps = time.perf_counter(), 0
        return True


class Interruption:
    """While open, Ctrl-C and SIGTERM, by which batch systems end what has had its time, only set `requested`; a second Ctrl-C stops at once.
    `terminated`: it was SIGTERM, which then ends the process when the run has kept where it stands, unless `ending` is in force. Outside the main thread
    nothing is changed."""

    def __init__(self) -> None:
        self.requested = False
        self.terminated = False
        self._before: dict[int, Callable[[int, FrameType | None], object] | int | None] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, self._on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
        return self

    def __exit__(self, *_: object) -> None:
        for number, before in self._before.items():
            signal.signal(number, before)
        if self.terminated and self._before[signal.SIGTERM] is not _end:
            signal.raise_signal(signal.SIGTERM)

    def end(self) -> None:
        """Raises KeyboardInterrupt or `Terminated` where it is requested, for what cannot be left half done and gone on with."""
        if self.requested:
            raise Terminated(143) if self.terminated else KeyboardInterrupt

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        if self.requested and number == signal.SIGINT:
            raise KeyboardInterrupt
        self.requested = True
        self.terminated = self.terminated or number == signal.SIGTERM


@contextmanager
def ending() -> Iterator[None]:
    """For a program that itself ends after a run that was `terminated`, and writes what there is before. Where no run is under way, SIGTERM ends it at
    once, with status 143."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, _end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


class Terminated(SystemExit):
    """SIGTERM came where no run was under way."""


def _end(_number: int, _frame: FrameType | None) -> NoReturn:
    raise Terminated(143)
