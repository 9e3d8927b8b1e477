"""The command line as a user meets it: what goes where, and with which exit status."""

import io
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
import xarray

from plasticdsl.cli import app

TEXT = '''
"""A leaky cell that two populations drive.

Somebody (1999), Journal of Examples 1:1.
"""

neuron Cell:
    τ = 20 ms
    I = 12 mV
    τ dV/dt = I − V
    spike when V > 10 mV:
        V → 0 mV

network Single:
    cells = 2 Cell

experiment Fire on Single:
    dt = 0.1 ms
    phase run for 200 ms
    record mean(cells.V) every 10 ms
    record spikes(cells)
    plot rate(cells) over time
    plot raster(cells)
    expect rate(cells) ≈ 30 Hz ± 10 Hz
    expect rate(cells) ≈ 30 Hz ± 10 Hz when cells.τ > 1 s

experiment Wrong like Fire:
    expect rate(cells) ≈ 60 Hz ± 1 Hz
'''


PROVED = """
neuron Linear:
    input a
    output y = a

synapse Weighted:
    post.a = Σ w x

rule Delta:
    Δw = 0.1 x (1 − y)

network Net:
    s = 1 Source
    n = 1 Linear
    c = s → n: Weighted with Delta, w = 0
    L = ½ Σ_{k ∈ n} (1 − y_k)²
    expect c.Δw = −0.1 ∂L/∂c.w

experiment Learn on Net:
    phase run for 50 steps:
        s = 1
    expect c.w > 0.9
"""


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    path = tmp_path_factory.mktemp("models") / "cell.plas"
    path.write_text(TEXT, encoding="utf-8")
    return str(path)


def run(capsys, *arguments):
    status = app.status(list(arguments))
    written = capsys.readouterr()
    return status, written.out, written.err


def test_run_shows_rates_and_verdicts(capsys, model):
    status, out, err = run(capsys, "run", model)
    assert status == 0
    assert "Single · Fire" in out
    assert re.search(r"cells +\d+ spikes, [\d.]+ Hz", out)
    assert "passed   rate(cells) ≈ 30 Hz ± 10 Hz" in out
    assert "skipped  rate(cells) ≈ 30 Hz ± 10 Hz when cells.τ > 1 s" in out
    assert err == ""


def test_names_are_shown_as_they_are_written(capsys, tmp_path):
    """Also where no Latin letters are in them, and where an accent is; `summary.json` has them in ASCII."""
    (tmp_path / "größe.plas").write_text(
        "neuron Κύτταρο:\n    größe = 10 ms\n    größe dV/dt = 1 − V\n    spike when V > 0.5:\n        V → 0\n\n"
        "synapse Σύναψη_:\n    on pre:\n        post.V += w\n\n".replace("Σ", "S")
        + "network Δίκτυο:\n    γ = 3 Κύτταρο\n    körper = 2 Κύτταρο\n    s = γ → körper: Sύναψη_, all to all, w = 0.1\n\n"
        "experiment Prüfung on Δίκτυο:\n    dt = 1 ms\n    phase p for 20 ms\n    expect rate(γ) > 0 Hz\n"
    )
    file = str(tmp_path / "größe.plas")
    out = run(capsys, "run", file)[1]
    assert out.startswith("Δίκτυο · Prüfung: 0.02 s")
    assert re.search(r"^  γ +\d+ spikes", out, re.MULTILINE) and re.search(r"^  körper +\d+ spikes", out, re.MULTILINE)
    assert run(capsys, "test", file)[1].splitlines()[0].endswith(": Prüfung")
    said = run(capsys, "explain", file)[1]
    assert said.startswith("network Δίκτυο\n") and "s: γ → körper, all to all" in said


def test_a_failed_expectation_is_status_1(capsys, model):
    status, out, _ = run(capsys, "run", model, "Wrong")
    assert status == 1
    assert "FAILED" in out


def test_quiet_is_quiet(capsys, model):
    assert run(capsys, "run", model, "--quiet") == (0, "", "")


@pytest.mark.parametrize("level", ["-O0", "-O1", "-O2"])
def test_levels_agree(capsys, model, tmp_path, level):
    assert run(capsys, "run", model, level, "--quiet", "--no-plots", "--out", str(tmp_path / "r"))[0] == 0
    assert json.loads((tmp_path / "r" / "summary.json").read_text())["spikes"] == {"cells": 10}


