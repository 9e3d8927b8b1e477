"""What a whole file means."""

from __future__ import annotations

from dataclasses import dataclass

from plasticdsl.model.experiments import Experiment
from plasticdsl.model.model import Block, Network


@dataclass(frozen=True, slots=True)
class Module:
    """Everything a file declares or brings in with `use`."""

    path: str
    doc: str
    blocks: tuple[Block, ...]
    networks: tuple[Network, ...]
    experiments: tuple[Experiment, ...]
