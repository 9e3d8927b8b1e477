"""Kernels without numba: their text, run as the plain Python that it is. Some hundred times slower, and open to any debugger.

Comes in: an artifact. Goes out: its `advance`, to be bound to arrays. Numbers behave as in machine code: a division by 0 is infinite, and no error.
"""

from __future__ import annotations

import builtins
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import SimpleNamespace
from typing import Any

import numpy as np

from plasticdsl import cache
from plasticdsl.kernels.identifiers import Group
from plasticdsl.kernels.layout import tuples
from plasticdsl.kernels.program import Artifact, Program
from plasticdsl.kernels.spelling import spell
from plasticdsl.runtime.engine.binding import Bound, checked_arrays


@dataclass(frozen=True)
class Plain:
    """Kernels as Python functions."""

    artifact: Artifact

    @cached_property
    def _defined(self) -> Defined:
        """Made once for all that it is bound to."""
        return defined(self.artifact.program, _names(self.artifact))

    def bind(self, bound: Bound) -> ModuleAdvance:
        """`advance` with its arguments."""
        return ModuleAdvance(self.artifact.program, self._defined, bound)


@dataclass(frozen=True, slots=True)
class Defined:
    """What of a module is called: `advance`, and the classes of the tuples that it takes."""

    advance: Callable[..., Any]
    classes: Mapping[Group, Callable[..., Any]]


def defined(program: Program, names: Mapping[str, Any]) -> Defined:
    """The same among all names of the module of a program."""
    return Defined(names["advance"], {group: names[name] for group, name in spell(program).classes.items()})


class ModuleAdvance:
    """Calls the `advance` that a module defines, which is plain Python or what numba has made of it."""

    def __init__(self, program: Program, defined: Defined, bound: Bound) -> None:
        checked_arrays(program, bound)
        self._program, self._defined, self._bound = program, defined, bound
        self._bound.scalars.changed = True
        self.arguments: tuple[Any, ...] = ()

    def prepare(self) -> None:
        """Before each call: scalars that were changed in the binding count from now on."""
        scalars = self._bound.scalars
        if scalars.changed:
            exact = {name: np.float64(v) if isinstance(v, float) else v for name, v in scalars.items()}
            values = {**self._bound.sizes, **exact, **self._bound.arrays}
            self.arguments = tuple(tuples(self._program, self._defined.classes, values))
            scalars.changed = False

    def function(self, first_step: int, steps: int, *arguments: Any) -> int:
        """Run whole steps; returns how many were done, or a negative number."""
        with np.errstate(all="ignore"):
            return int(self._defined.advance(first_step, steps, *arguments))

    def advance(self, first_step: int, steps: int) -> int:
        """The same with the arguments."""
        self.prepare()
        return self.function(first_step, steps, *self.arguments)


def _names(artifact: Artifact) -> dict[str, Any]:
    """What the module defines; where it asks for numba it gets decorators that do nothing."""
    path = cache.placed(f"plain/plasticdsl_{artifact.digest}.py", artifact.source.encode())
    numba = SimpleNamespace(njit=_as_it_is, prange=range)

    def imported(name: str, *rest: Any) -> Any:
        return numba if name == "numba" else builtins.__import__(name, *rest)

    names: dict[str, Any] = {"__name__": path.stem, "__builtins__": {**vars(builtins), "__import__": imported}}
    exec(compile(artifact.source, str(path), "exec"), names)
    return names


def _as_it_is(**_: object) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    return lambda function: function
