"""The values of a recording, one row after the other: all in memory, or, where there are many and the run has somewhere to put them, on disk as soon as
there is a buffer full.

Comes in: values and when they were taken. Goes out: all of them, or piece by piece. The times stay in memory.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from plasticdsl.runtime.instance.instance import Values
from plasticdsl.runtime.watch.streams import Stream, Streams, required
from plasticdsl.support.arrays import Floats

_log = logging.getLogger(__name__)

#: Recordings of more bytes leave memory, where they can, through a buffer of so many.
LARGE, BUFFER = 32 << 20, 4 << 20


def size_of(rows: int, shape: tuple[int, ...]) -> int:
    """The bytes of so many rows of this shape."""
    return 8 * rows * math.prod(shape)


def rows_of(size: int, shape: tuple[int, ...]) -> int:
    """How many rows of this shape have so many bytes; at least one."""
    return max(1, size // max(1, size_of(1, shape)))


@dataclass(slots=True)
class Rows:
    """`taken` rows: `values`, float64[room, …], has those from row `first` on, `at`, int64[room], the step really done at each of all. The first `stored`
    are on disk, in `streams` of values of this `width` and of `at`. `flows`: what has been put there is no longer in memory. `leave`: puts it there, where
    the buffer is full."""

    taken: int = 0
    values: Floats = field(default_factory=lambda: np.zeros(0))
    at: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    first: int = 0
    stored: int = 0
    streams: tuple[Stream, ...] = ()
    width: tuple[int, ...] = ()
    flows: bool = False
    leave: Callable[[], None] | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        """Of one row."""
        return self.values.shape[1:]

    def prepare(self, room: int, shape: tuple[int, ...], flows: bool = False) -> None:
        """Room for so many, or, where they flow, for a buffer."""
        self.flows = flows
        self.values = np.empty((min(room, rows_of(BUFFER, shape)) if flows else room, *shape))
        self.at = np.empty(room, dtype=np.int64)

    def one(self, value: Values, step: int) -> None:
        """Another one, taken at this step."""
        if self.taken - self.first == len(self.values):
            self._make_room()
        self.values[self.taken - self.first] = value
        self.at[self.taken] = step
        self.taken += 1

    def add(self, rows: Floats, steps: NDArray[np.int64]) -> None:
        """More of them, each taken at one of these steps."""
        self.at[self.taken : self.taken + len(rows)] = steps
        while len(rows):
            here = self.taken - self.first
            if here == len(self.values):
                self._make_room()
                continue
            part = rows[: len(self.values) - here]
            self.values[here : here + len(part)] = part
            self.taken += len(part)
            rows = rows[len(part) :]

    def _make_room(self) -> None:
        """Where the disk is full, the buffer grows."""
        if self.leave is not None:
            try:
                self.leave()
            except OSError as problem:
                _log.warning("a recording cannot be written while it is made (%s): it stays in memory", problem.strerror or problem)
        if self.taken - self.first == len(self.values):
            self.values = np.concatenate([self.values, np.empty_like(self.values)])

    def widen(self, size: int) -> None:
        """All rows get so many values, the new ones being NaN."""
        self.values = np.pad(self.values, ((0, 0), (0, size - self.values.shape[1])), constant_values=np.nan)

    # --- on disk ---

    @property
    def fits(self) -> bool:
        """Whether there are streams for rows that are as wide as these."""
        return bool(self.streams) and self.width == self.shape

    def begin(self, values: Stream, at: Stream) -> None:
        """Where they are put, from the first on."""
        self.streams, self.width, self.stored = (values, at), self.shape, 0

    def put(self) -> None:
        """Those that are not on disk go there. Raises OSError."""
        for stream, rows in zip(self.streams, (self._here(self.stored), self.at[self.stored : self.taken]), strict=True):
            stream.put(self.stored, rows)
        self.stored = self.taken
        if self.flows:
            self.first = self.taken
            if len(self.values) > (size := rows_of(BUFFER, self.shape)):  # the disk was full for a while
                self.values = np.empty((size, *self.shape))

    def finish(self) -> None:
        """No more will come: what has left memory needs no buffer, and what has not needs no streams."""
        self.leave = None
        if self.first == self.taken:
            self.values = self.values[:0].copy()
        elif not self.first:
            self.streams, self.stored = (), 0

    def leave_for(self, values: Stream) -> None:
        """All are there, and no more will come: they leave memory."""
        self.streams, self.width, self.stored, self.first = (values,), self.shape, self.taken, self.taken
        self.values = self.values[:0].copy()

    def share(self, moments: NDArray[np.int64]) -> None:
        """When they were taken leaves memory where it was at these steps."""
        if np.array_equal(moments, self.at[: self.taken]):
            self.at = moments

    def _here(self, begin: int) -> Floats:
        """From row `begin` on, which is in memory."""
        return self.values[begin - self.first : self.taken - self.first]

    def not_stored(self) -> tuple[Floats, NDArray[np.int64]]:
        """The rows that are in memory alone, and when they were taken."""
        return self._here(self.stored), self.at[self.stored : self.taken]

    def go_on(self, values: Floats, at: NDArray[np.int64], stored: int, names: tuple[str, ...], streams: Streams | None) -> None:
        """From what there was: `values` behind so many that are `stored` in streams of these names. Raises FileNotFoundError where these are not there."""
        if values.shape[1:] != self.shape:
            self.prepare(len(self.at), values.shape[1:])
        self.taken = self.stored = stored
        if names:
            self.streams, self.width = tuple(required(streams).again(name) for name in names), self.shape
            self.at[:stored] = self.streams[1].rows(0, stored)
            if not self.flows:
                self.values[:stored] = self.streams[0].rows(0, stored)
        self.first = stored if self.flows else 0
        self.add(values, at)

    def rewind(self, step: int) -> None:
        """What was taken after this step is forgotten."""
        self.taken = int(np.searchsorted(self.at[: self.taken], step, side="right"))
        self.stored, self.first = min(self.stored, self.taken), min(self.first, self.taken)

    # --- all of them ---

    @property
    def done(self) -> Floats:
        """Those taken so far, together in memory."""
        if not self.first:
            return self.values[: self.taken]
        return self.between(0, self.taken)

    def between(self, begin: int, end: int) -> Floats:
        """The rows begin to end − 1."""
        if begin >= self.first:
            return self.values[begin - self.first : end - self.first]
        found, at = np.empty((end - begin, *self.shape)), begin
        while at < min(end, self.first):
            stop = min(at + rows_of(BUFFER, self.shape), end, self.first)
            found[at - begin : stop - begin] = self.streams[0].rows(at, stop)
            at = stop
        found[at - begin :] = self.values[: end - at]
        return found

    def pieces(self) -> Iterator[Floats]:
        """All of them, a few MB at a time."""
        step = rows_of(BUFFER, self.shape)
        for begin in range(0, self.taken, step):
            yield self.between(begin, min(begin + step, self.taken))
