"""From generated text to machine code that can be called.

Comes in: an artifact. Goes out: its kernels, to be bound to arrays. `advance` is compiled once, as a C function over plain pointers, and its
object code kept in the cache folder; llvmlite and ctypes load it. With more than one thread, numba runs the module itself where a network is large enough
for threads to pay.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from threading import Thread
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from plasticdsl import cache
from plasticdsl.kernels.identifiers import Part
from plasticdsl.kernels.program import Artifact, Program
from plasticdsl.kernels.store import ObjectCode, digest_of, import_text, machine, read_object, write_object
from plasticdsl.runtime.engine.binding import Bound, checked_arrays

if TYPE_CHECKING:
    from plasticdsl.runtime.engine.plain import ModuleAdvance, Plain

__all__ = ["Native", "Threaded", "digest_of", "load"]

_log = logging.getLogger(__name__)

#: Below this many units in the longest loop, starting threads takes longer than they save.
LEAST_UNITS_FOR_THREADS = 100_000
#: Where units advance in shares: below so many steps of a unit between two meetings of threads, and for fewer steps in all than this.
LEAST_IN_A_WINDOW = 50_000
LEAST_STEPS_FOR_THREADS = 64


def load(artifact: Artifact, threads: int = 1) -> Native | Threaded:
    """Kernels of an artifact: from the cache, or compiled and put there. For `threads` > 1 the artifact is one emitted for that."""
    if threads > 1 and not artifact.program.windowed:
        return Threaded(artifact, threads)
    return _native(artifact, threads)


def _native(artifact: Artifact, threads: int) -> Native:
    name = f"plasticdsl_{artifact.digest}_{cache.key('machine', machine())}"
    found = read_object(name)
    if found is not None:
        try:
            return Native(artifact.program, *link(found), threads)
        except Exception as error:  # whatever keeps cached code from loading, compiling anew is the answer
            _log.debug("cached machine code %s does not load: %r", name, error)

    from plasticdsl.kernels.compile import object_code

    found = object_code(artifact)
    write_object(name, found)
    return Native(artifact.program, *link(found), threads)


# --- threads ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Threaded:
    """Kernels for more than one thread; the results are the same bits."""

    artifact: Artifact
    threads: int

    def bind(self, bound: Bound) -> ModuleAdvance | NativeAdvance:
        """`advance` with its arguments: on all threads, or on one where the network is small."""
        from plasticdsl.kernels.threads import longest_loop
        from plasticdsl.runtime.engine.plain import ModuleAdvance, defined

        program = self.artifact.program
        longest = longest_loop(program, bound.sizes)
        if longest >= LEAST_UNITS_FOR_THREADS:
            try:
                return ModuleAdvance(program, defined(program, vars(self._module())), bound)
            except ModuleNotFoundError as missing:
                if (missing.name or "").split(".")[0] != "numba":
                    raise
                _tell_without_numba()
        else:
            _tell_alone(longest)
        from plasticdsl.kernels.emit import emit

        text = emit(program)
        return _native(Artifact(program, text, digest_of(text)), 1).bind(bound)

    def _module(self) -> ModuleType:
        import numba
        from numba import config

        from plasticdsl.kernels.by_numba import prepare

        # OpenMP's threads spin while they wait, and take longest to start where the machine is busy.
        config.THREADING_LAYER_PRIORITY = ["tbb", "workqueue", "omp"]  # type: ignore[attr-defined]
        most: int = config.NUMBA_NUM_THREADS  # type: ignore[attr-defined]
        numba.set_num_threads(min(self.threads, most))
        module = import_text(self.artifact.source, f"plasticdsl_{self.artifact.digest}")
        prepare(module)
        return module


@lru_cache
def _tell_alone(longest: int) -> None:
    """Once for each size."""
    why = f"the longest loop that threads could share has {longest:,} units" if longest else "no loop of this network can be shared"
    _log.warning("one thread computes: %s, and they pay from %s units on", why, f"{LEAST_UNITS_FOR_THREADS:,}")


@lru_cache
def _tell_without_numba() -> None:
    """Once."""
    _log.warning("one thread computes: threads share such loops by numba, which is not installed; ‘pip install numba’")


# --- object code in memory -------------------------------------------------------------------------------------------


class Unresolved(Exception):
    """Object code needs a symbol that this process does not have."""


@dataclass(frozen=True, slots=True)
class Native:
    """Compiled `advance`: `address` of the entry point; `keep` holds what owns the code. `threads`: how many run it together, where the program can."""

    program: Program
    address: int
    keep: Any
    threads: int = 1

    def bind(self, bound: Bound) -> NativeAdvance:
        """The entry point with its arguments. Raises ValueError for an array that does not have the size or type it should."""
        return NativeAdvance(self, bound)


if TYPE_CHECKING:
    #: A program's `advance`, to be bound to arrays.
    Kernels = Native | Threaded | Plain


class NativeAdvance:
    """Calls the entry point; holds the arrays whose addresses it passes. `function` takes the first step, how many, and `arguments`."""

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
        self._table = _table_of(self._held)
        self.arguments = (ctypes.addressof(self._table),)
        self._helpers = _helpers(native, bound, self._integer_values)
        self.function = _ADVANCE(native.address)
        self._scalars.changed = True

    def prepare(self) -> None:
        """Before each call: scalars that were changed in the binding count from now on."""
        scalars = self._scalars
        if scalars.changed:
            self._float_values[: len(self._floats)] = [scalars[name] for name in self._floats]
            self._integer_values[: len(self._integers)] = [scalars[name] for name in self._integers]
            scalars.changed = False

    def advance(self, first_step: int, steps: int) -> int:
        """Run whole steps; returns how many were done, or a negative number."""
        self.prepare()
        if self._helpers and steps >= LEAST_STEPS_FOR_THREADS:
            return self._together(first_step, steps)
        return int(self.function(first_step, steps, *self.arguments))

    def _together(self, first_step: int, steps: int) -> int:
        """The same on several threads, each with its number among the arguments. Calls of machine code leave Python's other threads alone."""
        first, *others = [self._of_thread(number, integers) for number, integers in enumerate(self._helpers)]
        begun = [Thread(target=self.function, args=(first_step, steps, ctypes.addressof(table)), daemon=True) for table in others]
        for thread in begun:
            thread.start()
        done = int(self.function(first_step, steps, ctypes.addressof(first)))
        for thread in begun:
            thread.join()
        return done

    def _of_thread(self, number: int, integers: NDArray[np.int64]) -> ctypes.Array[ctypes.c_void_p]:
        """The arguments with its own whole numbers: those of all, its number, and how many threads there are."""
        place = {name.part: n for n, name in enumerate(self._integers)}
        integers[...] = self._integer_values
        integers[place[Part.THREAD]], integers[place[Part.THREADS]] = number, len(self._helpers)
        floats, _, *others = self._held
        return _table_of([floats, integers, *others])


