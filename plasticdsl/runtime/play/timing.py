"""Planned and real time: a run is planned with the longest length of each phase, and a phase with `until` may be over sooner.

Comes in: where phases were cut. Goes out: the step really done at a planned position.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Clock:
    """`cuts`: (planned position at which a phase was over, planned position of its end), in order."""

    cuts: list[tuple[int, int]] = field(default_factory=list)

    @property
    def skipped(self) -> int:
        """Planned steps that were not done so far."""
        return sum(end - at for at, end in self.cuts)

    def skip(self, at: int, end: int) -> None:
        """The phase that was planned to end at `end` was over at position `at`."""
        if end > at:
            self.cuts.append((at, end))

    def real(self, position: int) -> int:
        """The step really done at a planned position; one within a part that was skipped is where it was cut."""
        return position - sum(min(position, end) - at for at, end in self.cuts if position > at)
