"""Files that others see whole or not at all.

Comes in: a path. Goes out: a file beside it that takes its place once everything is written.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


@contextmanager
def said_of(path: Path) -> Iterator[None]:
    """What cannot be written beside a file is an error about the file: nobody has asked for the other."""
    try:
        yield
    except OSError as problem:
        raise OSError(problem.errno, problem.strerror or str(problem), str(path)) from None


@contextmanager
def written(path: Path, lasting: bool = False) -> Iterator[BinaryIO]:
    """A file to write into; it is at `path` when the text inside has ended without an error, and nowhere otherwise. `lasting`: it is on the disk by then,
    should the machine go down. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with said_of(path):
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            if lasting:
                file.flush()
                os.fsync(file.fileno())
        with said_of(path):
            Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def synchronise(path: Path) -> None:
    """What a file has is on the disk, should the machine go down. Raises OSError."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def write_whole(path: Path, content: bytes) -> None:
    """Write a file in one go. Raises OSError."""
    with written(path) as file:
        file.write(content)
