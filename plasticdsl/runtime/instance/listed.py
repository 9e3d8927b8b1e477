"""Connections as Python programs give them: lists of units, with weights or without, or a matrix.

Comes in: what was given for each projection. Goes out: pre and post units, and the weights as settings. In a matrix a row belongs to a postsynaptic and a
column to a presynaptic unit, as in w_ij.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plasticdsl.model.expr import Ref
from plasticdsl.model.model import Connectivity, Network, Projection
from plasticdsl.model.weights import weight
from plasticdsl.runtime.instance.settable import Given

_ALLOWED = (
    "two arrays (pre, post) with the units of each connection (from 0), three (pre, post, weights), or a matrix of weights, dense or of scipy.sparse, "
    "with a row for each post unit and a column for each pre unit"
)


@dataclass(frozen=True, slots=True)
class Listed:
    """The connections of one projection. `shape`: of the matrix they were given in, (post, pre)."""

    pre: NDArray[Any]
    post: NDArray[Any]
    weights: NDArray[Any] | None = None
    shape: tuple[int, int] | None = None


def listed(given: Any, name: str) -> Listed:
    """What was given for projection `name`. Raises ValueError for anything that is no connections."""
    if isinstance(given, Listed):
        return given
    if hasattr(given, "tocoo"):
        found = given.tocsr().tocoo()  # which adds up entries of the same pair
        return Listed(found.col, found.row, found.data, found.shape)
    if isinstance(given, np.ndarray) and given.ndim == 2 and given.dtype.kind in "biuf":
        post, pre = np.nonzero(given)
        return Listed(pre, post, given[post, pre], given.shape)
    if (
        not isinstance(given, tuple | list)
        or len(given) not in (2, 3)
        or any(isinstance(part, str) or np.ndim(part) != 1 for part in given)
    ):
        raise ValueError(f"the connections of {name} are {_ALLOWED}; what was given is {_kind(given)}")
    pre, post, *weights = (np.asarray(part) for part in given)
    if weights and (weights[0].dtype.kind not in "biuf" or weights[0].shape != pre.shape):
        raise ValueError(f"the weights of {name} are one number for each of its {len(pre)} connections, not {_kind(given[2])}")
    return Listed(pre, post, weights[0] if weights else None)


def _kind(given: object) -> str:
    if isinstance(given, tuple | list):
        return f"a {type(given).__name__} of {len(given)}"
    shape = getattr(given, "shape", None)
    return f"of type {type(given).__name__}" if shape is None else f"an array of {given.dtype} of shape {shape}"  # type: ignore[attr-defined]


def connections_of(given: object, network: Network) -> tuple[dict[str, Listed], dict[Ref, Given]]:
    """The connections of each projection, and where their weights go. Raises ValueError for what is no mapping from projections to connections."""
    if given is None:
        return {}, {}
    if not isinstance(given, Mapping):
        raise ValueError(f"connections are given as a mapping from projections to {_ALLOWED}; what was given is {_kind(given)}")
    found = {str(name): listed(value, str(name)) for name, value in given.items()}
    projections = {p.name: p for p in network.projections}
    weighted = [(projections[n], one.weights) for n, one in found.items() if n in projections and one.weights is not None]
    return found, {Ref(p.as_owner, _weight(p)): np.asarray(values, dtype=np.float64) for p, values in weighted}


def _weight(projection: Projection) -> str:
    found = weight(projection)
    if found is None:
        example = f'{{"{projection.name}.w": weights}}'
        raise ValueError(
            f"it is not clear which variable of {projection.name} its weights are; give them as a parameter instead, for example **{example}"
        )
    return found


def with_listed(network: Network, connections: Mapping[str, object]) -> Network:
    """The network as it is compiled where some connections are given: nothing is known of them beforehand."""
    listed = Connectivity("listed")
    return replace(network, projections=tuple(replace(p, connectivity=listed) if p.name in connections else p for p in network.projections))
