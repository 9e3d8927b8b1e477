"""From generated text to machine code.

The module's text goes into the cache folder under a name made from its content; `advance` is compiled once, as a C function over plain
pointers, and its object code is kept beside the text. Loading that needs llvmlite but not numba, which would take a second to start.
With more than one thread, numba runs the module itself.
"""

from __future__ import annotations

import ctypes
import hashlib
import importlib.util
import platform
import sys
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from plasticdsl.kernels.artifact import Artifact
from plasticdsl.kernels.folder import cache_folder, write_whole
from plasticdsl.kernels.program import Program
from plasticdsl.runtime.binding import Bound

#: Symbols that numba's object code mentions on paths that kernels never take (errors, reference counts of arrays that own memory).
NEVER_CALLED = (
    "NRT_Free", "NRT_MemInfo_call_dtor", "NRT_Allocate", "NRT_MemInfo_alloc_aligned", "NRT_incref", "NRT_decref", "numba_do_raise",
    "numba_gil_ensure", "numba_gil_release", "numba_runtime_build_excinfo_struct", "numba_unpickle",
)  # fmt: skip


@dataclass(slots=True)
class Native:
    """Compiled `advance`: `address` of the entry point; `engine` keeps the code in memory."""

    program: Program
    address: int
    engine: Any

    def bind(self, bound: Bound) -> NativeAdvance:
        """The entry point with its arguments."""
        return NativeAdvance(self, bound)


class NativeAdvance:
    """Calls the entry point; holds the arrays whose addresses it passes."""

    def __init__(self, native: Native, bound: Bound) -> None:
        program = native.program
        self._native, self._bound = native, bound
        arrays = [bound.arrays[name] for name in program.functions[-1].arrays]
        self._floats = [s.name for s in program.scalars if s.dtype == "float64"]
        self._integers = [s.name for s in program.scalars if s.dtype == "int64"]
        self._float_values = np.zeros(max(len(self._floats), 1))
        self._integer_values = np.zeros(max(len(self._integers), 1), dtype=np.int64)
        self._sizes = np.array([bound.sizes[s.name] for s in program.sizes] or [0], dtype=np.int64)
        kinds = [ctypes.c_int64, ctypes.c_int64, *[ctypes.c_void_p] * (3 + len(arrays))]
        self._function = ctypes.CFUNCTYPE(ctypes.c_int64, *kinds)(native.address)
        held = [self._float_values, self._integer_values, self._sizes, *arrays]
        self._addresses = [a.ctypes.data for a in held]

    def advance(self, first_step: int, steps: int) -> int:
        """Run whole steps; returns how many were done, or a negative number."""
        for position, name in enumerate(self._floats):
            self._float_values[position] = self._bound.scalars[name]
        for position, name in enumerate(self._integers):
            self._integer_values[position] = self._bound.scalars[name]
        return int(self._function(first_step, steps, *self._addresses))


@dataclass(slots=True)
class Threaded:
    """The generated module run by numba itself, for more than one thread."""

    program: Program
    module: ModuleType

    def bind(self, bound: Bound) -> ThreadedAdvance:
        """`advance` with its arguments."""
        return ThreadedAdvance(self, bound)


@dataclass(slots=True)
class ThreadedAdvance:
    """Calls the module's `advance`."""

    threaded: Threaded
    bound: Bound

    def advance(self, first_step: int, steps: int) -> int:
        """Run whole steps; returns how many were done, or a negative number."""
        last, bound = self.threaded.program.functions[-1], self.bound
        scalars = [bound.scalars.get(n, bound.sizes.get(n)) for n in last.scalars]
        return int(self.threaded.module.advance(first_step, steps, *scalars, *(bound.arrays[n] for n in last.arrays)))


def load(artifact: Artifact, threads: int = 1) -> Native | Threaded:
    """Machine code for an artifact: from the cache, or compiled and put there."""
    if threads > 1:
        import numba

        numba.set_num_threads(min(threads, numba.config.NUMBA_NUM_THREADS))
        return Threaded(artifact.program, _import_text(artifact.source, f"plasticdsl_{artifact.digest}_threads"))
    base = cache_folder() / "kernels" / f"plasticdsl_{artifact.digest}_{_machine()}"
    found = _read_object(base)
    if found is None:
        found = _compile(artifact, base)
    return _link(artifact.program, *found)


def digest_of(text: str) -> str:
    """The name of a text in the cache."""
    return hashlib.blake2b(text.encode(), digest_size=12).hexdigest()


def _machine() -> str:
    """What machine code depends on besides the text: numba, llvmlite, Python and the processor."""
    import llvmlite.binding as llvm

    parts = (version("numba"), version("llvmlite"), platform.machine(), llvm.get_host_cpu_name(), sys.version.split()[0])
    features = llvm.get_host_cpu_features().flatten()
    return hashlib.blake2b("|".join((*parts, features)).encode(), digest_size=6).hexdigest()


def _read_object(base: Path) -> tuple[bytes, str] | None:
    try:
        content = base.with_suffix(".o").read_bytes()
    except OSError:
        return None
    head, _, code = content.partition(b"\n")
    checksum, _, symbol = head.partition(b" ")
    if hashlib.blake2b(code, digest_size=16).hexdigest().encode() != checksum:
        return None
    return code, symbol.decode()


def _compile(artifact: Artifact, base: Path) -> tuple[bytes, str]:
    from plasticdsl.kernels.emit import emit_entry

    name = f"plasticdsl_{artifact.digest}"
    _import_text(artifact.source, name)
    entry = _import_text(emit_entry(artifact.program, name), f"{name}_entry").entry
    code, symbol = bytes(entry._library._get_compiled_object()), str(entry.native_name)
    checksum = hashlib.blake2b(code, digest_size=16).hexdigest()
    write_whole(base.with_suffix(".o"), f"{checksum} {symbol}\n".encode() + code)
    return code, symbol


def _import_text(text: str, name: str) -> ModuleType:
    """The module of this text, imported from a file in the cache folder so that tracebacks and numba find its source."""
    path = cache_folder() / "kernels" / f"{name}.py"
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        write_whole(path, text.encode())
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def _link(program: Program, code: bytes, symbol: str) -> Native:
    import llvmlite.binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    process = ctypes.CDLL(None)
    stop = ctypes.cast(process.abort, ctypes.c_void_p).value
    for missing in NEVER_CALLED:
        if not llvm.address_of_symbol(missing):
            llvm.add_symbol(missing, stop)
    target = llvm.Target.from_default_triple().create_target_machine()
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), target)
    engine.add_object_file(llvm.ObjectFileRef.from_data(code))
    engine.finalize_object()
    return Native(program, engine.get_function_address(symbol), engine)
