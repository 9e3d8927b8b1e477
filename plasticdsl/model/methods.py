"""The integrators that `method:` can name, by every way to write them."""

from __future__ import annotations

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
