"""What experiments begin with that `start from end of` another one.

Comes in: the order of a run. Goes out: the network at the end of the other experiment, which is carried out once with the seed of the run and then kept,
under everything that it depends on: the network and its numbers, what the experiment does, its data, and what it itself begins with.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Protocol

from plasticdsl import cache
from plasticdsl.diagnostics.diagnostic import PlasError
from plasticdsl.model.experiments import Experiment
from plasticdsl.model.module import Module
from plasticdsl.runtime.engine.state_file import digest
from plasticdsl.runtime.instance.patterns import Data, all_data
from plasticdsl.runtime.instance.settings import from_experiment
from plasticdsl.runtime.play.experiment import Beginning, Order, Workshop
from plasticdsl.runtime.play.once import end_of, run_once
from plasticdsl.runtime.play.place import Checkpoints
from plasticdsl.runtime.play.progress import Interruption, Progress


class Marker(Protocol):
    """Knows where runs stand."""

    def checkpoints(self, experiment: Experiment, order: Order, alone: bool) -> Checkpoints | None:
        """What keeps where one stands that is under way; `alone`: there is no other."""

    def discard(self, experiment: Experiment, order: Order) -> None:
        """One is finished, and nobody asks for what it recorded."""


@dataclass(frozen=True, slots=True)
class Beginnings:
    """Of the experiments of a module on one network; `data`: as given by the user. `keeper`: where runs are kept; `known`: those of this study."""

    module: Module
    workshop: Workshop
    data: Data
    keeper: Marker | None = None
    known: dict[str, Beginning] = field(default_factory=dict)

    def of(self, experiment: Experiment, order: Order, progress: Progress, interruption: Interruption) -> tuple[str, Beginning | None]:
        """What it begins with, and the name under which that is kept; None where that is nothing, or after an interruption. Raises `PlasError` as
        `run_once`, and where something stops it on its way."""
        if experiment.begin is None:
            return "", None
        first = next(e for e in self.module.experiments if e.name == experiment.begin.experiment)
        own = self._own(first, order)
        before, beginning = self.of(first, order, progress, interruption)
        if interruption.requested:
            return "", None
        name = self._name(first, own, before)
        found = self.known.get(name) or cache.recall("ends", name, Beginning)
        if found is None:
            run, engine = run_once(first, self.workshop, own, progress, interruption, beginning, self.checkpoints(first, own, False))
            if run.failure:
                raise PlasError(run.failure)
            found = end_of(run, engine)
            if found is not None and cache.keep("ends", name, found) and self.keeper is not None:
                self.keeper.discard(first, own)
        if found is not None:
            self.known[name] = found
        return name, found

    def checkpoints(self, experiment: Experiment, order: Order, alone: bool) -> Checkpoints | None:
        """What knows where a run stands; `alone`: there is no other."""
        return None if self.keeper is None else self.keeper.checkpoints(experiment, order, alone)

    def lead_on(self, experiment: Experiment, order: Order) -> bool:
        """Whether others begin with its end, and it comes there as it stands."""
        asked = any(e.begin is not None and e.begin.experiment == experiment.name for e in self.module.experiments)
        return asked and not experiment.has_many and order.length is None

    def keep(self, experiment: Experiment, order: Order, before: str, end: Beginning) -> None:
        """What others begin with, of an experiment that was carried out for itself. `before`: the name of what it began with."""
        name = self._name(experiment, self._own(experiment, order), before)
        self.known[name] = end
        cache.keep("ends", name, end)

    def _own(self, first: Experiment, order: Order) -> Order:
        settings = {**from_experiment(first.settings, self.workshop.network, self.module), **order.wishes}
        return replace(order, settings=settings, length=None, data=all_data(first.data, self.data))

    def _name(self, first: Experiment, own: Order, before: str) -> str:
        """The name under which its end is kept."""
        network = self.workshop.network
        instance = self.workshop.instantiate(own.step(first, network), own.seed, own.settings)
        values = tuple((place.order, value) for place, value in sorted(own.settings.items(), key=lambda item: item[0].order))
        shuffled = any(phase.each is not None and phase.each.shuffled for phase in first.phases)  # in an order of its own (`feeds`)
        done = replace(first, recordings=(), plots=(), expectations=(), begin=None, name=first.name if shuffled else "")
        return cache.key("end", self.workshop.kind(instance), digest(network, instance, values, done, own.data, before))