def test_results_are_written_as_promised(capsys, model, tmp_path):
    folder = tmp_path / "deep" / "results"
    status, _, _ = run(capsys, "run", model, "--out", str(folder), "--seed", "5", "--set", "τ=25 ms", "--set", "cells=3", "--for", "300 ms")
    assert status == 0
    summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    assert list(summary) == [
        "model", "experiment", "version", "seed", "dt_s", "duration_s", "parameters", "timing", "spikes", "rates_hz", "expectations",
        "files",
    ]  # fmt: skip
    assert summary["experiment"] == "Fire"
    assert (summary["seed"], summary["dt_s"], summary["duration_s"]) == (5, 1e-4, pytest.approx(0.3))
    assert summary["parameters"]["cells.tau"] == 0.025
    assert summary["parameters"]["cells"] == 3
    assert list(summary["timing"]) == ["load_s", "compile_s", "build_s", "run_s"]
    assert summary["rates_hz"]["cells"] == pytest.approx(summary["spikes"]["cells"] / 3 / 0.3, rel=1e-4)
    assert [list(e) for e in summary["expectations"]] == [["text", "value", "found", "passed"]] * 2
    assert summary["expectations"][1] == {
        "text": "rate(cells) ≈ 30 Hz ± 10 Hz when cells.τ > 1 s",
        "value": None,
        "found": None,
        "passed": None,
    }
    with xarray.open_dataset(folder / "recordings.nc") as recordings:
        assert recordings["mean(cells.V)"].attrs["units"] == "V"
        assert recordings["mean(cells.V)"].sizes == {"time": 31}
        assert len(recordings["spikes(cells)"]) == summary["spikes"]["cells"]
    assert sorted(p.name for p in folder.iterdir()) == [
        "01-rate-cells-over-time.nc", "01-rate-cells-over-time.png", "02-raster-cells.nc", "02-raster-cells.png", "recordings.nc", "summary.json",
    ]  # fmt: skip
    assert all(p.read_bytes().startswith(b"\x89PNG") for p in folder.glob("*.png"))
    assert [p.name for p in folder.parent.iterdir()] == ["results"], "nothing is left beside"


@pytest.mark.skipif(os.name != "posix", reason="limits of file sizes")
@pytest.mark.parametrize("kilobytes", [1, 4, 20])
def test_a_full_disk_is_status_1_and_leaves_nothing(model, tmp_path, kilobytes):
    """From the first file (the summary) to the last (figures), and within the recordings, where HDF5 would take down the process."""
    (tmp_path / "there").mkdir()
    assert app.status(["run", str(model), "--quiet"]) == 0  # nothing has to be compiled below
    limited = (
        f"import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, ({kilobytes} << 10, {kilobytes} << 10));"
        "from plasticdsl.__main__ import main; main()"
    )
    command = [sys.executable, "-B", "-c", limited, "run", str(model), "--out", "there/r"]
    unmeasured = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}  # which would be written there too
    done = subprocess.run(command, cwd=tmp_path, text=True, capture_output=True, check=False, env=unmeasured)
    assert done.returncode == 1, done.stderr
    assert done.stderr.splitlines()[-1] == "plasticdsl: there/r: the results could not be written (File too large)"
    assert list((tmp_path / "there").iterdir()) == []


def test_an_existing_folder_keeps_its_files(capsys, model, tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    assert run(capsys, "run", model, "--quiet", "--no-plots", "--out", str(tmp_path))[0] == 0
    assert sorted(p.name for p in tmp_path.iterdir()) == ["notes.txt", "recordings.nc", "summary.json"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["run", "nowhere.plas"], "no file and no library model"),
        (["run", "MODEL", "Nothing"], "there is Fire, Wrong"),
        (["run", "MODEL", "--set", "tau"], "NAME=VALUE"),
        (["run", "MODEL", "--set", "tau=10"], "no unit"),
        (["run", "MODEL", "--set", "tau=10 mV"], "voltage"),
        (["run", "MODEL", "--set", "nothing=1"], "no parameter"),
        (["run", "MODEL", "--set", "tau=1 ms", "--set", "tau=2 ms"], "twice"),
        (["run", "MODEL", "--for", "3 mV"], "no duration"),
        (["run", "MODEL", "--threads", "0"], "threads"),
        (["run", "MODEL", "-O7"], "-O"),
        (["run", "MODEL", "--precision", "triple"], "double"),
        (["run"], "FILE"),
        (["frobnicate"], "frobnicate"),
    ],
)
def test_wrong_usage_is_status_2(capsys, model, arguments, words):
    status, out, err = run(capsys, *[model if a == "MODEL" else a for a in arguments])
    assert status == 2
    assert words in err
    assert out == ""
    assert "Traceback" not in err


