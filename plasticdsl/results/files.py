"""Writes a result into a folder: `summary.json`, `recordings.nc` (netCDF 4, opened by `xarray.open_dataset`), and for each plot line a figure and a `.nc`
of the same name with what it shows.

Everything is made in a folder beside the target (or in it) first and then moved, `summary.json` last, so nobody finds half a result. It lists the `files`
of the result; so in a folder that exists, those of the result before go, and all others stay.
"""

from __future__ import annotations

import errno
import io
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from plasticdsl.options import FigureFormat, FigureSize
from plasticdsl.results.trials import NAME as TRIALS
from plasticdsl.runtime.play.progress import Interruption
from plasticdsl.shortage import is_room
from plasticdsl.whole import synchronise

if TYPE_CHECKING:
    import xarray

    from plasticdsl.results.result import Result

SUMMARY = "summary.json"
RECORDINGS = "recordings.nc"

#: Bytes of addresses that the libraries which write netCDF take, where all are there that they look for.
_LIBRARIES = 240 << 20

#: HDF5 takes `/` for a folder; DIVISION SLASH looks the same.
_SLASH = "\u2215"


def require_writable(folder: Path) -> None:
    """Before a long run: raises OSError where its results could not be written into `folder`."""
    there = next(p for p in (folder.absolute(), *folder.absolute().parents) if os.path.lexists(p))
    if not there.is_dir():  # but perhaps a link to nothing
        raise NotADirectoryError(f"{folder if there == folder.absolute() else there} is no folder")
    try:
        with tempfile.TemporaryDirectory(prefix=".try-", dir=there) as tried:
            for name in folder.absolute().relative_to(there).parts:
                Path(tried, name).mkdir(exist_ok=True)
    except OSError as problem:
        raise PermissionError(f"nothing can be written into {folder if there.samefile(folder) else there} ({problem.strerror})") from None


def _require_libraries() -> None:
    """Raises MemoryError where they could not be loaded: some of them would wait for ever, or interrupt the process, instead of saying so."""
    if "xarray" not in sys.modules and not is_room(_LIBRARIES):
        raise MemoryError("there is not enough memory to write the results")


def write(result: Result, folder: Path, plots: bool, format: FigureFormat, size: FigureSize, lasting: bool) -> None:  # noqa: A002
    """`lasting`: all files are on the disk before this returns, should the machine go down; what they were made of is deleted then.

    Raises OSError, and leaves nothing behind, where the folder cannot be written or the disk is full; MemoryError where there is not enough memory;
    KeyboardInterrupt or `Terminated` after Ctrl-C or SIGTERM, and then nothing is left behind either.
    """
    _require_libraries()
    folder.parent.mkdir(parents=True, exist_ok=True)
    with Interruption() as interruption:
        made: Path | None = None
        try:
            made = _near(folder)
            made.chmod(0o755)
            _fill(result, made, plots, format, size, interruption)
            for file in made.iterdir() if lasting else ():
                synchronise(file)
            _move(made, folder)
        except OSError as problem:
            interruption.end()
            raise OSError(problem.errno, f"the results could not be written ({problem.strerror or problem})", str(folder)) from problem
        finally:
            if made is not None:
                shutil.rmtree(made, ignore_errors=True)


def _near(folder: Path) -> Path:
    """An empty folder from which files can be moved into this one: beside it, or in it, where what is beside it lies on another disk (of a link, or where
    a disk begins) or may not be written. Raises OSError."""
    make = partial(tempfile.mkdtemp, prefix=f".{folder.name[:30]}-")
    if not folder.exists():
        return Path(make(dir=folder.parent))
    with suppress(OSError):
        found = Path(make(dir=folder.parent))
        try:
            return found.rename(folder / found.name).rename(found)
        except OSError:
            found.rmdir()
    return Path(make(dir=folder))


