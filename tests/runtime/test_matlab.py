"""MATLAB's files: what SciPy writes and reads, and files from strangers, damaged in ways that end SciPy's reader in a segmentation fault."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from plasticdsl.data import files, matlab

pytest.importorskip("scipy")
import scipy.io
import scipy.sparse

KINDS = ["f8", "f4", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "?"]


def some(chance: np.random.Generator, flat: bool) -> Any:
    """An array of some kind and shape, or a sparse matrix."""
    if chance.random() < 0.2:
        rows, columns = (int(n) for n in chance.integers(1, 9, size=2))
        return scipy.sparse.csc_array(np.where(chance.random((rows, columns)) < 0.4, chance.normal(size=(rows, columns)), 0.0))
    shape = tuple(int(n) for n in chance.integers(0, 6, size=chance.integers(0, 3 if flat else 5)))
    return (chance.normal(size=shape) * 50).astype(chance.choice(KINDS))


@pytest.mark.parametrize("version", ["5", "4"])
def test_what_scipy_reads(tmp_path: Path, version: str) -> None:
    chance, path = np.random.default_rng(7), tmp_path / "x.mat"
    for number in range(60):
        written = {f"name{k}" + "x" * int(chance.integers(0, 20)): some(chance, version == "4") for k in range(3)}
        scipy.io.savemat(path, written, format=version, do_compression=version == "5" and number % 2 == 0)
        there = {name: value for name, value in scipy.io.loadmat(path, squeeze_me=True).items() if not name.startswith("__")}
        found = files.load(path)
        assert list(found) == list(there)
        for name, value in there.items():
            expected = np.asarray(value.toarray() if hasattr(value, "toarray") else value).astype(np.float64)
            assert found[name].shape == expected.shape
            assert (found[name] == expected).all()


def test_the_other_byte_order(tmp_path: Path) -> None:
    name, shape, numbers = b"ab\0\0", np.array([2, 1], ">i4").tobytes(), np.array([3.0, 4.0], ">f8").tobytes()
    parts = [(6, np.array([6, 0], ">u4").tobytes()), (5, shape), (9, numbers)]
    tagged = [np.array([kind, len(data)], ">u4").tobytes() + data for kind, data in parts]
    tagged.insert(2, b"\0\x02\0\x01" + name)  # two bytes of kind 1
    body = b"".join(tagged)
    (tmp_path / "x.mat").write_bytes(b"MATLAB".ljust(124) + b"\x01\x00MI" + np.array([14, len(body)], ">u4").tobytes() + body)
    assert files.load(tmp_path / "x.mat")["ab"].tolist() == [3.0, 4.0]


@pytest.mark.parametrize("compressed", [False, True])
def test_whatever_is_changed_in_a_file_it_gets_a_sentence(tmp_path: Path, compressed: bool) -> None:
    chance, path, met = random.Random(3), tmp_path / "x.mat", 0
    scipy.io.savemat(path, {"a": np.arange(20.0), "b": scipy.sparse.csc_array(np.eye(4))}, do_compression=compressed)
    right = path.read_bytes()
    for _ in range(600):
        content = bytearray(right)
        for _ in range(chance.choice([1, 2, 8])):
            at = chance.randrange(120, len(content))
            content[at : at + 4] = chance.choice([bytes([chance.randrange(256)]), b"\xff" * 4, b"\0" * 4, b"\xff\xff\xff\x7f", b""])
        path.write_bytes(content)
        try:
            files.load(path)
        except ValueError as problem:
            assert str(problem).startswith("x.mat")
            met += 1
    assert met > 100


@pytest.mark.parametrize(
    ("rows", "begins"), [([0, 9], [0, 1, 2]), ([0, -1], [0, 1, 2]), ([0, 1], [0, 5, 2]), ([0, 1], [0, 1, 9]), ([0, 1], [-1, 1, 2])]
)
def test_a_sparse_matrix_that_points_out_of_itself(rows: list[int], begins: list[int]) -> None:
    with pytest.raises(ValueError, match=r"column|row"):
        matlab._filled((2, 2), np.array(rows), np.array(begins), np.array([1.0, 2.0]))


def test_cells_structures_and_letters_hold_no_numbers(tmp_path: Path) -> None:
    for value in ({"x": 1}, np.array([1, "x"], dtype=object), "hello", 1j):
        scipy.io.savemat(tmp_path / "x.mat", {"a": value})
        with pytest.raises(ValueError, match="‘a’ holds no real numbers"):
            files.load(tmp_path / "x.mat")
