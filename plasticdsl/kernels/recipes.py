"""What the sizes, scalars and arrays of a loop program begin with, as data: functions of `support/` applied to what a network has once it is set up.

The loops say it where they declare what they work on (`program`). The runtime carries it out on an instance (`runtime.engine.binding`), a module that runs
by itself has it as text (`embed`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from plasticdsl.kernels.identifiers import RUN, Field, Group, Part
from plasticdsl.model.expr import Expr


@dataclass(frozen=True, slots=True)
class Formula:
    """The value of an expression in the parameters of its owner; `pairs`: as a function of the pre and the post units of pairs."""

    owner: Group
    value: Expr
    pairs: bool = False


@dataclass(frozen=True, slots=True)
class Default:
    """The default of a parameter."""

    field: Field


@dataclass(frozen=True, slots=True)
class Called:
    """The name under which users give the values of a field."""

    field: Field


@dataclass(frozen=True, slots=True)
class Word:
    """What whoever sets a network up calls so: a given value (of a field, under its name), or one that was made before."""

    name: str | Field


@dataclass(frozen=True, slots=True)
class Apply:
    """What a function makes of its arguments; `words`: those with a name."""

    function: Callable[..., Any]
    arguments: tuple[Recipe, ...]
    words: tuple[tuple[str, Recipe], ...] = ()


#: A field stands for what has this name once a network is set up, a tuple for a tuple, numbers and texts for themselves.
Recipe = Field | Formula | Default | Called | Word | Apply | tuple[Any, ...] | float | str | None

DT, SEED = RUN.field(Part.DT), RUN.field(Part.SEED)
