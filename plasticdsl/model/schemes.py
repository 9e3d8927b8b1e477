"""Integrators: how a variable gets from t_n to t_{n+1}. Filled in by `derive.schemes`."""

from __future__ import annotations

from dataclasses import dataclass

from plasticdsl.model.expr import Expr, Number


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
    """x' = a x + b with a, b held at t_n: x(t+dt) = x + dt (a x + b) φ₁(a dt), φ₁(z) = (eᶻ − 1)/z. `closed`: b is such that this is exact
    (`derive.products`); `at_rest`: what a and b are while the weights that rules let flow stand still, where they are others. `means`: a
    and b are their means over the step."""

    variable: str
    slope: Expr
    offset: Expr
    reason: str = ""
    closed: bool = False
    at_rest: tuple[Expr, Expr] | None = None
    means: bool = False


@dataclass(frozen=True, slots=True)
class RungeKutta4:
    """The classical fourth-order scheme over `variables` together."""

    variables: tuple[str, ...]
    rates: tuple[Expr, ...]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ExponentialRungeKutta:
    """x' = a x + b over `variables` together, where a and b depend on any of them. With a and b held, x(t+τ) = x + τ (a x + b) φ₁(a τ).

    Four stages at t_n + c dt, c of `STAGES`: each is reached from x(t_n) in a time c dt with the a and b of the stage before. The step itself
    goes through the four in turn, `SHARES` of dt with the a and b of each. Every part of it leads towards −b/a of some stage, so what is
    stable stays stable at any dt. Second order; where a = 0 throughout it is `RungeKutta4`."""

    variables: tuple[str, ...]
    slopes: tuple[Expr, ...]
    offsets: tuple[Expr, ...]
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
    """x += rate dt + noise √dt N(0, 1), Itô; one normal per variable with noise, unit (connection) and step. A rate that holds `t` counts with
    its mean over `STAGES`, each by its part of `SHARES`, so that an input gives the same to every equation."""

    variables: tuple[str, ...]
    rates: tuple[Expr, ...]
    noises: tuple[Expr | None, ...]
    reason: str = ""


#: At which part of a step the stages of Runge–Kutta lie, and which part of it counts with the slopes of each (Kutta 1901).
STAGES = (0.0, 0.5, 0.5, 1.0)
SHARES = (1 / 6, 1 / 3, 1 / 3, 1 / 6)

Staged = RungeKutta4 | ExponentialRungeKutta
Scheme = Exact | ExponentialEuler | Staged | Euler | EulerMaruyama
"""All schemes of a block read the block's state at t_n (they do not see each other's results); rates, slopes and offsets have the
block's definitions substituted, so they hold only states, parameters, inputs and `t`."""


def variables_of(scheme: Scheme) -> tuple[str, ...]:
    """The variables an integrator moves."""
    return (scheme.variable,) if isinstance(scheme, ExponentialEuler) else scheme.variables


def linear_parts(scheme: ExponentialEuler | Staged | Euler | EulerMaruyama) -> tuple[tuple[str, Expr, Expr], ...]:
    """(variable, a, b) of each rate a x + b; a is 0 where the rate is taken as a whole."""
    match scheme:
        case ExponentialEuler(variable, slope, offset):
            return ((variable, slope, offset),)
        case ExponentialRungeKutta(variables, slopes, offsets):
            return tuple(zip(variables, slopes, offsets, strict=True))
        case _:
            return tuple((v, Number(0.0), rate) for v, rate in zip(scheme.variables, scheme.rates, strict=True))


#: The integrators that `method:` can name, by every way to write them.
NAMES = {
    "euler": "euler", "forwardeuler": "euler",
    "exponentialeuler": "exponential euler", "expeuler": "exponential euler",
    "exponentialrungekutta": "exponential rk", "exponentialrk": "exponential rk",
    "exact": "exact",
    "rk4": "rk4", "rungekutta4": "rk4", "rungekutta": "rk4",
    "eulermaruyama": "euler-maruyama",
}  # fmt: skip


def method_kind(written: str) -> str | None:
    """`Runge–Kutta 4`, `Runge-Kutta 4`, `RK4` → `rk4`; None for what is no integrator. Case, blanks and dashes do not matter."""
    return NAMES.get("".join(c for c in written.lower() if c.isalnum()))
