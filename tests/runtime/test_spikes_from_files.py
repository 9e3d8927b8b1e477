"""Spikes in files of arrays: `SpikeTimes(d.times ms, d.units)`."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

import plasticdsl
from plasticdsl.diagnostics.diagnostic import PlasError
from plasticdsl.options import EngineName

_MODEL = """
neuron Cell:
    10 ms dV/dt = −V

synapse Kick:
    on pre:
        post.V += 1

network Net:
    data d from "in.npz"
    S = 2 SpikeTimes(d.times ms, d.units)
    A = 2 Cell
    S → A: Kick, one to one

network Other like Net:
    A = 2 Cell, V(0) = 1

experiment Short on Net:
    dt = 0.1 ms
    phase go for 40 ms
    record A.V
    expect A[1].V ≈ 0.02237077 ± 1e-8     # exp(−(40 − 2)/10)
    expect A[2].V ≈ 0.41766651 ± 1e-8     # exp(−(40 − 10)/10) + exp(−(40 − 30)/10)
"""


def _written(folder: Path, model: str = _MODEL, **arrays: object) -> Path:
    np.savez(folder / "in.npz", **{"times": [10.0, 2.0, 30.0], "units": [1, 0, 1], **arrays})  # type: ignore[arg-type]
    path = folder / "model.plas"
    path.write_text(model, encoding="utf-8")
    return path


@pytest.mark.parametrize("engine", ["reference", "python"])
def test_spikes_come_from_the_file(tmp_path: Path, engine: EngineName) -> None:
    result = plasticdsl.load(_written(tmp_path)).run("Short", engine=engine)
    assert all(o.passed for o in result.expectations)


def test_a_changed_file_is_read_anew(tmp_path: Path) -> None:
    plasticdsl.load(_written(tmp_path)).run("Short", engine="python")
    result = plasticdsl.load(_written(tmp_path, times=[20.0, 2.0, 30.0])).run("Short", engine="python")
    assert result.expectations[0].passed and result.expectations[1].value == pytest.approx(np.exp(-2) + np.exp(-1))


def test_a_network_like_it_has_its_spikes(tmp_path: Path) -> None:
    net = plasticdsl.load(_written(tmp_path)).build("Other", dt="0.1 ms", engine="python")
    net.run("40 ms")
    assert net["A"].V[0] == pytest.approx(np.exp(-4) + np.exp(-3.8))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("d.times ms", "d.times", "Numbers in a file have no unit: write the times of spikes as ‘d.times ms’."),
        ("d.times ms", "d.times mV", "Numbers in a file have no unit: write the times of spikes as ‘d.times ms’."),
        ("d.units", "d.units ms", "write the units of spikes as ‘d.units’, without a unit."),
        ("d.times ms", "d.time ms", "‘d’ has no array ‘time’."),
        (", d.units", "", "Spikes from a file need their times and their units."),
        (' from "in.npz"', "", "The data of a network are read from a file."),
        ("in.npz", "out.npz", "There is no file ‘out.npz’"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, old: str, new: str, said: str) -> None:
    with pytest.raises(PlasError, match=re.escape(said)):
        plasticdsl.load(_written(tmp_path, _MODEL.replace(old, new)))


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"times": [1.0, np.nan, 2.0]}, "in.npz, times and units: spikes of S: times must be finite and not negative."),
        ({"units": [0, 1, 2]}, "in.npz, times and units: spikes of S: units must be whole numbers from 0 to 1."),
        ({"units": [0, 1, 0.5]}, "‘units’ in in.npz holds a value that is no number of a unit."),
        ({"units": [0, 1]}, "‘times’ and ‘units’ in ‘d’ must each have one number for each spike; their shapes are (3,) and (2,)."),
    ],
)
def test_numbers_that_do_not_fit_are_said(tmp_path: Path, arrays: dict[str, object], said: str) -> None:
    with pytest.raises(PlasError, match=re.escape(said)):
        plasticdsl.load(_written(tmp_path, **arrays)).run("Short", engine="python")
