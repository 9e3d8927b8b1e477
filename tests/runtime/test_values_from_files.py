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
from plasticdsl.model.expr import Ref
from plasticdsl.model.owners import OfPopulation
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
    "pre": [2, 0, 0], "post": [0, 1, 0], "w": [1.0, 2.0, 3.0], "delay": [1.0, 1.5, 2.0], "one": [4.0],
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
        ("S = 2", "q = d.r\n    S = 2", "‘q’ is one number, and ‘d.r’ has 2 numbers."),
        ("S = 2", "q = d.r Hz·sin(t/1 s)\n    S = 2", "‘q’ is one number, and ‘d.r’ has 2 numbers."),
        ("S = 2", "q = d.r[3] Hz\n    S = 2", "‘d.r’ has the entries 1 to 2, so there is no number 3."),
        ("S = 2", "q = d.W[2] Hz\n    S = 2", "‘d.W’ has the shape (3, 2), so an entry of it has 2 numbers, not 1."),
        ("S = 2", "q = d.r[t/1 s]\n    S = 2", "Which entry is taken is settled before the run."),
        ("S = 2", "q = d.one + 1 mV\n    S = 2", "These cannot be added: the left side is a pure number, the right side in mV (voltage)."),
        ("S = 2", "10 ms dq/dt = d.r − q\n    S = 2", "What a quantity of the network reads is one number, and ‘d.r’ has 2 numbers."),
        ("A = 2", "A = d.r", "The size of ‘A’ is one number, and ‘d.r’ has 2 numbers."),
        ("S = 2", "q = Σ_i (A.V_i − d.C3_i mV)\n    S = 2", "‘i’ numbers the 2 units of ‘A’, and ‘d.C3’ has the shape (3,)."),
        ("S = 2", "q = Σ_ij (ab.w_ij − d.C_ij mV)\n    S = 2", "‘d’ has no array ‘C’ with 2 indices."),
        ("S = 2", "q = Σ_i (A.V_i − d.C mV)\n    S = 2", "‘d.C’ has several numbers, and needs an index here."),
        ("S = 2", "q_i = A.V_i − d.C mV\n    S = 2", "‘d.C’ has several numbers, and needs an index here."),
        ("S = 2", "q = Σ_i A.V_i − d.C_i mV\n    S = 2", "an index letter stands within its sum, ‘Σ_i (A.V_i − d.C_i)’."),
        ("S = 2", "q = A.V − d.C3 mV\n    S = 2", "‘d.C3’ has 3 numbers, which are not those of ‘A’."),
        ("for 1 ms", "for d.r ms", "What is needed here is one number, and ‘d.r’ has 2 numbers."),
        ("for 1 ms", "for 1 ms\n    sweep A.g in [d.r nS]", "What is needed here is one number, and ‘d.r’ has 2 numbers."),
        ("for 1 ms", "for 1 ms\n    A.C = d.C3 pF", "‘A’ has 2 units, and ‘d.C3’ has 3 numbers; one for each unit is needed."),
        ("for 1 ms", "for 1 ms:\n        A.V = d.C3 mV", "‘A’ has 2 units, and ‘d.C3 mV’ has 3 values."),
        ("for 1 ms", "for 1 ms:\n        A.V = d.C", "the left side is in mV (voltage), the right side a pure number."),
        ("for 1 ms", "for 1 ms\n    expect A.V ≈ d.C3 mV ± 1 mV", "‘d.C3’ has 3 numbers, which are not those of ‘A’."),
        ("for 1 ms", "for 1 ms\n    expect d.C ≈ 1 ± 1", "‘d.C’ has 2 numbers, and nothing here says what they belong to."),
        ("for 1 ms", "for 1 ms\n    record A.V − d.C mV at spikes", "What is taken at spikes is computed from variables of one population"),
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


# --- numbers outside of populations and projections --------------------------------------------------------------------

_NUMBERS = """
neuron Cell:
    C = 100 pF
    g = 1 nS
    C dV/dt = −g V
    spike when V > 1000 mV

synapse Kick:
    on pre:
        post.V += w

network Net:
    data d from "in.npz"
    w₀ = d.one mV
    k = 2
    N = d.W[k, 1]
    A = N Cell, V(0) = w₀
    B = d.one Cell, C = 10·d.C3[k] pF
    ba = B → A: Kick, w = w₀ d.C3[2]
    S = 2 Poisson(rate = d.r kHz·Θ(t − 0.25 ms))
    10 ms dM/dt = d.one − M
    apart = Σ_i (A.V_i − d.C3_i mV)

experiment Short on Net:
    dt = 0.1 ms
    phase go for 1 ms
"""


def _with_numbers(folder: Path, **changed: Any) -> Path:
    return _written(folder, _NUMBERS, **changed)


def test_parameters_sizes_and_observables_read_numbers(tmp_path: Path) -> None:
    net = _built(_with_numbers(tmp_path))
    assert (net["w₀"], len(net["A"].V), len(net["B"].V)) == (4e-3, 3, 4) and pytest.approx(20e-12) == net["B"].C
    assert net["ba"].w == pytest.approx(8e-3) and net["apart"] == pytest.approx(6e-3)  # 3 · 4 − 1 − 2 − 3
    net["w₀"] = "1 mV"
    assert net["ba"].w == pytest.approx(2e-3)


