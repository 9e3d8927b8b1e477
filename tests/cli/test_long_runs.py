"""Runs that are ended on their way: by signals, by a full disk or memory, at any moment. The same command with `--resume` ends with the same files."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
import xarray

TEXT = """
neuron Leak:
    τ = 10 ms
    τ dV/dt = −V + I + 0.3 sqrt(τ) ξ(t)
    I = 1.2
    V(0) = 0
    spike when V > 1:
        V → 0

network Net:
    c = UNITS Leak

experiment Long on Net:
    dt = 0.1 ms
    phase p for LENGTH
    repeat 3 times:
        phase r for 20 ms:
            c.I = 1.1 + 0.1 round
    record spikes(c)
    record mean(c.V) every 10 ms as V
    expect rate(c) < 500 Hz
"""
SWEEP = TEXT.replace("    phase p", "    sweep c.I in [1.2, 1.4]\n    phase p")


#: Processes of the present test.
_BEGUN: list[subprocess.Popen[str]] = []


@pytest.fixture(autouse=True)
def none_is_left() -> Iterator[None]:
    """What a test that failed has begun ends with it."""
    yield
    while _BEGUN:
        process = _BEGUN.pop()
        if process.poll() is None:
            process.kill()
            process.communicate()


def program(folder: Path, text: str = TEXT, length: str = "3 s", units: int = 500) -> Path:
    path = folder / "study.plas"
    path.write_text(text.replace("LENGTH", length).replace("UNITS", str(units)))
    return path


def begun(path: Path, out: Path, *more: str, before: str = "") -> subprocess.Popen[str]:
    """A run in a process of its own, which looks up often. `before`: what it executes first."""
    patched = "from plasticdsl.runtime.play import progress, runner; progress.TICK = 0.02; runner.PUT_EVERY = 0.1; "
    started = "from plasticdsl.__main__ import main; import sys; sys.argv[0] = 'plasticdsl'; main()"
    command = ["run", str(path), "--out", str(out), "--no-plots", "--quiet", *more]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    command = [sys.executable, "-c", f"{before}{patched}{started}", *command]
    _BEGUN.append(subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment))
    return _BEGUN[-1]


def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    _, said = process.communicate(timeout=300)
    return process.returncode, said


def checkpoints(out: Path) -> list[Path]:
    return sorted((out / "unfinished").glob("*.checkpoint.npz"))


def until_one(process: subprocess.Popen[str], out: Path) -> None:
    """Waits for the first checkpoint."""
    deadline = time.monotonic() + 120.0
    while not checkpoints(out) and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)


def contents(out: Path) -> tuple[bytes, dict[str, object]]:
    summary = json.loads((out / "summary.json").read_text())
    return (out / "recordings.nc").read_bytes(), {name: value for name, value in summary.items() if name != "timing"}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, dict[str, object]]:
    """What a run makes that is never stopped."""
    folder = tmp_path_factory.mktemp("whole")
    assert ended(begun(program(folder), folder / "out"))[0] == 0
    found, summary = contents(folder / "out")
    return found, {**summary, "model": None}


def require_whole(out: Path, whole: tuple[bytes, dict[str, object]]) -> None:
    """The files are those of a run that was never stopped, and nothing is beside them."""
    found, summary = contents(out)
    assert {**summary, "model": None} == whole[1]
    assert sorted(p.name for p in out.iterdir()) == ["recordings.nc", "summary.json"]
    with xarray.open_dataset(BytesIO(found), engine="h5netcdf") as one, xarray.open_dataset(BytesIO(whole[0]), engine="h5netcdf") as other:
        assert {**one.attrs, "model": None} == {**other.attrs, "model": None}
        xarray.testing.assert_identical(one.assign_attrs(model=""), other.assign_attrs(model=""))


def test_signals(tmp_path: Path, whole: tuple[bytes, dict[str, object]]) -> None:
    """SIGTERM, Ctrl-C and kill -9, one after the other, then to the end."""
    path, out = program(tmp_path), tmp_path / "out"
    process = begun(path, out, "--checkpoint", "0.1 s")
    until_one(process, out)
    process.send_signal(signal.SIGTERM)
    status, said = ended(process)
    assert (status, said.strip()) == (143, "ended by SIGTERM: what was computed so far has been kept, and --resume goes on from there")
    assert json.loads((out / "summary.json").read_text())["interrupted"]
    first = checkpoints(out)
    assert 1 <= len(first) <= 2

    for number, status in ((signal.SIGKILL, -signal.SIGKILL), (signal.SIGINT, 130)):
        process = begun(path, out, "--checkpoint", "0.1 s", "--resume")
        while checkpoints(out) == first and process.poll() is None:
            time.sleep(0.01)
        process.send_signal(number)
        assert ended(process)[0] == status
        second = checkpoints(out)
        assert second[-1] > first[-1], "it went on from there"
        first = second
    assert ended(begun(path, out, "--resume")) == (0, "")
    require_whole(out, whole)


def test_a_program_ends_by_sigterm_when_its_run_stands_somewhere(tmp_path: Path) -> None:
    """A script, or a notebook's kernel, is not left running by what a run notices."""
    path = program(tmp_path, length="60 s")
    script = (
        f"import plasticdsl; plasticdsl.load({str(path)!r}).run(keep={str(tmp_path / 'out/unfinished')!r}, checkpoint=0.1); print('on')"
    )
    _BEGUN.append(subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True))
    until_one(_BEGUN[0], tmp_path / "out")
    last = checkpoints(tmp_path / "out")
    _BEGUN[0].send_signal(signal.SIGTERM)
    said, _ = _BEGUN[0].communicate(timeout=60)
    assert (_BEGUN[0].returncode, said) == (-signal.SIGTERM, "")
    assert checkpoints(tmp_path / "out")[-1] >= last[-1]


