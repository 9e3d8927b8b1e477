"""Everything that changes while a network runs, beside the values in the frame.

`Run` is what the parts of a step (`sources`, `events`, `sums`, `integrate`) work on.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from plasticdsl.model import AtRate, PoissonSource
from plasticdsl.model.expr import Ref
from plasticdsl.model.owners import owner_text
from plasticdsl.model.parts import Emitted
from plasticdsl.model.schemes import MOST_LOCATED
from plasticdsl.model.weights import weights
from plasticdsl.reference.evaluate import OwnerScope, bounded
from plasticdsl.reference.spikes import Spikes
from plasticdsl.reference.structure import Frame, Index, Structure, first_frame
from plasticdsl.runtime.engine.engine import Feed
from plasticdsl.runtime.instance.instance import Floats
from plasticdsl.support import random

#: As good as for ever, in steps.
FOR_EVER = 2**40
#: What is on its way to units: step of arrival → (projection or population, variable) → sum for each unit.
Waiting = dict[int, dict[tuple[str, str], Floats]]


@dataclass(slots=True)
class Run:
    """`before`: the connections' values just before the spike events of this step. `remaining`, `draws`: what is left of each unit's hazard, and the
    number of its last draw. `refractory_until`: first step at which a unit may spike again. `condition`: whether the condition of spikes, or of
    another event, held at the previous step. `undecided`: whether it, or a rate, has been no number. `rules_on`: of each projection. `waiting`,
    `inputs_waiting`: on its way to variables and to inputs; `delayed`: what arrives at inputs in this step. `earlier`: the frames of the last steps,
    for axonal delays of sums. `propagators`: those computed so far, by their matrix. `feeds`: what is taken from tables now. `visits`: populations
    that update unit by unit now, and in which order. `kept`: variables of populations whose values at spikes are noted, and `noted`: of each, step by
    step. `half`: which half of a step integrators take now, 1 or 2; 0 for a whole one. `lengths`: of what is integrated to a tolerance, by its owner and
    its first variable, how long the next step of each unit or connection may be (s); 0 before the first. `free_before`: how long (s) before the grid time
    in `refractory_until` a unit has become free. `parting`: whether a located event has happened to it at the very end of its step. `located_count`,
    `located_at`: how often an event has happened in the step that has just ended, and when, in steps, float64[units, most]; `located_kept`: values of
    variables at these spikes."""

    structure: Structure
    frame: Frame
    spikes: dict[Emitted, Spikes]
    held: dict[str, frozenset[str]]
    refractory_until: dict[str, Index]
    condition: dict[Emitted, NDArray[np.bool_]]
    undecided: dict[Emitted, NDArray[np.bool_]]
    rules_on: dict[str, bool]
    before: dict[str, dict[str, Floats]] = field(default_factory=dict)
    remaining: dict[str, Floats] = field(default_factory=dict)
    draws: dict[str, Index] = field(default_factory=dict)
    waiting: Waiting = field(default_factory=dict)
    inputs_waiting: Waiting = field(default_factory=dict)
    delayed: dict[tuple[str, str], Floats] = field(default_factory=dict)
    earlier: dict[int, Frame] = field(default_factory=dict)
    propagators: dict[tuple[bytes, float], tuple[Floats, Floats]] = field(default_factory=dict)
    feeds: tuple[Feed, ...] = ()
    visits: dict[str, Index | None] = field(default_factory=dict)
    kept: tuple[Ref, ...] = ()
    noted: dict[Ref, list[Floats]] = field(default_factory=dict)
    half: int = 0
    lengths: dict[tuple[str, str], Floats] = field(default_factory=dict)
    free_before: dict[str, Floats] = field(default_factory=dict)
    parting: dict[str, NDArray[np.bool_]] = field(default_factory=dict)
    located_count: dict[Emitted, Index] = field(default_factory=dict)
    located_at: dict[Emitted, Floats] = field(default_factory=dict)
    located_kept: dict[str, dict[str, Floats]] = field(default_factory=dict)

    def due(self, owner: str) -> bool:
        """Whether this is a step of the units, or of connections."""
        return self.frame.step % self.structure.stride(owner) == 0

    def show_items(self) -> None:
        """Every variable that a phase takes from a table has the value of its item: from the beginning of a step on, in place of a sum if it is an
        input, and again at the end of the step, whatever moved it in between."""
        for feed in self.feeds:
            self.keep_fed(self.frame, feed.target)

    def keep_fed(self, frame: Frame, target: Ref) -> None:
        """The same for one variable, if it is fed, in any frame; the last item stays."""
        for feed in self.feeds:
            if feed.target == target:
                shown = np.clip((self.frame.step - feed.first) // feed.hold, 0, len(feed.items) - 1)
                row = feed.table[feed.items[shown]]
                np.copyto(frame.values[owner_text(target.owner)][target.name], row, where=~np.isnan(row))

    def add(self, population: str, name: str, units: Index, amounts: Floats) -> None:
        """Add to a variable of units (a unit may be named more than once) and bring it into its bounds."""
        values = self.frame.values[population][name]
        np.add.at(values, units, amounts)
        touched = np.unique(units)
        values[touched] = bounded(name, values[touched], OwnerScope(self.structure, self.frame, population, touched))

    def add_later(self, step: int, projection: str, name: str, unit: int, amount: float) -> None:
        """Add to a variable of one post unit of a projection at a later step."""
        at_step = self.waiting.setdefault(step, {})
        post = self.structure.projections[projection].post
        total = at_step.setdefault((projection, name), np.zeros(self.structure.count(post)))
        total[unit] += amount

    def deliver(self) -> None:
        """What was sent to arrive at this step, projection by projection."""
        arriving = self.waiting.pop(self.frame.step, {})
        for projection in self.structure.projections.values():
            for (sender, name), amounts in arriving.items():
                if sender == projection.name:
                    units = np.flatnonzero(amounts)
                    self.add(projection.post, name, units, amounts[units])

    def held_now(self, projection: str) -> frozenset[str]:
        """The weights that rules must not change now."""
        return frozenset() if self.rules_on[projection] else self.held[projection]


def first_state(structure: Structure) -> Run:
    """The state before the first step."""
    sizes = {name: structure.count(name) for name in structure.populations}
    emitted = {one: sizes[name] for name, p in structure.populations.items() for one in p.emits}
    run = Run(
        structure,
        first_frame(structure),
        spikes={one: Spikes(size) for one, size in emitted.items()},
        held={name: weights(projection) for name, projection in structure.projections.items()},
        refractory_until={name: np.zeros(size, dtype=np.int64) for name, size in sizes.items()},
        condition={one: np.zeros(size, dtype=bool) for one, size in emitted.items()},
        undecided={one: np.zeros(size, dtype=bool) for one, size in emitted.items()},
        rules_on=dict.fromkeys(structure.projections, True),
        parting={name: np.zeros(size, dtype=bool) for name, size in sizes.items()},
        free_before={name: np.zeros(size) for name, size in sizes.items()},
        located_count={one: np.zeros(size, dtype=np.int64) for one, size in emitted.items()},
        located_at={one: np.zeros((size, MOST_LOCATED)) for one, size in emitted.items() if structure.block(one.population).locates},
    )
    for name, population in structure.populations.items():
        if isinstance(population.source, PoissonSource) or isinstance(population.block.spike, AtRate):
            stream, seed = structure.instance.populations[name].stream, structure.instance.seed
            run.draws[name] = np.zeros(sizes[name], dtype=np.int64)
            run.remaining[name] = random.hazards(seed, stream, np.arange(sizes[name]), run.draws[name])
    return run
