"""A folder that one process at a time keeps something in.

Comes in: a folder. Goes out: the folder, for this process alone. What holds it is a lock of the system on a file in it, which goes with the process,
whatever ends that.
"""

from __future__ import annotations

import errno
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

#: The file that is locked, and what a process writes into it.
LOCK = "lock"
OWN = uuid.uuid4().hex.encode()
#: So often may who had the folder delete it just when it is opened.
_TRIES = 1000


@contextmanager
def occupied(folder: Path) -> Iterator[None]:
    """The folder is made, with those around it, and at the end deleted where nothing is in it. Who has it already may have it once more. Raises
    BlockingIOError where another process has it. Where it cannot be written, or the system has no locks, it is held by nobody."""
    path, around = folder / LOCK, [one for one in folder.parents if not one.exists()]
    handle = _locked(path)
    try:
        yield
    finally:
        if handle is not None:
            with suppress(OSError):
                path.unlink()
            os.close(handle)
            with suppress(OSError):
                for one in (folder, *around):
                    one.rmdir()


def held_by(folder: Path) -> bytes:
    """What the process that has a folder has written there; nothing where none has it, or where it is not seen from here."""
    try:
        with (folder / LOCK).open("rb") as file:
            return file.read(len(OWN))
    except OSError:
        return b""


def _locked(path: Path) -> int | None:
    """The open file; None where there is nothing to give back."""
    try:
        import fcntl
    except ModuleNotFoundError:  # Windows
        return None
    for _ in range(_TRIES):
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        except FileNotFoundError:
            continue  # who had the folder has just deleted it, or there can be none (below /proc)
        except OSError:
            return None
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_still(handle, path):
                os.truncate(handle, 0)
                os.write(handle, OWN)
                return handle
        except OSError as problem:
            own = os.pread(handle, len(OWN), 0) == OWN
            os.close(handle)
            if own or problem.errno not in (errno.EAGAIN, errno.EACCES):
                return None
            raise BlockingIOError(errno.EAGAIN, "another run is writing there; give each a folder of its own", str(path.parent)) from None
        os.close(handle)
    return None


def _is_still(handle: int, path: Path) -> bool:
    """Whether the file that was opened is the one that is there: who had it before may have deleted it since."""
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except FileNotFoundError:
        return False
