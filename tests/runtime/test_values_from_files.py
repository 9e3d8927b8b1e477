"""Numbers in files of arrays: `C = d.C pF`, `w = d.W`, `connections from d`; what does not fit is said with the names of file and array."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import scipy.io
import scipy.sparse

import plasticdsl
from plasticdsl import driver
from plasticdsl.data import files
from plasticdsl.diagnostics.diagnostic import PlasError
from plasticdsl.kernels.store import import_text
from plasticdsl.options import CompileOptions

_MODEL = """
neuron Cell:
    C = 100 pF
    k = 1
    g = 1 nS
    C dV/dt = −g V
    spike when V > 1000 mV

synapse Kick:
    on pre:
        post.V += w

network Net:
    data d from "in.npz"
    A = 2 Cell, C = d.C pF
    B = 3 Cell, V(0) ~ N(d.C3 mV, 0 mV)
    S = 2 Poisson(rate = d.r Hz)
    ab = A → B: Kick, w = 2·d.W mV
    ba = B → A: Kick, connections from d, w = d.w mV, delay = d.delay ms

experiment Short on Net:
    dt = 0.1 ms
    phase go for 1 ms
"""
_ARRAYS: dict[str, Any] = {
    "C": [1.0, 2.0], "C3": [1.0, 2.0, 3.0], "r": [10.0, 0.0], "W": [[1, 2], [3, 4], [5, 6]],
    "pre": [2, 0, 0], "post": [0, 1, 0], "w": [1.0, 2.0, 3.0], "delay": [1.0, 1.5, 2.0],
}  # fmt: skip


def _written(folder: Path, model: str = _MODEL, **changed: Any) -> Path:
    np.savez(folder / "in.npz", **{**_ARRAYS, **changed})
    path = folder / "model.plas"
    path.write_text(model, encoding="utf-8")
    return path


def _built(path: Path) -> Any:
    return plasticdsl.load(path).build("Net", dt="0.1 ms", engine="python")


def test_each_gets_its_number(tmp_path: Path) -> None:
    net = _built(_written(tmp_path))
    assert pytest.approx([1e-12, 2e-12]) == net["A"].C and pytest.approx([1e-3, 2e-3, 3e-3]) == net["B"].V
    assert net["ab"].w == pytest.approx([2e-3, 6e-3, 10e-3, 4e-3, 8e-3, 12e-3])  # by pre, then post unit
    assert (net["ba"].pre == [0, 0, 2]).all() and (net["ba"].post == [0, 1, 0]).all()
    assert net["ba"].w == pytest.approx([3e-3, 2e-3, 1e-3])


def test_a_file_is_read_anew_for_each_network(tmp_path: Path) -> None:
    _built(_written(tmp_path))
    assert pytest.approx([3e-12, 4e-12]) == _built(_written(tmp_path, C=[3.0, 4.0]))["A"].C


def test_what_follows_from_a_number_of_a_file_follows_what_changes(tmp_path: Path) -> None:
    model = _MODEL.replace("post.V += w", "post.V += q").replace("synapse Kick:", "synapse Kick:\n    f = 1\n    q = f w")
    net = _built(_written(tmp_path, model.replace("w = d.w mV", "w = f d.w mV")))
    net["ba"].f = 10.0
    assert net["ba"].w == pytest.approx([30e-3, 20e-3, 10e-3])


@pytest.mark.parametrize("ending", ["csv", "mat", "h5", "npz"])
def test_every_kind_of_file_is_read(tmp_path: Path, ending: str) -> None:
    path, vector, matrix = tmp_path / f"x.{ending}", np.array([1.0, 2.0, 3.0]), np.array([[0.0, 2.0], [3.0, 0.0], [0.0, 0.0]])
    whole: dict[str, Any] = {"v": vector, "M": matrix}
    match ending:
        case "csv":
            path.write_text("v\n1\n2\n3\n", encoding="utf-8")
            whole = {"v": vector}
        case "mat":
            scipy.io.savemat(path, {"v": vector, "M": scipy.sparse.csc_array(matrix), "n": 7})
            whole["n"] = np.array(7.0)
        case "h5":
            with h5py.File(path, "w") as file:
                file["v"], file["cells/M"] = vector, matrix
            whole = {"v": vector, "cells_M": matrix}
        case "npz":
            scipy.sparse.save_npz(path, scipy.sparse.csc_array(matrix))
            whole = {"x": matrix}
            (sparse,) = files.load_sparse(path).values()
            rows, columns = np.indices((3, 2))
            assert (sparse[rows, columns] == matrix).all()
    found = files.load(path)
    assert found.keys() == whole.keys() == dict(files.describe(path)).keys()
    for name, array in whole.items():
        assert (found[name] == array).all() and dict(files.describe(path))[name] == array.shape


def test_a_file_that_points_elsewhere_gives_nothing(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["secret"] = [1.0]
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["link"] = h5py.ExternalLink("other.h5", "/secret")
        file.create_dataset("raw", shape=(1,), dtype="f8", external=[("outside.bin", 0, 8)])
        layout = h5py.VirtualLayout(shape=(1,), dtype="f8")
        layout[0:1] = h5py.VirtualSource("other.h5", "secret", shape=(1,))
        file.create_virtual_dataset("virtual", layout)
        file["own"] = [2.0]
    assert list(files.load(tmp_path / "x.h5")) == ["own"]


def test_files_that_are_none_are_refused(tmp_path: Path) -> None:
    for ending in ("mat", "h5"):
        path = tmp_path / f"x.{ending}"
        path.write_bytes(b"nothing of the kind")
        with pytest.raises(ValueError, match=f"x.{ending} is no "):
            files.load(path)


def test_without_scipy_it_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(ValueError, match=r"x\.mat takes SciPy to be read: ‘pip install plasticdsl\[files\]’"):
        files.load(tmp_path / "x.mat")


@pytest.mark.parametrize("sparse", [False, True])
def test_connections_from_a_matrix(tmp_path: Path, sparse: bool) -> None:
    matrix = np.array([[0.0, 2.0], [3.0, 0.0], [0.0, 6.0]])
    scipy.sparse.save_npz(tmp_path / "M.npz", scipy.sparse.coo_array(matrix))
    if not sparse:
        np.savez(tmp_path / "M.npz", M=matrix)
    model = _MODEL.replace("ab = A → B: Kick, w = 2·d.W mV", 'data m from "M.npz"\n    ab = A → B: Kick, connections from m.M, w = m.M mV')
    ab = _built(_written(tmp_path, model))["ab"]
    assert [*zip(ab.pre, ab.post, strict=True)] == [(0, 1), (1, 0), (1, 2)] and ab.w == pytest.approx([3e-3, 2e-3, 6e-3])


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("d.C pF", "d.C", "‘C’ must be in pF (capacitance), but this is a pure number."),
        ("d.C pF", "d.C mV", "‘C’ must be in pF (capacitance)"),
        ("d.C pF", "d.c2 pF", "‘d’ has no array ‘c2’."),
        ("d.C pF", "d.C3 pF", "‘A’ has 2 units, and ‘d.C3’ has 3 numbers; one for each unit is needed."),
        ("d.C pF", "d.W pF", "‘A’ has 2 units, and ‘d.W’ has the shape (3, 2); one for each unit is needed."),
        ("d.W mV", "d.C mV", "‘d.C’ has the shape (2,), so that nothing tells which number belongs to which connection."),
        ("A → B: Kick, w", "B → A: Kick, w", "‘d.W’ has the shape (3, 2), but needs a row for each of the 2 units of ‘A’ (post) and a column for each of "
         "the 3 units of ‘B’ (pre); it is the other way round."),
        ("d.w mV", "d.C mV", "‘d.C’ has 2 numbers, and there are 3 connections."),
        ("connections from d,", "connections from A,", "Connections come from a set of data of this network."),
        ("connections from d,", "connections from d.C,", "‘d.C’ has the shape (2,), but needs a row"),
        ("connections from d,", "connections from d, except self,", "Connections from a file are those in it, with nothing beside them."),
        ("S = 2", "q = d.r\n    S = 2", "‘d.r’ can be a value of populations and projections only."),
        ("S = 2", "q = d.r Hz\n    S = 2", "‘d.r’ can be a value of populations and projections only."),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(tmp_path: Path, old: str, new: str, said: str) -> None:
    with pytest.raises(PlasError, match=re.escape(said)):
        plasticdsl.load(_written(tmp_path, _MODEL.replace(old, new)))


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"C": [1.0, np.nan]}, "‘C’ in in.npz holds a value that is no finite number, at 1 (from 0)."),
        ({"W": [[1, 2], [3, np.inf], [5, 6]]}, "‘W’ in in.npz holds a value that is no finite number, at 1, 1 (from 0)."),
        ({"post": [0, 1, 2]}, "‘post’ in in.npz must hold numbers of units from 0 to 1, and holds 2 (row 2, from 0)."),
        ({"pre": [0, 0.5, 1]}, "‘pre’ in in.npz must hold numbers of units from 0 to 2, and holds 0.5 (row 1, from 0)."),
        ({"r": [10.0, -1.0]}, "The rate of ‘S’ must be a finite number, not negative."),
        ({"delay": [1.0, 1.5, -2.0]}, "The axonal delay of ‘ba’ cannot be -2 ms."),
    ],
)
def test_numbers_that_do_not_fit_are_said(tmp_path: Path, arrays: dict[str, Any], said: str) -> None:
    with pytest.raises(PlasError, match=re.escape(said)):
        _built(_written(tmp_path, **arrays))


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"C": [1.0, 2.0, 3.0]}, "‘C’ in in.npz has the shape (3,), and ‘A’ has 2 units: one number for each is needed."),
        (
            {"W": np.ones((2, 3))},
            "‘W’ in in.npz has the shape (2, 3), but needs a row for each of 3 post units and a column for each",
        ),
        ({"w": [1.0]}, "‘w’ in in.npz does not fit: an array of shape (1,) was given, but there is one value per connection: (3,)."),
        ({"post": [0, 1]}, "‘pre’ in in.npz has 3 numbers, and ‘post’ 2."),
    ],
)
def test_a_file_that_has_changed_is_looked_at_again(tmp_path: Path, arrays: dict[str, Any], said: str) -> None:
    model = plasticdsl.load(_written(tmp_path))
    _written(tmp_path, **arrays)
    with pytest.raises(PlasError, match=re.escape(said)):
        model.build("Net", dt="0.1 ms", engine="python")


def test_a_module_takes_the_arrays(tmp_path: Path) -> None:
    model = _MODEL.replace("S = 2 Poisson(rate = d.r Hz)", "near = A → B: Kick, where d.W > 2, w = 1 mV")
    loaded = plasticdsl.load(_written(tmp_path, model)).loaded
    made = import_text(driver.export(loaded, CompileOptions()), "from_files")
    listed = {"ba": (np.array(_ARRAYS["pre"]), np.array(_ARRAYS["post"]))}
    given = {f"d_{name}": np.array(_ARRAYS[name]) for name in ("C", "C3", "W", "w", "delay")}
    a, net = made.allocate(connections=listed, **given), _built(tmp_path / "model.plas")
    for name in ("ab", "ba", "near"):
        assert (getattr(a, name).w == net[name].w).all() and (getattr(a, name).targets == net[name].post).all()
    assert (a.A.C == net["A"].C).all() and (a.B.V == net["B"].V).all() and (a.ba.axonal == [20, 15, 10]).all()
    with pytest.raises(ValueError, match="d_C has to be given: the model takes it from a file"):
        made.allocate(connections=listed)
    with pytest.raises(ValueError, match="the connections of this projection have to be given"):
        made.allocate(**given)
