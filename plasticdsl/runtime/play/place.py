"""Where a run stands: how far it has come in everything that is under way, as data from which it goes on to the same bits.

Comes in: what the runner enters, one thing inside the other: a list of phases, a round of what is repeated, a phase, a turn of what it shows, a stretch of
steps. Goes out: a stack of frames, the outermost first, and with all that a run has so far a `Checkpoint`. A run that goes on enters the frames of a
checkpoint instead of new ones, and begins nothing anew until it is inside all of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol, TypeVar

from plasticdsl.diagnostics.diagnostic import Diagnostic
from plasticdsl.model.expr import Ref
from plasticdsl.model.parts import Emitted
from plasticdsl.runtime.engine.engine import State
from plasticdsl.runtime.instance.instance import Pace
from plasticdsl.runtime.play.schedule import Clock
from plasticdsl.runtime.play.until import Ending, Waited
from plasticdsl.runtime.watch.expectations import WatchSoFar
from plasticdsl.runtime.watch.series import RecordSoFar, SeriesSoFar
from plasticdsl.runtime.watch.spikes import TrainSoFar
from plasticdsl.runtime.watch.streams import Streams
from plasticdsl.support.arrays import Floats

# --- what is under way -----------------------------------------------------------------------------------------------


@dataclass(slots=True)
class InCourse:
    """`index` of a list of phases and repeats."""

    index: int = 0


@dataclass(slots=True)
class InRounds:
    """Round `number` (from 1) of what is repeated, which began at the planned position `begin`, in step `first`. `waited`: what is known of the condition
    that ends it."""

    begin: int
    first: int
    number: int = 1
    waited: Waited | None = None


@dataclass(slots=True)
class InPhase:
    """A phase from `first` to `last` (as planned) that has been carried out `number` times before."""

    first: int = 0
    last: int = 0
    number: int = 0
    waited: Waited | None = None


@dataclass(slots=True)
class InTurns:
    """Item `turn` (from 0), shown for the time `showing` (from 1), which began at `begin`, in step `first`. `resting`: it is the pause after it;
    `reached`: whether what its showings wait for has happened."""

    begin: int = 0
    first: int = 0
    turn: int = 0
    showing: int = 1
    resting: bool = False
    reached: bool = False
    waited: Waited | None = None


@dataclass(slots=True)
class InStretch:
    """Steps up to the planned position `last`, from step `first` on, unless it is `over` before."""

    last: int
    first: int
    over: bool = False


Frame = InCourse | InRounds | InPhase | InTurns | InStretch
F = TypeVar("F", InCourse, InRounds, InPhase, InTurns, InStretch)


class Place:
    """The frames of a run, and how many of them it is inside of."""

    def __init__(self) -> None:
        self.frames: list[Frame] = []
        self._depth = 0

    @property
    def goes_on(self) -> bool:
        """Whether what is entered next is under way already."""
        return self._depth < len(self.frames)

    @contextmanager
    def at(self, new: F) -> Iterator[F]:
        """Inside of something: `new`, or the frame of what is under way."""
        if not self.goes_on:
            self.frames.append(new)
        found = self.frames[self._depth]
        if type(found) is not type(new):
            raise ValueError(f"a run that stands in {type(found).__name__} cannot go on in {type(new).__name__}")
        self._depth += 1
        try:
            yield found
        finally:
            self._depth -= 1
            del self.frames[self._depth :]


# --- all of it -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Held:
    """What a phase holds, since step `first`: `parameters`, and the `tables` of what it feeds that cannot be worked out anew."""

    first: int
    parameters: Mapping[Ref, float | Floats]
    tables: Mapping[Ref, Floats]


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """All that a run has so far. `paces`: of regular sources; `begun`: how often each phase has begun, `placed`: where repeated ones began last;
    `series`, `records`, `watches`: of everything that is taken, in the order of the experiment; `spikes`: of each train that is kept. `state`: of the
    engine, at `step`."""

    step: int
    state: State
    frames: tuple[Frame, ...]
    held: Held
    paces: Mapping[str, Pace]
    clock: Clock
    rounds: Mapping[str, list[tuple[int, int]]]
    endings: tuple[Ending, ...]
    begun: Mapping[str, int]
    placed: Mapping[str, int]
    warnings: tuple[Diagnostic, ...]
    series: tuple[SeriesSoFar, ...]
    records: tuple[RecordSoFar, ...]
    watches: tuple[WatchSoFar, ...]
    spikes: Mapping[Emitted, TrainSoFar]


class Checkpoints(Protocol):
    """Keeps where a run stands. `streams`: where recordings are put while it runs, if they are."""

    streams: Streams | None

    def last(self) -> Checkpoint | None:
        """Where it stood when that was kept last."""

    @property
    def due(self) -> bool:
        """Whether it is time to keep it again."""

    def keep(self, checkpoint: Checkpoint) -> None:
        """Keeps it, whole or not at all."""
