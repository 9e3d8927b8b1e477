"""Recordings with very many values, read and written a few MB at a time.

Comes in: a recording over time, and a netCDF file with everything else. Goes out: what xarray reads when it is asked for a part, and the same variable in
the file as of any other recording.
"""

from __future__ import annotations

from collections.abc import Iterator
from io import FileIO
from typing import Any

import numpy as np
from numpy.typing import NDArray
from xarray import DataArray, Variable
from xarray.backends import BackendArray
from xarray.core import indexing

from plasticdsl.results.long_trains import LONG
from plasticdsl.runtime.play.sweep import Study
from plasticdsl.runtime.watch.rows import BUFFER, Rows, rows_of, size_of
from plasticdsl.runtime.watch.series import Series

_CHUNK = 1 << 20


def long_series(study: Study) -> Iterator[Series]:
    """Those of the only run with more values than a long train has spikes, wherever they are."""
    for run in study.runs if not study.shape else ():
        for series in run.recorder.series:
            if not (series.single or series.is_histogram or series.most) and size_of(series.taken, series.shape) > 8 * LONG:
                yield series


def unread(rows: Rows, dimensions: tuple[str, ...]) -> Variable:
    """The values of a recording, of which those are read that are asked for."""
    return Variable(dimensions, indexing.LazilyIndexedArray(_OnDisk(rows)))


class _OnDisk(BackendArray):
    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self.shape, self.dtype = (rows.taken, *rows.shape), np.dtype(np.float64)

    def __getitem__(self, key: indexing.ExplicitIndexer) -> Any:
        return indexing.explicit_indexing_adapter(key, self.shape, indexing.IndexingSupport.BASIC, self._read)

    def _read(self, key: tuple[int | slice, ...]) -> NDArray[np.float64]:
        first, rest = key[0], key[1:]
        if not isinstance(first, slice):
            return np.asarray(self._rows.between(int(first), int(first) + 1)[0][rest])
        wanted, step = range(*first.indices(self.shape[0])), rows_of(BUFFER, self._rows.shape)
        assert wanted.step > 0, "xarray turns them round itself"
        found = [np.zeros((0, *self._rows.shape))[:, *rest]]
        for begin in range(wanted.start, wanted.stop, step):
            offset = (begin - wanted.start) % wanted.step and wanted.step - (begin - wanted.start) % wanted.step
            part = self._rows.between(begin, min(begin + step, wanted.stop))
            found.append(part[offset :: wanted.step, *rest])
        return np.concatenate(found)


def append(file: FileIO, array: DataArray, rows: Rows) -> None:
    """The values that an array stands for, in a file to which xarray has written all that is known of it beside them."""
    import h5netcdf

    with h5netcdf.File(file, "a") as opened:
        for dimension, size in array.sizes.items():
            if dimension not in opened.dimensions:
                opened.dimensions[dimension] = size
        chunk = min(rows.taken, rows_of(_CHUNK, rows.shape)), *rows.shape
        variable = opened.create_variable(str(array.name), array.dims, np.float64, chunks=chunk, fillvalue=np.nan)
        along = " ".join(sorted(str(name) for name in array.coords if name not in array.dims and " " not in str(name)))
        variable.attrs.update({**array.attrs, **({"coordinates": along} if along else {})})
        at = 0
        for part in rows.pieces():
            variable[at : at + len(part)] = part
            at += len(part)
