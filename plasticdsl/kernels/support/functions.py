"""Functions of the language that Python's `math` lacks. Copied into generated modules; needs `math` alone."""

from __future__ import annotations

import math


def step(x: float) -> float:
    """1 above 0, else 0."""
    return 1.0 if x > 0.0 else 0.0


def sign(x: float) -> float:
    """-1, 0 or 1."""
    return 1.0 if x > 0.0 else (-1.0 if x < 0.0 else 0.0)


def round_half_even(x: float) -> float:
    """The nearest whole number, halves to the even one."""
    below = math.floor(x)
    rest = x - below
    return below + 1.0 if rest > 0.5 or (rest == 0.5 and below % 2.0 == 1.0) else below


def x_over_expm1(x: float) -> float:
    """x / (exp(x) - 1), 1 at 0."""
    return 1.0 if x == 0.0 else x / math.expm1(x)


def expm1_over_x(x: float) -> float:
    """(exp(x) - 1) / x, 1 at 0."""
    return 1.0 if x == 0.0 else math.expm1(x) / x