def test_recordings_are_read_while_they_are_made(tmp_path: Path) -> None:
    path, out = program(tmp_path, length="20 s"), tmp_path / "out"
    process = begun(path, out)
    store, deadline, rows = out / "unfinished" / "recordings.zarr", time.monotonic() + 120.0, 0
    while rows < 2 and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
        try:
            with xarray.open_zarr(store) as seen:
                times, units, means = seen["spikes(c)"].values, seen["unit_of_spike_c"].values, seen["V"]
                rows = means.sizes["time of V"]
        except (OSError, KeyError, ValueError, RuntimeWarning):  # it has only just begun to be
            continue
    process.kill()
    process.communicate()
    assert rows >= 2
    assert len(times) == len(units) > 0
    assert (times[1:] >= times[:-1]).all()
    assert units.max() < 500
    assert means["time of V"].values[:2].tolist() == [0.0, 0.01]


def test_a_run_of_a_sweep_goes_on_in_other_processes(tmp_path: Path) -> None:
    path, out, once = program(tmp_path, SWEEP, "12 s"), tmp_path / "out", tmp_path / "once"
    process = begun(path, out, "--checkpoint", "0.1 s", "--workers", "2")
    until_one(process, out)
    process.kill()
    process.communicate()
    kept = {p.name.partition("-")[0] for p in checkpoints(out)}
    assert kept
    assert ended(begun(path, out, "--checkpoint", "1 h", "--workers", "2", "--resume")) == (0, "")
    assert ended(begun(path, once)) == (0, "")
    assert contents(out)[1] == contents(once)[1]
    with xarray.open_dataset(out / "recordings.nc") as one, xarray.open_dataset(once / "recordings.nc") as other:
        xarray.testing.assert_identical(one, other)


def test_a_damaged_checkpoint_gives_way_to_the_one_before(tmp_path: Path, whole: tuple[bytes, dict[str, object]]) -> None:
    path, out = program(tmp_path), tmp_path / "out"
    process = begun(path, out, "--checkpoint", "0.05 s")
    while len(checkpoints(out)) < 2 and process.poll() is None:
        time.sleep(0.01)
    process.kill()
    process.communicate()
    newest = checkpoints(out)[-1]
    newest.write_bytes(newest.read_bytes()[:1000])
    status, said = ended(begun(path, out, "--resume"))
    assert status == 0
    assert "is left out" in said
    require_whole(out, whole)


@pytest.mark.slow
def test_ended_at_two_hundred_moments(tmp_path: Path, whole: tuple[bytes, dict[str, object]]) -> None:
    """Nothing is lost but the time since the last checkpoint, and nobody finds half a file."""
    path, chance, out, furthest = program(tmp_path), random.Random(7), tmp_path / "out 0", ""
    met: Counter[tuple[str, int]] = Counter()
    for number in range(200):
        kind, before = chance.choice(["KILL", "TERM", "INT", "disk", "memory"]), ""
        if kind == "disk":
            size = int(10 ** chance.uniform(3.5, 7.0))
            before = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({size}, {size})); "
        if kind == "memory":
            size = int(chance.uniform(0.3, 1.5) * 2**30)
            before = f"import resource; resource.setrlimit(resource.RLIMIT_AS, ({size}, {size})); "
        process = begun(path, out, "--checkpoint", "0.05 s", "--resume", before=before)
        if kind in ("KILL", "TERM", "INT"):
            time.sleep(chance.uniform(0.3, 3.0))
            process.send_signal(getattr(signal, f"SIG{kind}"))
        if kind == "memory":
            try:
                process.wait(timeout=60.0)
            except subprocess.TimeoutExpired:  # libraries that are loaded without memory may wait for ever
                process.kill()
        status, said = ended(process)
        met[kind, status] += 1
        assert status in (0, 1, 130, 143, -signal.SIGKILL, -signal.SIGTERM, -signal.SIGINT), (kind, status, said)
        assert "Traceback" not in said or status == -signal.SIGINT, said  # before the program has begun
        if status == 0 or (not (out / "unfinished").exists() and (out / "summary.json").exists()):  # all was done when the signal came
            require_whole(out, whole)
            out, furthest = tmp_path / f"out {number + 1}", ""
            continue
        now = checkpoints(out)
        assert bool(now) >= bool(furthest) and (not now or now[-1].name >= furthest), "a checkpoint is lost"
        furthest = now[-1].name if now else ""
    assert len(met) >= 8, met
    print(sorted(met.items()))


@pytest.mark.slow
def test_memory_does_not_grow_with_the_number_of_spikes(tmp_path: Path) -> None:
    """4000 units at 60 Hz: 5 and 60 million spikes, of which 12 bytes each would be 60 and 720 MB."""
    peaks: list[float] = []
    for length in ("20 s", "240 s"):
        path, out = program(tmp_path, length=length, units=4000), tmp_path / length
        process, peak = begun(path, out), 0.0
        while process.poll() is None:
            time.sleep(0.05)
            try:
                status = Path(f"/proc/{process.pid}/status").read_text()
            except OSError:
                break
            found = [int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmHWM")]
            peak = found[0] if found else peak
        assert ended(process)[0] == 0
        peaks.append(peak)
    assert peaks[1] < peaks[0] + 60.0, peaks
    assert peaks[1] < 450.0, peaks
