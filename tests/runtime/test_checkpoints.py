"""A run that is left and gone on with ends with the same bits, wherever that was."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import plasticdsl
from plasticdsl import driver
from plasticdsl.as_data import of_type, read, written
from plasticdsl.checkpoints import FolderOfCheckpoints
from plasticdsl.model.experiments import Experiment
from plasticdsl.options import CompileOptions, EngineName
from plasticdsl.runtime.play import runner
from plasticdsl.runtime.play.experiment import Order, Run
from plasticdsl.runtime.play.once import run_once
from plasticdsl.runtime.play.place import Checkpoint
from plasticdsl.runtime.play.progress import SILENT, Interruption, Pace
from plasticdsl.runtime.watch import recorder, rows
from plasticdsl.runtime.watch.rows import Rows
from plasticdsl.runtime.watch.streams import Stored
from plasticdsl.streaming import ZarrStreams
from tests.semantics import test_library_experiments as library
from tests.semantics.agreement import MakeEngine
from tests.semantics.engines import LEVELS, in_machine_code, in_python, reference
from tests.semantics.test_library_experiments import module_of


class Left:
    """Keeps a run each time that it may, as bytes, and interrupts it at some of these times."""

    def __init__(self, interruption: Interruption, chance: random.Random, streams: ZarrStreams | None) -> None:
        self.interruption, self.chance, self.streams = interruption, chance, streams
        self.kept: list[tuple[bytes, list[np.ndarray]]] = []
        self.times = 0
        self.left_at = chance.randint(1, 30)

    @property
    def due(self) -> bool:
        self.times += 1
        if self.times == self.left_at:
            self.interruption.requested = True
            return True
        return False

    def last(self) -> Checkpoint | None:
        if not self.kept:
            return None
        return of_type(read(self.kept[-1][0], self.kept[-1][1]), Checkpoint)

    def keep(self, checkpoint: Checkpoint) -> None:
        arrays: list[np.ndarray] = []
        table = written(checkpoint, arrays)
        self.kept.append((table, [np.array(array) for array in arrays]))
        self.left_at, self.times = self.chance.randint(1, 60), 0


def require_same(one: Any, other: Any, where: str = "") -> None:
    """To the bit, whatever is nested in it."""
    assert type(one) is type(other), where
    match one:
        case np.ndarray():
            assert one.dtype == other.dtype, where
            np.testing.assert_array_equal(one, other, err_msg=where)
        case float():
            assert np.array_equal(one, other, equal_nan=True), where
        case list() | tuple():
            assert len(one) == len(other), where
            for number, (left, right) in enumerate(zip(one, other, strict=True)):
                require_same(left, right, f"{where}[{number}]")
        case dict():
            require_same(list(one), list(other), f"{where}.keys")
            require_same(list(one.values()), list(other.values()), where)
        case _ if is_dataclass(one):
            for field in fields(one):
                require_same(getattr(one, field.name), getattr(other, field.name), f"{where}.{field.name}")
        case _:
            assert one == other, where


def content(run: Run) -> Run:
    """All of a run but how long it took, and where it is; what is drawn over planes of values reads the network, and is left out."""
    for record in run.recorder.all_spikes:
        train = run.spikes[record.train]
        if isinstance(train, Stored):
            steps, units, *_ = (np.concatenate(columns) for columns in zip(*train.pieces(), strict=True))
            run.spikes[record.train] = steps, units
    plots = [replace(plan, landscape=None) for plan in run.recorder.plots]
    for series in (*run.recorder.series, *run.recorder.drawn):  # beyond what was taken there is anything
        series.kept = Rows(series.taken, series.done, series.steps)
    return replace(run, recorder=replace(run.recorder, plots=plots), build_s=0.0, run_s=0.0, processor_s=0.0)


Carried = Callable[[Interruption, Left | None], Run]


def in_pieces(carried_out: Carried, chance: random.Random, folder: Path | None = None) -> int:
    """Compares a run with one that is left on its way again and again; how often it was."""
    whole, interruption = content(carried_out(Interruption(), None)), Interruption()
    left = Left(interruption, chance, None if folder is None else ZarrStreams(folder, {}))
    for pieces in range(10_000):
        interruption.requested = False
        found = carried_out(interruption, left)
        if not found.interrupted:
            require_same(of_type(content(found), Run), whole)
            return pieces
    raise AssertionError("it never ends")


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs look up every few steps."""
    chance = random.Random(1)
    monkeypatch.setattr(Pace, "chunk", lambda self: chance.randint(1, 7))
    monkeypatch.setattr(Pace, "done", lambda self, steps: chance.random() < 0.7)


