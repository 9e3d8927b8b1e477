"""The one place that runs numba: from the text of a generated module to object code.

Comes in: an artifact. Goes out: object code of its entry point, or the address of that in this process.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from plasticdsl.kernels.emit import emit_entry
from plasticdsl.kernels.program import Artifact
from plasticdsl.kernels.store import ObjectCode, import_text

#: Library functions that LLVM may call for its own instructions.
_OF_INSTRUCTIONS = ("memcpy", "memmove", "memset")
_INTRINSICS = ("exp", "exp2", "log", "log2", "log10", "pow", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "fma")


def compile_entry(artifact: Artifact) -> tuple[Any, ObjectCode]:
    """numba's C function over plain pointers, and its object code."""
    name = f"plasticdsl_{artifact.digest}"
    text = emit_entry(artifact.program, name)
    module = import_text(artifact.source, name)
    without_wrappers(module)
    with _undisturbed():
        entry: Any = import_text(text, f"{name}_entry").entry
    library = entry._library
    return entry, ObjectCode(bytes(library._get_compiled_object()), str(entry.native_name), _externals(library._final_module))


def without_wrappers(module: ModuleType, but: frozenset[str] = frozenset()) -> None:
    """Leaves out what lets Python call each kernel by itself, half of the compile time."""
    from numba.core.dispatcher import Dispatcher

    for name, kernel in vars(module).items():
        if isinstance(kernel, Dispatcher) and name not in but:
            kernel.targetoptions.update(no_cpython_wrapper=True, no_cfunc_wrapper=True)


def _externals(module: Any) -> tuple[str, ...]:
    """The names that a compiled LLVM module expects from outside."""
    declared = {f.name for f in module.functions if f.is_declaration} | {g.name for g in module.global_variables if g.is_declaration}
    plain = {name for name in declared if not name.startswith("llvm.")}
    words = {name.split(".")[1] for name in declared if name.startswith("llvm.")}
    return tuple(sorted(plain | {w for w in _INTRINSICS if w in words} | set(_OF_INSTRUCTIONS)))


@contextmanager
def _undisturbed() -> Iterator[None]:
    """No garbage collection meanwhile: a compiler makes much that stays."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
