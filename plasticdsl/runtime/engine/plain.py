"""Kernels without numba: their text, run as the plain Python that it is. Some hundred times slower, and open to any debugger.

Comes in: an artifact. Goes out: its `advance`, to be bound to arrays. Numbers behave as in machine code: a division by 0 is infinite, and no error.
"""

from __future__ import annotations

import builtins
from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np

from plasticdsl import cache
from plasticdsl.kernels.artifact import Artifact
from plasticdsl.kernels.program import Program
from plasticdsl.runtime.engine.native import checked_arrays

if TYPE_CHECKING:
    from plasticdsl.runtime.engine.binding import Bound


@dataclass(frozen=True, slots=True)
class Plain:
    """Kernels as Python functions."""

    artifact: Artifact

    def bind(self, bound: Bound) -> PlainAdvance:
        """`advance` with its arguments."""
        return PlainAdvance(self.artifact.program, _advance(self.artifact), bound)


class PlainAdvance:
    """Calls the Python function."""

    def __init__(self, program: Program, advance: Callable[..., int], bound: Bound) -> None:
        self._advance, self._bound = advance, bound
        self._scalars = program.functions[-1].scalars
        self._arrays = checked_arrays(program, bound)

    def advance(self, first_step: int, steps: int) -> int:
        """Run whole steps; returns how many were done, or a negative number."""
        values = {**self._bound.sizes, **self._bound.scalars}
        scalars = [np.float64(v) if isinstance(v, float) else v for v in (values[name] for name in self._scalars)]
        with np.errstate(all="ignore"):
            return int(self._advance(first_step, steps, *scalars, *self._arrays))


def _advance(artifact: Artifact) -> Callable[..., int]:
    """The function of the module; where it asks for numba it gets decorators that do nothing."""
    path = cache.placed(f"plain/plasticdsl_{artifact.digest}.py", artifact.source.encode())
    numba = SimpleNamespace(njit=_as_it_is, prange=range)

    def imported(name: str, *rest: Any) -> Any:
        return numba if name == "numba" else builtins.__import__(name, *rest)

    names: dict[str, Any] = {"__name__": path.stem, "__builtins__": {**vars(builtins), "__import__": imported}}
    exec(compile(artifact.source, str(path), "exec"), names)
    advance: Callable[..., int] = names["advance"]
    return advance


def _as_it_is(**_: object) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    return lambda function: function
