"""The runs of a sweep in processes of their own: the same bits as one after the other, also where a process is lost; failures, Ctrl-C, and a parent that
is gone."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import numpy as np
import pytest
import xarray

import plasticdsl
from plasticdsl import crew
from plasticdsl.crew import MOST_AHEAD, Crew
from plasticdsl.jobs import Job
from plasticdsl.options import CompileOptions
from plasticdsl.results.result import Unfinished
from plasticdsl.runtime.play.experiment import Order
from plasticdsl.runtime.play.progress import SILENT, Interruption
from plasticdsl.runtime.play.sweep import Turn, Turns

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
    sweep c.I in [0.5, 1, 1.5], 2 repeats
    phase p for 100 ms
    record spikes(c)
    record c.V every 10 ms
    expect rate(c) > 5 Hz
    expect mean(c.V) < 1 at end over repeats

experiment Growing on Net:
    dt = 0.1 ms
    sweep c.τ in [10 ms, 20 ms, −1 ms, 30 ms]
    phase p for 1 s
"""


@pytest.fixture(scope="module")
def model() -> plasticdsl.Model:
    return plasticdsl.parse(TEXT)


@pytest.fixture(scope="module")
def alone(model: plasticdsl.Model) -> plasticdsl.Result:
    return model.run("Rates")


class Told:
    """Progress that does something once, when as much is done."""

    def __init__(self, least: float, action: Callable[[], None]) -> None:
        self.least, self.action, self.seen = least, action, list[float]()

    def show(self, done: float, what: str) -> None:
        before, self.seen = max(self.seen, default=0.0), [*self.seen, done]
        if before < self.least <= done:
            self.action()


def same(one: plasticdsl.Result, other: plasticdsl.Result) -> None:
    xarray.testing.assert_identical(one.dataset, other.dataset)
    assert one.expectations == other.expectations
    for name in ("spikes", "rates_hz", "parameters", "seed"):
        assert one.summary[name] == other.summary[name]


def test_runs_have_the_bits_that_they_have_alone(model: plasticdsl.Model, alone: plasticdsl.Result):
    told = Told(2.0, lambda: None)
    same(alone, model.run("Rates", workers=3, progress=told))
    assert told.seen == sorted(told.seen)
    assert told.seen[0] >= 0.0
    assert told.seen[-1] == 1.0


def test_runs_that_are_too_short_to_tell_a_share_of_theirs_are_told_when_they_are_done():
    told = Told(2.0, lambda: None)
    plasticdsl.parse(TEXT.replace("for 100 ms", "for 1 ms")).run("Rates", workers=2, progress=told)
    assert {round(6.0 * done, 6) for done in told.seen} >= {1.0, 2.0, 3.0, 4.0, 5.0, 6.0}


