"""Spike trains that are too long to be held in memory, written piece by piece.

Comes in: a study whose spikes are on disk, and a netCDF file with everything else. Goes out: the same variables in it as of any other trains.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import FileIO
from typing import TYPE_CHECKING, Any

import numpy as np
from xarray import DataArray

from plasticdsl.results.long_series import LONG
from plasticdsl.results.stack import axes_of, spike_row
from plasticdsl.runtime.play.experiment import Run
from plasticdsl.runtime.play.sweep import Study
from plasticdsl.runtime.watch.series import SpikeRecord
from plasticdsl.runtime.watch.streams import Stored

if TYPE_CHECKING:
    import h5netcdf

_CHUNK = 1 << 17
#: What sets a run apart is the same at all its spikes, and takes next to no room.
_PACKED = {"compression": "gzip", "compression_opts": 1}


@dataclass(frozen=True, slots=True)
class LongRecord:
    """A record of each run, and how many spikes all have together."""

    of_each: tuple[SpikeRecord, ...]
    count: int

    @property
    def name(self) -> str:
        """What it is kept under."""
        return self.of_each[0].name


def long_records(study: Study) -> Iterator[LongRecord]:
    """Those that are long; how long is looked up where their trains are."""
    for every in zip(*(run.recorder.spikes for run in study.runs), strict=True):
        pairs = tuple(zip(study.runs, every, strict=True))
        if sum(_length(run, record) for run, record in pairs) > LONG:
            count = sum(len(steps) for run, record in pairs for steps, _ in run.pieces(record))
            if count > LONG:
                yield LongRecord(every, count)


def _length(run: Run, record: SpikeRecord) -> int:
    train = run.spikes[record.train]
    return train.rows if isinstance(train, Stored) else len(train[0])


def append(file: FileIO, study: Study, records: LongRecord) -> None:
    """The times (s) and units of a record, of any length, and what else is known of each spike, in a file that xarray has written."""
    import h5netcdf

    with h5netcdf.File(file, "a") as opened:
        own = f"spike_{records.of_each[0].called}"
        dimension = _free(opened, _safe(own))
        opened.dimensions[dimension] = records.count
        apart = {_safe(f"{name}_of_{dimension}") for name in axes_of(study)[1]}
        at = 0
        for piece in _pieces(study, records.of_each):
            part = slice(at, at + piece.size)
            beside = {_safe(str(name).replace(own, dimension)): array for name, array in piece.coords.items()}
            for name, array in {**beside, _safe(records.name): piece}.items():
                if name not in opened.variables:
                    how: dict[str, Any] = {"fillvalue": np.nan} if array.dtype.kind == "f" else {}
                    how |= _PACKED if name in apart else {}
                    chunk = (min(_CHUNK, records.count),)
                    opened.create_variable(name, (dimension,), array.dtype, chunks=chunk, **how).attrs.update(array.attrs)
                opened.variables[name][part] = array.values
            at = part.stop
        opened.variables[_safe(records.name)].attrs["coordinates"] = " ".join(sorted(name for name in beside if " " not in name))


def _pieces(study: Study, every: Sequence[SpikeRecord]) -> Iterator[DataArray]:
    """One run after the other, in pieces where nothing is taken at the spikes."""
    for number, (run, record) in enumerate(zip(study.runs, every, strict=True)):
        for train in run.pieces(record) if record.taken is None else (run.train(record),):
            yield spike_row(study, [(number, record, train)])


def _safe(name: str) -> str:
    """HDF5 takes `/` for a folder; DIVISION SLASH looks the same."""
    return name.replace("/", "\u2215")


def _free(opened: h5netcdf.File, name: str) -> str:
    found, number = name, 1
    while found in opened.dimensions:
        number += 1
        found = f"{name}_{number}"
    return found