ROUNDS = """
neuron Leak:
    τ = 10 ms
    τ dV/dt = −V + I + 0.3 sqrt(τ) ξ(t)
    I = 1.2
    V(0) = 0
    spike when V > 1:
        V → 0

synapse Kick:
    on pre:
        post.V += w

network Net:
    beat = 3 Regular(rate = 300 Hz)
    noise = 4 Poisson(rate = 100 Hz)
    c = 5 Leak
    s = beat → c: Kick, all to all, w = 0.1, delay = 1.5 ms
    k = noise → c: Kick, all to all, w = 0.05
    m = (1/5) Σ_i V_i

experiment E on Net:
    dt = 0.1 ms
    phase one for 5 ms:
        c.I = 1.5
        beat.rate = 410 Hz
    repeat 3 times:
        phase two for 3 ms:
            c.τ = 10 ms · (1 + m)
            noise.rate = 50 Hz·round
        repeat until mean(c.V) > 0.7, at most 4 times:
            phase three until max(c.V) > 0.8, up to 40 steps:
                beat.rate = 500 Hz
                record c.V[1]
                expect mean(c.V) < 1
    phase last for 2 ms
    record spikes(c)
    record c.V every 0.5 ms
    record rate(c) every 2 ms
    expect max(c.V over time) < 5
    expect mean(c.V) < 1.5 over last 1 ms
"""


@pytest.mark.parametrize("engine", ["compiled", "reference"])
@pytest.mark.parametrize("on_disk", ["", "too", "alone"])
def test_rounds_in_pieces(engine: EngineName, on_disk: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is recorded is in memory, on disk too, or on disk alone."""
    monkeypatch.setattr(runner, "PUT_EVERY", 0.0)
    if on_disk == "alone":
        monkeypatch.setattr(recorder, "LARGE", 100)
        monkeypatch.setattr(rows, "BUFFER", 80)
    model = plasticdsl.parse(ROUNDS)
    experiment, loaded = model.find_experiment("E"), model.loaded
    network = loaded.module.networks[0]
    workshop, _ = driver.workshop_of(loaded, network, CompileOptions(engine=engine))

    def carried_out(interruption: Interruption, left: Left | None) -> Run:
        return run_once(experiment, workshop, Order(), SILENT, interruption, None, left)[0]

    for seed in range(3):
        assert in_pieces(carried_out, random.Random(seed), tmp_path / str(seed) if on_disk else None) >= 3


def test_a_table_of_other_types_is_left_out_and_the_one_before_gone_on_from(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    model, interruption = plasticdsl.parse(ROUNDS), Interruption()
    workshop, _ = driver.workshop_of(model.loaded, model.loaded.module.networks[0], CompileOptions(engine="python"))
    left = Left(interruption, random.Random(1), None)
    run_once(model.find_experiment("E"), workshop, Order(), SILENT, interruption, None, left)
    checkpoint = left.last()
    assert checkpoint is not None
    folder = FolderOfCheckpoints(tmp_path, "run", 0.0)
    for later in range(2):
        folder.keep(replace(checkpoint, step=checkpoint.step + later))
    newest = max(tmp_path.iterdir())
    with np.load(newest) as file:
        arrays = dict(file)
    table = arrays["table"].tobytes()
    for changed in (table.replace(b"true", b"null"), table.replace(b"null", b'"x"')):
        assert changed != table
        np.savez(newest, **{**arrays, "table": np.frombuffer(changed, dtype=np.uint8)})
        caplog.clear()
        found = folder.last()
        assert found is not None
        assert found.step == checkpoint.step
        assert "in place of" in caplog.text


def library_in_pieces(file: str, make: MakeEngine, folder: Path) -> None:
    module = module_of(file)
    for number, experiment in enumerate(module.experiments):

        def carried_out(interruption: Interruption, left: Left | None, experiment: Experiment = experiment) -> Run:
            return library.carried_out(file, experiment, module, make, interruption, left)[0]

        in_pieces(carried_out, random.Random(number), folder / str(number) if number % 2 else None)


@pytest.mark.parametrize("file", library.QUICK)
def test_phases_in_pieces(file: str, tmp_path: Path) -> None:
    library_in_pieces(file, in_python(LEVELS[-1]), tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("make", [in_machine_code(LEVELS[-1]), reference], ids=["compiled", "reference"])
@pytest.mark.parametrize("file", library.FILES)
def test_library_in_pieces(file: str, make: MakeEngine, tmp_path: Path) -> None:
    library_in_pieces(file, make, tmp_path)
