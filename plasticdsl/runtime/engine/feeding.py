"""Whether a table can feed a variable of an instance, and whether an order names its units.

Comes in: a feed or an order, what is known, the instance. Goes out: the table and its items in the form in which engines use them.
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from plasticdsl.runtime.engine.engine import Feed
from plasticdsl.runtime.instance.instance import Instance


def checked_feed(feed: Feed, known: Collection[tuple[str, str]], instance: Instance) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """float64[rows, units or 1], int64[items]. Raises `ValueError` where the table does not fit or the variable cannot be fed."""
    full = f"{feed.population}.{feed.name}"
    if (feed.population, feed.name) not in known:
        raise ValueError(f"{full} is not among the variables that phases feed")
    table = np.ascontiguousarray(feed.table, dtype=np.float64)
    items = np.ascontiguousarray(feed.items, dtype=np.int64)
    units = instance.populations[feed.population].size
    if table.ndim != 2 or table.shape[1] not in (1, units):
        raise ValueError(f"{full} has {units} units, but is fed from a table of shape {table.shape}")
    if items.ndim != 1 or not len(items) or items.min() < 0 or items.max() >= len(table):
        raise ValueError(f"{full} is fed items that are no rows of a table of {len(table)}")
    if feed.hold < 1:
        raise ValueError(f"{full}: an item is shown for a whole number of steps, not {feed.hold}")
    return table, items


def checked_order(population: str, units: NDArray[np.int64], known: Collection[str], instance: Instance) -> None:
    """Raises `ValueError` where the population cannot update unit by unit, or the order does not name each of its units once."""
    if population not in known:
        raise ValueError(f"{population} is not among the populations that phases update unit by unit")
    size = instance.populations[population].size
    if units.shape != (size,) or not np.array_equal(np.sort(units), np.arange(size)):
        raise ValueError(f"the order in which {population} updates must name each of its {size} units once")
