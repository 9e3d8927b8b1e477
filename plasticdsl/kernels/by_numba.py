"""What numba is told of a generated module before it runs it on several threads.

Comes in: a module that has been imported. Goes out: the same, with kernels that are not compiled yet.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any


def prepare(module: ModuleType) -> None:
    """All of it."""
    _with_fetching(module)
    _without_wrappers(module)


def _with_fetching(module: ModuleType) -> None:
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


def _without_wrappers(module: ModuleType) -> None:
    """Leaves out what lets Python call each kernel but `advance` by itself, half of the compile time."""
    from numba.core.dispatcher import Dispatcher

    for name, kernel in vars(module).items():
        if isinstance(kernel, Dispatcher) and name != "advance":
            kernel.targetoptions.update(no_cpython_wrapper=True, no_cfunc_wrapper=True)