@pytest.mark.parametrize("there", ["file", "file/below", "nothing", "nothing/below", "itself", "x" * 300, f"new/{'x' * 300}"])
def test_where_nothing_can_be_written_nothing_is_run(capsys, model, tmp_path, there):
    (tmp_path / "file").write_text("kept")
    (tmp_path / "nothing").symlink_to("gone")
    (tmp_path / "itself").symlink_to("itself")
    status, out, err = run(capsys, "run", model, "--for", "1e9 s", "--out", str(tmp_path / there))
    assert (status, out) == (2, "")
    assert "--out" in err
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file", "itself", "nothing"]


def test_a_folder_with_a_very_long_name(capsys, model, tmp_path):
    """Of which nothing longer can be beside it."""
    assert run(capsys, "run", model, "--quiet", "--out", str(tmp_path / ("x" * 255)))[0] == 0


def test_a_folder_on_another_disk_than_what_is_beside_it(capsys, model, tmp_path):
    """Behind a link, or where a disk begins."""
    with another_disk(tmp_path) as disk:
        (tmp_path / "link").symlink_to(disk)
        for _ in range(2):
            assert run(capsys, "run", model, "--quiet", "--no-plots", "--out", str(tmp_path / "link"))[0] == 0
            assert sorted(p.name for p in disk.iterdir()) == ["recordings.nc", "summary.json"]
    assert [p.name for p in tmp_path.iterdir()] == ["link"]


@contextmanager
def another_disk(folder):
    """A folder that is on another one than this."""
    shared = Path("/dev/shm")
    if not shared.is_dir() or shared.stat().st_dev == folder.stat().st_dev or not os.access(shared, os.W_OK):
        pytest.skip("one disk")
    with TemporaryDirectory(dir=shared) as made:
        yield Path(made)


def test_a_folder_in_one_of_somebody_else(capsys, model, tmp_path, monkeypatch):
    def make(*names, **where):
        if tmp_path in (*names, *where.values()):
            raise PermissionError(13, "Permission denied", str(tmp_path))
        return made(*names, **where)

    made = tempfile.mkdtemp
    (tmp_path / "mine").mkdir()
    monkeypatch.setattr(tempfile, "mkdtemp", make)
    assert run(capsys, "run", model, "--quiet", "--no-plots", "--out", str(tmp_path / "mine"))[0] == 0
    assert sorted(p.name for p in (tmp_path / "mine").iterdir()) == ["recordings.nc", "summary.json"]


def test_check(capsys, model, tmp_path):
    assert run(capsys, "check", model) == (0, "", "0 errors, 0 warnings in 1 file\n")
    bad = tmp_path / "bad.plas"
    bad.write_text("neuron A:\n    dV/dt = −U\n    W = 10 ms + 1 mV\n", encoding="utf-8")
    status, out, err = run(capsys, "check", model, str(bad))
    assert (status, out) == (1, "")
    assert f"{bad}:2:" in err and "2 errors" in err
    status, out, err = run(capsys, "check", "--json", str(bad))
    assert status == 1
    assert [(f["line"], f["severity"]) for f in json.loads(out)] == [(2, "error"), (3, "error")]
    assert err == ""


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"", b"x" * 2_000_000, b"neuron", b"(" * 5000, b"\x00"])
def test_no_text_gives_a_traceback(capsys, tmp_path, content):
    path = tmp_path / "odd.plas"
    path.write_bytes(content)
    for command in ("check", "run", "test", "explain"):
        status, _, err = run(capsys, command, str(path))
        assert status in (0, 1, 2)
        assert "Traceback" not in err and "internal error" not in err


def test_test(capsys, model):
    status, out, _ = run(capsys, "test", model)
    assert status == 1
    lines = out.splitlines()
    assert [line for line in lines if not line.startswith(" ")] == [f"{model}: Fire", f"{model}: Wrong"]
    assert sum("found" in line for line in lines) == 2
    _, out, _ = run(capsys, "test", "--refine", model)
    assert "at half the step" in out
    _, out, _ = run(capsys, "test", "--precision", "single", model)
    assert "at half the step" not in out and sum("; in double precision" in line for line in out.splitlines()) == 3


