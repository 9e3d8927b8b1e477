"""What a file of arrays holds, without reading the numbers.

Comes in: a path. Goes out: the name and shape of each array, in the order in which they stand in the file; nothing in a file is executed.
"""

from __future__ import annotations

import csv
import zipfile
from pathlib import Path
from typing import IO

Arrays = tuple[tuple[str, tuple[int, ...]], ...]

#: Kinds of NumPy types that are real numbers or flags.
_NUMBERS = "biuf"


def describe(path: str | Path) -> Arrays:
    """Name and shape of each array of an `.npz`, `.npy` or `.csv` file (of a `.csv`: its columns).

    Raises OSError where there is no such file, ValueError (one sentence) where it holds no arrays of numbers.
    """
    path = Path(path)
    match path.suffix.lower():
        case ".npz":
            return _of_npz(path)
        case ".npy":
            with path.open("rb") as file:
                return ((path.stem, _shape(file, path.stem, path.name)),)
        case ".csv":
            return _of_csv(path)
        case _:
            raise ValueError(f"{path.name} is no .npz, .npy or .csv file")


def _of_npz(path: Path) -> Arrays:
    try:
        with zipfile.ZipFile(path) as archive:
            members = [name for name in archive.namelist() if name.endswith(".npy")]
            found = []
            for member in members:
                with archive.open(member) as file:
                    name = member.removesuffix(".npy")
                    found.append((name, _shape(file, name, path.name)))
            return tuple(found)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError):  # the last two: compressed or encrypted in a way nobody reads
        raise ValueError(f"{path.name} is no NumPy file of plain arrays") from None


def _shape(file: IO[bytes], name: str, source: str) -> tuple[int, ...]:
    """The shape that the header of a `.npy` gives."""
    from numpy.lib import format as header

    try:
        version = header.read_magic(file)
        read = header.read_array_header_1_0 if version == (1, 0) else header.read_array_header_2_0
        shape, _, kind = read(file)
    except (ValueError, EOFError):
        raise ValueError(f"{source} is no NumPy file of plain arrays") from None
    if kind.kind not in _NUMBERS:
        raise ValueError(f"{source}: ‘{name}’ holds no real numbers")
    return tuple(int(n) for n in shape)


def _of_csv(path: Path) -> Arrays:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = (row for row in csv.reader(file) if row)
            names = [cell.strip() for cell in next(rows, [])]
            count = sum(1 for _ in rows)
    except (UnicodeDecodeError, csv.Error):
        raise ValueError(f"{path.name} is no table of text") from None
    if not names:
        raise ValueError(f"{path.name} is empty")
    return tuple((name, (count,)) for name in names)
