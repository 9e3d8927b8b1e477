"""Exponential functions from additions and multiplications alone, so that compilers work on several numbers at once.

Comes in: a double. Goes out: a double, the same on every processor. Largest errors, in units in the last place: exp 1.0, expm1 1.3, `expm1_over_x` and
`x_over_expm1` 1.9, tanh 2.0. Infinite and undefined arguments give what they should, and results below the range of normal numbers are not cut off.

The argument is taken apart as x = k ln 2 + r with whole k and |r| ≤ ln 2/2 (ln 2 in two parts, so that k ln 2 is exact; Cody & Waite 1980,
"Software manual for the elementary functions", ch. 6). Where e^x − 1 is wanted, k is 0 up to |x| = ½: just beyond ln 2/2 one would else take two numbers
of nearly the same size from each other.
"""

from __future__ import annotations

import numpy as np

#: Adding it leaves a whole number in the last digits of a double.
ROUNDER = 6755399441055744.0
LOG2_E = 1.4426950408889634
LN2_HIGH = 0.6931471803691238
LN2_LOW = 1.9082149292705877e-10

#: The exponents of 1, ½, and 2⁻⁶⁴ where a double has them.
OF_ONE = 4607182418800017408
OF_HALF = 4602678819172646912
OF_TINY = 4318952042648305664

#: 2⁻⁶⁴: in quotients both sides are that much smaller, so that e^x may be larger than the largest double.
TINY = 5.421010862427522e-20

#: All bits of a double that hold its exponent and sign.
EXPONENT = -4503599627370496


def vanishing(x: float) -> float:
    """x, or 0 where it is below 10⁻²⁹⁰."""
    return 0.0 if abs(x) < 1e-290 else x


def scaled(z: float, exponent: int) -> float:
    """2^k times the power of two that has this exponent, for z = k + `ROUNDER`, whose last bits are k."""
    return np.int64((np.float64(z).view(np.int64) << 52) + exponent).view(np.float64)


def series(r: float) -> float:
    """(e^r − 1 − r)/r² for |r| ≤ ½, to 3·10⁻¹⁷ of (e^r − 1)/r: the polynomial that meets it at Chebyshev's points, summed in pairs."""
    r2 = r * r
    r4 = r2 * r2
    low = (0.5 + r * 0.16666666666667118) + r2 * (0.04166666666666699 + r * 0.008333333333093308)
    middle = (0.0013888888888717516 + r * 0.00019841270267570774) + r2 * (2.480158760596305e-05 + r * 2.755698459537465e-06)
    high = (2.7557080291513156e-07 + r * 2.5172133988202103e-08) + r2 * 2.096246571663037e-09
    return low + r4 * (middle + r4 * high)


def remainder(x: float, k: float) -> float:
    """x − k ln 2."""
    return (x - k * LN2_HIGH) - k * LN2_LOW


def exp(x: float) -> float:
    """eˣ, as 2^(k//2) 2^(k − k//2) e^r, since 2^k may be below the range of normal numbers."""
    x = 710.0 if x > 710.0 else x
    x = -746.0 if x < -746.0 else x
    z = x * LOG2_E + ROUNDER
    r = remainder(x, z - ROUNDER)
    bits = np.float64(z).view(np.int64)
    half = (bits << 51) & EXPONENT
    first, second = np.int64(half + OF_ONE).view(np.float64), np.int64((bits << 52) - half + OF_ONE).view(np.float64)
    return (1.0 + (r + r * r * series(r))) * first * second


def expm1(x: float) -> float:
    """eˣ − 1, to full precision near 0: twice 2^(k−1) (e^r − 1) + (2^(k−1) − ½)."""
    x = 710.0 if x > 710.0 else x
    x = -50.0 if x < -50.0 else x
    z = ROUNDER if abs(x) <= 0.5 else x * LOG2_E + ROUNDER
    r = remainder(x, z - ROUNDER)
    half = scaled(z, OF_HALF)
    return 2.0 * (half * (r + r * r * series(r)) + (half - 0.5))


def tanh(x: float) -> float:
    """The hyperbolic tangent: u/(u + 1) for u = (e^(2|x|) − 1)/2, with the sign of x. For small x = |x| that is x − x² (1 − 2 s + 2 x s)/(u + 1), with s =
    `series`(2 x): a small number taken from x."""
    a = abs(x)
    a = 20.0 if a > 20.0 else a
    y = 2.0 * a
    near = y <= 0.5
    z = ROUNDER if near else y * LOG2_E + ROUNDER
    r = remainder(y, z - ROUNDER)
    half, rest = scaled(z, OF_HALF), series(r)
    more = r * rest
    u = half * (r + r * more) + (half - 0.5)
    t = (a * a * (rest - 1.0 + (rest - more)) if near else u) / (u + 1.0)
    t = a + t if near else t
    return 0.0 - t if x < 0.0 else t


def expm1_over_x(x: float) -> float:
    """(eˣ − 1)/x, 1 at 0. For |x| ≤ ½ it is `expm1_over_small_x`, to the bit."""
    x = 753.0 if x > 753.0 else x
    y = -50.0 if x < -50.0 else x
    near = abs(y) <= 0.5
    z = ROUNDER if near else y * LOG2_E + ROUNDER
    r = remainder(y, z - ROUNDER)
    part, rest = scaled(z, OF_TINY), series(r)
    return 1.0 + r * rest if near else (part * (r + r * r * rest) + (part - TINY)) / (x * TINY)


def expm1_over_small_x(x: float) -> float:
    """(eˣ − 1)/x for |x| ≤ ½."""
    return 1.0 + x * series(x)


def x_over_expm1(x: float) -> float:
    """x/(eˣ − 1), 1 at 0."""
    x = 753.0 if x > 753.0 else x
    y = -50.0 if x < -50.0 else x
    near = abs(y) <= 0.5
    z = ROUNDER if near else y * LOG2_E + ROUNDER
    r = remainder(y, z - ROUNDER)
    part, rest = scaled(z, OF_TINY), series(r)
    above = 1.0 if near else x * TINY
    below = 1.0 + r * rest if near else part * (r + r * r * rest) + (part - TINY)
    return above / below
