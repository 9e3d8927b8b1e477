"""Less work for numba, for the same machine code to the byte.

Comes in: kernels that numba knows and has not compiled. Goes out: the same, which skip what no generated kernel has need of. Both savings rest on what
kernels are: scalar loops over arrays, without closures, exceptions, loops over tuples or expressions of whole arrays.
`tests/kernels/test_economy.py` compares.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

#: Passes of numba that find nothing in kernels; after each of them it goes through the whole function again.
_NEEDLESS = frozenset(
    {
        "WithLifting", "InlineClosureLikes", "RewriteSemanticConstants", "DeadBranchPrune", "GenericRewrites", "RewriteDynamicRaises",
        "MakeFunctionToJitFunction", "InlineInlinables", "FindLiterallyCalls", "LiteralUnroll", "LiteralPropagationSubPipelinePass",
        "NopythonRewrites", "DumpParforDiagnostics",
    }
)  # fmt: skip


def with_few_passes(kernels: Iterable[Any]) -> None:
    """Leaves the needless passes out: with `each_call_typed_once`, 15 % of the compile time. A pass that another version of numba has besides stays."""
    for kernel in kernels:
        kernel._compiler.pipeline_class = _compiler()


@lru_cache(maxsize=1)
def _compiler() -> type[Any]:
    from numba.core.compiler import CompilerBase, DefaultPassBuilder

    class OfKernels(CompilerBase):
        """numba's own passes but for the needless ones."""

        def define_pipelines(self) -> list[Any]:
            passes = DefaultPassBuilder.define_nopython_pipeline(self.state)  # type: ignore[no-untyped-call]
            passes.passes = [(one, said) for one, said in passes.passes if one.__name__ not in _NEEDLESS]
            passes.finalize()
            return [passes]

    return OfKernels


@contextmanager
def each_call_typed_once() -> Iterator[None]:
    """Meanwhile the type of `a + b` for the types of a and b, and of every other call of what numba itself offers, is found once and not at each
    place that has it."""
    from numba.core.types.functions import BaseFunction

    find = BaseFunction.get_call_type
    known: dict[Any, tuple[Any, Any]] = {}

    def call_type(function: Any, context: Any, args: tuple[Any, ...], kws: Mapping[str, Any]) -> Any:
        key = (id(function), id(context), args, tuple(kws.items()))
        if key not in known:
            known[key] = (function, find(function, context, args, kws))  # the function is kept, so that no other one has its `id`
        return known[key][1]

    BaseFunction.get_call_type = call_type  # type: ignore[method-assign, assignment]
    try:
        yield
    finally:
        BaseFunction.get_call_type = find  # type: ignore[method-assign]
