"""Files that are written are there whole or not at all, whenever somebody looks or the program ends."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from plasticdsl.whole import write_whole


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