def test_a_single_run_needs_nobody(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(crew, "_Worker", None)
    single = plasticdsl.parse(TEXT.replace("    sweep c.I in [0.5, 1, 1.5], 2 repeats\n", ""))
    assert single.run("Rates", workers=2).passed


def test_a_process_that_is_killed_is_replaced(model: plasticdsl.Model, alone: plasticdsl.Result, monkeypatch: pytest.MonkeyPatch):
    made: list[subprocess.Popen[bytes]] = []
    begin = subprocess.Popen

    def remembered(*arguments: object, **options: object) -> object:
        made.append(begin(*arguments, **options))  # type: ignore[call-overload]
        return made[-1]

    monkeypatch.setattr(crew.subprocess, "Popen", remembered)
    told = Told(0.1, lambda: made[0].kill())
    same(alone, model.run("Rates", workers=2, progress=told))
    assert len(made) >= 3
    assert all(process.poll() is not None for process in made), "nobody is left behind"


def test_a_run_over_which_every_process_is_lost(model: plasticdsl.Model, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    (tmp_path / "python").write_text("#!/bin/sh\nexit 7\n")
    (tmp_path / "python").chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    with pytest.raises(ChildProcessError, match="the process of run 1 ended with status 7, 3 times"):
        model.run("Rates", workers=2)


def test_a_run_that_fails_ends_the_sweep_as_it_does_alone(model: plasticdsl.Model):
    found = []
    for workers in (1, 2):
        with pytest.raises(Unfinished) as caught:
            model.run("Growing", workers=workers)
        found.append((str(caught.value), len(caught.value.result.study.runs)))
    assert found[0] == found[1]
    assert found[0][1] == 3


def test_ctrl_c_keeps_what_is_finished(model: plasticdsl.Model, alone: plasticdsl.Result):
    signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored where the tests run in the background of a shell
    result = model.run("Rates", workers=2, progress=Told(0.3, lambda: os.kill(os.getpid(), signal.SIGINT)))
    assert result.interrupted
    runs = result.study.runs
    assert len(runs) < 6
    for run, other in zip(runs, alone.study.runs, strict=False):
        assert run.counts == other.counts


def test_turns_are_made_as_they_are_taken(model: plasticdsl.Model):
    """A sweep may have a million runs: none is looked for, or held, before somebody is about to carry it out."""
    job = Job(model.loaded, model.find_experiment("Rates"), CompileOptions(), {})
    made = list[int]()

    def turns() -> Iterator[Turn]:
        for number in range(1_000_000):
            made.append(number)
            yield Turn(number, {}, 1 + number)

    interruption = Interruption()
    runs = Crew(job, 2).carry_out(Order(length="1 ms"), Turns(turns(), 1_000_000), {}, SILENT, interruption)
    found = [next(runs) for _ in range(20)]
    runs.close()
    assert [run.seed for run in found] == list(range(1, 21))
    assert len(made) < 20 + 8 * MOST_AHEAD


def test_what_runs_have_in_common_is_sent_once(model: plasticdsl.Model, monkeypatch: pytest.MonkeyPatch):
    sizes = list[int]()
    dump = crew.pickle.dump

    def counted(what: object, pipe: IO[bytes], protocol: int) -> None:
        sizes.append(len(pickle.dumps(what, protocol)))
        dump(what, pipe, protocol)

    monkeypatch.setattr(crew.pickle, "dump", counted)
    model.run("Rates", workers=2, parameters={"c.τ": np.linspace(0.01, 0.02, 20_000), "c": 20_000}, duration="1 ms")
    assert [size > 160_000 for size in sizes].count(True) == 2
    assert sorted(sizes)[-3] < 2_000


def children(pid: int) -> list[int]:
    found = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(child) for child in found.read_text().split()] if found.exists() else []


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="asks Linux for the children of a process")
def test_when_the_parent_is_killed_its_processes_end(tmp_path: Path):
    (tmp_path / "long.plas").write_text(
        TEXT.replace("for 100 ms", "for 100000 s").replace("every 10 ms", "at end").replace("record spikes(c)", "")
    )
    command = [sys.executable, "-m", "plasticdsl", "run", "long.plas", "--workers", "2", "--no-plots", "--quiet"]
    parent = subprocess.Popen(command, cwd=tmp_path, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)})
    deadline = time.monotonic() + 60.0
    while len(begun := children(parent.pid)) < 2 and time.monotonic() < deadline:
        time.sleep(0.1)
    assert len(begun) == 2
    parent.kill()
    parent.wait()
    while any(Path(f"/proc/{child}").exists() for child in begun) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not any(Path(f"/proc/{child}").exists() for child in begun)


@pytest.mark.parametrize("took, left, held", [(1.0, 100, 2), (1.0, 4, 1), (60.0, 100, 1), (float("inf"), 100, 1), (0.05, 100, 5)])
def test_short_runs_are_given_out_ahead(took: float, left: int, held: int):
    """So that no process waits while what another has done is kept; but not near the end, where one would wait for what another has ahead."""

    class Idle:
        room = crew._Worker.room

        def __init__(self) -> None:
            self.took, self.held = took, list[Turn]()

        def give(self, turn: Turn) -> None:
            self.held.append(turn)

    shift = crew._Shift(None, Turns((Turn(number, {}, 1) for number in range(left)), left), 2)  # type: ignore[arg-type]
    shift.workers, shift.compiled = [Idle(), Idle()], True  # type: ignore[list-item]
    shift.send()
    assert [len(worker.held) for worker in shift.workers] == [held, held]
