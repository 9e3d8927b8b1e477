"""Processes that share a network, as threads of one: they meet in a room, and tell each other what MPI would."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

T = TypeVar("T")


class Seat:
    """A company for one of the threads in a room."""

    def __init__(self, rank: int, said: list[Any], barrier: threading.Barrier) -> None:
        self.rank, self.size, self._said, self._barrier = rank, len(said), said, barrier

    def gather(self, values: np.ndarray) -> list[np.ndarray]:
        """What all have said."""
        self._said[self.rank] = np.array(values)
        self._barrier.wait(60)
        found = [part.copy() for part in self._said]
        self._barrier.wait(60)
        return found

    def first(self, value: float) -> float:
        """What the first has said."""
        return float(self.gather(np.array([value], dtype=np.float64))[0][0])

    def swap(self, parts: list[np.ndarray]) -> list[np.ndarray]:
        """What all have for this one."""
        self._said[self.rank] = parts
        self._barrier.wait(60)
        found = [theirs[self.rank].copy() for theirs in self._said]
        self._barrier.wait(60)
        return found

    def line(self, said: np.ndarray, heard: np.ndarray) -> Line:
        """A line on which what was said is heard at the end, and not before."""
        return Line(self, said, heard)


class Line:
    """What is told at the beginning, and heard at the end."""

    def __init__(self, seat: Seat, said: np.ndarray, heard: np.ndarray) -> None:
        self._seat, self._said, self._heard = seat, said, heard
        self._found: list[np.ndarray] = []

    def begin(self) -> None:
        """All tell."""
        self._found = self._seat.gather(self._said)

    def end(self) -> None:
        """All hear."""
        self._heard[...] = self._found


def together(size: int, work: Callable[[Seat], T]) -> list[T]:
    """What each of so many makes of its work. Raises what one of them raises."""
    said: list[Any] = [None] * size
    barrier = threading.Barrier(size)
    made: dict[int, T] = {}
    wrong: list[Exception] = []

    def at(rank: int) -> None:
        try:
            made[rank] = work(Seat(rank, said, barrier))
        except Exception as error:
            if not isinstance(error, threading.BrokenBarrierError):
                wrong.append(error)
            barrier.abort()

    threads = [threading.Thread(target=at, args=(rank,), daemon=True) for rank in range(size)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if wrong:
        raise wrong[0]
    return [made[rank] for rank in range(size)]
