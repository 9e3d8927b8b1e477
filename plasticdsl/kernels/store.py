"""Files of compiled kernels in the cache folder: generated modules, and object code beside them.

Comes in: text, or object code with its symbols. Goes out: imported modules, and object code that is known to be whole.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import logging
import platform
import sys
from dataclasses import asdict, dataclass
from types import ModuleType

from plasticdsl import cache

_log = logging.getLogger(__name__)

FOLDER = "kernels"


@dataclass(frozen=True, slots=True)
class ObjectCode:
    """`code`: an object file of this system. `symbol`: the entry point. `externals`: what it expects to find in the process."""

    code: bytes
    symbol: str
    externals: tuple[str, ...]


def digest_of(text: str) -> str:
    """The name of a text in the cache."""
    return hashlib.blake2b(text.encode(), digest_size=12).hexdigest()


def machine() -> str:
    """A name for what object code depends on besides the text: compiler versions, processor and its features."""
    import llvmlite
    import llvmlite.binding as llvm

    parts = (llvmlite.__version__, platform.system(), platform.machine())
    processor = (llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten())
    return hashlib.blake2b("|".join((*parts, *processor)).encode(), digest_size=6).hexdigest()


# --- object code -----------------------------------------------------------------------------------------------------


def read_object(name: str) -> ObjectCode | None:
    """Object code kept under `name`; None where there is none or it is damaged."""
    content = cache.found(f"{FOLDER}/{name}.o")
    if content is None:
        return None
    try:
        head, body = content.split(b"\n", 1)
        described = json.loads(head)
        if described.pop("checksum") != _checksum(body):
            raise ValueError("checksum")
        return ObjectCode(body, described["symbol"], tuple(described["externals"]))
    except Exception as error:  # whatever is wrong with a file of the cache, it is made anew
        _log.debug("cached machine code %s is not used: %r", name, error)
        return None


def write_object(name: str, found: ObjectCode) -> None:
    """Keeps object code."""
    described = asdict(found)
    code: bytes = described.pop("code")
    head = json.dumps({**described, "checksum": _checksum(code)}).encode()
    cache.put(f"{FOLDER}/{name}.o", head + b"\n" + code)


def _checksum(code: bytes) -> str:
    return hashlib.blake2b(code, digest_size=16).hexdigest()


# --- modules ---------------------------------------------------------------------------------------------------------


def import_text(text: str, name: str) -> ModuleType:
    """The module of this text under this name, imported from a file, so that tracebacks and numba's own cache find its source."""
    known = sys.modules.get(name)
    if known is not None:
        return known
    spec = importlib.util.spec_from_file_location(name, cache.placed(f"{FOLDER}/{name}.py", text.encode()))
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module
