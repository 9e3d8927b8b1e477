"""Files that are written are there whole or not at all, whenever somebody looks or the program ends."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pytest

import plasticdsl
from plasticdsl.results import files
from plasticdsl.whole import write_whole, written


def test_nobody_sees_half_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Until the whole content is written under another name, the file is what it was before."""
    path, seen = tmp_path / "deep" / "kept", []
    write_whole(path, b"old")
    renamed = os.replace

    def looking(source: str | Path, target: str | Path) -> None:
        seen.append((path.read_bytes(), Path(source).read_bytes(), Path(target)))
        renamed(source, target)

    monkeypatch.setattr(os, "replace", looking)
    write_whole(path, b"new and longer")
    assert seen == [(b"old", b"new and longer", path)]
    assert path.read_bytes() == b"new and longer"
    assert list(path.parent.iterdir()) == [path], "nothing else is left"


def test_what_cannot_be_written_is_said_of_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not of the one beside it that is written first."""
    (tmp_path / "folder").mkdir()
    with pytest.raises(IsADirectoryError, match=r"folder'$"):
        write_whole(tmp_path / "folder", b"new")

    def refusing(dir: Path, prefix: str) -> tuple[int, str]:  # noqa: A002
        raise PermissionError(13, "Permission denied", str(dir / f"{prefix}a8f3"))

    monkeypatch.setattr("plasticdsl.whole.tempfile.mkstemp", refusing)
    with pytest.raises(PermissionError) as found:
        write_whole(tmp_path / "kept", b"new")
    assert found.value.filename == str(tmp_path / "kept") and found.value.strerror == "Permission denied"


@pytest.mark.parametrize("there", [b"old", None])
def test_what_cannot_be_written_to_the_end_leaves_no_trace(there: bytes | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk is full after three bytes."""
    path = tmp_path / "kept"
    if there is not None:
        path.write_bytes(there)
    opened = os.fdopen

    class Full:
        def __init__(self, handle: int, mode: str) -> None:
            self.file = opened(handle, mode)

        def __enter__(self) -> Full:
            return self

        def __exit__(self, *_: object) -> None:
            self.file.close()

        def write(self, content: bytes) -> None:
            self.file.write(content[:3])
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fdopen", Full)
    with pytest.raises(OSError, match="No space left"):
        write_whole(path, b"new and longer")
    assert [p.name for p in tmp_path.iterdir()] == ([path.name] if there is not None else [])
    assert there is None or path.read_bytes() == there


def test_ctrl_c_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "kept"
    path.write_bytes(b"old")
    with pytest.raises(KeyboardInterrupt), written(path) as file:
        file.write(b"new")
        raise KeyboardInterrupt
    assert [(p.name, p.read_bytes()) for p in tmp_path.iterdir()] == [("kept", b"old")]


@pytest.mark.parametrize("lasting", [False, True])
def test_what_has_to_last_is_on_the_disk_before_it_takes_its_place(lasting: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done, synchronised, renamed = [], os.fsync, os.replace

    def to_disk(handle: int) -> None:
        synchronised(handle)
        done.append(("on the disk", os.fstat(handle).st_size))

    def in_place(source: Path, target: Path) -> None:
        renamed(source, target)
        done.append(("in its place", Path(target).stat().st_size))

    monkeypatch.setattr(os, "fsync", to_disk)
    monkeypatch.setattr(os, "replace", in_place)
    with written(tmp_path / "kept", lasting) as file:
        file.write(b"content")
    assert done == [("on the disk", 7), ("in its place", 7)][not lasting :]


def test_a_state_is_saved_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    net, path = plasticdsl.parse("network Alone:\n    source = 3 Source\n").build(), tmp_path / "state.npz"
    net.save(path)
    old = path.read_bytes()

    def full(file: BinaryIO, **_: object) -> None:
        file.write(b"PK")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(OSError, match="No space left"):
        net.save(path)
    assert [(p.name, p.read_bytes()) for p in tmp_path.iterdir()] == [("state.npz", old)]


RAMP = """
neuron Ramp:
    dV/dt = 1 mV/ms

network Net:
    a = 1 Ramp

experiment E on Net:
    dt = 1 ms
    phase p for 3 ms
    record a.V
"""


def test_where_a_result_has_its_summary_it_has_all_its_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Looked at before and after each file takes its place, when one result replaces another."""
    result, folder = plasticdsl.parse(RAMP).run("E", engine="python"), tmp_path / "result"
    result.save(folder, plots=False)
    moved, seen = Path.replace, []

    def looking(self: Path, target: Path) -> Path:
        for then in (lambda: None, lambda: moved(self, target)):
            then()
            summary = folder / "summary.json"
            seen.append(not summary.exists() or all((folder / name).exists() for name in json.loads(summary.read_text())["files"]))
        return target

    monkeypatch.setattr(Path, "replace", looking)
    result.save(folder, plots=False)
    assert len(seen) == 4 and all(seen)


def test_a_result_that_cannot_be_written_leaves_no_trace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result = plasticdsl.parse(RAMP).run("E", engine="python")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files, "_move", full)
    with pytest.raises(OSError, match="could not be written"):
        result.save(tmp_path / "result", plots=False)
    assert list(tmp_path.iterdir()) == []


def test_a_result_where_no_folder_can_be_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is said is about the folder that was asked for."""
    result = plasticdsl.parse(RAMP).run("E", engine="python")

    def forbidden(prefix: str, dir: Path) -> str:  # noqa: A002
        raise PermissionError(13, "Permission denied", str(dir / f"{prefix}x"))

    monkeypatch.setattr(files.tempfile, "mkdtemp", forbidden)
    with pytest.raises(PermissionError, match="could not be written") as said:
        result.save(tmp_path / "result", plots=False)
    assert said.value.filename == str(tmp_path / "result")
