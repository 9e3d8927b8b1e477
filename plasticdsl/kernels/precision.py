"""Single precision: states and parameters that have one value per unit or connection are kept in 32 bits.

Arithmetic stays in double precision between load and store. Times, hazards and counts stay as they are: a spike time in 32 bits would not
even tell the steps of a minute apart.
"""

from __future__ import annotations

from dataclasses import replace

from plasticdsl.kernels.program import Array, Program


def in_single(program: Program) -> Program:
    """The same program with 32-bit states and parameters."""
    return replace(program, arrays=tuple(_narrow(a) for a in program.arrays))


def _narrow(array: Array) -> Array:
    return replace(array, dtype="float32") if array.dtype == "float64" and array.is_variable else array
