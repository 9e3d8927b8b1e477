"""Object code in memory, and how it is called.

Comes in: object code and a loop program. Goes out: `advance` over bound arrays. Needs llvmlite and ctypes, not numba, which takes a
second to start.
"""

from __future__ import annotations

import ctypes
import ctypes.util
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from plasticdsl.kernels.program import Program
from plasticdsl.kernels.store import ObjectCode

if TYPE_CHECKING:
    from plasticdsl.runtime.engine.binding import Bound

#: Symbols that numba's object code mentions on paths that kernels never take: exceptions, and reference counts of arrays that own memory.
NEVER_CALLED = frozenset(
    {
        "NRT_Free", "NRT_MemInfo_call_dtor", "NRT_Allocate", "NRT_incref", "NRT_decref", "numba_do_raise", "numba_gil_ensure",
        "numba_gil_release", "numba_runtime_build_excinfo_struct", "numba_unpickle",
    }
)  # fmt: skip


class Unresolved(Exception):
    """Object code needs a symbol that this process does not have."""


@dataclass(frozen=True, slots=True)
class Native:
    """Compiled `advance`: `address` of the entry point; `keep` holds what owns the code."""

    program: Program
    address: int
    keep: Any

    def bind(self, bound: Bound) -> NativeAdvance:
        """The entry point with its arguments. Raises ValueError for an array that does not have the size or type it should."""
        return NativeAdvance(self, bound)


class NativeAdvance:
    """Calls the entry point; holds the arrays whose addresses it passes."""

    def __init__(self, native: Native, bound: Bound) -> None:
        program = native.program
        arrays = checked_arrays(program, bound)
        self._native, self._scalars = native, bound.scalars
        self._floats = [s.name for s in program.scalars if s.dtype == "float64"]
        self._integers = [s.name for s in program.scalars if s.dtype == "int64"]
        self._float_values = np.zeros(len(self._floats) or 1)
        self._integer_values = np.zeros(len(self._integers) or 1, dtype=np.int64)
        sizes = np.array([bound.sizes[s.name] for s in program.sizes] or [0], dtype=np.int64)
        self._held = [self._float_values, self._integer_values, sizes, *arrays]
        self._addresses = [a.ctypes.data for a in self._held]
        kinds = [ctypes.c_int64, ctypes.c_int64, *[ctypes.c_void_p] * len(self._held)]
        self._function = ctypes.CFUNCTYPE(ctypes.c_int64, *kinds)(native.address)

    def advance(self, first_step: int, steps: int) -> int:
        """Run whole steps; returns how many were done, or a negative number. Scalars are read from the binding at each call."""
        scalars = self._scalars
        self._float_values[: len(self._floats)] = [scalars[name] for name in self._floats]
        self._integer_values[: len(self._integers)] = [scalars[name] for name in self._integers]
        return int(self._function(first_step, steps, *self._addresses))


def checked_arrays(program: Program, bound: Bound) -> list[NDArray[Any]]:
    """The arrays of a program in order; machine code would not notice a wrong one."""
    found = []
    for wanted in program.arrays:
        name, array = wanted.name, bound.arrays[wanted.name]
        shape = tuple(bound.sizes[s] for s in wanted.shape)
        if array.shape != shape or array.dtype != np.dtype(wanted.dtype) or not array.flags.c_contiguous:
            raise ValueError(f"{name} is {array.dtype}{list(array.shape)}, but must be contiguous {wanted.dtype}{list(shape)}")
        found.append(array)
    return found


def link(found: ObjectCode) -> tuple[int, Any]:
    """The address of the entry point, and what must be kept as long as it is used. Raises `Unresolved`, RuntimeError or OSError."""
    import llvmlite.binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    for name in found.externals:
        _resolve(name)
    target = llvm.Target.from_default_triple().create_target_machine()
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), target)
    engine.add_object_file(llvm.ObjectFileRef.from_data(found.code))
    engine.finalize_object()
    address = engine.get_function_address(found.symbol)
    if not address:
        raise Unresolved(found.symbol)
    return int(address), engine


def _resolve(name: str) -> None:
    """Makes a symbol known to LLVM, which would end the process if it met one that is not."""
    import llvmlite.binding as llvm

    if llvm.address_of_symbol(name):
        return
    address = _in_libraries("abort" if name in NEVER_CALLED else name)
    if address is None:
        raise Unresolved(name)
    llvm.add_symbol(name, address)


def _in_libraries(name: str) -> int | None:
    for library in (None, "m", "c"):
        try:
            return ctypes.cast(getattr(_library(library), name), ctypes.c_void_p).value
        except (AttributeError, OSError, TypeError):
            continue
    return None


@lru_cache
def _library(name: str | None) -> ctypes.CDLL:
    """A library by its short name, None for the process itself. Finding one starts other programs, so it is done when it is needed, and once."""
    return ctypes.CDLL(name and ctypes.util.find_library(name))
