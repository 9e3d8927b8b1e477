"""Values in files with their arrays beside them: what is read is what was written, parts of it can be read again, and no file does harm."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest

from plasticdsl import archives
from plasticdsl.runtime.watch.rows import Rows

VALUES = np.arange(60_000.0).reshape(20_000, 3)


def kept(path: Path) -> Rows:
    rows = Rows(taken=20_000, values=VALUES, at=np.arange(20_000))
    arrays = archives.write(path, rows)
    assert [a is b for a, b in zip(arrays, (rows.values, rows.at), strict=True)] == [True, True]
    return rows


def test_parts_are_read_where_they_lie(tmp_path: Path) -> None:
    kept(path := tmp_path / "one.npz")
    found, arrays = archives.read(path, Rows)
    assert found.taken == 20_000
    np.testing.assert_array_equal(found.values, VALUES)
    there = archives.lying(path, arrays)
    assert len(there) == 2
    values, at = there[id(found.values)], there[id(found.at)]
    for begin, end in ((0, 20_000), (7, 9), (19_999, 20_010), (5, 5), (9, 7)):
        np.testing.assert_array_equal(values.rows(begin, end), VALUES[begin:end])
        np.testing.assert_array_equal(at.rows(begin, end), np.arange(20_000)[begin:end])
    with pytest.raises(PermissionError):
        values.put(0, VALUES)
    content = path.read_bytes()
    np.testing.assert_array_equal(archives.read(io.BytesIO(content), Rows)[0].values, VALUES)
    path.write_bytes(content[: len(content) // 3])
    with pytest.raises(OSError, match="not there as a whole"):
        values.rows(0, 20_000)
    path.unlink()
    with pytest.raises(FileNotFoundError, match="is not there"):
        values.rows(0, 1)


def test_small_arrays_and_those_in_another_order_are_read_whole(tmp_path: Path) -> None:
    small = Rows(taken=100, values=np.arange(100.0), at=np.asfortranarray(VALUES.astype(np.int64)))
    arrays = archives.write(tmp_path / "one.npz", small)
    assert not archives.lying(tmp_path / "one.npz", arrays)
    found = archives.read(tmp_path / "one.npz", Rows)[0]
    np.testing.assert_array_equal(found.values, small.values)
    np.testing.assert_array_equal(found.at, small.at)


def member(shape: str, numbers: int, kind: str = "<f8") -> bytes:
    """An array that says it has this shape, and has so many numbers."""
    header = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode() + bytes(8 * numbers)


@pytest.mark.parametrize(
    ("array", "how", "message"),
    [
        (member("(1000000000000,)", 3), zipfile.ZIP_STORED, "as many bytes as it says"),
        (member("(2,)", 3), zipfile.ZIP_STORED, "as many bytes as it says"),
        (member("(-3,)", 3), zipfile.ZIP_STORED, None),
        (member("(3,)", 3, "|O"), zipfile.ZIP_STORED, None),
        (member("(True, 3)", 3), zipfile.ZIP_STORED, None),
        (member("(" * 40, 3), zipfile.ZIP_STORED, None),
        (member("(3,), 'more': 1", 3), zipfile.ZIP_STORED, None),
        (member("(100000,)", 100_000), zipfile.ZIP_DEFLATED, "nothing in it is compressed"),
        (b"no array", zipfile.ZIP_STORED, None),
    ],
)
def test_what_is_no_such_file(array: bytes, how: int, message: str | None, tmp_path: Path) -> None:
    kept(tmp_path / "one.npz")
    with zipfile.ZipFile(tmp_path / "one.npz") as good:
        table = good.read("table.npy")
    with zipfile.ZipFile(tmp_path / "two.npz", "w") as made:
        made.writestr("table.npy", table)
        made.writestr("array 0.npy", array, how)
        made.writestr("array 1.npy", member("(3,)", 3, "<i8"))
    with pytest.raises(archives.PROBLEMS, match=message):
        archives.read(tmp_path / "two.npz", Rows)


def test_a_file_that_says_it_holds_more_than_it_does(tmp_path: Path) -> None:
    """In its list of contents."""
    kept(path := tmp_path / "one.npz")
    content = path.read_bytes()
    lied = content.replace((VALUES.nbytes + 128).to_bytes(4, "little"), (1 << 31).to_bytes(4, "little"))
    assert lied != content
    with pytest.raises(archives.PROBLEMS):
        archives.read(io.BytesIO(lied), Rows)


def test_every_cut_file_is_said_to_be_one(tmp_path: Path) -> None:
    kept(path := tmp_path / "one.npz")
    content = path.read_bytes()
    for size in range(0, len(content), len(content) // 50):
        with pytest.raises(archives.PROBLEMS):
            archives.read(io.BytesIO(content[:size]), Rows)
