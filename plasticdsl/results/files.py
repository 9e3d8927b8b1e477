"""Writes a result into a folder: `summary.json`, `recordings.nc` (netCDF 4, opened by `xarray.open_dataset`) and one PNG per plot line.

Everything is made in a folder beside the target first and then moved, `summary.json` last, so nobody finds half a result. A folder
that exists keeps its other files.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import xarray

    from plasticdsl.results.result import Result

SUMMARY = "summary.json"
RECORDINGS = "recordings.nc"

#: HDF5 takes `/` for a folder; DIVISION SLASH looks the same.
_SLASH = "\u2215"


def require_writable(folder: Path) -> None:
    """Before a long run: raises OSError where its results could not be written into `folder`."""
    if folder.exists() and not folder.is_dir():
        raise NotADirectoryError(f"{folder} is no folder")
    for place in (folder.absolute(), folder.absolute().parent):
        there = next(p for p in (place, *place.parents) if p.exists())
        try:
            Path(tempfile.mkdtemp(prefix=".try-", dir=there)).rmdir()
        except OSError as problem:
            raise PermissionError(f"nothing can be written into {there} ({problem.strerror})") from None


def write(result: Result, folder: Path, plots: bool) -> None:
    """Raises OSError where the folder cannot be written."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        made.chmod(0o755)
        _fill(result, made, plots)
        _move(made, folder)
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _fill(result: Result, folder: Path, plots: bool) -> None:
    text = json.dumps(result.summary, ensure_ascii=False, indent=2, allow_nan=False)
    (folder / SUMMARY).write_text(text + "\n", encoding="utf-8")
    if len(result):
        with_safe_names(result.dataset).to_netcdf(folder / RECORDINGS, engine="h5netcdf")
    if plots:
        for name, figure in result.figures():
            figure.savefig(folder / f"{name}.png")


def _move(made: Path, folder: Path) -> None:
    if not folder.exists():
        made.replace(folder)
        return
    for path in sorted(made.iterdir(), key=lambda p: p.name == SUMMARY):
        path.replace(folder / path.name)


def with_safe_names(dataset: xarray.Dataset) -> xarray.Dataset:
    """The dataset with no `/` in the name of a variable, coordinate or dimension."""
    names = [str(n) for n in (*dataset.variables, *dataset.dims)]
    return dataset.rename({n: n.replace("/", _SLASH) for n in dict.fromkeys(names) if "/" in n})