def test_refine_says_where_there_is_no_step_and_proofs_are_shown(capsys, tmp_path):
    path = tmp_path / "proved.plas"
    path.write_text(PROVED, encoding="utf-8")
    status, out, _ = run(capsys, "test", "--refine", str(path))
    assert status == 0
    assert "proved  c.Δw = −0.1 ∂L/∂c.w" in out
    assert "Learn (time is counted in steps, so there is no step to halve)" in out


def test_explain(capsys, model):
    status, out, _ = run(capsys, "explain", model)
    assert status == 0
    assert "cells" in out and "exact" in out
    status, _, err = run(capsys, "explain", model, "--without", "luck")
    assert status == 2
    names = (
        "hoist, superpose, lazy, replay, settle, frames, layout, blocks, defer, narrow, fetch, reciprocals, calendar, drive, windows, keep"
    )
    assert f"no pass is called luck; the passes are {names}" in err


def test_explain_says_what_passes_did(capsys):
    assert "pass keep: units.h is kept" in run(capsys, "explain", "hopfield")[1]
    out = run(capsys, "explain", "hopfield", "--without", "keep")[1]
    assert "pass keep" not in out and "pass layout: J: every pair but j = i is connected" in out


def test_fmt(capsys, tmp_path):
    path = tmp_path / "a.plas"
    path.write_text("neuron A:\n  dV/dt   =  −V / (10 ms)\n", encoding="utf-8")
    status, out, _ = run(capsys, "fmt", "--check", str(path))
    assert (status, out) == (1, f"{path} would be changed\n")
    assert run(capsys, "fmt", str(path))[0] == 0
    assert run(capsys, "fmt", "--check", str(path)) == (0, "", "")
    assert path.read_text(encoding="utf-8").startswith("neuron A:\n    dV/dt = ")


def test_fmt_reads_standard_input(capsys, monkeypatch):
    def given(text):
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode())))

    given("neuron A:\r\n  τ   =  5 ms\r\n")
    assert run(capsys, "fmt", "-") == (0, "neuron A:\n    τ = 5 ms\n", "")
    given("neuron A:\n  τ   =  5 ms\n")
    assert run(capsys, "fmt", "-", "--check") == (1, "<stdin> would be changed\n", "")
    given("neuron A:\n  τ =\n")
    status, out, err = run(capsys, "fmt", "-")
    assert (status, out) == (1, "")
    assert "<stdin>:2:5: error[missing-value]" in err
    assert run(capsys, "fmt", "-", "a.plas")[0] == 2


def test_fmt_writes_utf_8(capsys, tmp_path):
    path = tmp_path / "notepad.plas"
    path.write_bytes("neuron A:\r\n    τ = 5 ms\r\n".encode("utf-16"))
    assert run(capsys, "check", str(path))[0] == 0
    assert run(capsys, "fmt", "--check", str(path))[0] == 1
    assert run(capsys, "fmt", str(path))[0] == 0
    assert path.read_bytes() == "neuron A:\n    τ = 5 ms\n".encode()
    path.write_bytes("neuron A:\n    τ = 5 ms\n".encode("cp1253"))
    for command in ("check", "fmt", "run"):
        status, out, err = run(capsys, command, str(path))
        assert status == 1 and "byte 15, on line 2, is 0xF4" in out + err


def test_fmt_spells(capsys, tmp_path):
    path = tmp_path / "a.plas"
    path.write_text('neuron A:\n    """τ"""\n    τ = 5 ms   # τ\n    x² = 3\n'.replace("x²", "h_∞"), encoding="utf-8")
    text = path.read_text(encoding="utf-8")
    assert run(capsys, "fmt", "--ascii", str(path))[0] == 0
    assert path.read_text(encoding="utf-8") == 'neuron A:\n    """τ"""\n    tau = 5 ms   # τ\n    h_inf = 3\n'
    assert run(capsys, "fmt", "--check", "--unicode", str(path))[0] == 1
    assert run(capsys, "fmt", "--unicode", str(path))[0] == 0
    assert path.read_text(encoding="utf-8") == text
    assert run(capsys, "fmt", "--unicode", "--ascii", str(path))[0] == 2


