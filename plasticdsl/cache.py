"""What is kept between runs: the grammar's tables, compiled models, generated modules and machine code.

Comes in: a name made of everything that the content depends on. Goes out: the content, or None, which means that it is made anew; so whatever is wrong
with the cache costs time and nothing else. Only this program writes into the folder, which belongs to the user alone.
"""

from __future__ import annotations

import atexit
import hashlib
import logging
import os
import pickle
import shutil
import sys
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import Any

from plasticdsl.whole import write_whole

VARIABLE = "PLASTICDSL_CACHE"

_log = logging.getLogger(__name__)

# --- the folder ------------------------------------------------------------------------------------------------------


def cache_folder() -> Path:
    """`$PLASTICDSL_CACHE`, or the user's cache folder for plasticdsl, made where it does not exist. Where it cannot be made or written: one that lasts
    as long as this process, which is said once."""
    chosen = os.environ.get(VARIABLE)
    if chosen:
        return _usable(Path(chosen))
    from platformdirs import user_cache_path

    return _usable(user_cache_path("plasticdsl"))


@lru_cache
def _usable(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return folder
    except OSError as problem:
        _tell(folder, problem.strerror)
        return _passing()


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
    """The content of a file of the cache, None where there is none."""
    try:
        return (cache_folder() / name).read_bytes()
    except OSError:
        return None


def put(name: str, content: bytes) -> None:
    """Keeps a file; where it cannot be written (a full disk, for example), that is said once."""
    folder = cache_folder()
    try:
        write_whole(folder / name, content)
    except OSError as problem:
        _tell(folder, problem.strerror)


def placed(name: str, content: bytes) -> Path:
    """A file with this content: in the cache, or, where it cannot be written there, in a folder that lasts as long as this process."""
    if found(name) != content:
        put(name, content)
    if found(name) == content:
        return cache_folder() / name
    write_whole(_passing() / name, content)
    return _passing() / name


def key(*parts: object) -> str:
    """A name for these parts; another version of plasticdsl or Python gives another one."""
    text = "\0".join((_package_digest(), sys.version, *(str(p) for p in parts)))
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def recall(kind: str, name: str, of: type[Any]) -> Any:
    """The value that was kept under `name`, or None."""
    content = found(f"{kind}/{name}.pickle")
    try:
        value = None if content is None else pickle.loads(content)
    except Exception:
        return None  # whatever is wrong with an old file, it is made anew
    return value if isinstance(value, of) else None


def keep(kind: str, name: str, value: object) -> None:
    """Keeps a value."""
    put(f"{kind}/{name}.pickle", pickle.dumps(value, protocol=pickle.HIGHEST_PROTOCOL))


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