def _fill(result: Result, folder: Path, plots: bool, ending: FigureFormat, size: FigureSize, interruption: Interruption) -> None:
    if len(result):
        _write_recordings(result, folder / RECORDINGS, interruption)
    if result.study.fitted is not None:
        _write_netcdf(result.trials, folder / f"{TRIALS}.nc", interruption)
    if plots:
        from plasticdsl.results.plots import write as write_figure

        for name in result.figures:
            interruption.end()
            write_figure(result.figures.sized(name, size), folder / f"{name}.{ending}", size)
        for name, dataset in result.plotted():
            _write_netcdf(dataset, folder / f"{name}.nc", interruption)
    files = sorted((SUMMARY, *(path.name for path in folder.iterdir())))
    text = json.dumps({**result.summary, "files": files}, ensure_ascii=False, indent=2, allow_nan=False)
    (folder / SUMMARY).write_text(text + "\n", encoding="utf-8")


def _files_of(folder: Path) -> list[str]:
    """The files of the result that is in a folder; nothing outside of it, whatever its summary says."""
    try:
        listed = json.loads((folder / SUMMARY).read_text(encoding="utf-8"))["files"]
    except (OSError, ValueError, KeyError, TypeError):
        return []
    return [name for name in listed if isinstance(name, str) and Path(name).name == name and not (folder / name).is_dir()]


def _write_recordings(result: Result, path: Path, interruption: Interruption) -> None:
    """All but long trains and recordings at once, and those piece by piece."""
    from plasticdsl.results import long_series, long_trains
    from plasticdsl.results.stack import stacked, to_dataset

    trains, series = tuple(long_trains.long_records(result.study)), tuple(long_series.long_series(result.study))
    if not trains and not series:
        _write_netcdf(result.dataset, path, interruption)
        return
    others = stacked(result.study, frozenset(records.name for records in trains))
    dataset = with_safe_names(to_dataset(others, result.summary))
    apart = {every[0].name.replace("/", _SLASH): every for every in series}
    with _Patient(path, interruption) as file:
        dataset.drop_vars(list(apart)).to_netcdf(file, engine="h5netcdf")
        for name, every in apart.items():
            if file.problem is None:
                long_series.append(file, dataset[name], long_series.parts_of(result.study, every, dataset[name]))
        for records in trains:
            if file.problem is None:
                long_trains.append(file, result.study, records)
        if file.problem is not None:
            raise file.problem


def _write_netcdf(dataset: xarray.Dataset, path: Path, interruption: Interruption) -> None:
    with _Patient(path, interruption) as file:
        with_safe_names(dataset).to_netcdf(file, engine="h5netcdf")
        if file.problem is not None:
            raise file.problem


class _Patient(io.FileIO):
    """A file for HDF5, which takes down the process when a write fails, or Ctrl-C comes in its middle: the first failure is kept in `problem`, and what
    comes later goes nowhere."""

    def __init__(self, path: Path, interruption: Interruption) -> None:
        super().__init__(path, "w+")
        self.problem: OSError | None = None
        self._interruption = interruption

    def truncate(self, size: int | None = None) -> int:
        return self._tried(partial(super().truncate, size), size or 0)

    def write(self, data: Any) -> int:
        rest = memoryview(data).cast("B")
        size = len(rest)
        while rest:
            done = self._tried(partial(super().write, rest), 0)  # may be a part of it
            if not done:
                self.seek(len(rest), io.SEEK_CUR)
                break
            rest = rest[done:]
        return size

    def _tried(self, what: Callable[[], int], instead: int) -> int:
        if self._interruption.requested and self.problem is None:
            self.problem = InterruptedError(errno.EINTR, "interrupted")
        if self.problem is None:
            try:
                return what()
            except OSError as problem:
                self.problem = problem
        return instead


def _move(made: Path, folder: Path) -> None:
    if not folder.exists():
        made.replace(folder)
        return
    before = _files_of(folder)
    (folder / SUMMARY).unlink(missing_ok=True)
    for name in before:
        (folder / name).unlink(missing_ok=True)
    for path in sorted(made.iterdir(), key=lambda p: p.name == SUMMARY):
        path.replace(folder / path.name)


def with_safe_names(dataset: xarray.Dataset) -> xarray.Dataset:
    """The dataset with no `/` in the name of a variable, coordinate or dimension."""
    names = [str(n) for n in (*dataset.variables, *dataset.dims)]
    return dataset.rename({n: n.replace("/", _SLASH) for n in dict.fromkeys(names) if "/" in n})
