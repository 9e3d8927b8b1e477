"""Exponential functions, and what makes normal numbers of uniform ones, from additions and multiplications alone, so that compilers work on several
numbers at once.

Comes in: a double. Goes out: a double, the same on every processor. Largest errors, in units in the last place: exp 1.0, expm1 1.3, `expm1_over_x` and
`x_over_expm1` 1.9, tanh 2.0, `minus_log` 0.8, `cosine_of_turns` 3.5. Of exponential functions, infinite and undefined arguments give what they should,
and results below the range of normal numbers are not cut off.

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

#: The bits of √½ and of `ROUNDER`.
OF_ROOT = 4604544271217802189
OF_ROUNDER = 4843621399236968448

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


def minus_log(u: float) -> float:
    """−ln u for a number u > 0, or an array of them, from 10⁻³⁰⁷ on. u = 2^k (1 + f) with whole k and 1 + f from √½ to √2; for s = f/(2 + f), ln(1 + f) =
    2 artanh s = f − f²/2 + s (f²/2 + s² p(s²)), where p is the polynomial that meets (2 artanh s − 2 s)/s³ at Chebyshev's points."""
    bits = np.float64(u).view(np.int64)
    exponent = (bits - OF_ROOT) >> 52
    k = np.int64(exponent + OF_ROUNDER).view(np.float64) - ROUNDER
    f = np.int64(bits - (exponent << 52)).view(np.float64) - 1.0
    s = f / (2.0 + f)
    z = s * s
    z2 = z * z
    low = (0.666666666666667 + z * 0.39999999999899505) + z2 * (0.28571428625975487 + z * 0.2222221113479508)
    rest = z * (low + z2 * z2 * ((0.18182889125261723 + z * 0.15331721600556042) + z2 * 0.14616449685043406))
    half = 0.5 * f * f
    return ((half - (s * (half + rest) + k * LN2_LOW)) - f) - k * LN2_HIGH


def cosine_of_turns(v: float) -> float:
    """cos 2πv for v from 0 to 1, or an array of them, as sin 2πw with w = |v − ½| − ¼, which is exact where v has no digit beyond 2⁻⁵³: w times the
    polynomial that meets (sin 2πw)/w at Chebyshev's points of w²."""
    w = abs(v - 0.5) - 0.25
    x = w * w
    x2 = x * x
    x4 = x2 * x2
    low = (-41.34170224039976 + x * 81.60524927607489) + x2 * (-76.7058597530039 + x * 42.058693937537186)
    high = (-15.094642113811632 + x * 3.819936760749782) + x2 * (-0.717822415835364 + x * 0.10126285905316906)
    return w * (6.283185307179586 + x * (low + x4 * high))
