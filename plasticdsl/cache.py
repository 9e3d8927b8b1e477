"""What is kept between runs: the grammar's tables, compiled models, generated modules and machine code.

Comes in: a name made of everything that the content depends on. Goes out: the content, or None, which means that it is made anew; so whatever is wrong
with the cache costs time and nothing else.

Only this program, run by this user, writes what is read back: the folder is the user's own, nobody else may write into it, and every file that is read
begins with a digest of its name and content under a key that lies there for the user's eyes alone. Values are kept as data (`as_data`).
"""

from __future__ import annotations

import atexit
import hashlib
import hmac
import logging
import os
import secrets
import shutil
import stat
import sys
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import Any

from plasticdsl.as_data import read, written
from plasticdsl.whole import write_whole

VARIABLE = "PLASTICDSL_CACHE"

#: The file of the key, and bytes of the key and of a digest.
KEY, LENGTH = "key", 32

_log = logging.getLogger(__name__)

# --- the folder ------------------------------------------------------------------------------------------------------


def cache_folder() -> Path:
    """`$PLASTICDSL_CACHE`, or the user's cache folder for plasticdsl, made where it does not exist. Where it cannot be made or written, is another user's
    or can be written by others: one that lasts as long as this process, which is said once."""
    chosen = os.environ.get(VARIABLE)
    if chosen:
        return _usable(Path(chosen))
    from platformdirs import user_cache_path

    return _usable(user_cache_path("plasticdsl"))


def lasts() -> bool:
    """Whether what is kept in `cache_folder()` is there for the next process."""
    folder = cache_folder()
    return not _passing.cache_info().currsize or folder != _passing()


@lru_cache
def _usable(folder: Path) -> Path:
    try:
        folder.mkdir(mode=stat.S_IRWXU, parents=True, exist_ok=True)
        problem = _strangers(folder)
        if not problem:
            with tempfile.TemporaryFile(dir=folder):
                return folder
    except OSError as error:
        problem = error.strerror or str(error)
    _tell(folder, problem)
    return _passing()


def _strangers(folder: Path) -> str:
    """Why others might have put something there; empty where they cannot. Raises OSError."""
    if not hasattr(os, "geteuid"):
        return ""  # a system whose folders of users are their own
    state = folder.stat()
    if state.st_uid != os.geteuid():
        return "it belongs to another user"
    if state.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        return "others may write into it; ‘chmod go-w’ makes it yours alone"
    return ""


@lru_cache(maxsize=1)
def _passing() -> Path:
    """A folder that lasts as long as this process. Raises FileNotFoundError where nothing at all can be written."""
    folder = Path(tempfile.mkdtemp(prefix="plasticdsl-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


@lru_cache
def _tell(folder: Path, problem: str) -> None:
    """Once for each folder and problem."""
    _log.warning(
        "nothing is kept for the next run: the cache folder %s cannot be used (%s); another one is chosen by %s", folder, problem, VARIABLE
    )


# --- its content -----------------------------------------------------------------------------------------------------


def found(name: str) -> bytes | None:
    """The content of a file of the cache; None where there is none, or where it is not what was put there."""
    folder = cache_folder()
    content = _there(folder / name)
    if content is None or not hmac.compare_digest(content[:LENGTH], _digest(folder, name, content[LENGTH:])):
        return None
    return content[LENGTH:]


def put(name: str, content: bytes) -> bool:
    """Keeps a file, if that is possible; where it cannot be written (a full disk, for example), that is said once."""
    folder = cache_folder()
    return _write(folder, name, _digest(folder, name, content) + content)


def placed(name: str, content: bytes) -> Path:
    """A file with this content and nothing else: in the cache, or, where it cannot be written there, in a folder that lasts as long as this process."""
    folder = cache_folder()
    if _there(folder / name) != content:
        _write(folder, name, content)
    if _there(folder / name) == content:
        return folder / name
    write_whole(_passing() / name, content)
    return _passing() / name


def _there(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None


def _write(folder: Path, name: str, content: bytes) -> bool:
    try:
        write_whole(folder / name, content)
    except OSError as problem:
        _tell(folder, problem.strerror)
        return False
    return True


def _digest(folder: Path, name: str, content: bytes) -> bytes:
    found = hashlib.blake2b(key=_key(folder), digest_size=LENGTH)
    found.update(f"{name}\0".encode())
    found.update(content)
    return found.digest()


@lru_cache
def _key(folder: Path) -> bytes:
    """The folder's own, made where there is none; where it cannot be kept, one of this process, so that nothing is found again."""
    path = folder / KEY
    known = _there(path)
    if known is not None and len(known) == LENGTH:
        return known
    _write(folder, KEY, secrets.token_bytes(LENGTH))  # readable by the user alone, as every file that is written whole
    known = _there(path)  # that of another process, if it was quicker
    return known if known is not None and len(known) == LENGTH else secrets.token_bytes(LENGTH)


def key(*parts: object) -> str:
    """A name for these parts; another version of plasticdsl or Python gives another one."""
    text = "\0".join((_package_digest(), sys.version, *(str(p) for p in parts)))
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def recall(kind: str, name: str, of: type[Any]) -> Any:
    """The value that was kept under `name`, or None."""
    content = found(f"{kind}/{name}.json")
    try:
        value = None if content is None else read(content)
    except ValueError:
        return None  # of another version that has the same files, for all we know; it is made anew
    return value if isinstance(value, of) else None


def keep(kind: str, name: str, value: object) -> bool:
    """Keeps a value, if that is possible. Raises TypeError for one that is no data."""
    return put(f"{kind}/{name}.json", written(value))


@lru_cache(maxsize=1)
def _package_digest() -> str:
    """A digest of this package's own files (names, sizes, times), so that a changed compiler never meets what an older one left."""
    root = Path(__file__).resolve().parent
    digest = hashlib.blake2b(digest_size=12)
    for folder in (root, root.parent / "grammar"):
        for path in sorted(folder.rglob("*")):
            if path.suffix in (".py", ".jinja", ".lark"):
                state = path.stat()
                digest.update(f"{path.relative_to(root.parent)} {state.st_size} {state.st_mtime_ns}\n".encode())
    return digest.hexdigest()
