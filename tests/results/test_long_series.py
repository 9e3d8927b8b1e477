"""Recordings with very many values: they leave memory while they are made, are read as they are asked for, and are written as all others are."""

from __future__ import annotations

import json
import logging
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray
from numpy.typing import NDArray

import plasticdsl
from plasticdsl import archives, cache, kept_runs, streaming
from plasticdsl.kept_runs import Places
from plasticdsl.results import files as results_files
from plasticdsl.results import long_series, long_trains
from plasticdsl.results.result import Result
from plasticdsl.runtime.play import progress, runner
from plasticdsl.runtime.watch import recorder, rows
from plasticdsl.runtime.watch.rows import Rows
from plasticdsl.runtime.watch.streams import Stored
from plasticdsl.streaming import ZarrStreams

TEXT = """
neuron Leak:
    τ = 10 ms
    τ dV/dt = −V + I + 0.3 sqrt(τ) ξ(t)
    I = 1.2
    V(0) = 0
    spike when V > 1:
        V → 0

synapse Plain:
    on pre:
        post.V += w

network Net:
    c = 7 Leak
    s = c → c: Plain, all to all except self, w ~ N(0.01, 0.001)

experiment Look on Net:
    dt = 1 ms
    phase p for 300 ms
    record c.V as V
    record c.V every 3 ms as some
    record s.w every 10 ms as w
    record c.V[2 to 4] every 2 ms
    record mean(c.V) as m
    record c.V at end as last
    expect mean(m) < 1
    plot c.V
"""


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is long is short."""
    monkeypatch.setattr(recorder, "LARGE", 100)
    monkeypatch.setattr(rows, "BUFFER", 600)
    monkeypatch.setattr(long_series, "BUFFER", 600)
    for one in (long_series, long_trains):
        monkeypatch.setattr(one, "LONG", 50)


def kept(result: Result) -> dict[str, Rows]:
    return {series.name: series.kept for series in result.study.runs[0].recorder.series}


def test_what_leaves_memory_is_the_same(tmp_path: Path, small: None) -> None:
    model = plasticdsl.parse(TEXT)
    whole, left = model.run(), model.run(keep=tmp_path / "kept", checkpoint="1 h")
    assert {name for name, one in kept(left).items() if one.first} == {"V", "some", "w", "c.V[2 to 4]"}
    assert not any(one.first for one in kept(whole).values())
    assert all(len(one.values) * 8 * max(1, int(np.prod(one.shape))) <= 700 for one in kept(left).values() if one.flows)
    values = whole["V"].values
    lazy = left["V"]
    for moments in (slice(3, 250, 7), slice(None, None, -2), slice(40, 40), 299, [5, 2, 290], slice(299, None)):
        for units in (slice(None), 3, [1, 4], slice(6, 1, -2)):
            np.testing.assert_array_equal(lazy.isel(time=moments, unit_c=units).values, values[moments][..., units])
    xarray.testing.assert_identical(left.dataset, whole.dataset)
    assert [o.value for o in left.expectations] == [o.value for o in whole.expectations]
    np.testing.assert_array_equal(left.to_pandas("V").values, whole.to_pandas("V").values)


def test_a_result_is_told_where_another_run_has_recorded_since(tmp_path: Path, small: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would read the other's values, or zeros where the folder is gone."""
    monkeypatch.setattr(runner, "PUT_EVERY", 0.0)
    monkeypatch.setattr(runner, "PUT_AT_LEAST", 0)
    model = plasticdsl.parse(TEXT.replace("record c.V as V", "record spikes(c)\n    record c.V as V"))
    one = model.run(keep=tmp_path / "kept", checkpoint="1 h", seed=1)
    before = float(one["V"].isel(time=299).mean())
    other = model.run(keep=tmp_path / "kept", checkpoint="1 h", seed=2)
    assert float(other["V"].isel(time=299).mean()) != before
    for read in (lambda: one["V"].isel(time=slice(9)).values, lambda: one.spikes("c"), lambda: one.save(tmp_path / "out")):
        with pytest.raises(FileNotFoundError, match="another run has recorded into it since"):
            read()
    shutil.rmtree(tmp_path / "kept")
    with pytest.raises(FileNotFoundError, match="its folder was removed"):
        other["V"].isel(time=slice(9)).values.sum()


