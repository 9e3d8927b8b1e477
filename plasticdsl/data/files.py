"""Arrays in files beside a model: `.npz`, `.npy` and `.csv`.

Comes in: a path. Goes out: name → array of float64, in the order in which they stand in the file. Nothing in a file is executed: NumPy's
files are read without pickled objects.
"""

from __future__ import annotations

import csv
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

#: Endings of files that can be read.
ENDINGS = (".npz", ".npy", ".csv")


def load(path: str | Path) -> dict[str, Floats]:
    """The arrays of a file: those of an `.npz`, the columns of a `.csv` (its first line names them), the only one of an `.npy` under the
    file's name. Raises OSError where there is no such file, ValueError (one sentence) where it holds no numbers."""
    path = Path(path)
    match path.suffix.lower():
        case ".npz":
            return numbers(_from_npz(path), path.name)
        case ".npy":
            return numbers({path.stem: _from_npy(path)}, path.name)
        case ".csv":
            return _from_csv(path)
        case _:
            raise ValueError(f"{path.name} is no {', '.join(ENDINGS[:-1])} or {ENDINGS[-1]} file")


def numbers(arrays: Mapping[str, Any], source: str) -> dict[str, Floats]:
    """The same arrays as float64 (flags become 1 and 0). Raises ValueError for what is no number."""
    found: dict[str, Floats] = {}
    for name, values in arrays.items():
        try:
            array = np.asarray(values)
        except ValueError:
            raise ValueError(f"{source}: ‘{name}’ is no array: its items have different lengths") from None
        if array.dtype.kind not in "biuf":
            raise ValueError(f"{source}: ‘{name}’ holds no real numbers")
        found[name] = array.astype(np.float64)
    return found


def _from_npz(path: Path) -> dict[str, NDArray[Any]]:
    try:
        with np.load(path, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except (zipfile.BadZipFile, ValueError, EOFError, AttributeError):
        raise ValueError(f"{path.name} is no NumPy file of plain arrays") from None


def _from_npy(path: Path) -> NDArray[Any]:
    try:
        return np.asarray(np.load(path, allow_pickle=False))
    except (ValueError, EOFError):
        raise ValueError(f"{path.name} is no NumPy file of a plain array") from None


def _from_csv(path: Path) -> dict[str, Floats]:
    with path.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.reader(file) if row]
    if not rows:
        raise ValueError(f"{path.name} is empty")
    names = [cell.strip() for cell in rows[0]]
    if len(set(names)) < len(names) or not all(names):
        raise ValueError(f"the first line of {path.name} must name each column once")
    columns: dict[str, list[float]] = {name: [] for name in names}
    for number, row in enumerate(rows[1:], 2):
        if len(row) != len(names):
            raise ValueError(f"row {number} of {path.name} has {len(row)} entries, not {len(names)}")
        for name, cell in zip(names, row, strict=True):
            try:
                columns[name].append(float(cell))
            except ValueError:
                raise ValueError(f"row {number} of {path.name}: ‘{cell}’ is no number") from None
    return {name: np.array(values) for name, values in columns.items()}
