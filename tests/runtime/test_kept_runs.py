"""What is finished of a sweep stays finished: after kill -9, with other workers, and only for the same model and numbers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import xarray

import plasticdsl
from plasticdsl.cli.app import status
from plasticdsl.kept_runs import ENDING

TEXT = """
neuron Leak:
    τ = 10 ms
    τ dV/dt = −V + I + 0.3 sqrt(τ) ξ(t)
    I = 1.2
    V(0) = 0
    spike when V > 1:
        V → 0

network Net:
    c = 20 Leak

experiment Rates on Net:
    dt = 0.1 ms
    sweep c.I in [0.5, 1, 1.5, 2], 3 repeats
    phase p for LENGTH
    record spikes(c)
    record c.V every 10 ms
    plot rate(c) over c.I
    expect rate(c) < 500 Hz
"""
SHORT, LONG = TEXT.replace("LENGTH", "50 ms"), TEXT.replace("LENGTH", "5 s")


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob(f"*{ENDING}"))


def test_after_kill_9_the_missing_runs_alone_are_carried_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    path, out, whole = tmp_path / "study.plas", tmp_path / "out", tmp_path / "whole"
    path.write_text(LONG)
    command = [sys.executable, "-m", "plasticdsl", "run", str(path), "--out", str(out), "--no-plots", "--quiet"]
    process = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)})
    deadline = time.monotonic() + 120.0
    while len(files(out / "unfinished")) < 2 and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    process.kill()
    process.wait()
    kept = {name: (out / "unfinished" / name).stat().st_mtime_ns for name in files(out / "unfinished")}
    assert 2 <= len(kept) < 12
    assert not (out / "summary.json").exists()

    seen = []
    assert status(["run", str(path), "--out", str(out), "--no-plots", "--quiet", "--resume", "--workers", "2"]) == 0
    assert status(["run", str(path), "--out", str(whole), "--no-plots", "--quiet"]) == 0
    assert sorted(p.name for p in out.iterdir()) == sorted(p.name for p in whole.iterdir()) == ["recordings.nc", "summary.json"]
    with xarray.open_dataset(out / "recordings.nc") as one, xarray.open_dataset(whole / "recordings.nc") as other:
        xarray.testing.assert_identical(one, other)
    for folder in (out, whole):
        seen.append(json.loads((folder / "summary.json").read_text()))
        del seen[-1]["timing"]
    assert seen[0] == seen[1]


def counted(model: plasticdsl.Model, folder: Path, **options: object) -> int:
    """How many runs are carried out anew."""
    before = {name: (folder / name).stat().st_mtime_ns for name in files(folder)}
    model.run("Rates", keep=folder, **options)  # type: ignore[arg-type]
    return sum(before.get(name) != (folder / name).stat().st_mtime_ns for name in files(folder))


def test_only_runs_of_the_same_numbers_are_found(tmp_path: Path):
    model = plasticdsl.parse(SHORT)
    assert counted(model, tmp_path) == 12
    assert counted(model, tmp_path, resume=True) == 0
    (tmp_path / files(tmp_path)[3]).unlink()
    damaged = tmp_path / files(tmp_path)[5]
    damaged.write_bytes(damaged.read_bytes()[:-10])
    assert counted(model, tmp_path, resume=True) == 2
    assert counted(model, tmp_path, resume=True, seed=7) == 12
    assert counted(model, tmp_path, resume=True, parameters={"c.τ": "11 ms"}) == 12
    assert counted(plasticdsl.parse(SHORT.replace("0.3", "0.4")), tmp_path, resume=True) == 12
    assert len(files(tmp_path)) == 48
    assert counted(model, tmp_path) == 12
    assert len(files(tmp_path)) == 12, "without resume nothing of before is there"


NUMBERS = """
neuron Unit:
    a = 1
    k = 1
    x(0) = 0
    10 ms dx/dt = k a − x

network Net:
    data d from "numbers.npz"
    units = 2 Unit, a = d.a
    early = 2 SpikeTimes(d.t ms, d.u)

experiment Rates on Net:
    dt = 1 ms
    sweep units.k in [1, 2]
    phase p for 10 ms
    record spikes(early)
    record units.x at end
"""


def test_a_run_with_other_numbers_in_a_file_is_not_found(tmp_path: Path):
    """They are read when the network is built, and are no part of the checked model."""
    (tmp_path / "model.plas").write_text(NUMBERS)
    for number, a in enumerate([1.0, 3.0]):
        np.savez(tmp_path / "numbers.npz", a=[a, a], t=[2.0, 3.0], u=[0, 1])
        os.utime(tmp_path / "numbers.npz", (number, number))
        model = plasticdsl.load(tmp_path / "model.plas")
        assert counted(model, tmp_path / "kept", resume=True) == 2
        assert counted(model, tmp_path / "kept", resume=True) == 0


def test_a_run_that_was_found_is_as_it_was(tmp_path: Path):
    model = plasticdsl.parse(SHORT)
    first = model.run("Rates", keep=tmp_path)
    second = model.run("Rates", keep=tmp_path, resume=True)
    xarray.testing.assert_identical(first.dataset, second.dataset)
    assert first.expectations == second.expectations
    assert second.plot("raster(c)").axes


@pytest.mark.parametrize("every", ["3 steps", "-1 s", -1.0, float("nan"), "soon"])
def test_checkpoints_are_kept_by_the_clock(tmp_path: Path, every: str | float):
    """Not by the steps of a run, of which one would be a second here."""
    with pytest.raises(ValueError, match=r"no time on the clock|on the clock is not|cannot be negative|no duration"):
        plasticdsl.parse(SHORT).run(keep=tmp_path / "kept", checkpoint=every)


def test_resume_needs_its_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "study.plas").write_text(SHORT)
    assert status(["run", str(tmp_path / "study.plas"), "--resume"]) == 2
    assert "--out" in capsys.readouterr().err
