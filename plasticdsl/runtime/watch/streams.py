"""What is recorded, on disk while it is recorded: rows that come one after the other, from which memory is free again.

Comes in: rows of numbers. Goes out: any of them again. Where they lie is said by whoever starts the run (`plasticdsl.streaming`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

#: Rows that are read at once, where many are.
PIECE = 1 << 17


class Stream(Protocol):
    """Rows on disk."""

    def put(self, at: int, rows: NDArray[Any]) -> None:
        """Rows from number `at` on; those that were there from then on are gone. Raises OSError, and then there is anything from `at` on."""

    def rows(self, begin: int, end: int) -> NDArray[Any]:
        """The rows begin to end − 1."""


class Streams(Protocol):
    """Where they lie."""

    def stream(self, name: str, dimensions: Sequence[str], like: NDArray[Any], attributes: Mapping[str, Any]) -> Stream:
        """A new one of rows `like` these. The first of its `dimensions` counts the rows. Raises OSError."""

    def again(self, name: str) -> Stream:
        """One that is there. Raises FileNotFoundError where it is not."""

    def free(self) -> int:
        """How many bytes there is room for, those of what is there already among them."""

    def publish(self) -> None:
        """Whoever reads it while it is written sees all that has been put so far."""

    def secure(self) -> None:
        """What has been put so far is on the disk by now, should the machine go down. Raises OSError."""


@dataclass(frozen=True, slots=True)
class Stored:
    """Columns of equal length on disk: `rows` of them, in pieces that end before the rows `ends`, and of which the last times are `lasts`."""

    streams: tuple[Stream, ...]
    names: tuple[str, ...]
    ends: tuple[int, ...] = ()
    lasts: tuple[float, ...] = ()

    @property
    def rows(self) -> int:
        """How many there are."""
        return self.ends[-1] if self.ends else 0

    def pieces(self, begin: float = -np.inf, end: float = np.inf) -> Iterator[tuple[NDArray[Any], ...]]:
        """Those with times from `begin` to before `end`, and perhaps some around them, in pieces."""
        first, last = (int(np.searchsorted(self.lasts, time, side="left")) for time in (begin, end))
        row = self.ends[first - 1] if first else 0
        stop = self.ends[min(last, len(self.ends) - 1)] if self.ends else 0
        for at in range(row, stop, PIECE):
            yield tuple(stream.rows(at, min(at + PIECE, stop)) for stream in self.streams)

    def count(self, begin: float, end: float) -> int:
        """How many have times from `begin` to before `end`; of what lies wholly between them nothing is read."""
        found = 0
        for number, (last, stop) in enumerate(zip(self.lasts, self.ends, strict=True)):
            row, before = (self.ends[number - 1], self.lasts[number - 1]) if number else (0, -np.inf)
            if last < begin or before >= end:
                continue
            if before >= begin and last < end:
                found += stop - row
            else:
                times = self.streams[0].rows(row, stop)
                found += int(np.count_nonzero((times >= begin) & (times < end)))
        return found


NOTHING_STORED = Stored((), ())


def required(streams: Streams | None) -> Streams:
    """Raises FileNotFoundError where there are none."""
    if streams is None:
        raise FileNotFoundError("what an unfinished run has recorded is on disk, in streams that are not there")
    return streams