def test_files_are_the_same(tmp_path: Path, small: None, monkeypatch: pytest.MonkeyPatch) -> None:
    model = plasticdsl.parse(TEXT)
    model.run(keep=tmp_path / "kept", checkpoint="1 h").save(tmp_path / "left")
    model.run().save(tmp_path / "whole")
    assert (tmp_path / "left/recordings.nc").read_bytes() == (tmp_path / "whole/recordings.nc").read_bytes()
    monkeypatch.setattr(long_series, "LONG", 1 << 30)
    model.run().save(tmp_path / "at once")
    with xarray.open_dataset(tmp_path / "left/recordings.nc") as one, xarray.open_dataset(tmp_path / "at once/recordings.nc") as other:
        xarray.testing.assert_identical(one, other)
        assert one["V"].encoding["chunksizes"] == (300, 7) or one["V"].encoding["chunksizes"] == (301, 7)


#: Runs of different lengths, rounds, values at spikes, parts, another event, and a recording that begins later.
SWEEP = (
    TEXT.split("    phase")[0].replace("Look on", "Swept on")
    + """    sweep c.I in [0.9, 1.2, 1.5], 2 repeats
    repeat until mean(c.V) > 0.6, at most 5 times:
        phase q for 40 ms:
            record c.V every 2 ms as again
            record spikes(c) as rounds
    phase p for 100 ms
    record c.V as V
    record spikes(c)
    record c.V at spikes of c[2 to 4] as threshold
    record s.w at end
    record mean(c.V) as m
    record histogram(c.V) at end as h
    expect mean(m) < 1
"""
)


#: What is long is short in the processes of a crew too, and what is recorded goes on disk at every look.
THERE = """
from plasticdsl.runtime.play import progress, runner
from plasticdsl.runtime.watch import recorder, rows
progress.TICK, runner.PUT_EVERY, runner.PUT_AT_LEAST, recorder.LARGE, rows.BUFFER = 0.0, 0.0, 0, 100, 600
"""


@pytest.mark.parametrize(
    ("workers", "how"), [(1, "when they are over"), (2, "when they are over"), (1, "on their way"), (2, "on their way")]
)
def test_a_sweep_whose_runs_leave_memory(workers: int, how: str, tmp_path: Path, small: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "_LARGE", 100)
    model = plasticdsl.parse(SWEEP)
    whole = model.run()
    if how == "on their way":
        for module, name, value in ((progress, "TICK", 0.0), (runner, "PUT_EVERY", 0.0), (runner, "PUT_AT_LEAST", 0)):
            monkeypatch.setattr(module, name, value)
        (tmp_path / "there").mkdir()
        (tmp_path / "there/sitecustomize.py").write_text(THERE)
        monkeypatch.syspath_prepend(tmp_path / "there")
    left = model.run(keep=tmp_path / "kept", workers=workers)
    assert len(list((tmp_path / "kept").glob("*.recordings"))) == (6 if (workers, how) != (2, "when they are over") else 0)
    if how == "on their way":
        assert all(train.names for run in left.study.runs for train in run.spikes.values() if isinstance(train, Stored))
    for run in left.study.runs:
        assert {series.name for series in run.recorder.series if series.kept.first} >= {"V", "again", "m"}
        assert all(isinstance(train, Stored) or len(train[0]) * 8 < 100 for train in run.spikes.values())
    assert any(isinstance(train, Stored) for run in left.study.runs for train in run.spikes.values())
    moments = {id(series.kept.at) for run in left.study.runs for series in run.recorder.series if series.name == "V"}
    assert len(moments) == len({run.steps for run in left.study.runs}) < 6
    values = whole["V"].values
    for times in (slice(3, 250, 7), slice(None, None, -2), slice(40, 40), 99, [5, 2, 90]):
        for runs in (slice(None), 1, [2, 0]):
            np.testing.assert_array_equal(left["V"].isel({"c.I": runs, "time": times}).values, values[runs][..., times, :])
    xarray.testing.assert_identical(left.dataset, whole.dataset)
    assert [o.value for o in left.expectations] == [o.value for o in whole.expectations]
    again = model.run(keep=tmp_path / "kept", resume=True)
    xarray.testing.assert_identical(again.dataset, whole.dataset)
    for name, result in {"left": left, "whole": whole, "again": again}.items():
        result.save(tmp_path / name)
    for long in (long_series, long_trains):
        monkeypatch.setattr(long, "LONG", 1 << 30)
    whole.save(tmp_path / "at once")
    with xarray.open_dataset(tmp_path / "at once/recordings.nc") as other:
        for name in ("left", "whole", "again"):
            with xarray.open_dataset(tmp_path / name / "recordings.nc") as one:
                xarray.testing.assert_identical(one, other)
    left.forget()
    with pytest.raises(FileNotFoundError, match="the results were forgotten"):
        again["V"].values.sum()


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch, small: None) -> None:
    """What is recorded goes on disk at every look."""
    for module, name, value in ((progress, "TICK", 0.0), (runner, "PUT_EVERY", 0.0), (runner, "PUT_AT_LEAST", 0)):
        monkeypatch.setattr(module, name, value)