def test_fmt_fixes(capsys, tmp_path):
    path = tmp_path / "a.plas"
    text = "neuron A:\n  τ = 5*ms\n  dV/dt = −V/τ : volt\n  threshold: V > 20 mV\n  reset: V = 0 mV\n"
    mended = "neuron A:\n    τ = 5 ms\n    dV/dt = −V/τ\n    spike when V > 20 mV:\n        V → 0 mV\n"
    path.write_text(text, encoding="utf-8")
    assert run(capsys, "fmt", "--fix", "--check", str(path))[0] == 1
    assert path.read_text(encoding="utf-8") == text
    status, out, err = run(capsys, "fmt", "--fix", str(path))
    assert (status, out) == (0, "")
    assert f"{path}:3: ‘dV/dt = −V/τ : volt’ is now ‘dV/dt = −V/τ’. A line does not state its unit" in err
    assert path.read_text(encoding="utf-8") == mended
    assert run(capsys, "fmt", "--fix", str(path)) == (0, "", "")


def test_fmt_fixes_what_it_can(capsys, tmp_path):
    """Of two readings neither is taken, and what is left wrong is said; a file with errors keeps its layout."""
    path = tmp_path / "a.plas"
    path.write_text("neuron A:\n  s =  3\n  x = 5s\n  y = 2 + (\n  dV/dt = −V/(5 ms) : volt\n", encoding="utf-8")
    status, _, err = run(capsys, "fmt", "--fix", str(path))
    assert status == 1
    assert "error[ambiguous-unit]" in err and "error[missing-bracket]" in err
    assert path.read_text(encoding="utf-8") == "neuron A:\n  s =  3\n  x = 5s\n  y = 2 + (\n  dV/dt = −V/(5 ms)\n"


def test_models(capsys):
    status, out, _ = run(capsys, "models")
    assert status == 0
    lines = dict(line.split(maxsplit=1) for line in out.splitlines())
    assert "Song, Miller & Abbott (2000)" in lines["networks/song_abbott"]


def test_compile(capsys, model, tmp_path):
    out = tmp_path / "kernels.py"
    assert run(capsys, "compile", model, "-o", str(out))[0] == 0
    first = out.read_bytes()
    assert b"import numba" in first or b"from numba" in first
    assert b"plasticdsl import" not in first
    assert run(capsys, "compile", model, "-o", str(out))[0] == 0
    assert out.read_bytes() == first


PACKAGES = ("sympy", "lark", "numba", "xarray", "matplotlib", "pandas", "scipy", "rich")
STAGES = ("syntax", "check", "derive", "plan.plan", "kernels.loops", "kernels.emit", "kernels.machine")
HEAVY = (*PACKAGES, *(f"plasticdsl.{stage}" for stage in STAGES))


def test_a_warm_run_imports_nothing_heavy(model):  # nor any stage that it does not play
    script = (
        "import sys; from plasticdsl.cli.app import status; assert status(['run', sys.argv[1], '--quiet']) == 0; "
        f"print([m for m in {HEAVY} if m in sys.modules])"
    )
    for _ in range(2):
        done = subprocess.run([sys.executable, "-c", script, model], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_ctrl_c_while_arguments_are_read_says_so(monkeypatch, capsys):
    def pressed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("typer.core.TyperCommand.make_context", pressed)
    assert app.status(["check", "song_abbott"]) == 130
    assert capsys.readouterr().err == "interrupted\n"


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_ctrl_c_writes_what_there_is_and_is_status_130(model, tmp_path):
    listening = "import runpy, signal; signal.signal(2, signal.default_int_handler); runpy.run_module('plasticdsl', run_name='__main__')"
    arguments = [sys.executable, "-c", listening, "run", model, "--for", "1e6 s", "--out", str(tmp_path / "r"), "--no-plots"]
    for patience in (3.0, 9.0, 27.0):  # a busy machine may still be compiling
        process = subprocess.Popen([*arguments, "--set", "I=0 mV"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        time.sleep(patience)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
        assert process.returncode == 130
        assert "interrupted" in err and "Traceback" not in err
        if (tmp_path / "r").exists():
            break
    summary = json.loads((tmp_path / "r" / "summary.json").read_text())
    assert summary["interrupted"] is True
    assert 0.0 < summary["duration_s"] < 1e6
    with xarray.open_dataset(tmp_path / "r" / "recordings.nc") as recordings:
        assert recordings.attrs["interrupted"] == "true"
        assert np.isfinite(recordings["mean(cells.V)"].values).all()
