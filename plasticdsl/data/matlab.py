"""MATLAB's files of version 5 to 7 (`save(…, '-v7')`): variables that are plain arrays, full or sparse.

Comes in: the bytes of a file. Goes out: for each variable its numbers, or only their shape. SciPy's reader believes what a file says of itself and ends
in a segmentation fault where that is wrong; here everything that counts or points is looked at first. The format: MathWorks, *MAT-File Format* (R2019b),
chapter 1.
"""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

_HEADER = 128
_MATRIX, _COMPRESSED, _INT8, _INT32, _UINT32 = 14, 15, 1, 5, 6
_NUMBERS = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}
#: Classes of arrays: of numbers, and of cells, structures, objects and letters, which hold none.
_SPARSE, _FULL, _OTHER = 5, range(6, 16), range(1, 5)
_COMPLEX = 1 << 11
#: What comes before the numbers of a variable is shorter, unless its name is longer than any.
_HEAD = 1 << 16


def is_hdf5(content: bytes) -> bool:
    """Whether it is a file of version 7.3."""
    return content[124:128] in (b"\x00\x02IM", b"\x02\x00MI")


def variables(content: bytes, values: bool) -> dict[str, NDArray[Any]]:
    """Full matrices as they are, lists and numbers without the other dimensions that MATLAB gives them; without `values` zeros of these shapes, which take
    no memory. Raises ValueError and zlib.error for what is no such file."""
    if content[124:128] not in (b"\x00\x01IM", b"\x01\x00MI"):
        raise ValueError("it has another header")
    order, found = "<" if content[126:128] == b"IM" else ">", dict[str, NDArray[Any]]()
    for kind, body in _parts(memoryview(content)[_HEADER:], order):
        if kind not in (_COMPRESSED, _MATRIX):
            raise ValueError("there is something beside variables")
        name, array = _variable(_unpacked(body, order, values) if kind == _COMPRESSED else body, order, values)
        if name and not name.startswith("__"):
            found[name] = array
    return found


def _parts(data: memoryview, order: str) -> Iterator[tuple[int, memoryview]]:
    """Kind and content of what stands one after the other."""
    at = 0
    while at + 8 <= len(data):
        kind, size = struct.unpack_from(f"{order}II", data, at)
        if kind >> 16:  # no more than four bytes, beside the kind
            kind, size, begin, end = kind & 0xFFFF, kind >> 16, at + 4, at + 8
        else:
            begin = at + 8
            end = begin + (size if kind == _COMPRESSED else -(-size // 8) * 8)
        if begin + size > min(max(end, begin), len(data)):
            raise ValueError("there is less than it says")
        yield kind, data[begin : begin + size]
        at = end


def _unpacked(body: memoryview, order: str, values: bool) -> memoryview:
    """The variable in what is compressed; its beginning, where its values are not wanted."""
    unpack = zlib.decompressobj()
    tag = unpack.decompress(body, 8)
    if len(tag) < 8:
        raise ValueError("there is less than it says")
    kind, size = struct.unpack(f"{order}II", tag)
    if kind != _MATRIX:
        raise ValueError("there is something beside variables")
    found = unpack.decompress(unpack.unconsumed_tail, max(1, size if values else min(size, _HEAD)))
    if values and len(found) < size:
        raise ValueError("there is less than it says")
    return memoryview(found)


def _variable(body: memoryview, order: str, values: bool) -> tuple[str, NDArray[Any]]:
    """Its name and numbers."""
    parts = _head(body, order)
    (flags, _), dims, called = next(parts), next(parts), next(parts)
    shape, name, what = tuple(int(n) for n in dims), called.tobytes().decode("latin-1"), int(flags) & 0xFF
    if len(shape) < 2 or min(shape) < 0 or math.prod(shape) >= 2**60:
        raise ValueError("no array has such a shape")
    if what in _OTHER or int(flags) & _COMPLEX:
        return name, np.broadcast_to(np.zeros((), object if what in _OTHER else complex), shape)
    if what != _SPARSE and what not in _FULL:
        raise ValueError("there is something beside arrays")
    if not values:
        return name, np.broadcast_to(0.0, shape)
    numbers = _numbers(body, order)[3:]
    if what == _SPARSE:
        return name, _filled(shape, *numbers[:3])
    if not numbers or len(numbers[0]) != math.prod(shape):
        raise ValueError("there are not as many numbers as it says")
    array = numbers[0].reshape(shape, order="F").astype(np.float64)
    return name, np.squeeze(array) if array.size else np.zeros(0)


def _head(body: memoryview, order: str) -> Iterator[NDArray[Any]]:
    """Flags, shape and name."""
    for (kind, data), right in zip(_begin(body, order), (_UINT32, _INT32, _INT8), strict=True):
        if kind != right or (right == _UINT32 and len(data) != 8):
            raise ValueError("it does not begin as an array does")
        yield _of_kind(kind, data, order)


def _begin(body: memoryview, order: str) -> list[tuple[int, memoryview]]:
    parts = _parts(body, order)
    return [part for part, _ in zip(parts, range(3), strict=False)]


def _numbers(body: memoryview, order: str) -> list[NDArray[Any]]:
    return [_of_kind(kind, data, order) for kind, data in _parts(body, order)]


def _of_kind(kind: int, data: memoryview, order: str) -> NDArray[Any]:
    if kind not in _NUMBERS:
        raise ValueError("there is something beside numbers")
    return np.frombuffer(data, np.dtype(f"{order}{_NUMBERS[kind]}"))


def _filled(shape: tuple[int, ...], rows: NDArray[Any], begins: NDArray[Any], numbers: NDArray[Any]) -> NDArray[Any]:
    """A sparse matrix with its zeros: for each column, where its rows and numbers begin."""
    if len(shape) != 2 or rows.dtype.kind not in "iu" or begins.dtype.kind not in "iu" or len(begins) != shape[1] + 1:
        raise ValueError("it is no sparse matrix")
    begins = begins.astype(np.int64)
    size = int(begins[-1])
    if begins[0] != 0 or (np.diff(begins) < 0).any() or size > min(len(rows), len(numbers)):
        raise ValueError("columns do not follow one another")
    if size and not 0 <= rows[:size].min() <= rows[:size].max() < shape[0]:
        raise ValueError("there is no such row")
    found = np.zeros(shape)
    np.add.at(found, (rows[:size], np.repeat(np.arange(shape[1]), np.diff(begins))), numbers[:size])
    return found
