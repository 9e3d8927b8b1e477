"""Connections that are made, and what is one for each of them.

Comes in: connections, and values in the order in which these were given. Goes out: the same in the order that they have now.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plasticdsl.support.arrays import Floats, Integers, Units
from plasticdsl.support.structure import sources_of
from plasticdsl.support.values import number


@dataclass(frozen=True, slots=True)
class Connections:
    """`rows` int64[n_pre + 1], `targets` (`numbers_of_units`), sorted by pre unit, then post unit. `order` int64[connections]: which of the
    pairs given from outside each connection is, None for connections that were not listed. `present` bool[connections]: which are there at first, None
    for all of them."""

    rows: Integers
    targets: Units
    order: Integers | None = None
    present: NDArray[np.bool_] | None = None


def in_rows(found: Connections) -> tuple[Integers, Units, Units]:
    """Where the connections of each pre unit begin, and post and pre unit of each connection."""
    return found.rows, found.targets, sources_of(found.rows)


def arranged(values: Floats, found: Connections, n_post: int) -> Floats:
    """Values given one for each connection, in the order in which connections were given, or as a matrix [post, pre]: one for each connection in the
    order they have now. Raises ValueError for any other shape."""
    if values.shape == (n_post, len(found.rows) - 1):
        return values[found.targets, sources_of(found.rows)]
    given = found.targets.shape if found.order is None else (int(np.count_nonzero(found.order >= 0)),)
    if values.shape != given:
        raise ValueError(f"an array of shape {values.shape} was given, but there is one value per connection: {given}")
    return values if found.order is None else np.where(found.order >= 0, np.append(values, 0.0)[found.order], 0.0)


def in_order(values: Any, found: Connections, n_post: int) -> Any:
    """The same, or one number for all."""
    return arranged(values, found, n_post) if values.shape else values


def given_to_each(parameters: Mapping[str, Any], name: str, default: Any, found: Connections, n_post: int) -> Any:
    """What `parameters` has under that name, one number or an array as `arranged` takes it, else the default, which is in order."""
    return in_order(number(parameters[name]), found, n_post) if name in parameters else number(default)


def there_at_first(values: Any, found: Connections) -> Any:
    """1 for each connection that is there at first, else 0; `values`: the same of those that are connected."""
    return values if found.present is None else found.present * np.asarray(values, dtype=np.float64)
