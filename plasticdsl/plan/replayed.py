"""What connections do at postsynaptic spikes, where they carry it out when the next presynaptic spike comes to them (`passes.replay`)."""

from __future__ import annotations

from dataclasses import dataclass

from plasticdsl.plan.events import Event


@dataclass(frozen=True, slots=True)
class Replayed:
    """`events`: assignments and values that are remembered, in order; what they read of the post unit is an `InPlan("noted", …)`, of `notes`.
    `targets`: the variables of connections that they assign. `traces`: those of the pre unit that they read. `written`: all that happens at
    postsynaptic spikes in its order, and whether it is one of them."""

    events: tuple[Event, ...]
    targets: tuple[str, ...]
    traces: tuple[str, ...]
    notes: tuple[str, ...]
    written: tuple[tuple[Event, bool], ...]

    @property
    def held(self) -> bool:
        """Whether rules that are off hold all of it."""
        return all(e.held for e in self.events if e.assigned is not None)
