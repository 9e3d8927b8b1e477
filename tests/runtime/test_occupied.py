"""One process at a time keeps runs in a folder, and none touches what another run has left there."""

from __future__ import annotations

import logging
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import xarray

import plasticdsl
from plasticdsl.cli.app import status
from plasticdsl.occupied import LOCK, occupied
from plasticdsl.runtime.play import progress, runner

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

experiment Long on Net:
    dt = 0.1 ms
    phase p for 10 s
    record spikes(c)
    record c.V every 10 ms
"""

#: What a process does that has a folder until it is told to go.
_HOLDS = """
import sys
from pathlib import Path
from plasticdsl.occupied import occupied
with occupied(Path(sys.argv[1])):
    print("has it", flush=True)
    sys.stdin.read()
"""


def holder(folder: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen([sys.executable, "-c", _HOLDS, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "has it\n"
    return process


needs_locks = pytest.mark.skipif(sys.platform == "win32", reason="the system has no such locks")


@needs_locks
def test_a_folder_is_for_one_process(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, out = tmp_path / "model.plas", tmp_path / "out"
    path.write_text(TEXT)
    other = holder(out / "unfinished")
    (out / "unfinished" / "of another.checkpoint.npz").write_bytes(b"")
    for more in ([], ["--resume"]):
        assert status(["run", str(path), "--out", str(out), *more]) == 2
        assert "another run is writing there" in capsys.readouterr().err
    with pytest.raises(BlockingIOError, match="another run"):
        plasticdsl.load(path).run(keep=out / "unfinished")
    assert (out / "unfinished" / "of another.checkpoint.npz").exists(), "nothing is deleted"
    other.kill()
    other.communicate()
    assert (out / "unfinished" / LOCK).exists()
    assert status(["run", str(path), "--out", str(out), "--no-plots"]) == 0, "a lock goes with its process"
    assert sorted(one.name for one in out.iterdir()) == ["recordings.nc", "summary.json"]


@needs_locks
def test_who_has_it_may_have_it_again(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    with occupied(folder), occupied(folder):
        assert (folder / LOCK).exists()
    assert not list(tmp_path.iterdir()), "what was made for it is gone"
    folder.mkdir(parents=True)
    with occupied(folder):
        (folder / "something").touch()
    assert [one.name for one in folder.iterdir()] == ["something"]


@pytest.fixture
def stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs record on disk from the beginning, and are interrupted on their way when they are told to."""
    monkeypatch.setattr(progress, "TICK", 0.02)
    monkeypatch.setattr(runner, "PUT_EVERY", 0.1)


class Half:
    """Interrupts a run on its way, as Ctrl-C does."""

    def show(self, done: float, _what: str) -> None:
        if done > 0.0:
            import signal

            signal.raise_signal(signal.SIGINT)


@pytest.mark.usefixtures("stopped")
def test_what_another_run_has_left_stays(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Another run in the same folder begins anew, says so, and deletes what is its own; the first goes on to what it would have been."""
    model, keep = plasticdsl.parse(TEXT), tmp_path / "unfinished"
    for seed in (1, 2):
        assert model.run(seed=seed, keep=keep, checkpoint=60.0, resume=True, progress=Half()).interrupted
    assert [message for message in caplog.messages if "of another one" in message] == [caplog.messages[0]]
    caplog.clear()
    for seed in (1, 2):
        with caplog.at_level(logging.WARNING):
            whole, kept = model.run(seed=seed), model.run(seed=seed, keep=keep, checkpoint=60.0, resume=True)
        assert not caplog.messages, "there was something to go on from"
        xarray.testing.assert_identical(whole.dataset.drop_attrs(), kept.dataset.drop_attrs())
        assert np.isfinite(kept["c.V"].values).all()
        kept.forget()
        assert keep.exists() == (seed == 1), "what the other has left is there"


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="a folder in which none can be made is that of Linux's processes")
def test_where_there_can_be_no_folder_nobody_has_it() -> None:
    with occupied(Path("/proc/none/here")):
        pass
