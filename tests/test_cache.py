"""The cache: whatever is wrong with it costs time and nothing else, and is said once."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from plasticdsl import cache
from plasticdsl.cli.app import status
from plasticdsl.cli.doctor import _tell_cache

TEXT = """
neuron Leak:
    10 ms dV/dt = −V
    V(0) = 10 mV

network N:
    c = 1 Leak

experiment A on N:
    dt = 1 ms
    phase p for 10 ms
    expect c.V ≈ 3.679 mV ± 0.001 mV at end
"""


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv(cache.VARIABLE, str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_what_is_kept_is_found_again(folder: Path):
    cache.keep("numbers", "some", [1, 2])
    assert cache.recall("numbers", "some", list) == [1, 2]
    assert cache.recall("numbers", "some", dict) is None
    assert cache.recall("numbers", "other", list) is None
    assert [p.name for p in (folder / "numbers").iterdir()] == ["some.json"]


def test_damaged_content_counts_as_absent(folder: Path):
    cache.put("numbers/some.json", b"no table")
    assert cache.recall("numbers", "some", list) is None


@pytest.mark.parametrize("spoiled", [b"", b"x", b"\0" * 200])
def test_half_a_file_or_another_one_counts_as_absent(folder: Path, spoiled: bytes):
    cache.put("machine.o", b"code")
    assert cache.found("machine.o") == b"code"
    (folder / "machine.o").write_bytes(spoiled)
    assert cache.found("machine.o") is None


def test_a_file_that_somebody_else_made_counts_as_absent(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Also one that was made here under another name, or in another cache."""
    cache.put("mine", b"code")
    (folder / "other").write_bytes((folder / "mine").read_bytes())
    assert cache.found("other") is None
    monkeypatch.setenv(cache.VARIABLE, str(tmp_path / "another"))
    cache.put("mine", b"code")
    (tmp_path / "another/mine").write_bytes((folder / "mine").read_bytes())
    assert cache.found("mine") is None


POSIX = pytest.mark.skipif(not hasattr(os, "geteuid"), reason="folders of users are their own here")


@POSIX
def test_the_folder_and_its_key_are_for_the_user_alone(folder: Path):
    cache.put("some", b"content")
    assert folder.stat().st_mode & 0o777 == 0o700
    for name in (cache.KEY, "some"):
        assert (folder / name).stat().st_mode & 0o777 == 0o600


@POSIX
@pytest.mark.parametrize("mode", [0o777, 0o1777, 0o775, 0o702])
def test_a_folder_that_others_may_write_is_not_used(folder: Path, mode: int, caplog: pytest.LogCaptureFixture):
    folder.mkdir()
    folder.chmod(mode)
    cache.put("some", b"content")
    assert cache.found("some") == b"content", "in a folder of this process"
    assert not list(folder.iterdir())
    assert "others may write into it" in caplog.text


@POSIX
def test_a_folder_of_another_user_is_not_used(folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture):
    folder.mkdir(mode=0o700)
    monkeypatch.setattr(os, "geteuid", lambda: folder.stat().st_uid + 1)
    cache.put("some", b"content")
    assert not list(folder.iterdir())
    assert "belongs to another user" in caplog.text


def test_a_disk_that_is_full_is_said_once(folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture):
    def full(path: Path, content: bytes) -> None:
        if path.is_relative_to(folder):
            raise OSError(28, "No space left on device")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

    monkeypatch.setattr(cache, "write_whole", full)
    for name in ("some", "other"):
        cache.keep("numbers", name, 1)
        assert cache.recall("numbers", name, int) is None
    placed = cache.placed("module.py", b"x = 1")
    assert placed.read_bytes() == b"x = 1"
    assert not placed.is_relative_to(folder)
    assert len(caplog.records) == 1
    assert "No space left on device" in caplog.text


UNUSABLE = ("/dev/null/x", "/proc/plasticdsl", "file/below")


@pytest.mark.parametrize(("place", "lasts"), [("kept", True), ("file/below", False)])
def test_whether_it_lasts_is_what_was_decided(
    place: str, lasts: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    """Not where the folder lies: both are below the folder for temporary files."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("")
    monkeypatch.setenv(cache.VARIABLE, str(tmp_path / place))
    assert cache.lasts() is lasts
    _tell_cache()
    assert ("gone when this process ends" in capsys.readouterr().out) is not lasts


@pytest.mark.parametrize("place", UNUSABLE)
def test_a_place_that_cannot_be_used(
    place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
):
    """In this process, which has made the grammar's tables; in one of its own below, and among the slow tests."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(cache.VARIABLE, place)
    (tmp_path / "file").write_text("")
    (tmp_path / "leak.plas").write_text(TEXT)
    assert status(["run", "leak.plas", "--engine", "python"]) == 0
    assert "passed" in capsys.readouterr().out
    assert ["nothing is kept for the next run" in record.message for record in caplog.records] == [True]


@pytest.mark.parametrize(
    ("place", "engine"),
    [
        ("file", "compiled"),
        *(pytest.param(place, engine, marks=pytest.mark.slow) for place in UNUSABLE for engine in ("python", "compiled")),
    ],
)
def test_without_a_cache_everything_works(place: str, engine: str, tmp_path: Path):
    (tmp_path / "file").write_text("")
    (tmp_path / "leak.plas").write_text(TEXT)
    command = [sys.executable, "-m", "plasticdsl", "run", "leak.plas", "--engine", engine]
    environment = {**os.environ, cache.VARIABLE: place, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(command, cwd=tmp_path, env=environment, text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "passed" in done.stdout
    assert done.stderr.count("nothing is kept for the next run") == 1
    assert len(done.stderr.splitlines()) == 1
