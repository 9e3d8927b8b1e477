"""Recordings as tables of pandas.

Comes in: an `xarray.DataArray` of a result. Goes out: a `DataFrame` with a row for each moment (of each run of a sweep) and a column for each unit or
connection; of what is taken once a row for each unit or connection; of spikes a row for each.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from plasticdsl.model.protocol import ROUND

if TYPE_CHECKING:
    from pandas import DataFrame
    from xarray import DataArray

_OF_A_ROW = ("time", "step", ROUND)


def frame_of(array: DataArray, swept: tuple[str, ...]) -> DataFrame:
    """The table of a recording; `swept`: the dimensions of the sweep. Its `attrs` are those of the array."""
    dims = [str(d) for d in array.dims]
    if any(d.startswith("spike_") for d in dims):
        found = _of_spikes(array, dims[0])
    else:
        rows = [d for d in dims if d in swept or d.startswith(_OF_A_ROW)]
        columns = [d for d in dims if d not in rows]
        found = _wide(array, rows, columns) if rows else _long(array, columns)
    found.attrs = dict(array.attrs)
    return found


def _wide(array: DataArray, rows: list[str], columns: list[str]) -> DataFrame:
    """Moments and runs go down, units across."""
    import pandas

    ordered = array.transpose(*rows, *columns)
    values = np.asarray(ordered.values).reshape(int(np.prod(ordered.shape[: len(rows)])), -1)
    index = _index(array, rows)
    if not columns:
        return pandas.DataFrame(values, index=index, columns=[str(array.name)])
    return pandas.DataFrame(values, index=index, columns=_index(array, columns))


def _long(array: DataArray, columns: list[str]) -> DataFrame:
    """A row for each unit or connection, with the two units of that."""
    import pandas

    values = {str(array.name): np.asarray(array.values).reshape(-1)}
    index = _index(array, columns) if columns else pandas.RangeIndex(1)
    found = pandas.DataFrame(values, index=index)
    return found.reset_index() if isinstance(index, pandas.MultiIndex) else found


def _of_spikes(array: DataArray, dimension: str) -> DataFrame:
    """A column for each thing that is known of a spike: when, of which unit, in which run, and what was taken at it."""
    import pandas

    columns = {
        str(name).removesuffix(f"_of_{dimension}"): values.values for name, values in array.coords.items() if values.dims == (dimension,)
    }
    taken = "time" in columns
    found = {"time": columns.pop("time") if taken else array.values, **columns, **({str(array.name): array.values} if taken else {})}
    return pandas.DataFrame(found)


def _index(array: DataArray, dims: list[str]) -> Any:
    """What rows or columns are called: by the coordinates of their dimensions, connections by their two units (from 0)."""
    import pandas

    levels = [_level(array, dimension) for dimension in dims]
    if len(levels) == 1 and len(levels[0]) == 1:
        ((name, values),) = levels[0]
        return pandas.Index(values, name=name)
    places = np.indices([array.sizes[d] for d in dims]).reshape(len(dims), -1)
    columns = {name: np.asarray(values)[place] for level, place in zip(levels, places, strict=True) for name, values in level}
    return pandas.MultiIndex.from_arrays(list(columns.values()), names=list(columns))


def _level(array: DataArray, dimension: str) -> list[tuple[str, Any]]:
    """Names and values along a dimension; units are counted from 0, as everywhere in Python."""
    kind, _, owner = dimension.partition("_")
    size = array.sizes[dimension]
    if kind == "connection" and f"pre_{owner}" in array.coords:
        return [(end, array.coords[f"{end}_{owner}"].values) for end in ("pre", "post")]
    if kind in ("unit", "connection"):
        numbers = array.coords[dimension].values - 1 if dimension in array.coords else np.arange(size)
        return [(kind, numbers)]
    known = [(str(name), c.values) for name, c in array.coords.items() if c.dims == (dimension,)]
    return known or [(dimension, np.arange(size))]
