"""Recordings as xarray objects: `Stacked` arrays come in, `DataArray` and `Dataset` go out."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
import xarray

from plasticdsl.results.stack import Stacked


def to_array(found: Stacked) -> xarray.DataArray:
    """One recording with its coordinates."""
    return xarray.DataArray(found.values, dims=found.dims, coords=found.coordinates, attrs=found.attributes, name=found.name)


def to_dataset(every: Iterable[Stacked], summary: dict[str, Any]) -> xarray.Dataset:
    """All recordings together. Recordings taken at different moments get time dimensions of their own."""
    known: dict[str, Any] = {}
    arrays = {}
    for found in every:
        fitted = _with_own(_with_own(found, found.time, known), "bin", known)
        arrays[found.name] = to_array(fitted)
    attributes: dict[str, Any] = {
        k: summary[k] for k in ("model", "experiment", "version", "seed", "dt_s", "duration_s") if summary[k] is not None
    }
    attributes["parameters"] = json.dumps(summary["parameters"], ensure_ascii=False)
    if summary.get("interrupted"):
        attributes["interrupted"] = "true"
    if summary.get("partial"):
        attributes["partial"] = " ".join(summary["partial"])
    return xarray.Dataset(arrays, attrs=attributes)


def _with_own(found: Stacked, dimension: str, known: dict[str, Any]) -> Stacked:
    """`found` with this dimension renamed where another recording has other values on it."""
    if dimension not in found.dims:
        return found
    values = found.coordinates[dimension][1]
    name, number = dimension, 1
    while name in known and not np.array_equal(known[name], values):
        number += 1
        name = f"{dimension}_{number}"
    known[name] = values
    if name == dimension:
        return found

    def renamed(dims: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(name if d == dimension else d for d in dims)

    coordinates = {name if k == dimension else k: (renamed(d), v, a) for k, (d, v, a) in found.coordinates.items()}
    return replace(found, dims=renamed(found.dims), coordinates=coordinates)
