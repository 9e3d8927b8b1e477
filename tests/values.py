"""Values of an engine by the names of their populations and projections."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from plasticdsl.model.expr import Ref
from plasticdsl.model.owners import OfPopulation, OfProjection
from plasticdsl.runtime.engine.engine import Engine


def variable(engine: Engine, owner: str, name: str) -> Ref:
    return Ref((OfPopulation if owner in engine.instance.populations else OfProjection)(owner), name)


def value_of(engine: Engine, owner: str, name: str) -> NDArray[np.float64]:
    return engine.read(variable(engine, owner, name))


def set_value(engine: Engine, owner: str, name: str, values: NDArray[np.float64] | float) -> None:
    engine.write(variable(engine, owner, name), values)
