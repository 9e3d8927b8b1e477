"""Files of compiled kernels in the cache folder: generated modules, and object code beside them.

Comes in: text, or object code with its symbols. Goes out: imported modules, and object code that is known to be whole.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import platform
import sys
from dataclasses import asdict, dataclass
from types import ModuleType

from plasticdsl import cache

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

    parts = (llvmlite.__version__, llvm.llvm_version_info, platform.system(), platform.machine())
    processor = (llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten())
    return hashlib.blake2b("|".join(map(str, (*parts, *processor))).encode(), digest_size=6).hexdigest()


# --- object code -----------------------------------------------------------------------------------------------------


def read_object(name: str) -> ObjectCode | None:
    """Object code kept under `name`, as this user's program left it; None where there is none."""
    content = cache.found(f"{FOLDER}/{name}.o")
    if content is None:
        return None
    head, _, code = content.partition(b"\n")
    described = json.loads(head)
    return ObjectCode(code, described["symbol"], tuple(described["externals"]))


def write_object(name: str, found: ObjectCode) -> None:
    """Keeps object code."""
    described = asdict(found)
    code: bytes = described.pop("code")
    cache.put(f"{FOLDER}/{name}.o", json.dumps(described).encode() + b"\n" + code)


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
