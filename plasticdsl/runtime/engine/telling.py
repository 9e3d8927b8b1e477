"""What a process tells the others that share its network, and what it hears of them.

Steps come in stretches. When the kernels have carried out one, its message goes out; it is needed as late as the smallest delay allows, so that processes
go on meanwhile, and wait for each other only where one is behind by a whole stretch. What has been heard the kernels list (`kernels.loops.telling`) when
they are called next. Messages have room for so many spikes, the same in all processes; where one has more to tell, all have more room from then on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from plasticdsl.kernels.identifiers import RUN, Part
from plasticdsl.kernels.loops.telling import BEGUN, FIRST_HEARD, FOUND, HALF, KEY, STEPS_HEARD
from plasticdsl.model.parts import Emitted
from plasticdsl.runtime.engine.company import Company, Line
from plasticdsl.runtime.engine.compiled import CompiledEngine
from plasticdsl.runtime.engine.engine import TOO_MANY_SPIKES
from plasticdsl.support.arrays import Integers

#: Spikes for which messages of all processes together have room at first, and that of one at least.
ROOM, LEAST = 256, 7
_NONE: Integers = np.zeros(0, dtype=np.int64)


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Steps of which others have been told. `own`: what they are told where a message has no room for it; `problem`: what went wrong here."""

    first: int
    steps: int
    half: int
    own: Integers | None
    problem: str


class Telling:
    """Messages of a process to its company, and back. `events`: what spikes and other events are told of, in the order of the kernels."""

    def __init__(self, own: CompiledEngine, company: Company, events: Sequence[Emitted]) -> None:
        self._own, self._company, self.events = own, company, events
        self._exchange, self._message = (own.bound.arrays[RUN.field(part)] for part in (Part.EXCHANGE, Part.MESSAGE))
        self._said, self._heard = _NONE, _NONE
        self._lines: list[Line] = []
        self._make_room(max(LEAST, ROOM // company.size - 1))
        self._more: list[Integers] = []  # what of this stretch was told before the message was full
        self._half = 0
        self._under_way: _Stretch | None = None
        self._unlisted: _Stretch | None = None
        self._listed: list[tuple[int, Integers]] = []
        self._kept: dict[Emitted, list[tuple[Integers, Integers]]] = {}

    def _make_room(self, room: int) -> None:
        """Messages of all processes may have so many spikes."""
        bound, size = self._own.bound, self._company.size
        self._said = np.zeros((2, room + 1), dtype=np.int64)
        self._heard = np.zeros((2, size, room + 1), dtype=np.int64)
        lengths = {Part.PROCESSES: size, Part.HALVES: 2, Part.HEARD_LENGTH: room + 1, Part.LISTED_LENGTH: size * room + 1}
        bound.sizes.update({RUN.field(part): length for part, length in lengths.items()})
        bound.arrays[RUN.field(Part.HEARD)] = self._heard
        bound.arrays[RUN.field(Part.HEARD_PLACES)] = np.zeros(size, dtype=np.int64)
        bound.arrays[RUN.field(Part.LISTED)] = np.zeros(size * room + 1, dtype=np.int64)
        self._own.bind_anew()
        self._lines = [self._company.line(said, heard) for said, heard in zip(self._said, self._heard, strict=True)]

    # --- around calls of kernels ---

    def before(self, first: int) -> None:
        """Before kernels run steps of the stretch that began with `first`: they list what has been heard."""
        exchange, heard = self._exchange, self._unlisted
        exchange[BEGUN] = first
        if heard is not None:
            exchange[STEPS_HEARD], exchange[FIRST_HEARD], exchange[HALF] = heard.steps, heard.first, heard.half

    def after(self) -> None:
        """After they have: what they have listed is kept for `drain`."""
        heard, self._unlisted = self._unlisted, None
        if heard is not None and self._kept and (count := int(self._exchange[FOUND])):
            self._listed.append((heard.first, self._own.bound.arrays[RUN.field(Part.LISTED)][:count].copy()))

    def spill(self) -> None:
        """The stretch is not over, and the message is empty again."""
        if count := int(self._message[0]):
            self._more.append(self._message[1 : count + 1].copy())
            self._message[0] = 0

    def send(self, first: int, steps: int, problem: str) -> None:
        """Others are told of a stretch."""
        count, message, own = int(self._message[0]), self._message, None
        self._half = half = 1 - self._half
        said = self._said[half]
        if self._more or count >= len(said):
            own = np.concatenate((*self._more, message[1 : count + 1]))
            self._more.clear()
            count = len(own)
        else:
            said[1 : count + 1] = message[1 : count + 1]
        said[0] = -1 if problem else count
        message[0] = 0
        self._lines[half].begin()
        self._under_way = _Stretch(first, steps, half, own, problem)

    def hear(self) -> None:
        """What all have told of the stretch before. Raises `RuntimeError` on all where something went wrong on one."""
        stretch, self._under_way = self._under_way, None
        if stretch is None:
            return
        self._lines[stretch.half].end()
        counts = self._heard[stretch.half, :, 0].tolist()
        if min(counts) < 0:
            raise RuntimeError(stretch.problem or TOO_MANY_SPIKES)
        if max(counts) >= self._heard.shape[2]:
            self._hear_more(stretch, counts)
        self._unlisted = stretch

    def _hear_more(self, stretch: _Stretch, counts: list[int]) -> None:
        """The same for more than there was room for."""
        own = self._said[stretch.half, 1 : counts[self._company.rank] + 1].copy() if stretch.own is None else stretch.own
        parts = self._company.gather(own)
        self._make_room(2 << max(counts).bit_length())
        for heard, part in zip(self._heard[stretch.half], parts, strict=True):
            heard[0] = len(part)
            heard[1 : len(part) + 1] = part

    def finish(self) -> None:
        """Nothing is under way any more, and everything is listed. Raises `RuntimeError` as `hear` does."""
        while True:
            if self._unlisted is not None:
                self.before(self._own.step)
                problem = self._own.some_steps(0)
                self.after()
                if problem:
                    raise RuntimeError(problem)
            if self._under_way is None:
                return
            self.hear()

    # --- what was recorded ---

    def keep(self, wanted: Sequence[Emitted]) -> None:
        """From now on keep these, and no others."""
        self._sort()
        self._kept = {one: self._kept.get(one, []) for one in wanted}

    def drain(self, one: Emitted) -> tuple[Integers, Integers]:
        """Steps and unit numbers (from 0) since the last call, of all processes."""
        self._sort()
        chunks = self._kept.get(one, [])
        steps, units = zip((_NONE, _NONE), *chunks, strict=True)
        chunks.clear()
        return np.concatenate(steps), np.concatenate(units)

    def _sort(self) -> None:
        """What was listed, by event."""
        if not self._listed:
            return
        keys = np.concatenate([part for _, part in self._listed])
        first = np.repeat([first for first, _ in self._listed], [len(part) for _, part in self._listed])
        self._listed.clear()
        moments = keys // KEY
        steps, units, which = first + moments // len(self.events), keys % KEY, moments % len(self.events)
        for number, one in enumerate(self.events):
            if one in self._kept:
                here = which == number
                self._kept[one].append((steps[here], units[here]))
