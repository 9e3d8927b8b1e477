"""A triangular square root of a covariance matrix, L with L Lᵀ = C.

Comes in: float64[n, n]. Goes out: float64[n, n], zero above the diagonal. If the entries of z are independent and of variance 1, those of L z have the
covariance C. Only additions, products and roots in a fixed order are used, so the same matrix gives the same bits everywhere.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

#: Of a unit's own variance: what is left of it and smaller counts as zero, so units may be sums of others, and of any scale.
_ROUNDING = 1e-12


def square_root(covariance: Floats) -> Floats:
    """Cholesky's decomposition, row by row (Golub & Van Loan 1996, Matrix Computations, 4.2). Raises ValueError for a matrix that is no covariance."""
    if not np.isfinite(covariance).all():
        raise ValueError("it holds a value that is no finite number")
    variances = np.abs(np.diag(covariance))
    zero, zeros = _ROUNDING * variances, _ROUNDING * np.sqrt(np.outer(variances, variances))
    if (np.abs(covariance - covariance.T) > zeros).any():
        raise ValueError("it is not symmetric")
    root = np.zeros_like(covariance)
    for i in range(len(covariance)):
        for j in range(i + 1):
            rest = float(covariance[i, j]) - sum(float(root[i, k] * root[j, k]) for k in range(j))
            if i == j:
                if rest < -zero[i]:
                    raise ValueError("with it some combination of units would have a negative variance")
                root[i, i] = np.sqrt(rest) if rest > zero[i] else 0.0
            elif root[j, j] > 0.0:
                root[i, j] = rest / root[j, j]
            elif abs(rest) > np.sqrt(zero[j] * variances[i]):
                raise ValueError("with it some combination of units would have a negative variance")
    return root
