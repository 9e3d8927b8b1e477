"""What experiments begin with that `start from end of` another one.

Comes in: the order of a run. Goes out: the network at the end of the other experiment, which is carried out once with the seed of the run and then kept,
under everything that it depends on: the network and its numbers, what the experiment does, its data, and what it itself begins with.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from plasticdsl import cache
from plasticdsl.model.experiments import Experiment
from plasticdsl.model.module import Module
from plasticdsl.runtime.engine.state_file import digest
from plasticdsl.runtime.instance.patterns import Data, all_data
from plasticdsl.runtime.instance.settings import from_experiment
from plasticdsl.runtime.play.experiment import Beginning, Order, Workshop
from plasticdsl.runtime.play.progress import Interruption, Progress
from plasticdsl.runtime.play.runner import end_of


@dataclass(frozen=True, slots=True)
class Beginnings:
    """Of the experiments of a module on one network; `data`: as given by the user. `known`: those of this study."""

    module: Module
    workshop: Workshop
    data: Data
    known: dict[str, Beginning] = field(default_factory=dict)

    def of(self, experiment: Experiment, order: Order, progress: Progress, interruption: Interruption) -> Beginning | None:
        """What it begins with; None where that is nothing, or after an interruption. Raises `PlasError` as `end_of`."""
        return self._named(experiment, order, progress, interruption)[1]

    def _named(self, experiment: Experiment, order: Order, progress: Progress, interruption: Interruption) -> tuple[str, Beginning | None]:
        """The same, with the name under which it is kept."""
        if experiment.begin is None:
            return "", None
        first = next(e for e in self.module.experiments if e.name == experiment.begin.experiment)
        network = self.workshop.network
        settings = {**from_experiment(first.settings, network, self.module), **order.wishes}
        own = replace(order, settings=settings, length=None, data=all_data(first.data, self.data))
        before, beginning = self._named(first, order, progress, interruption)
        if interruption.requested:
            return "", None
        instance = self.workshop.instantiate(own.step(first, network), own.seed, own.settings)
        values = tuple((place.order, value) for place, value in sorted(settings.items(), key=lambda item: item[0].order))
        shuffled = any(phase.each is not None and phase.each.shuffled for phase in first.phases)  # in an order of its own (`feeds`)
        done = replace(first, recordings=(), plots=(), expectations=(), begin=None, name=first.name if shuffled else "")
        name = cache.key("end", self.workshop.kind(instance), digest(network, instance, values, done, own.data, before))
        found = self.known.get(name) or cache.recall("ends", name, Beginning)
        if found is None:
            found = end_of(first, self.workshop, own, progress, interruption, beginning)
            if found is not None:
                cache.keep("ends", name, found)
        if found is not None:
            self.known[name] = found
        return name, found
