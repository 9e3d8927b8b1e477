"""Saved states that were made up, and small files that say they hold much: refused in a sentence, and nothing worse happens."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
import scipy.io
import scipy.sparse

import plasticdsl
from plasticdsl.data import files
from tests.test_archives import member

TEXT = """
neuron Leak:
    10 ms dV/dt = −V + I
    5 ms dI/dt = −I
    V(0) = 0
    I(0) = 0
    spike when V > 1:
        V → 0
    refractory 2 ms

synapse Fast:
    delay = 1 ms
    on pre:
        post.I += w

rule Pairs:
    on all pairs:
        Δw = F(t_post − t_pre)
    F(Δt) = 0.01 exp(−Δt/20 ms)  if Δt > 0
           −0.01 exp(Δt/20 ms)   otherwise
    w ∈ [0, 1]

network Net:
    source = 30 Poisson(60 Hz)
    cell = 7 Leak
    ex = source → cell: Fast with Pairs, all to all, w = 0.5
"""


@pytest.fixture(scope="module")
def model() -> plasticdsl.Model:
    return plasticdsl.parse(TEXT)


@pytest.fixture
def state(model: plasticdsl.Model, tmp_path: Path) -> dict[str, np.ndarray]:
    net = model.build(seed=3)
    net.run("50 ms")
    net.save(tmp_path / "state.npz")
    with np.load(tmp_path / "state.npz") as file:
        return dict(file)


def refused(model: plasticdsl.Model, path: Path, state: dict[str, np.ndarray], match: str) -> None:
    np.savez(path, **state)
    net = model.build(seed=3)
    with pytest.raises(ValueError, match=match):
        net.load(path)
    net.run("10 ms")


def no_unit(state: dict[str, np.ndarray]) -> None:
    state["state/source/spikes"][...] = 30


def before_the_first(state: dict[str, np.ndarray]) -> None:
    state["state/cell/spikes"][0, 0] = -1


def more_than_there_is_room(state: dict[str, np.ndarray]) -> None:
    state["state/source/spike_count"][0] = 10**9


def in_a_circle(state: dict[str, np.ndarray]) -> None:
    state["state/source/first_due"][0] = 4
    state["state/source/due_after"][[4, 5]] = 5, 4


def before_the_beginning(state: dict[str, np.ndarray]) -> None:
    state["state/clock"] = np.asarray(-5)


def a_list_of_clocks(state: dict[str, np.ndarray]) -> None:
    state["state/clock"] = np.zeros(3, int)


def no_whole_number(state: dict[str, np.ndarray]) -> None:
    state["state/source/spikes"] = state["state/source/spikes"].astype(float)


def another_shape(state: dict[str, np.ndarray]) -> None:
    state["state/cell.V"] = np.zeros(3)


def missing(state: dict[str, np.ndarray]) -> None:
    del state["state/source/due_after"]


MADE_UP: list[Callable[[dict[str, np.ndarray]], None]] = [
    *(no_unit, before_the_first, more_than_there_is_room, in_a_circle, before_the_beginning, a_list_of_clocks, no_whole_number),
    *(another_shape, missing),
]


@pytest.mark.parametrize("change", MADE_UP, ids=lambda change: change.__name__)
def test_a_state_that_no_network_can_be_in(
    model: plasticdsl.Model, tmp_path: Path, state: dict[str, np.ndarray], change: Callable[..., None]
):
    change(state)
    refused(model, tmp_path / "made up.npz", state, "the saved state (cannot be gone on from|does not fit this network)")


@pytest.mark.parametrize("name", ["format", "seed", "dt", "digest"])
def test_a_state_without_its_heading(model: plasticdsl.Model, tmp_path: Path, state: dict[str, np.ndarray], name: str):
    refused(model, tmp_path / "other.npz", {**state, name: np.zeros(2)}, "no saved state")
    del state[name]
    refused(model, tmp_path / "without.npz", state, "no saved state")


def test_the_seed_of_a_state_is_told_to_its_last_digit(model: plasticdsl.Model, tmp_path: Path):
    model.build(seed=123456789).save(tmp_path / "state.npz")
    with pytest.raises(ValueError, match=r"build it with seed=123456789$"):
        model.build(seed=3).load(tmp_path / "state.npz")


def test_a_compressed_state_is_none(model: plasticdsl.Model, tmp_path: Path, state: dict[str, np.ndarray]):
    """It could unpack to whatever it likes."""
    np.savez_compressed(tmp_path / "bomb.npz", **state)
    with pytest.raises(ValueError, match="no saved state"):
        model.build(seed=3).load(tmp_path / "bomb.npz")


RANDOM = """
import random, sys
import numpy as np, plasticdsl
text, path, seed = open(sys.argv[1]).read(), sys.argv[2], int(sys.argv[3])
model, draw, went_on = plasticdsl.parse(text), random.Random(seed), 0
whole = dict(np.load(path))
for _ in range(60):
    state = {name: array.copy() for name, array in whole.items()}
    for name in draw.sample([n for n in state if n.startswith("state/")], 2):
        values = state[name].reshape(-1)
        if values.size:
            numbers = (-1, 1, 7, 30, 2**31 - 1, -(2**31)) if values.dtype.kind in "iu" else (np.nan, -1.0, 1e300, np.inf)
            values[draw.randrange(values.size)] = draw.choice(numbers)
    np.savez("changed.npz", **state)
    net = model.build(seed=3)
    try:
        net.load("changed.npz")
    except ValueError:
        continue
    went_on += 1
    try:
        net.run("30 ms")
    except (plasticdsl.PlasError, RuntimeError):  # no number is finite, or too many units spike
        pass
