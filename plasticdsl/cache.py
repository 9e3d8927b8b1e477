"""Values kept between runs, under a key made of everything they depend on.

A pickle that cannot be read counts as absent. Only this program writes into the folder, which belongs to the user alone.
"""

from __future__ import annotations

import hashlib
import pickle
import sys
from typing import Any

from plasticdsl.kernels.folder import cache_folder, package_digest, write_whole


def key(*parts: object) -> str:
    """A name for these parts; another version of plasticdsl or Python gives another one."""
    text = "\0".join((package_digest(), sys.version, *(str(p) for p in parts)))
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def recall(kind: str, name: str, of: type[Any]) -> Any:
    """What was kept under `name`, or None."""
    try:
        content = (cache_folder() / kind / f"{name}.pickle").read_bytes()
        found = pickle.loads(content)
    except Exception:
        return None  # whatever is wrong with an old file, it is made anew
    return found if isinstance(found, of) else None


def keep(kind: str, name: str, value: object) -> None:
    """Keeps `value`; where the folder cannot be written, nothing is kept."""
    try:
        write_whole(cache_folder() / kind / f"{name}.pickle", pickle.dumps(value, protocol=pickle.HIGHEST_PROTOCOL))
    except OSError:
        return
