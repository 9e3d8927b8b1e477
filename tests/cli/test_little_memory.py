"""What records much takes little memory, and where there is hardly any, that is said."""

from __future__ import annotations

import asyncio
import errno
import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
import xarray

import plasticdsl
from plasticdsl.shortage import SENTENCE, is_for_want_of_memory
from plasticdsl.streaming import ZarrStreams

TEXT = """
neuron Leak:
    τ = 200 ms
    τ dV/dt = −V + I
    I = 1.5
    V(0) ~ U(0, 1)
    spike when V > 1:
        V → 0

network Net:
    c = UNITS Leak

experiment Silent on Net:
    dt = 1 ms
    phase p for LENGTH

experiment Loud on Net:
    dt = 1 ms
    phase p for LENGTH
    record spikes(c)

experiment Dense on Net:
    dt = 1 ms
    phase p for LENGTH
    record c.V every 10 ms as V
"""
linux_only = pytest.mark.skipif(sys.platform != "linux", reason="limits of memory, and what was used at most, are those of Linux")
#: What a process executes when it ends: what it held at most, in kB.
_TELL = "import atexit, re; atexit.register(lambda: print(re.search(r'VmHWM:\\s+(\\d+)', open('/proc/self/status').read())[1])); "
_STARTED = "from plasticdsl.__main__ import main; import sys; sys.argv[0] = 'plasticdsl'; main()"


def run(before: str, path: Path, experiment: str, out: Path) -> subprocess.CompletedProcess[str]:
    """In a process of its own, which executes something `before`."""
    command = [sys.executable, "-c", before + _STARTED, "run", str(path), experiment, "--out", str(out), "--no-plots", "--quiet"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    return subprocess.run(command, capture_output=True, text=True, env=environment)


def peak(path: Path, experiment: str, out: Path) -> float:
    """What a run holds at most, in MB."""
    done = run(_TELL, path, experiment, out)
    assert (done.returncode, done.stderr) == (0, "")
    return int(done.stdout) / 1024


def beside_the_state(folder: Path, units: int, length: str, *recording: str) -> list[float]:
    """What recording takes more than a run that records nothing."""
    path = folder / "study.plas"
    path.write_text(TEXT.replace("UNITS", str(units)).replace("LENGTH", length))
    plasticdsl.load(path).run("Silent", duration="1 ms")  # compiles
    silent, *others = (peak(path, name, folder / name) for name in ("Silent", *recording))
    print(f"{silent:.0f} MB, {recording}: {others}")
    return [other - silent for other in others]


@linux_only
def test_recordings_take_little_memory(tmp_path: Path) -> None:
    """0.9 million spikes, and 20 million values, which are 160 MB."""
    assert max(beside_the_state(tmp_path, 20_000, "10 s", "Loud", "Dense")) < 150.0
    with xarray.open_dataset(tmp_path / "Loud" / "recordings.nc") as found:
        times, units = found["spikes(c)"].values, found["unit_of_spike_c"].values
    # 200 ms · ln 3 pass between two spikes, so V > 1 after 220 steps; before the first it takes 200 ms · ln((1.5 − V₀)/0.5), on average 0.1296 s
    assert len(times) == pytest.approx(20_000 * ((10.0 - 0.1296) / 0.22 + 0.5), rel=0.003)
    assert np.all(np.diff(times) >= 0.0)
    own = np.sort(times[units == 4321])
    np.testing.assert_allclose(np.diff(own), 0.22, rtol=0.0, atol=1e-9)


@linux_only
@pytest.mark.slow
def test_a_thousand_seconds_of_a_hundred_thousand_neurons(tmp_path: Path) -> None:
    """455 million spikes, which are 5.5 GB in the file."""
    assert max(beside_the_state(tmp_path, 100_000, "1000 s", "Loud")) < 200.0


@linux_only
@pytest.mark.slow
def test_values_larger_than_what_fits_into_memory(tmp_path: Path) -> None:
    """8.8 GB, more than one recording may take in memory."""
    assert max(beside_the_state(tmp_path, 100_000, "110 s", "Dense")) < 200.0


@linux_only
@pytest.mark.parametrize("size", [300, 460])
def test_too_little_memory_is_said(tmp_path: Path, size: int) -> None:
    """So little that libraries cannot be loaded, at the beginning or when results are written; one of them waited for ever there."""
    path = tmp_path / "study.plas"
    path.write_text(TEXT.replace("UNITS", "500").replace("LENGTH", "1 s"))
    plasticdsl.load(path).run("Loud", duration="1 ms")
    limit = f"import resource; resource.setrlimit(resource.RLIMIT_AS, ({size << 20}, {size << 20})); "
    done = run(limit, path, "Loud", tmp_path / "out")
    if done.returncode == 0 and size > 400:
        return  # libraries are smaller here
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.strip() == f"plasticdsl: {SENTENCE}"
    assert not (tmp_path / "out" / "summary.json").exists()


def test_what_libraries_say_without_memory_is_known() -> None:
    def raised(inner: Exception) -> Exception:
        try:
            try:
                raise inner
            except Exception as error:
                raise OSError("libllvmlite.so was not found") from error
        except OSError as error:
            return error

    told = [MemoryError(), OSError(errno.ENOMEM, "Cannot allocate memory"), RuntimeError("can't start new thread")]
    told += [ImportError("/lib/a.so: failed to map segment from shared object")]
    assert all(is_for_want_of_memory(error) and is_for_want_of_memory(raised(error)) for error in told)
    others = (
        RuntimeError("dictionary changed size during iteration"),
        OSError(errno.ENOSPC, "No space left"),
        ImportError("no such module"),
    )
    assert not any(is_for_want_of_memory(error) or is_for_want_of_memory(raised(error)) for error in others)


def test_streams_begin_no_threads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    streams, values = ZarrStreams(tmp_path / "recordings.zarr", {"experiment": "E"}), np.arange(600_000.0)
    stream = streams.stream("x", ["row"], values, {})
    stream.put(0, values[:400_000])
    stream.put(300_000, values[300_000:])
    streams.publish()
    assert np.array_equal(stream.rows(0, 600_000), values)
    again = ZarrStreams(tmp_path / "recordings.zarr", {}).again("x")
    assert np.array_equal(again.rows(299_990, 300_010), values[299_990:300_010])


async def _in_the_middle_of_another(folder: Path) -> np.ndarray:
    streams = ZarrStreams(folder / "recordings.zarr", {})
    stream = streams.stream("x", ["row"], np.arange(5.0), {})
    stream.put(0, np.arange(5.0))
    return stream.rows(0, 5)


def test_streams_work_where_a_loop_is_running(tmp_path: Path) -> None:
    """As it is in a notebook."""
    assert np.array_equal(asyncio.run(_in_the_middle_of_another(tmp_path)), np.arange(5.0))
