"""Arrays in files beside a model: `.npz`, `.npy`, `.csv`, `.mat` and `.h5`.

Comes in: a path. Goes out: what the file holds, by name, in the order in which it stands there: shapes (`describe`, which reads no numbers), or arrays of
float64 (`load`).

Nothing in a file is executed: NumPy's files are read without pickled objects, and of HDF5 files what lies in them, never elsewhere. Before a file is
unpacked it says how much it holds: a small one that would fill this machine's memory is refused.
"""

from __future__ import annotations

import csv
import os
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from tokenize import TokenError
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from plasticdsl.data import matlab
from plasticdsl.model.patterns import ENDINGS
from plasticdsl.support.arrays import Floats, Sparse

Arrays = tuple[tuple[str, tuple[int, ...]], ...]


def describe(path: Path) -> Arrays:
    """Name and shape of each array of a file. Raises as `load`, but for what only the numbers themselves tell."""
    match path.suffix.lower():
        case ".csv":
            rows = _rows(path)
            names, count = _columns(rows, path), sum(1 for _ in rows)
            return tuple((name, (count,)) for name in names)
        case ".mat":
            found = _of_matlab(path)
        case ".h5":
            found = _of_hdf5(path, lambda data: np.broadcast_to(np.zeros((), data.dtype), data.shape))
        case _:
            found = _arrays(path, _without_numbers)
            if (sparse := _sparse(path, found)) is not None:
                return ((path.stem, sparse.shape),)
    _require_numbers(found, path.name)
    return tuple((name, array.shape) for name, array in found.items())


def load(path: str | Path) -> dict[str, Floats]:
    """The arrays of a file: those of an `.npz`, the columns of a `.csv` (its first line names them), the only one of an `.npy` or of a sparse matrix
    under the file's name. Raises OSError where there is no such file, ValueError (one sentence) where it holds no numbers, ModuleNotFoundError where a
    library that reads it is missing."""
    path = Path(path)
    match path.suffix.lower():
        case ".csv":
            return _table(path)
        case ".mat":
            return numbers(_of_matlab(path), path.name)
        case ".h5":
            _require_room(_of_hdf5(path, lambda data: np.broadcast_to(np.zeros((), data.dtype), data.shape)), path)
            return numbers(_of_hdf5(path, lambda data: data[()]), path.name)
        case _:
            _require_room(_arrays(path, _without_numbers), path)
            found = _arrays(path, _with_numbers)
            sparse = _sparse(path, found)
            if sparse is None:
                return numbers(found, path.name)
            _require_room({path.stem: np.broadcast_to(0.0, sparse.shape)}, path)
            return {path.stem: sparse.full()}


def load_sparse(path: str | Path) -> dict[str, Sparse]:
    """The matrix in a file that SciPy's `save_npz` has written, under the file's name; nothing for any other file. Raises as `load`."""
    path = Path(path)
    found = None if path.suffix.lower() != ".npz" else _sparse(path, _arrays(path, _without_numbers))
    return {} if found is None else {path.stem: found}


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


def _require_room(arrays: Mapping[str, NDArray[Any]], path: Path) -> None:
    """Raises ValueError where arrays of these shapes would take more than this machine has."""
    if not _has_room(arrays):
        raise ValueError(
            f"{path.name} says that it holds {_bytes(arrays) / 2**30:,.0f} GiB of numbers, more than the memory of this machine"
        )


def _bytes(arrays: Mapping[str, NDArray[Any]]) -> int:
    return sum(array.size for array in arrays.values()) * np.dtype(np.float64).itemsize


def _has_room(arrays: Mapping[str, NDArray[Any]]) -> bool:
    there = memory()
    return there is None or _bytes(arrays) <= there


