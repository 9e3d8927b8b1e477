"""Values in files: the table of a value (`as_data`) and its arrays beside it, as they are in memory, so that parts of them can be read again.

Comes in: a value and a path. Goes out: the value, and of large arrays where they lie in the file. A file is an uncompressed `.npz` without pickles,
written whole or not at all.
"""

from __future__ import annotations

import errno
import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path
from tokenize import TokenError
from typing import IO, Any, BinaryIO, TypeVar

import numpy as np
from numpy.typing import NDArray

from plasticdsl.as_data import of_type
from plasticdsl.as_data import read as read_table
from plasticdsl.as_data import written as written_table
from plasticdsl.whole import written

#: What is wrong with a file, where one of these is raised.
PROBLEMS = (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, NotImplementedError)
#: Arrays of fewer bytes are read whole.
_LARGE = 1 << 16
#: Before the name of a member, in which the last two pairs of bytes say how long that is, and what follows it.
_LOCAL_HEADER = 30

_TABLE = "table"
Arrays = Sequence[NDArray[Any]]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Lying:
    """An array in a file, of which rows are read: numbers of this type from byte `offset` on, and the shape of all. A `Stream` of rows that stay."""

    path: Path
    offset: int
    dtype: np.dtype[Any]
    shape: tuple[int, ...]

    def put(self, at: int, rows: NDArray[Any]) -> None:
        """Raises PermissionError."""
        raise PermissionError(errno.EPERM, f"{len(rows)} rows at {at}: what is finished does not change", str(self.path))

    def rows(self, begin: int, end: int) -> NDArray[Any]:
        """The rows begin to end − 1. Raises FileNotFoundError where the file is gone, OSError where its end is."""
        width, end = prod(self.shape[1:]), min(end, self.shape[0])
        count = max(end - begin, 0) * width
        try:
            found = np.fromfile(self.path, self.dtype, count, offset=self.offset + begin * width * self.dtype.itemsize)
        except FileNotFoundError:
            raise gone(self.path) from None
        if len(found) != count:
            raise OSError(errno.EIO, "what was recorded is not there as a whole", str(self.path))
        return found.reshape(-1, *self.shape[1:])


def write(path: Path, value: object, lasting: bool = False) -> Arrays:
    """Writes a value, and says in which order its arrays are there. `lasting` as in `whole.written`. Raises OSError, and TypeError for what is no data."""
    arrays: list[NDArray[Any]] = []
    table = np.frombuffer(written_table(value, arrays), dtype=np.uint8)
    with written(path, lasting) as file:
        np.savez(file, **{_TABLE: table, **{_name(number): array for number, array in enumerate(arrays)}})  # type: ignore[arg-type]
    return arrays


def read(file: Path | BinaryIO, kind: type[T]) -> tuple[T, Arrays]:
    """The value in a file, and its arrays in their order. Raises one of `PROBLEMS` for anything else."""
    with zipfile.ZipFile(file) as archive:
        require_honest(archive)
    if not isinstance(file, Path):
        file.seek(0)
    with np.load(file, allow_pickle=False) as found:
        arrays = [found[_name(number)] for number in range(len(found.files) - 1)]
        return of_type(read_table(found[_TABLE].tobytes(), arrays), kind), arrays


def require_honest(archive: zipfile.ZipFile) -> None:
    """Raises one of `PROBLEMS` where something would take more memory than the file has bytes, or where an array does not say what it is."""
    assert archive.fp is not None, "it is open"
    size = archive.fp.seek(0, io.SEEK_END)
    for member in archive.infolist():
        if member.compress_type != zipfile.ZIP_STORED or member.file_size > size:
            raise ValueError("nothing in it is compressed, so that nothing takes more memory than its file")
        with archive.open(member) as content:
            begin, dtype, shape = _header(content)
            if begin + prod(shape) * dtype.itemsize != member.file_size:
                raise ValueError("an array has as many bytes as it says")


def lying(path: Path, arrays: Arrays) -> Mapping[int, Lying]:
    """Where those of the arrays of a file lie that are large, by their identity. Raises one of `PROBLEMS`."""
    large = {f"{_name(number)}.npy": array for number, array in enumerate(arrays) if array.nbytes >= _LARGE and array.flags.c_contiguous}
    found = {}
    with zipfile.ZipFile(path) as archive, path.open("rb") as file:
        for member in archive.infolist() if large else ():
            if (array := large.get(member.filename)) is not None:
                file.seek(member.header_offset + _LOCAL_HEADER - 4)
                file.seek(sum(np.frombuffer(file.read(4), "<u2").tolist()), io.SEEK_CUR)
                found[id(array)] = Lying(path, *_header(file))
    return found


def _header(file: IO[bytes]) -> tuple[int, np.dtype[Any], tuple[int, ...]]:
    """Where the numbers of an array begin, their type and its shape."""
    np.lib.format.read_magic(file)
    try:
        shape, _, dtype = np.lib.format.read_array_header_1_0(file)
    except (TypeError, SyntaxError, TokenError) as problem:  # over what is no header, it stumbles
        raise ValueError(f"an array says what it is: {problem}") from None
    if any(type(size) is not int for size in shape):
        raise ValueError("a shape is made of whole numbers")
    return file.tell(), dtype, shape


def _name(number: int) -> str:
    return f"array {number}"


def gone(path: Path) -> FileNotFoundError:
    """That it is no longer there."""
    message = (
        "what was recorded is not there: its folder was removed, the results were forgotten, "
        "another run has recorded into it since, or this machine does not see it"
    )
    return FileNotFoundError(errno.ENOENT, message, str(path))