print(went_on)
"""


HEADERS = ["(1000000000000,)", "(True, 3)", "(" * 40, "(3,), 'more': 1"]


@pytest.mark.parametrize("shape", HEADERS)
def test_an_array_that_does_not_say_what_it_is(model: plasticdsl.Model, tmp_path: Path, shape: str):
    """More than there is, or what NumPy's own reader stumbles over: in a state, and in data."""
    with zipfile.ZipFile(tmp_path / "state.npz", "w") as file:
        file.writestr("format.npy", member(shape, 3))
    with pytest.raises(ValueError, match="is no saved state of a network"):
        model.build(seed=3).load(tmp_path / "state.npz")
    with pytest.raises(ValueError, match=r"is no NumPy file of plain arrays|more than the memory of this machine"):
        files.load(tmp_path / "state.npz")


def test_a_table_as_spreadsheets_write_it(tmp_path: Path):
    """With a mark in front of its first name that nobody sees."""
    (tmp_path / "table.csv").write_bytes(b"\xef\xbb\xbfa,b\r\n1,2\r\n3,4\r\n")
    assert files.describe(tmp_path / "table.csv") == (("a", (2,)), ("b", (2,)))
    assert {name: values.tolist() for name, values in files.load(tmp_path / "table.csv").items()} == {"a": [1.0, 3.0], "b": [2.0, 4.0]}


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(5))
def test_whatever_is_changed_in_a_state_the_process_lives_on(tmp_path: Path, state: dict[str, np.ndarray], seed: int):
    (tmp_path / "net.plas").write_text(TEXT)
    command = [sys.executable, "-c", RANDOM, "net.plas", "state.npz", str(seed)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(command, cwd=tmp_path, env=environment, text=True, capture_output=True, check=False, timeout=500)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 5


# --- data ------------------------------------------------------------------------------------------------------------


def huge(path: Path) -> None:
    """A terabyte of zeros, or a promise of them."""
    match path.suffix:
        case ".npz":
            header = io.BytesIO()
            np.lib.format.write_array_header_1_0(header, {"descr": "<f8", "fortran_order": False, "shape": (2**37,)})
            with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
                archive.writestr("x.npy", header.getvalue() + bytes(10_000))
        case ".npy":
            with path.open("wb") as file:
                np.lib.format.write_array_header_1_0(file, {"descr": "<f8", "fortran_order": False, "shape": (2**37,)})
        case ".h5":
            with h5py.File(path, "w") as file:
                file.create_dataset("x", shape=(2**37,), dtype="f8", chunks=(2**20,))
        case _:
            scipy.io.savemat(path, {"x": np.zeros((4, 4))})
            content = path.read_bytes()
            four = np.array([4, 4], "<i4").tobytes()
            assert content.count(four) == 1
            path.write_bytes(content.replace(four, np.array([2**18, 2**19], "<i4").tobytes()))


@pytest.mark.parametrize("ending", ["npz", "npy", "h5", "mat"])
def test_a_small_file_that_says_it_holds_much(tmp_path: Path, ending: str):
    huge(tmp_path / f"x.{ending}")
    with pytest.raises(ValueError, match=r"x\.\w+ says that it holds [\d,]+ GiB of numbers, more than the memory of this machine"):
        files.load(tmp_path / f"x.{ending}")


def test_a_sparse_matrix_that_is_large_when_it_is_full(tmp_path: Path):
    scipy.sparse.save_npz(tmp_path / "x.npz", scipy.sparse.coo_array(([1.0], ([0], [0])), shape=(2**20, 2**20)))
    with pytest.raises(ValueError, match="more than the memory"):
        files.load(tmp_path / "x.npz")
    assert files.load_sparse(tmp_path / "x.npz")["x"].shape == (2**20, 2**20)


@pytest.mark.parametrize(
    "wrong",
    [
        {"indptr": np.array([0, 10**8, 2, 3, 4])},
        {"indptr": np.array([0, -(10**8), 2, 3, 4])},
        {"indices": np.array([0, 10**9, 2, 3])},
        {"indices": np.array([0, -1, 2, 3])},
        {"format": np.array(b"csc"), "indices": np.array([0, 10**9, 2, 3])},
    ],
    ids=lambda wrong: " ".join(f"{name} {value}" for name, value in wrong.items()),
)
def test_a_sparse_matrix_that_points_out_of_itself(tmp_path: Path, wrong: dict[str, np.ndarray]):
    """SciPy does not look; the process ended with a segmentation fault."""
    right = {"format": np.array(b"csr"), "shape": np.array([4, 4]), "data": np.ones(4), "indices": np.arange(4), "indptr": np.arange(5)}
    np.savez(tmp_path / "x.npz", **right)
    assert (files.load(tmp_path / "x.npz")["x"] == np.eye(4)).all()
    np.savez(tmp_path / "x.npz", **{**right, **wrong})
    for read in (files.describe, files.load, files.load_sparse):
        with pytest.raises(ValueError, match=r"x\.npz is no sparse matrix of plain arrays"):
            read(tmp_path / "x.npz")


def test_a_damaged_file_that_is_compressed(tmp_path: Path):
    path = tmp_path / "x.npz"
    np.savez_compressed(path, x=np.arange(1000.0))
    content = bytearray(path.read_bytes())
    content[60:64] = b"\xff\xff\xff\xff"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="no NumPy file"):
        files.load(path)
