"""The one place that runs numba: from the text of a generated module to object code.

Comes in: an artifact. Goes out: object code of its entry point, or the address of that in this process.
"""

from __future__ import annotations

import gc
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from plasticdsl.kernels.economy import each_call_typed_once, with_few_passes
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
    with_fetching(module)
    kernels = without_wrappers(module)
    for kernel in kernels.values():  # arrays belong to the caller, and kernels make none: nobody counts who uses them
        kernel.targetoptions["_nrt"] = False
    with_few_passes(kernels.values())
    with _undisturbed(), _as_a_whole(kernels.keys() - {"entry"}), each_call_typed_once():
        entry: Any = import_text(text, f"{name}_entry").entry
    library = entry._library
    return entry, ObjectCode(bytes(library._get_compiled_object()), str(entry.native_name), _externals(library._final_module))


def with_fetching(module: ModuleType) -> None:
    """Gives a module that calls `fetch` (`support.memory`) one that asks for a line of memory."""
    from llvmlite import ir
    from numba import types
    from numba.core import cgutils
    from numba.extending import intrinsic

    def fetch(_: Any, place: Any, array: Any) -> Any:
        def written(context: Any, builder: Any, signature: Any, given: Any) -> Any:
            data = context.make_array(signature.args[1])(context, builder, given[1]).data
            address = builder.bitcast(builder.gep(data, [context.cast(builder, given[0], place, types.intp)]), cgutils.voidptr_t)
            number = ir.IntType(32)
            kind = ir.FunctionType(ir.VoidType(), [cgutils.voidptr_t, number, number, number])
            ask = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0i8")  # type: ignore[no-untyped-call]
            builder.call(ask, [address, number(0), number(3), number(1)])  # to read it, into all caches, data
            return context.get_dummy_value()

        return types.void(place, array), written

    if hasattr(module, "fetch"):
        module.fetch = intrinsic(fetch)  # type: ignore[attr-defined]


def without_wrappers(module: ModuleType, but: frozenset[str] = frozenset()) -> dict[str, Any]:
    """Leaves out what lets Python call each kernel by itself, half of the compile time, and gives these kernels by name."""
    from numba.core.dispatcher import Dispatcher

    kernels = {name: kernel for name, kernel in vars(module).items() if isinstance(kernel, Dispatcher) and name not in but}
    for kernel in kernels.values():
        kernel.targetoptions.update(no_cpython_wrapper=True, no_cfunc_wrapper=True)
    return kernels


@contextmanager
def _as_a_whole(parts: Collection[str]) -> Iterator[None]:
    """Kernels of these names meanwhile become parts of what calls them and nothing else. numba optimises each of them, with all that it calls, and
    makes machine code of it, which nobody runs here: a third of the compile time."""
    from numba.core.codegen import JITCodeLibrary
    from numba.core.compiler_lock import global_compiler_lock
    from numba.core.registry import cpu_target

    class Part(JITCodeLibrary):
        """Code that is linked into other code, and optimised there."""

        def _optimize_final_module(self) -> None:
            pass

        def _finalize_final_module(self) -> None:
            self._finalize_dynamic_globals()  # type: ignore[no-untyped-call]
            self._finalized = True

        def get_pointer_to_function(self, name: str) -> int:
            self._ensure_finalized()  # type: ignore[no-untyped-call]
            return 0

    codegen = cpu_target.target_context.codegen()
    set_env = codegen.set_env

    def library(of: Any, name: str, **more: Any) -> Any:
        return (Part if name in parts else JITCodeLibrary)(of, name, **more)  # type: ignore[no-untyped-call]

    def set_where_defined(name: str, env: Any) -> None:
        if codegen._engine.is_symbol_defined(name):
            set_env(name, env)

    with global_compiler_lock:
        codegen._library_class, codegen.set_env = library, set_where_defined
        try:
            yield
        finally:
            del codegen._library_class, codegen.set_env


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
