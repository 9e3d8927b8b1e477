"""Integrators: how a variable gets from t_n to t_{n+1}. Filled in by `symbolic.schemes`."""

from __future__ import annotations

from dataclasses import dataclass

from plasticdsl.model.expr import Expr


@dataclass(frozen=True, slots=True)
class Exact:
    """x' = A x + b over `variables`: x(t+dt) = e^{A dt} x + (∫₀^dt e^{A s} ds) b. `matrix` depends on parameters alone, so its
    propagator is computed once, numerically, from their values (no closed form: coincident time constants, oscillating and
    singular systems need no case of their own). `offset` is held at its value at t_n."""

    variables: tuple[str, ...]
    matrix: tuple[tuple[Expr, ...], ...]
    offset: tuple[Expr, ...]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ExponentialEuler:
    """x' = a x + b with a, b held at t_n: x(t+dt) = x + dt (a x + b) φ₁(a dt), φ₁(z) = (eᶻ − 1)/z."""

    variable: str
    slope: Expr
    offset: Expr
    reason: str = ""


@dataclass(frozen=True, slots=True)
class RungeKutta4:
    """The classical fourth-order scheme over `variables` together."""

    variables: tuple[str, ...]
    rates: tuple[Expr, ...]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Euler:
    """Forward Euler over `variables` together, `substeps` per step."""

    variables: tuple[str, ...]
    rates: tuple[Expr, ...]
    substeps: int = 1
    reason: str = ""


@dataclass(frozen=True, slots=True)
class EulerMaruyama:
    """x += rate dt + noise √dt N(0, 1), Itô; one normal per variable with noise, unit (connection) and step."""

    variables: tuple[str, ...]
    rates: tuple[Expr, ...]
    noises: tuple[Expr | None, ...]
    reason: str = ""


Scheme = Exact | ExponentialEuler | RungeKutta4 | Euler | EulerMaruyama
"""All schemes of a block read the block's state at t_n (they do not see each other's results); rates, slopes and offsets have the
block's definitions substituted, so they hold only states, parameters, inputs and `t`."""
