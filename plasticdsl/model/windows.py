"""Learning windows taken apart: what `symbolic.windows` finds and lowering uses. Knows neither sympy nor NumPy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from plasticdsl.model.expr import Expr


@dataclass(frozen=True, slots=True)
class Trace:
    """A linear system z' = `matrix` z whose state z jumps by `jump` at each spike of the earlier side.

    `names`: one hint per component ("r…" for presynaptic, "o…" for postsynaptic traces). `matrix` holds parameters alone.
    """

    names: tuple[str, ...]
    matrix: tuple[tuple[Expr, ...], ...]
    jump: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Side:
    """The window on one side of Δt = 0.

    `formula`: F there, in terms of `Special("lag")` with its sign, without cases that the side decides.
    `traces`: systems such that the pairs completed by a spike add Σ coefficients[k][n] z[k][n] in all, each coefficient evaluated
    at that spike (it may hold the weight); empty where F = 0; None where there is no finite system or pairs are truncated.
    `history`: where `traces` is None, how far back (s) spikes of the earlier side matter (None: without limit, which only nearest
    pairs allow).
    """

    formula: Expr
    traces: tuple[Trace, ...] | None
    coefficients: tuple[tuple[Expr, ...], ...] = ()
    history: Expr | None = None


@dataclass(frozen=True, slots=True)
class Window:
    """F(Δt), Δt = t_post − t_pre: `causal` for Δt > 0 (completed by the post spike), `acausal` for Δt < 0 (completed by the pre spike), and
    `tie` = F(0). `tie_side`: "post" where F(0) is the causal formula at 0, else "pre" where it is the acausal one's, else None.
    """

    causal: Side
    acausal: Side
    tie: Expr
    tie_side: Literal["pre", "post"] | None
