"""A population as projections see it: its block and the dimensions of its names in the network's solver."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from plasticdsl.check.terms.unification import Dim
from plasticdsl.model.model import Block, Population


@dataclass(frozen=True, slots=True)
class Side:
    """One population with the dimension of each of its names."""

    population: Population
    dims: Mapping[str, Dim]

    @property
    def block(self) -> Block:
        """What one of its units is."""
        return self.population.block
