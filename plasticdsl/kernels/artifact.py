"""What compiling a network leaves behind: text, layout and (after `load`) machine code. Pickles; knows no sympy and no numba."""

from __future__ import annotations

from dataclasses import dataclass

from plasticdsl.kernels.program import Program


@dataclass(frozen=True, slots=True)
class Artifact:
    """`source`: the whole generated module (only NumPy and numba needed). `program`: its layout. `entry`: name of the C entry point, whose
    arguments are first_step, steps, one int64 array of scalars' addresses… see `runtime/engine/load.py`. `digest` names it in the cache."""

    program: Program
    source: str
    digest: str
