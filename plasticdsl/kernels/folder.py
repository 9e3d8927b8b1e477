"""The cache folder: where generated modules, machine code and compiled models are kept between runs."""

from __future__ import annotations

import hashlib
import os
import tempfile
from functools import lru_cache
from pathlib import Path

VARIABLE = "PLASTICDSL_CACHE"


def cache_folder() -> Path:
    """`$PLASTICDSL_CACHE`, or the user's cache folder for plasticdsl; made where it does not exist."""
    chosen = os.environ.get(VARIABLE)
    if chosen:
        folder = Path(chosen)
    else:
        from platformdirs import user_cache_path

        folder = user_cache_path("plasticdsl")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that others see all of it or nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


@lru_cache(maxsize=1)
def package_digest() -> str:
    """A digest of this package's own files (names, sizes, times), so that a changed compiler never meets what an older one left."""
    root = Path(__file__).resolve().parents[1]
    digest = hashlib.blake2b(digest_size=12)
    folders = [root, root.parent / "grammar"]
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.suffix in (".py", ".jinja", ".lark"):
                found = path.stat()
                digest.update(f"{path.relative_to(root.parent)} {found.st_size} {found.st_mtime_ns}\n".encode())
    return digest.hexdigest()
