"""Ctrl-C and SIGTERM that fall where Python can raise nothing, or HDF5 is at work."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from plasticdsl.cli.app import status
from plasticdsl.results import files
from tests.runtime.test_occupied import TEXT

LOST = """
import signal, sys, time, weakref
from plasticdsl.__main__ import come_again

class Gone:
    pass

def callback(_):
    raise KeyboardInterrupt

signal.signal(signal.SIGINT, signal.default_int_handler)  # also where a shell that runs this in the background ignores it
sys.unraisablehook = come_again
gone = Gone()
watched = weakref.ref(gone, callback)
try:
    del gone
    time.sleep(60)
    print("lost")
except KeyboardInterrupt:
    print("came again")
"""


def test_an_interrupt_that_a_callback_swallows_comes_again():
    assert subprocess.run([sys.executable, "-c", LOST], capture_output=True, text=True, check=True).stdout == "came again\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_while_results_are_written(
    number: signal.Signals, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """HDF5 takes down the process where its file raises; nothing half written is left, and the run stays finished as far as it was kept."""
    write = files._Patient.write

    def pressed(self: files._Patient, data: object) -> int:
        if self.tell() > 0 and self.problem is None:
            signal.raise_signal(number)
        return write(self, data)

    path, out = tmp_path / "model.plas", tmp_path / "out"
    path.write_text(TEXT)
    monkeypatch.setattr(files._Patient, "write", pressed)
    before = signal.getsignal(signal.SIGINT)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        assert status(["run", str(path), "--out", str(out), "--no-plots", "--quiet"]) == 128 + number
    finally:
        signal.signal(signal.SIGINT, before)
    said = {signal.SIGINT: "interrupted", signal.SIGTERM: "ended by SIGTERM"}[number]
    assert capsys.readouterr().err == f"the results are not written; --resume goes on from where the run stood last\n{said}\n"
    assert [one.name for one in tmp_path.iterdir()] == ["model.plas"], "nothing is left beside them"


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_results_are_written_where_nobody_reads_what_is_said(unbuffered: str, tmp_path: Path) -> None:
    path, out = tmp_path / "model.plas", tmp_path / "out"
    path.write_text(TEXT)
    command = [sys.executable, "-m", "plasticdsl", "run", str(path), "--out", str(out), "--no-plots"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p), "PYTHONUNBUFFERED": unbuffered}
    read, write = os.pipe()
    os.close(read)
    subprocess.run(command, stdout=write, env=environment, timeout=120, check=False)
    os.close(write)
    assert sorted(one.name for one in out.iterdir()) == ["recordings.nc", "summary.json"]
