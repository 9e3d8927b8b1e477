"""Recordings with very many values, read and written a few MB at a time.

Comes in: a recording over time, and a netCDF file with everything else. Goes out: what xarray reads when it is asked for a part, and the same variable in
the file as of any other recording.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from io import FileIO
from typing import Any

import numpy as np
from numpy.typing import NDArray
from xarray import DataArray, Variable
from xarray.backends import BackendArray
from xarray.core import indexing

from plasticdsl.runtime.play.sweep import Study
from plasticdsl.runtime.watch.rows import BUFFER, Rows, rows_of, size_of
from plasticdsl.runtime.watch.series import Series
from plasticdsl.support.arrays import Floats

#: Recordings with more values, and trains with more spikes, are long, wherever they are: how a file is laid out does not depend on how the run went on.
LONG = 1 << 19
_CHUNK = 1 << 20


#: Where a part of an array belongs, and its values.
Part = tuple[tuple[int | slice, ...], Floats]


def long_series(study: Study) -> Iterator[tuple[Series, ...]]:
    """A recording of each run, where all have many values together."""
    for every in zip(*(run.recorder.series for run in study.runs), strict=True):
        first, size = every[0], sum(size_of(series.taken, series.shape) for series in every)
        if size > 8 * LONG and not first.is_histogram and (study.shape or not (first.single or first.most)):
            yield every


def unread(rows: Rows, dimensions: tuple[str, ...]) -> Variable:
    """The values of a recording, of which those are read that are asked for."""
    return Variable(dimensions, indexing.LazilyIndexedArray(_OnDisk(rows)))


class SideBySide(BackendArray):
    """A block of values of each run, NaN where it has none, on the axes of a sweep. `shape` of a block that has room for each; those of the first runs are
    there."""

    def __init__(self, swept: tuple[int, ...], shape: tuple[int, ...], blocks: Sequence[Callable[[], Floats]]) -> None:
        self._swept, self._own, self._blocks = swept, shape, blocks
        self.shape, self.dtype = (*swept, *shape), np.dtype(np.float64)

    def __getitem__(self, key: indexing.ExplicitIndexer) -> Any:
        return indexing.explicit_indexing_adapter(key, self.shape, indexing.IndexingSupport.BASIC, self.read)

    def read(self, key: tuple[int | slice, ...]) -> Floats:
        """The values at some places."""
        rank, inner = len(self._swept), key[len(self._swept) :]
        numbers = np.arange(np.prod(self._swept, dtype=np.int64)).reshape(self._swept)[key[:rank]]
        found = np.full((numbers.size, *np.broadcast_to(0.0, self._own)[inner].shape), np.nan)
        for place, number in enumerate(numbers.ravel()):
            if number < len(self._blocks):
                found[place] = self._padded(self._blocks[int(number)]())[inner]
        return found.reshape(*numbers.shape, *found.shape[1:])

    def _padded(self, block: Floats) -> Floats:
        if block.shape == self._own:
            return block
        whole = np.full(self._own, np.nan)
        if block.size:
            whole[tuple(slice(size) for size in block.shape)] = block
        return whole


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


def parts_of(study: Study, every: Sequence[Series], array: DataArray) -> Iterator[Part]:
    """The values that an array of a recording stands for, a few MB or a run at a time."""
    if not study.shape:
        at = 0
        for part in every[0].kept.pieces():
            yield (slice(at, at + len(part)),), part
            at += len(part)
        return
    for number in range(len(study.runs)):
        place = tuple(map(int, np.unravel_index(number, study.shape)))
        yield place, array[place].values


def append(file: FileIO, array: DataArray, parts: Iterable[Part]) -> None:
    """An array of which the values come in parts, in a file to which xarray has written all that is known of it beside them."""
    import h5netcdf

    with h5netcdf.File(file, "a") as opened:
        for dimension, size in array.sizes.items():
            if dimension not in opened.dimensions:
                opened.dimensions[dimension] = size
        variable = opened.create_variable(str(array.name), array.dims, np.float64, chunks=_chunk(array.shape), fillvalue=np.nan)
        along = " ".join(sorted(str(name) for name in array.coords if name not in array.dims and " " not in str(name)))
        variable.attrs.update({**array.attrs, **({"coordinates": along} if along else {})})
        for place, values in parts:
            variable[place] = values


def _chunk(shape: tuple[int, ...]) -> tuple[int, ...]:
    """As many of the last dimensions as fit."""
    chunk: list[int] = []
    for size in reversed(shape):
        chunk.insert(0, min(size, rows_of(_CHUNK, tuple(chunk))))
    return tuple(chunk)