def memory() -> int | None:
    """Bytes of this machine's memory, None where that cannot be told."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None


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
        zlib.error,
        NotImplementedError,
        RuntimeError,
        TypeError,
        SyntaxError,
        TokenError,
    ):  # compressed or encrypted in a way nobody reads, and headers that NumPy stumbles over
        raise ValueError(f"{path.name} is no NumPy file of plain arrays") from None
    return found


def _with_numbers(file: IO[bytes]) -> NDArray[Any]:
    return np.asarray(npy.read_array(file, allow_pickle=False))


def _without_numbers(file: IO[bytes]) -> NDArray[Any]:
    """An array of the shape and type that the header gives; it takes no memory."""
    read = npy.read_array_header_1_0 if npy.read_magic(file) == (1, 0) else npy.read_array_header_2_0
    shape, _, kind = read(file)
    return np.broadcast_to(np.zeros((), kind), shape)


# --- other programs' files --------------------------------------------------------------------------------------------


def _sparse(path: Path, arrays: Mapping[str, NDArray[Any]]) -> Sparse | None:
    """The matrix, where a file has the arrays of one that SciPy has written; repeated entries are added up."""
    if not {"format", "shape", "data"} <= arrays.keys():
        return None
    _require_scipy(path)
    from scipy.sparse import load_npz

    try:
        matrix = load_npz(path)
        if hasattr(matrix, "check_format"):  # what follows takes its word for where rows begin and which columns there are
            matrix.check_format(full_check=True)
        matrix = matrix.tocsr()
        matrix.sum_duplicates()
        found = matrix.tocoo()
    except (ValueError, KeyError, NotImplementedError):
        raise ValueError(f"{path.name} is no sparse matrix of plain arrays") from None
    _require_numbers({path.stem: found.data}, path.name)
    rows, columns = (np.asarray(place, np.int64) for place in (found.row, found.col))
    return Sparse((int(found.shape[0]), int(found.shape[1])), rows, columns, found.data.astype(np.float64))


def _of_matlab(path: Path) -> dict[str, NDArray[Any]]:
    """MATLAB's variables; it keeps numbers as 1 × 1 and lists as 1 × n or n × 1, which are no matrices here."""
    _require_scipy(path)
    content = path.read_bytes()
    if matlab.is_hdf5(content):
        raise ValueError(f"{path.name} is a file of MATLAB 7.3; write it with ‘save(…, '-v7')’, or as .h5")
    if 0 in content[:4]:
        return _of_matlab_4(path)
    try:
        declared = matlab.variables(content, values=False)
        found = matlab.variables(content, values=True) if _has_room(declared) else {}
    except (ValueError, zlib.error):
        raise ValueError(f"{path.name} is no MATLAB file of plain arrays") from None
    _require_room(declared, path)
    return found


def _of_matlab_4(path: Path) -> dict[str, NDArray[Any]]:
    """The same of version 4, which SciPy reads."""
    from scipy.io import loadmat, whosmat

    try:
        declared = {name: np.broadcast_to(0.0, shape) for name, shape, _ in whosmat(path)}
        found = loadmat(path, squeeze_me=True) if _has_room(declared) else {}
    except (OSError, MemoryError):
        raise
    except Exception:  # whatever is met on the way in a damaged file
        raise ValueError(f"{path.name} is no MATLAB file of plain arrays") from None
    _require_room(declared, path)
    return {
        name: np.asarray(found[name].toarray() if hasattr(found[name], "toarray") else found[name]) for name in declared if name in found
    }


def _require_scipy(path: Path) -> None:
    from importlib.util import find_spec

    if find_spec("scipy") is None:
        raise ValueError(f"{path.name} takes SciPy to be read: ‘pip install plasticdsl[files]’")


def _of_hdf5(path: Path, read: Callable[[Any], Any]) -> dict[str, NDArray[Any]]:
    """Each data set as `read` takes it; `V` in the group `cells` is `cells_V`. What lies in another file is left out."""
    import h5py

    found: dict[str, NDArray[Any]] = {}

    def take(name: str, item: object) -> None:
        if isinstance(item, h5py.Dataset) and not item.external and not item.is_virtual and item.shape is not None:
            found[name.replace("/", "_")] = np.asarray(read(item))

    try:
        with h5py.File(path, "r") as file:
            file.visititems(take)
    except (OSError, RuntimeError, TypeError, KeyError) as problem:
        if isinstance(problem, FileNotFoundError | PermissionError):
            raise
        raise ValueError(f"{path.name} is no HDF5 file of plain arrays") from None
    return found


# --- tables ----------------------------------------------------------------------------------------------------------


def _rows(path: Path) -> Iterator[list[str]]:
    """The lines that are not empty, as cells."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
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
