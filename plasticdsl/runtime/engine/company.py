"""Processes that share a network: who they are, and how they tell each other.

`company_of` makes a company of an mpi4py communicator; `started` says whether this process was started by mpiexec or srun, from the environment alone,
so that nothing is imported where there is no MPI. All calls are collective: each process makes the same ones in the same order.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from mpi4py.MPI import Intracomm

#: Where starters of processes say how many there are: MPICH and Intel MPI, Open MPI, Slurm.
_HOW_MANY = ("PMI_SIZE", "OMPI_COMM_WORLD_SIZE", "PMIX_SIZE", "SLURM_STEP_NUM_TASKS")


#: Numbers of 8 bytes that go in one call: the spikes of some steps.
SHORT = 511


#: MPI counts in 32 bits; what is more goes in parts of so many bytes.
MOST_BYTES, PART = 2**31 - 1, 2**30

#: So often a process looks whether the others have told before it gives way to whoever else wants its processor: for some ten microseconds.
LOOKS = 100


class Line(Protocol):
    """On which processes tell each other, again and again, as much as two arrays hold."""

    def begin(self) -> None:
        """Others are told what is in the first array, which has to stay as it is until the end."""

    def end(self) -> None:
        """The second array has what all have told, in their order."""


class Company(Protocol):
    """`rank`: which of `size` processes this is, from 0."""

    rank: int
    size: int

    def gather(self, values: NDArray[Any]) -> list[NDArray[Any]]:
        """The arrays of all processes, in their order: any[n] each, of one type, each of any length."""

    def first(self, value: float) -> float:
        """The value that the first process has."""

    def swap(self, parts: Sequence[NDArray[Any]]) -> list[NDArray[Any]]:
        """Each part goes to the process of its number: what all have for this one, in their order. All are of one type."""

    def line(self, said: NDArray[np.int64], heard: NDArray[np.int64]) -> Line:
        """A line for int64[n] to int64[size, n]."""


def total(company: Company, value: int) -> int:
    """The sum of a whole number over all processes."""
    return int(sum(int(part[0]) for part in company.gather(np.array([value], dtype=np.int64))))


def started(environment: Mapping[str, str] = os.environ) -> int:
    """How many processes were started together with this one, itself included."""
    for name in _HOW_MANY:
        if environment.get(name, "").isdigit():
            return int(environment[name])
    return 1


def company_of(communicator: Any) -> Company | None:
    """The processes of a communicator of mpi4py, or of a company; None where it is one alone."""
    found: Company = _Mpi(communicator) if hasattr(communicator, "Allgatherv") else communicator
    return found if found.size > 1 else None


def everyone() -> Intracomm:
    """All processes that were started together. Raises ModuleNotFoundError without mpi4py."""
    from mpi4py import MPI

    return MPI.COMM_WORLD


class _Mpi:
    """A company that talks through MPI. What is short goes in one call, with how long it is."""

    def __init__(self, communicator: Intracomm) -> None:
        self._all = communicator
        self.rank, self.size = communicator.Get_rank(), communicator.Get_size()
        self._said, self._heard = np.zeros(SHORT + 1, dtype=np.int64), np.zeros((self.size, SHORT + 1), dtype=np.int64)

    def gather(self, values: NDArray[Any]) -> list[NDArray[Any]]:
        """The arrays of all processes."""
        values = np.ascontiguousarray(values)
        self._said[0] = length = values.nbytes
        if length <= 8 * SHORT:
            self._said[1:].view(np.uint8)[:length] = values.view(np.uint8)
        self._all.Allgather(self._said, self._heard)
        lengths = self._heard[:, 0]
        if lengths.max() <= 8 * SHORT:
            return [row[1:].view(np.uint8)[: row[0]].view(values.dtype).copy() for row in self._heard]
        return self._long(values, lengths.copy())

    def _long(self, values: NDArray[Any], lengths: NDArray[np.int64]) -> list[NDArray[Any]]:
        """The same for arrays of so many bytes. What is large goes in parts, since MPI counts in 32 bits."""
        from mpi4py import MPI

        ends = np.cumsum(lengths)
        found = np.empty(int(ends[-1]), dtype=np.uint8)
        if found.nbytes <= MOST_BYTES:
            place = [found, lengths.tolist(), (ends - lengths).tolist(), MPI.BYTE]
            self._all.Allgatherv([values.view(np.uint8), MPI.BYTE], place)
        parts = [found[end - length : end] for end, length in zip(ends.tolist(), lengths.tolist(), strict=True)]
        for rank, part in enumerate(parts if found.nbytes > MOST_BYTES else ()):
            if rank == self.rank:
                part[...] = values.view(np.uint8)
            for begin in range(0, part.nbytes, PART):
                self._all.Bcast(part[begin : begin + PART], root=rank)
        return [part.view(values.dtype) for part in parts]

    def first(self, value: float) -> float:
        """The value that the first process has."""
        found = np.array([value], dtype=np.float64)
        self._all.Bcast(found, root=0)
        return float(found[0])

    def swap(self, parts: Sequence[NDArray[Any]]) -> list[NDArray[Any]]:
        """What all have for this process."""
        lengths = np.array([part.nbytes for part in parts], dtype=np.int64)
        theirs = np.empty_like(lengths)
        self._all.Alltoall(lengths, theirs)
        ends = np.cumsum(theirs)
        found = np.empty(int(ends[-1]), dtype=np.uint8)
        said = np.concatenate([np.ascontiguousarray(part).view(np.uint8) for part in parts])
        begins = np.cumsum(lengths) - lengths
        most = max(int(part[0]) for part in self.gather(np.array([max(len(said), len(found))], dtype=np.int64)))
        if most <= MOST_BYTES:
            self._all.Alltoallv([said, (lengths, begins)], [found, (theirs, ends - theirs)])
        else:
            self._swap_in_turn((said, begins, lengths), (found, ends - theirs, theirs), most)
        return [found[end - length : end].view(parts[0].dtype) for end, length in zip(ends.tolist(), theirs.tolist(), strict=True)]

    def _swap_in_turn(self, said: _Parts, found: _Parts, most: int) -> None:
        """The same of very much: with one process after the other, some bytes at a time."""
        for turn in range(self.size):
            to, of = (self.rank + turn) % self.size, (self.rank - turn) % self.size
            for begin in range(0, most, PART):
                self._all.Sendrecv(_bytes_of(said, to, begin), to, 0, _bytes_of(found, of, begin), of, 0)

    def line(self, said: NDArray[np.int64], heard: NDArray[np.int64]) -> Line:
        """A line for these arrays."""
        return _MpiLine(self._all, said, heard)


#: Bytes, and where the part of each process begins, and how long it is.
_Parts = tuple[NDArray[np.uint8], NDArray[np.int64], NDArray[np.int64]]


def _bytes_of(parts: _Parts, which: int, begin: int) -> NDArray[np.uint8]:
    """Some bytes of one part, from `begin` on, or none."""
    values, begins, lengths = parts
    first, last = (int(begins[which] + min(place, lengths[which])) for place in (begin, begin + PART))
    return values[first:last]


class _MpiLine:
    """A line through MPI. Who waits looks for some time, since others are seldom far behind, and then lets others have the processor in between."""

    def __init__(self, communicator: Intracomm, said: NDArray[np.int64], heard: NDArray[np.int64]) -> None:
        from mpi4py import MPI

        self._all = communicator
        self._said, self._heard = [said, len(said), MPI.INT64_T], [heard, len(said), MPI.INT64_T]
        self._request = MPI.REQUEST_NULL

    def begin(self) -> None:
        """Others are told."""
        self._request = self._all.Iallgather(self._said, self._heard)

    def end(self) -> None:
        """All have told."""
        is_there, looks = self._request.Test, 0
        while not is_there():
            looks += 1
            if looks > LOOKS:
                _give_way()


def _give_way() -> None:
    """Somebody else may have the processor."""
    os.sched_yield() if hasattr(os, "sched_yield") else time.sleep(0)
