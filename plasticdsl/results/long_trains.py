"""Spike trains that are too long to be held in memory, written piece by piece.

Comes in: a run whose spikes are on disk, and a netCDF file with everything else. Goes out: the same variables in it as of any other train.
"""

from __future__ import annotations

from collections.abc import Iterator
from io import FileIO
from typing import TYPE_CHECKING

import numpy as np

from plasticdsl.runtime.play.experiment import Run
from plasticdsl.runtime.play.sweep import Study
from plasticdsl.runtime.watch.series import SpikeRecord
from plasticdsl.runtime.watch.streams import Stored

if TYPE_CHECKING:
    import h5netcdf

#: Trains with more spikes are long, wherever they are: how a file is laid out does not depend on how the run went on.
LONG = 1 << 19
_CHUNK = (1 << 17,)


def long_records(study: Study) -> Iterator[SpikeRecord]:
    """Those of the only run."""
    for run in study.runs if not study.shape else ():
        for record in run.recorder.spikes:
            if record.taken is None and not record.numbers and _length(run, record) > LONG:
                yield record


def _length(run: Run, record: SpikeRecord) -> int:
    train = run.spikes[record.train]
    return train.rows if isinstance(train, Stored) else len(train[0])


def append(file: FileIO, run: Run, record: SpikeRecord) -> None:
    """The times (s) and units of a record, of any length, in a file that xarray has written."""
    import h5netcdf

    count = sum(len(steps) for steps, _ in run.pieces(record))
    with h5netcdf.File(file, "a") as opened:
        dimension = _free(opened, f"spike_{record.called}".replace("/", "\u2215"))
        opened.dimensions[dimension] = count
        unit = opened.create_variable(f"unit_of_{dimension}", (dimension,), np.int32, chunks=_CHUNK)
        unit.attrs["long_name"] = f"unit of {record.population}, from 0"
        time = opened.create_variable(record.name.replace("/", "\u2215"), (dimension,), np.float64, chunks=_CHUNK, fillvalue=np.nan)
        about = {"units": "s", "long_name": f"spike times of {record.called}", "coordinates": unit.name.rpartition("/")[2]}
        time.attrs.update(about)
        at = 0
        for steps, units in run.pieces(record):
            part = slice(at, at + len(steps))
            time[part], unit[part] = steps * run.line.dt, units
            at = part.stop


def _free(opened: h5netcdf.File, name: str) -> str:
    found, number = name, 1
    while found in opened.dimensions:
        number += 1
        found = f"{name}_{number}"
    return found
