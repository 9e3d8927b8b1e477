"""Sweeps of a network that several processes share: what is finished leaves the memory of all of them, and is there again for all."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import pytest

import plasticdsl
from plasticdsl import archives
from plasticdsl.kept_runs import ENDING
from plasticdsl.results.result import Result
from plasticdsl.runtime.play import progress, runner
from plasticdsl.runtime.watch import recorder, rows
from plasticdsl.runtime.watch.streams import Stored
from tests.mpi.rooms import together
from tests.mpi.test_shared import CELLS

SWEEP = (
    CELLS
    + """
network Net:
    E = 37 Cell
    J = 0.02
    fast = 300 Poisson(rate = 600 Hz)
    drive = fast → E: Kick, p = 0.1, w = 0.1
    EE = E → E: Kick, p = 0.5, w = J, axonal delay = 3 ms

experiment Look on Net:
    dt = 1 ms
    sweep J in [0, 0.02, 0.04]
    phase run for 300 ms
    record spikes(fast), spikes(E)
    record E.V every 1 ms
"""
)
#: What is large enough to stay on disk.
SPIKES, VALUES = "fast", "E.V"


@pytest.fixture(autouse=True)
def one_reads_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Threads stand for processes here, and NumPy reads headers by Python's parser, which some versions let only one thread use at a time."""
    lock = Lock()

    def alone(function: Callable[..., Any]) -> Callable[..., Any]:
        def called(*arguments: Any) -> Any:
            with lock:
                return function(*arguments)

        return called

    for name in ("read", "lying"):
        monkeypatch.setattr(archives, name, alone(getattr(archives, name)))


def require_same(found: Result, one: Result, *, on_disk: bool = True, trains: tuple[str, ...] = (SPIKES,)) -> None:
    """Everything to the bit, and what is large of it, these `trains` too, where it lies."""
    assert len(found.study.runs) == len(one.study.runs)
    for run, same in zip(found.study.runs, one.study.runs, strict=True):
        large = {emitted.population for emitted, train in run.spikes.items() if isinstance(train, Stored)}
        series = {s.name: s for s in run.recorder.series}
        assert large == set(trains if on_disk else ())
        assert bool(len(series[VALUES].kept.values)) != on_disk
        assert run.counts == same.counts
        for record, other in zip(run.recorder.spikes, same.recorder.spikes, strict=True):
            for values, others in zip(run.train(record), same.train(other), strict=True):
                np.testing.assert_array_equal(values, others)
        np.testing.assert_array_equal(series[VALUES].done, same.recorder.series[0].done)


def test_finished_runs_leave_the_memory_of_all(tmp_path: Path) -> None:
    model = plasticdsl.parse(SWEEP)
    one = model.run()
    for found in together(2, lambda seat: model.run(communicator=seat, keep=tmp_path)):
        require_same(found, one)
    first, second, third = together(3, lambda seat: model.run(communicator=seat, keep=tmp_path, resume=True))
    for found in (first, second, third):
        assert len({run.run_s for run in found.study.runs} & {run.run_s for run in first.study.runs}) == 3  # nobody has carried out any
        require_same(found, one)
    first.forget()
    with pytest.raises(FileNotFoundError, match="what was recorded is not there"):
        second.study.runs[0].train(second.study.runs[0].recorder.spikes[0])


@pytest.mark.filterwarnings("ignore:Consolidated metadata")  # what threads, which stand for processes here, ignore is not theirs alone
def test_what_runs_record_on_their_way_is_read_where_the_first_process_has_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small = [
        (progress, "TICK", 0.0),
        (runner, "PUT_EVERY", 0.0),
        (runner, "PUT_AT_LEAST", 0),
        (recorder, "LARGE", 100),
        (rows, "BUFFER", 600),
    ]
    for module, name, value in small:
        monkeypatch.setattr(module, name, value)
    model = plasticdsl.parse(SWEEP)
    one = model.run()
    for found in together(2, lambda seat: model.run(communicator=seat, keep=tmp_path)):
        require_same(found, one, trains=("fast", "E"))
    shutil.rmtree(sorted(tmp_path.glob("*.recordings"))[1])
    first, second = together(2, lambda seat: model.run(communicator=seat, keep=tmp_path, resume=True))
    for found in (first, second):
        require_same(found, one, trains=("fast", "E"))


def test_a_run_that_cannot_be_read_or_kept_is_carried_out_by_all(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """What the first process alone finds out."""
    model = plasticdsl.parse(SWEEP)
    one = model.run()
    together(2, lambda seat: model.run(communicator=seat, keep=tmp_path))
    for path in tmp_path.glob(f"*{ENDING}"):
        path.unlink()
        path.mkdir()
    for found in together(2, lambda seat: model.run(communicator=seat, keep=tmp_path, resume=True)):
        require_same(found, one, on_disk=False)
    assert "a finished run is not kept" in caplog.text
