"""Finding one's way: `models`, `new`, `watch` and `doctor`."""

import os
import re
import signal
import subprocess
import sys
import time

import pytest

from plasticdsl import PlasError, parse
from plasticdsl.cli import app
from plasticdsl.library import library_models


def run(capsys, *arguments):
    status = app.status(list(arguments))
    captured = capsys.readouterr()
    return status, captured.out, captured.err


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_what_new_writes_runs_and_is_never_written_over(capsys, tmp_path):
    assert run(capsys, "new", "first")[:2] == (0, "first.plas is written. Run it with: plasticdsl run first.plas --out results\n")
    assert run(capsys, "fmt", "--check", "first.plas")[0] == 0
    status, out, err = run(capsys, "run", "first.plas", "--for", "2 s")
    assert status == 0 and "passed" in out and not err
    (tmp_path / "first.plas").write_text("mine")
    assert run(capsys, "new", "first.plas") == (2, "", "plasticdsl: first.plas is there already\n")
    assert (tmp_path / "first.plas").read_text() == "mine"
    assert run(capsys, "new", "nowhere/first")[0] == 2
    assert run(capsys, "new", "")[0] == 2
    assert "plasticdsl run 'my own.plas' --out" in run(capsys, "new", "my own")[1]
    assert run(capsys, "run", "my own")[2].endswith("did you mean my own.plas?\n")
    assert run(capsys, "run", "LIF")[2].endswith("did you mean lif?\n")


def test_new_from_a_library_model(capsys, tmp_path):
    """Also of one that uses another one of the library, and one with data."""
    for name in ("song_abbott", "clopath", "digits"):
        assert run(capsys, "new", f"my_{name}", "--from", name)[0] == 0
        assert run(capsys, "check", f"my_{name}.plas")[0] == 0
    assert run(capsys, "new", "other", "--from", "song_abot") == (
        2,
        "",
        "plasticdsl: there is no file and no library model song_abot; did you mean song_abbott?\n",
    )
    assert not (tmp_path / "other.plas").exists()


def test_models_prints_one_and_searches(capsys):
    status, text, _ = run(capsys, "models", "triplet")
    assert status == 0 and text == library_models()["rules/triplet"].read_text(encoding="utf-8")
    found = run(capsys, "models", "--search", "stdp POO")[1].splitlines()
    assert found and found[0].startswith("rules/pair_stdp")
    assert all("stdp" in library_models()[line.split()[0]].read_text(encoding="utf-8").lower() for line in found)
    assert run(capsys, "models", "--search", "no such word")[0] == 2
    assert len(run(capsys, "models")[1].splitlines()) == len(library_models())


def test_models_are_listed_with_what_they_cite(capsys):
    lines = {line.split()[0]: line for line in run(capsys, "models")[1].splitlines()}
    assert lines["networks/force_spiking"].endswith(" [Nicola & Clopath (2017), Nat. Commun. 8:2208]")
    assert lines["neurons/cable"].endswith(" [Rall (1959), Exp. Neurol. 1:491-527; Rall (1962), Ann. N.Y. Acad. Sci. 96:1071-1092]")


def test_lines_of_models_fit_the_terminal(capsys, monkeypatch):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "70")
    assert {len(line) for line in run(capsys, "models")[1].splitlines()} <= set(range(71))


def test_a_model_has_one_name_everywhere(capsys):
    """`use` finds what `run` and `load` find, and still prefers a file beside it."""
    model = parse('use LIF from "lif"\n')
    assert not model.warnings
    with pytest.raises(PlasError, match="There is no file ‘lifs"):
        parse('use LIF from "lifs"\n')


def test_doctor_runs_a_model(capsys):
    status, out, _ = run(capsys, "doctor")
    assert status == 0 and out.endswith("All is well.\n")
    assert re.search(r"a small model runs in [\d.]+ s, right", out)


def test_watch_begins_again_at_each_save_and_survives_what_is_wrong(capsys, tmp_path):
    path = tmp_path / "watched.plas"
    path.write_text("neuron A:\n    τ = 1 ms\n    τ dV/dt = −V\n", encoding="utf-8")
    command = [sys.executable, "-m", "plasticdsl", "watch", "watched.plas"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env={**os.environ}, cwd=tmp_path) as watching:
        try:
            assert watching.stderr.readline().startswith("0 errors")
            assert watching.stderr.readline() == "waiting for the next save; Ctrl-C ends\n"
            path.write_text("neuron A:\n    τ = 1 ms\n    τ dV/dt = −U\n", encoding="utf-8")
            assert "‘U’" in watching.stderr.readline()
            while watching.stderr.readline() != "waiting for the next save; Ctrl-C ends\n":
                pass
            path.unlink()
            time.sleep(0.5)
            path.write_text("neuron A:\n    τ = 2 ms\n    τ dV/dt = −V\n", encoding="utf-8")
            while not watching.stderr.readline().startswith("0 errors"):
                pass
        finally:
            watching.send_signal(signal.SIGINT)
        assert watching.wait(timeout=30) == 130
