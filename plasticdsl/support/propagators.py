"""Propagators of linear flows, computed from the parameters' values.

Comes in: the matrix A of x' = A x + b, one or many. Goes out: P = e^{A dt} and Q = ∫₀^dt e^{A s} ds, so that x(t + dt) = P x(t) + Q b for a
b that is constant during the step. No closed forms, so coincident, oscillating, singular and stiff systems need no case of their own.
"""

from __future__ import annotations

import numpy as np

from plasticdsl.support.arrays import Floats
from plasticdsl.support.elementwise import expm1_over_x_each

TAYLOR_TERMS = 18  # remainder below 1/20! = 4e-19 for a norm of at most 1
BALANCING_SWEEPS = 30


def propagator(matrix: Floats, dt: float) -> tuple[Floats, Floats]:
    """P = e^{A dt} and Q = ∫₀^dt e^{A s} ds.

    `matrix`: A, shape (…, n, n), in 1/s and the variables' units; `dt` in s. Returns P and Q of the same shape. Errors are a few units
    of rounding relative to the largest entry of the balanced matrix. Entries of A that are not finite give entries that are not finite.
    """
    scaled = np.asarray(matrix, dtype=np.float64) * dt
    if scaled.shape[-1] == 1:
        return np.exp(scaled), dt * expm1_over_x_each(scaled)
    finite = np.all(np.isfinite(scaled), axis=(-2, -1), keepdims=True)
    units = _balance(np.where(finite, scaled, 0.0))
    balanced = np.where(finite, scaled, 0.0) * (units[..., None, :] / units[..., :, None])
    growth, integral = _square_up(balanced)
    back = units[..., :, None] / units[..., None, :]
    p = np.eye(scaled.shape[-1]) + growth * back
    q = dt * integral * back
    return np.where(finite, p, np.nan), np.where(finite, q, np.nan)


def fastest(matrix: Floats) -> Floats:
    """How fast what moves by the matrix changes at most: the norm of A in balanced units, in 1/s; shape (…)."""
    found = np.asarray(matrix, dtype=np.float64)
    finite = np.all(np.isfinite(found), axis=(-2, -1), keepdims=True)
    known = np.where(finite, found, 0.0)
    units = _balance(known)
    sizes = np.abs(known * (units[..., None, :] / units[..., :, None]))
    return np.asarray(np.where(finite[..., 0, 0], np.max(np.sum(sizes, axis=-1), axis=-1), np.nan))


def _square_up(scaled: Floats) -> tuple[Floats, Floats]:
    """e^X − 1 and φ₁(X) = Σ Xᵏ/(k+1)! by scaling and squaring.

    With E = e^{X/2ᵏ} − 1 (kept instead of e^{X/2ᵏ}, which would lose slow modes beside fast ones), doubling the step is
    φ ← φ + E φ/2 and E ← 2 E + E E. The number of doublings is each matrix's own.
    """
    norm = np.max(np.sum(np.abs(scaled), axis=-2), axis=-1)
    doublings = np.maximum(0, np.frexp(norm)[1])[..., None, None]
    x = np.ldexp(scaled, -doublings)
    identity = np.broadcast_to(np.eye(scaled.shape[-1]), scaled.shape)
    phi = identity
    for k in range(TAYLOR_TERMS, 0, -1):
        phi = identity + x @ phi / (k + 1)
    change = x @ phi
    for k in range(int(doublings.max(initial=0))):
        active = k < doublings
        phi = np.where(active, phi + 0.5 * (change @ phi), phi)
        change = np.where(active, 2.0 * change + change @ change, change)
    return change, phi


def _balance(matrix: Floats) -> Floats:
    """Units (powers of two, so that scaling is exact) in which rows and columns of `matrix` are of like size; shape (…, n).

    Parlett & Reinsch (1969), Numer. Math. 13:293. Their separate treatment of rows or columns without entries is replaced by a floor at the
    size of the diagonal, so that a one-way coupling (a current into a voltage, 1/C ≈ 10¹⁰ in SI) ends up no larger than that.
    """
    n = matrix.shape[-1]
    size = np.abs(matrix)
    diagonal = np.diagonal(size, axis1=-2, axis2=-1)
    floor = np.max(diagonal, axis=-1)
    floor = np.where(floor > 0.0, floor, 1.0)
    off = size * (1.0 - np.eye(n))
    units = np.ones(matrix.shape[:-1])
    for _ in range(BALANCING_SWEEPS):
        moved = False
        for k in range(n):
            column = np.maximum(np.sum(off[..., :, k], axis=-1), floor)
            row = np.maximum(np.sum(off[..., k, :], axis=-1), floor)
            factor = np.exp2(np.round(0.5 * np.log2(row / column)))
            off[..., :, k] *= factor[..., None]
            off[..., k, :] /= factor[..., None]
            units[..., k] *= factor
            moved = moved or bool(np.any(factor != 1.0))
        if not moved:
            break
    return units