def test_what_python_and_experiments_give_replaces_numbers(tmp_path: Path) -> None:
    model = plasticdsl.load(_with_numbers(tmp_path))
    assert model.build("Net", dt="0.1 ms", engine="python", parameters={"w₀": "2 mV", "N": 3, "k": 3})["ba"].w == pytest.approx(4e-3)
    facts = model.run(engine="python", parameters={"k": 1, "N": 3}).study.runs[0].facts
    assert facts.units["A"] == 3 and facts.parameters[Ref(OfPopulation("B"), "C")] == pytest.approx(10e-12)


def test_a_saved_state_goes_on_with_the_same_numbers_alone(tmp_path: Path) -> None:
    path = _with_numbers(tmp_path)
    whole, first, second = _built(path), _built(path), _built(path)
    whole.run(steps=10)
    first.run(steps=4)
    assert first["apart"] < 6e-3
    first.save(tmp_path / "state.npz")
    second.load(tmp_path / "state.npz")
    second.run(steps=6)
    assert (second["apart"], second["M"]) == (whole["apart"], whole["M"])
    _with_numbers(tmp_path, C3=[1.0, 2.0, 4.0])
    with pytest.raises(ValueError, match="was saved from another model, or one with other parameters"):
        _built(path).load(tmp_path / "state.npz")


def test_a_module_takes_single_numbers_as_such(tmp_path: Path) -> None:
    path = _with_numbers(tmp_path)
    made = import_text(driver.export(plasticdsl.load(path).loaded, CompileOptions()), "with_numbers")
    a, net = made.allocate(d_one=4.0, **{f"d_{name}": np.array(_ARRAYS[name]) for name in ("W", "C3", "r")}), _built(path)
    assert a.network.w_0 == net["w₀"] and (a.A.V == net["A"].V).all() and (a.B.C == net["B"].C).all() and (a.ba.w == net["ba"].w).all()
    with pytest.raises(ValueError, match="has the shape \\(2,\\), and one number is needed"):
        made.allocate(**{f"d_{name}": np.array(_ARRAYS[name]) for name in ("W", "C3", "r")}, d_one=[4.0, 5.0])


@pytest.mark.parametrize("engine", ["reference", "python"])
def test_a_rule_descends_towards_numbers(tmp_path: Path, engine: Any) -> None:
    """E = ½ Σ_i (y_i − 4 C3_i)² + ½ Σ_ij (w_ij − W_ij)² at w = 0, x = 1: Δw_ij = −0.1 (−4 C3_i − W_ij)."""
    model = """
neuron Linear:
    input a
    output y = a

synapse Weighted:
    post.a = Σ w x

rule Descent:
    Δw = −0.1 ∂E/∂w

network Net:
    data d from "in.npz"
    src = 2 Source
    out = 3 Linear
    J = src → out: Weighted with Descent, w = 0
    E = ½ Σ_i (out.y_i − d.one d.C3_i)² + ½ Σ_ij (J.w_ij − d.W_ij)²

experiment Learn on Net:
    phase p for 1 step:
        src = 1
    record J.w at end
"""
    found = plasticdsl.load(_written(tmp_path, model)).run(engine=engine)["J.w"].values
    assert found == pytest.approx([0.5, 1.1, 1.7, 0.6, 1.2, 1.8])  # by pre, then post unit


def test_a_checked_model_is_checked_again_where_a_file_has_another_shape(tmp_path: Path) -> None:
    path = _with_numbers(tmp_path)
    plasticdsl.load(path)
    _with_numbers(tmp_path, one=[4.0, 5.0, 6.0])
    with pytest.raises(PlasError, match=re.escape("‘w₀’ is one number, and ‘d.one’ has 3 numbers")):
        plasticdsl.load(path)


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"one": [4.0, 5.0]}, "‘one’ in in.npz has the shape (2,), and one number is needed."),
        ({"W": [[1.0, 2.0]]}, "‘N’ has no value: there are the entries 1 to 1, and no number 2."),
        ({"C3": [1.0, 2.0]}, "‘C3’ in in.npz has the shape (2,), and 3 numbers are needed."),
        ({"one": [np.inf]}, "‘one’ in in.npz holds a value that is no finite number, at 0 (from 0)."),
    ],
)
def test_numbers_that_have_changed_are_looked_at_again(tmp_path: Path, arrays: dict[str, Any], said: str) -> None:
    model = plasticdsl.load(_with_numbers(tmp_path))
    _with_numbers(tmp_path, **arrays)
    with pytest.raises(PlasError, match=re.escape(said)):
        model.build("Net", dt="0.1 ms", engine="python")


def test_values_of_other_units_are_said(tmp_path: Path) -> None:
    path = _written(tmp_path, _MODEL + "    record A.V[1] at end as end\n    expect mean(abs(A.V − B.V)) < 1 mV\n")
    with pytest.raises(PlasError, match=re.escape("‘mean(abs(A.V − B.V)) < 1 mV’ has no value: 2 and 3 values are taken together")):
        plasticdsl.load(path).run(engine="python")