#: What `address` is: a function of the first step, how many, and a table of arguments.
_ADVANCE = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64, ctypes.c_int64, ctypes.c_size_t)


def _table_of(arrays: Sequence[NDArray[Any]]) -> ctypes.Array[ctypes.c_void_p]:
    """Where they lie."""
    return (ctypes.c_void_p * len(arrays))(*(a.ctypes.data for a in arrays))


def _helpers(native: Native, bound: Bound, integers: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """Room for the whole numbers that are told to each thread; none where they would not pay."""
    if native.threads == 1 or not native.program.windowed:
        return []
    units = sum(n for name, n in bound.sizes.items() if name.part is Part.UNITS)
    steps, shares = (next(n for name, n in bound.sizes.items() if name.part is part) for part in (Part.WINDOW, Part.SHARES))
    if steps * units < LEAST_IN_A_WINDOW or shares < 2:
        _tell_short(steps, units)
        return []
    return [integers.copy() for _ in range(min(native.threads, shares))]


@lru_cache
def _tell_short(steps: int, units: int) -> None:
    """Once for each size."""
    why = f"{units:,} units go on for {steps} steps without hearing of each other, {steps * units:,} steps of a unit"
    _log.warning("one thread computes: %s, and threads pay from %s on", why, f"{LEAST_IN_A_WINDOW:,}")


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
    address = _in_libraries(name)
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
