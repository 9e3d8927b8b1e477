"""Arrays in files beside a model: `.npz`, `.npy` and `.csv`.

Comes in: a path. Goes out: what the file holds, by name, in the order in which it stands there: shapes (`describe`, which reads no numbers), or arrays of
float64 (`load`). Nothing in a file is executed: NumPy's files are read without pickled objects.
"""

from __future__ import annotations

import csv
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from plasticdsl.support.arrays import Floats

Arrays = tuple[tuple[str, tuple[int, ...]], ...]

#: Endings of files that can be read.
ENDINGS = (".npz", ".npy", ".csv")


def describe(path: Path) -> Arrays:
    """Name and shape of each array of a file. Raises as `load`, but for what only the numbers themselves tell."""
    if path.suffix.lower() == ".csv":
        rows = _rows(path)
        names, count = _columns(rows, path), sum(1 for _ in rows)
        return tuple((name, (count,)) for name in names)
    found = _arrays(path, _without_numbers)
    _require_numbers(found, path.name)
    return tuple((name, array.shape) for name, array in found.items())


def load(path: str | Path) -> dict[str, Floats]:
    """The arrays of a file: those of an `.npz`, the columns of a `.csv` (its first line names them), the only one of an `.npy` under the
    file's name. Raises OSError where there is no such file, ValueError (one sentence) where it holds no numbers."""
    path = Path(path)
    return _table(path) if path.suffix.lower() == ".csv" else numbers(_arrays(path, _with_numbers), path.name)


def numbers(arrays: Mapping[str, Any], source: str) -> dict[str, Floats]:
    """The same arrays as float64 (flags become 1 and 0). Raises ValueError for what is no number."""
    found: dict[str, NDArray[Any]] = {}
    for name, values in arrays.items():
        try:
            found[name] = np.asarray(values)
        except ValueError:
            raise ValueError(f"{source}: ‘{name}’ is no array: its items have different lengths") from None
    _require_numbers(found, source)
    return {name: array.astype(np.float64) for name, array in found.items()}


def _require_numbers(arrays: Mapping[str, NDArray[Any]], source: str) -> None:
    wrong = next((name for name, array in arrays.items() if array.dtype.kind not in "biuf"), None)
    if wrong is not None:
        raise ValueError(f"{source}: ‘{wrong}’ holds no real numbers")


# --- NumPy's files ---------------------------------------------------------------------------------------------------


def _arrays(path: Path, read: Callable[[IO[bytes]], NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Each array of an `.npz` or `.npy`, as `read` takes it from its part of the file."""
    if path.suffix.lower() not in ENDINGS:
        raise ValueError(f"{path.name} is no {', '.join(ENDINGS[:-1])} or {ENDINGS[-1]} file")
    found = {}
    try:
        if path.suffix.lower() == ".npy":
            with path.open("rb") as file:
                return {path.stem: read(file)}
        with zipfile.ZipFile(path) as archive:
            for member in (name for name in archive.namelist() if name.endswith(".npy")):
                with archive.open(member) as part:
                    found[member.removesuffix(".npy")] = read(part)
    except (
        zipfile.BadZipFile,
        ValueError,
        EOFError,
        NotImplementedError,
        RuntimeError,
    ):  # the last two: compressed or encrypted in a way nobody reads
        raise ValueError(f"{path.name} is no NumPy file of plain arrays") from None
    return found


def _with_numbers(file: IO[bytes]) -> NDArray[Any]:
    return np.asarray(npy.read_array(file, allow_pickle=False))


def _without_numbers(file: IO[bytes]) -> NDArray[Any]:
    """An array of the shape and type that the header gives; it takes no memory."""
    read = npy.read_array_header_1_0 if npy.read_magic(file) == (1, 0) else npy.read_array_header_2_0
    shape, _, kind = read(file)
    return np.broadcast_to(np.zeros((), kind), shape)


# --- tables ----------------------------------------------------------------------------------------------------------


def _rows(path: Path) -> Iterator[list[str]]:
    """The lines that are not empty, as cells."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            yield from (row for row in csv.reader(file) if row)
    except (UnicodeDecodeError, csv.Error):
        raise ValueError(f"{path.name} is no table of text") from None


def _columns(rows: Iterator[list[str]], path: Path) -> list[str]:
    """What the first row calls the columns."""
    names = [cell.strip() for cell in next(rows, [])]
    if not names:
        raise ValueError(f"{path.name} is empty")
    if len(set(names)) < len(names) or not all(names):
        raise ValueError(f"the first line of {path.name} must name each column once")
    return names


def _table(path: Path) -> dict[str, Floats]:
    rows = _rows(path)
    names = _columns(rows, path)
    columns: dict[str, list[float]] = {name: [] for name in names}
    for number, row in enumerate(rows, 2):
        if len(row) != len(names):
            raise ValueError(f"row {number} of {path.name} has {len(row)} entries, not {len(names)}")
        for name, cell in zip(names, row, strict=True):
            try:
                columns[name].append(float(cell))
            except ValueError:
                raise ValueError(f"row {number} of {path.name}: ‘{cell}’ is no number") from None
    return {name: np.array(values) for name, values in columns.items()}
