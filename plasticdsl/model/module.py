"""What a whole file means."""

from __future__ import annotations

from dataclasses import dataclass

from plasticdsl.model import Block, Network
from plasticdsl.model.experiments import Experiment
from plasticdsl.model.patterns import DataSet
from plasticdsl.model.protocol import NOTHING_ASKED, Asked


@dataclass(frozen=True, slots=True)
class Module:
    """Everything a file declares or brings in with `use`. `asked`: what its experiments ask of each network (by name)."""

    path: str
    doc: str
    blocks: tuple[Block, ...]
    networks: tuple[Network, ...]
    experiments: tuple[Experiment, ...]
    asked: tuple[tuple[str, Asked], ...] = ()

    def data_before(self, experiment: Experiment) -> tuple[DataSet, ...]:
        """The data sets of all experiments that it goes on from."""
        first = next((e for e in self.experiments if experiment.begin is not None and e.name == experiment.begin.experiment), None)
        return () if first is None else (*first.data, *self.data_before(first))

    def asked_of(self, network: str) -> Asked:
        """What experiments ask of this network."""
        return dict(self.asked).get(network, NOTHING_ASKED)
