"""The runs of a sweep on a Dask cluster, a real one on the loopback address: the same bits as one after the other, also where workers are killed in the
middle; failures, Ctrl-C, and a scheduler that is gone."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import xarray

import plasticdsl
from plasticdsl.checkpoints import ENDING, FolderOfCheckpoints
from plasticdsl.cli.app import status
from plasticdsl.cluster import connected
from plasticdsl.kept_runs import Places
from plasticdsl.occupied import occupied
from plasticdsl.results.result import Unfinished
from tests.runtime.test_crew import TEXT, Told, same
from tests.runtime.test_fitting import SMALL

pytest.importorskip("distributed")

LONG = TEXT.replace("for 100 ms", "for 20000 s").replace("every 10 ms", "at end").replace("record spikes(c)", "")


@contextmanager
def dask(folder: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """A scheduler and two workers with their nannies: its file, and the scheduler."""
    file = folder / "scheduler.json"
    common = ["--host", "127.0.0.1", "--no-dashboard", "--scheduler-file", str(file)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p), "DASK_DISTRIBUTED__ADMIN__LOG_LENGTH": "100"}
    start = [sys.executable, "-m"]
    workers = ["--nworkers", "2", "--nthreads", "1", "--local-directory", str(folder), "--memory-limit", "0", "--death-timeout", "60"]
    begun = [
        subprocess.Popen([*start, "distributed.cli.dask_scheduler", *common, "--port", "0"], env=environment, stderr=subprocess.DEVNULL),
        subprocess.Popen([*start, "distributed.cli.dask_worker", *common, *workers], env=environment, stderr=subprocess.DEVNULL),
    ]
    deadline = time.monotonic() + 60.0
    while not file.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    yield str(file), begun[0]
    for process in reversed(begun):
        process.terminate()
        try:
            process.wait(20.0)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with dask(tmp_path_factory.mktemp("dask")) as (found, _):
        yield found


@pytest.fixture
def client(address: str) -> Iterator[Any]:
    with connected(address) as found:
        found.wait_for_workers(2, timeout=60)
        yield found


@pytest.fixture(scope="module")
def model() -> plasticdsl.Model:
    return plasticdsl.parse(TEXT)


@pytest.fixture(scope="module")
def alone(model: plasticdsl.Model) -> plasticdsl.Result:
    return model.run("Rates")


def test_runs_have_the_bits_that_they_have_alone(model: plasticdsl.Model, alone: plasticdsl.Result, client: Any):
    told = Told(2.0, lambda: None)
    same(alone, model.run("Rates", client=client, progress=told))
    assert told.seen == sorted(told.seen)
    assert told.seen[-1] == 1.0
    with pytest.raises(ValueError, match="not by both"):
        model.run("Rates", client=client, workers=2)


def test_workers_that_are_killed_are_replaced_and_their_runs_repeated(model: plasticdsl.Model, alone: plasticdsl.Result, client: Any):
    before = sorted(client.run(os.getpid).values())
    for pid in before:
        told = Told(0.15, lambda pid=pid: os.kill(pid, signal.SIGKILL))
        same(alone, model.run("Rates", client=client, progress=told))
    deadline = time.monotonic() + 60.0
    while len(client.scheduler_info()["workers"]) < 2 and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not set(before) & set(client.run(os.getpid).values())


def test_a_fit_tries_the_same(client: Any):
    pytest.importorskip("cmaes")
    model = plasticdsl.parse(SMALL)
    xarray.testing.assert_identical(model.run("Largest").trials, model.run("Largest", client=client).trials)


def test_a_run_that_fails_ends_the_sweep_as_it_does_alone(model: plasticdsl.Model, client: Any):
    found = []
    for options in ({}, {"client": client}):
        with pytest.raises(Unfinished) as caught:
            model.run("Growing", **options)
        found.append((str(caught.value), len(caught.value.result.study.runs)))
    assert found[0] == found[1]


def test_ctrl_c_ends_the_runs_of_the_workers_too(client: Any):
    signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored where the tests run in the background of a shell

    def busy() -> int:
        return sum(len(tasks) for tasks in client.processing().values())

    def press() -> None:
        deadline = time.monotonic() + 60.0
        while busy() < 2 and time.monotonic() < deadline:
            time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=press, daemon=True).start()
    assert plasticdsl.parse(LONG).run("Rates", client=client).interrupted
    executing = client.run(lambda dask_worker: len(dask_worker.state.executing))
    deadline = time.monotonic() + 60.0
    while any(executing.values()) and time.monotonic() < deadline:
        time.sleep(0.1)
        executing = client.run(lambda dask_worker: len(dask_worker.state.executing))
    assert not any(executing.values()), executing


def test_a_run_under_way_goes_on_where_it_stood(client: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Where the workers see the folder of what is kept. Others do without."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    model, keep = plasticdsl.parse(TEXT.replace("for 100 ms", "for 60 s").replace("every 10 ms", "every 3 s")), tmp_path / "unfinished"

    def press() -> None:
        deadline = time.monotonic() + 60.0
        while not list(keep.glob(f"*{ENDING}")) and time.monotonic() < deadline:
            time.sleep(0.02)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=press, daemon=True).start()
    assert model.run("Rates", client=client, keep=keep, checkpoint=0.05).interrupted
    found, last = [], FolderOfCheckpoints.last
    monkeypatch.setattr(FolderOfCheckpoints, "last", lambda self: found.append(last(self)) or found[-1])
    same(model.run("Rates"), model.run("Rates", keep=keep, resume=True))
    assert any(one is not None and one.step > 0 for one in found)


def test_places_that_are_not_seen(tmp_path: Path):
    """A folder of the same name on another machine has another holder, or none."""
    here, elsewhere = Places(tmp_path, "a", 1.0), Places(tmp_path, "a", 1.0, holder=b"another")
    assert not here.is_here()
    with occupied(tmp_path):
        assert here.is_here()
        assert not elsewhere.is_here()


def test_a_scheduler_that_ends(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """What is finished stays finished."""
    (tmp_path / "study.plas").write_text(LONG.replace("2 repeats", "12 repeats").replace("20000 s", "3 s"))
    arguments = ["run", str(tmp_path / "study.plas"), "Rates", "--no-plots", "--quiet", "--out", str(tmp_path / "out")]
    kept = tmp_path / "out" / "unfinished"
    with dask(tmp_path) as (address, scheduler):

        def end() -> None:
            deadline = time.monotonic() + 60.0
            while not list(kept.glob("*.run.npz")) and time.monotonic() < deadline:
                time.sleep(0.01)
            scheduler.kill()

        threading.Thread(target=end, daemon=True).start()
        assert status([*arguments, "--cluster", address]) == 1
    said = capsys.readouterr().err
    assert said == "plasticdsl: the scheduler is gone; finished runs are kept, and ‘--resume’ goes on with the others\n"
    assert list(kept.glob("*.run.npz"))


def test_from_the_command_line_into_one_file(address: str, tmp_path: Path):
    (tmp_path / "study.plas").write_text(TEXT)
    arguments = ["run", str(tmp_path / "study.plas"), "Rates", "--no-plots", "--quiet"]
    statuses = [
        status([*arguments, "--out", str(tmp_path / "one"), "--cluster", address]),
        status([*arguments, "--out", str(tmp_path / "other")]),
    ]
    assert statuses == [1, 1], "one of the rates is lower than is expected"
    with xarray.open_dataset(tmp_path / "one" / "recordings.nc") as one, xarray.open_dataset(tmp_path / "other" / "recordings.nc") as other:
        xarray.testing.assert_identical(one, other)


def test_a_cluster_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "study.plas").write_text(TEXT)
    monkeypatch.setattr("plasticdsl.cluster.ANSWER", 1.0)
    (tmp_path / "empty.json").write_text("{}")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        another = f"tcp://127.0.0.1:{silent.getsockname()[1]}"
        for address, expected, said in [
            ("tcp://127.0.0.1:9", 1, "tcp://127.0.0.1:9: no scheduler answers there within 1 s"),
            (another, 1, f"{another}: no scheduler answers there within 1 s"),
            ("nonsense://here", 2, "‘nonsense://here’ leads to no scheduler"),
            ("tls://127.0.0.1:9", 2, "‘tls://127.0.0.1:9’ leads to no scheduler"),
            (str(tmp_path / "none.json"), 2, "none.json: no scheduler has written this file within 1 s"),
            (str(tmp_path / "empty.json"), 2, "empty.json is no file that a scheduler has written"),
        ]:
            assert status(["run", str(tmp_path / "study.plas"), "--cluster", address]) == expected
            assert said in capsys.readouterr().err


def test_a_file_that_a_scheduler_writes_soon_is_waited_for(address: str, tmp_path: Path):
    late = tmp_path / "late.json"
    threading.Timer(0.5, lambda: late.write_bytes(Path(address).read_bytes())).start()
    with connected(str(late)) as found:
        assert found.scheduler_info()["workers"]


def test_the_command_ends_where_an_address_has_no_port(tmp_path: Path):
    (tmp_path / "study.plas").write_text(TEXT)
    command = [sys.executable, "-m", "plasticdsl", "run", str(tmp_path / "study.plas"), "--cluster", "here"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    found = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert (found.returncode, found.stderr.count("\n")) == (2, 1)
    assert "‘here’ leads to no scheduler, as tcp://host:8786 or a file scheduler.json would: missing port number" in found.stderr