def test_a_run_whose_recordings_are_not_there_is_carried_out_again(tmp_path: Path, at_once: None) -> None:
    model, kept = plasticdsl.parse(SWEEP), tmp_path / "kept"
    whole = model.run()
    model.run(keep=kept)
    before = {path.name: path.stat().st_mtime_ns for path in kept.glob("*.run.npz")}
    one, other, short, *_ = sorted(kept.glob("*.recordings"))
    shutil.rmtree(one)
    shutil.rmtree(other / "V")
    described = json.loads((short / "V/zarr.json").read_text())
    described["shape"][0] -= 1
    (short / "V/zarr.json").write_text(json.dumps(described))
    xarray.testing.assert_identical(model.run(keep=kept, resume=True).dataset, whole.dataset)
    assert sum(before[path.name] != path.stat().st_mtime_ns for path in kept.glob("*.run.npz")) == 3


@pytest.mark.parametrize("text", [TEXT.replace("record c.V as V", "record spikes(c)\n    record c.V as V"), SWEEP])
def test_what_is_counted_on_is_on_the_disk_before(text: str, tmp_path: Path, at_once: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Should the machine go down: what a checkpoint or a finished run reads when it is written, results when what they were made of is deleted."""
    on_disk, there, write = dict[Path, int](), list[int](), archives.write

    def stands(folder: Path) -> dict[Path, int]:
        return {file: file.stat().st_mtime_ns for file in folder.rglob("*") if file.is_file()}

    def counts_on_it(path: Path, value: object, lasting: bool = False) -> archives.Arrays:
        files = {file: time for folder in (tmp_path / "kept").glob("*.[rz]*") if folder.is_dir() for file, time in stands(folder).items()}
        assert lasting
        assert files == {file: on_disk.get(file) for file in files}
        there.append(len(files))
        return write(path, value, lasting)

    for module in (streaming, results_files):
        monkeypatch.setattr(module, "synchronise", lambda file: on_disk.update({file: file.stat().st_mtime_ns}))
    monkeypatch.setattr(archives, "write", counts_on_it)
    monkeypatch.setattr(kept_runs, "LONG", 0.0)
    found = plasticdsl.parse(text).run(keep=tmp_path / "kept", checkpoint=0.0)
    assert len(there) > 3
    assert there[-1] > 10
    found.save(tmp_path / "out")
    assert {file.stat().st_mtime_ns for file in (tmp_path / "out").iterdir()} <= set(on_disk.values())


def test_nobody_asks_for_what_a_beginning_has_recorded(tmp_path: Path, at_once: None, monkeypatch: pytest.MonkeyPatch) -> None:
    _, _, phases = TEXT.partition("    dt = 1 ms\n")
    model = plasticdsl.parse(f"{TEXT}\nexperiment After on Net:\n    dt = 1 ms\n    start from end of Look\n{phases}")
    kept, recall, discard, there = tmp_path / "kept", cache.recall, Places.discard, list[list[str]]()

    def discarded(places: Places, *which: Any) -> None:
        there.append([path.suffix for path in kept.iterdir() if path.suffix == ".recordings"])
        discard(places, *which)
        there.append([path.suffix for path in kept.iterdir() if path.suffix == ".recordings"])

    monkeypatch.setattr(cache, "recall", lambda kind, *which: None if kind == "ends" else recall(kind, *which))
    monkeypatch.setattr(Places, "discard", discarded)
    found = model.run("After", keep=kept, checkpoint=0.0)
    assert there == [[".recordings"], []]
    assert sorted(path.name for path in kept.iterdir() if "checkpoint" not in path.name) == ["recordings.zarr"]
    xarray.testing.assert_identical(found.dataset, model.run("After").dataset)


def test_what_does_not_fit_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is nowhere to put it, where an expectation reads it, or where the disk is too small."""
    monkeypatch.setattr(recorder, "LARGEST", 5000)
    monkeypatch.setattr(recorder, "LARGE", 100)
    head = TEXT.split("    record")[0]
    model, reading = (
        plasticdsl.parse(head + "    record c.V as V\n"),
        plasticdsl.parse(head + "    record c.V as V\n    expect mean(V) < 1\n"),
    )
    keep = {"keep": tmp_path / "kept", "checkpoint": "1 h"}
    for refused, options in ((model, {}), (reading, keep)):
        with pytest.raises(plasticdsl.PlasError, match=r"would take 0\.0161 MB of memory"):
            refused.run(**options)
    assert model.run(**keep)["V"].shape == (301, 7)
    monkeypatch.setattr(ZarrStreams, "free", lambda self: 16_000)
    with pytest.raises(plasticdsl.PlasError, match=r"on disk, where 0\.0153 MB are free"):
        model.run(**keep)


@dataclass(slots=True)
class Listed:
    """A stream in memory."""

    kept: NDArray[Any] = field(default_factory=lambda: np.zeros((0,)))

    def put(self, at: int, more: NDArray[Any]) -> None:
        self.kept = np.concatenate([self.kept[:at].reshape(at, *more.shape[1:]), more])

    def rows(self, begin: int, end: int) -> NDArray[Any]:
        return self.kept[begin:end]


def test_a_full_disk_and_a_rewind(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr(rows, "BUFFER", 5 * 16)
    full, values = True, np.arange(60.0).reshape(30, 2)
    kept = Rows()
    kept.prepare(40, (2,), True)
    kept.begin(Listed(), Listed())

    def leave() -> None:
        if full:
            raise OSError(28, "No space left on device")
        kept.put()

    kept.leave = leave
    with caplog.at_level(logging.WARNING):
        kept.add(values[:13], np.arange(13))
    assert "No space left" in caplog.text
    assert (kept.first, kept.stored, len(kept.values)) == (0, 0, 20)
    np.testing.assert_array_equal(kept.done, values[:13])
    full = False
    kept.add(values[13:22], np.arange(13, 22))
    assert (kept.first, kept.stored, len(kept.values)) == (20, 20, 5)
    for step, value in enumerate(values[22:], 22):
        kept.one(value, step)
    np.testing.assert_array_equal(kept.done, values)
    np.testing.assert_array_equal(np.concatenate(list(kept.pieces())), values)
    kept.rewind(11)
    assert (kept.taken, kept.first, kept.stored) == (12, 12, 12)
    np.testing.assert_array_equal(kept.done, values[:12])
    kept.add(-values[12:18], np.arange(12, 18))
    np.testing.assert_array_equal(kept.done, np.concatenate([values[:12], -values[12:18]]))


def test_rows_that_leave_keep_when_they_were_taken() -> None:
    for moments in ([3, 4, 5], [3, 4, 6]):
        kept = Rows(taken=3, values=np.arange(3.0), at=np.array([3, 4, 5, 0]))
        shared = np.array(moments)
        kept.leave_for(Listed(np.arange(3.0)))
        kept.share(shared)
        np.testing.assert_array_equal(kept.at[:3], [3, 4, 5])
        assert (kept.at is shared) == (moments == [3, 4, 5])
        np.testing.assert_array_equal(kept.done, np.arange(3.0))
        assert not len(kept.values)
