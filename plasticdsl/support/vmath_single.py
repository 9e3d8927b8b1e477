"""The functions of `vmath` for 32-bit floats.

Comes in: a 32-bit float. Goes out: a 32-bit float, the same on every processor. Largest errors, in units in the last place: exp 1.0, expm1 1.5,
`expm1_over_x`, `x_over_expm1` and tanh 2.0. How they work is said there; here polynomials are shorter, and exponents begin at bit 23.
"""

from __future__ import annotations

import numpy as np

#: The exponents of 1, ½, and 2⁻⁶⁴ where a 32-bit float has them, and all bits that hold its exponent and sign.
OF_ONE_SINGLE = 1065353216
OF_HALF_SINGLE = 1056964608
OF_TINY_SINGLE = 528482304
EXPONENT_SINGLE = -8388608


def vanishing_single(x: np.float32) -> np.float32:
    """x, or 0 where it is below 10⁻³⁰."""
    return np.float32(0.0) if abs(x) < np.float32(1e-30) else x


def rounded_single(x: np.float32) -> np.float32:
    """x/ln 2 as k + 1.5·2²³, whose last bits are the whole number k."""
    return x * np.float32(1.442695) + np.float32(12582912.0)


def scaled_single(z: np.float32, exponent: int) -> np.float32:
    """2^k times the power of two that has this exponent."""
    return np.int32((np.float32(z).view(np.int32) << 23) + exponent).view(np.float32)


def series_single(r: np.float32) -> np.float32:
    """(e^r − 1 − r)/r² for |r| ≤ ½, to 2·10⁻⁸ of (e^r − 1)/r."""
    r2 = r * r
    low = (np.float32(0.5) + r * np.float32(0.16666667)) + r2 * (np.float32(0.041665792) + r * np.float32(0.008333236))
    return low + r2 * r2 * (np.float32(0.0013982186) + r * np.float32(0.00019944874))


def remainder_single(x: np.float32, z: np.float32) -> np.float32:
    """x − k ln 2."""
    k = z - np.float32(12582912.0)
    return (x - k * np.float32(0.693359375)) - k * np.float32(-0.00021219444)


def exp_single(x: np.float32) -> np.float32:
    """eˣ."""
    x = np.float32(89.0) if x > np.float32(89.0) else x
    x = np.float32(-104.0) if x < np.float32(-104.0) else x
    z = rounded_single(x)
    r = remainder_single(x, z)
    bits = np.float32(z).view(np.int32)
    half = (bits << 22) & EXPONENT_SINGLE
    first, second = np.int32(half + OF_ONE_SINGLE).view(np.float32), np.int32((bits << 23) - half + OF_ONE_SINGLE).view(np.float32)
    return (np.float32(1.0) + (r + r * r * series_single(r))) * first * second


def expm1_single(x: np.float32) -> np.float32:
    """eˣ − 1."""
    x = np.float32(89.0) if x > np.float32(89.0) else x
    x = np.float32(-30.0) if x < np.float32(-30.0) else x
    z = np.float32(12582912.0) if abs(x) <= np.float32(0.5) else rounded_single(x)
    r = remainder_single(x, z)
    half = scaled_single(z, OF_HALF_SINGLE)
    return np.float32(2.0) * (half * (r + r * r * series_single(r)) + (half - np.float32(0.5)))


def tanh_single(x: np.float32) -> np.float32:
    """The hyperbolic tangent."""
    a = abs(x)
    a = np.float32(10.0) if a > np.float32(10.0) else a
    y = np.float32(2.0) * a
    near = y <= np.float32(0.5)
    z = np.float32(12582912.0) if near else rounded_single(y)
    r = remainder_single(y, z)
    half, rest = scaled_single(z, OF_HALF_SINGLE), series_single(r)
    more = r * rest
    u = half * (r + r * more) + (half - np.float32(0.5))
    t = (a * a * (rest - np.float32(1.0) + (rest - more)) if near else u) / (u + np.float32(1.0))
    t = a + t if near else t
    return np.float32(0.0) - t if x < np.float32(0.0) else t


def expm1_over_x_single(x: np.float32) -> np.float32:
    """(eˣ − 1)/x, 1 at 0. For |x| ≤ ½ it is `expm1_over_small_x_single`, to the bit."""
    x = np.float32(110.0) if x > np.float32(110.0) else x
    y = np.float32(-30.0) if x < np.float32(-30.0) else x
    near = abs(y) <= np.float32(0.5)
    z = np.float32(12582912.0) if near else rounded_single(y)
    r = remainder_single(y, z)
    part, rest, tiny = scaled_single(z, OF_TINY_SINGLE), series_single(r), np.float32(5.421011e-20)
    return np.float32(1.0) + r * rest if near else (part * (r + r * r * rest) + (part - tiny)) / (x * tiny)


def expm1_over_small_x_single(x: np.float32) -> np.float32:
    """(eˣ − 1)/x for |x| ≤ ½."""
    return np.float32(1.0) + x * series_single(x)


def x_over_expm1_single(x: np.float32) -> np.float32:
    """x/(eˣ − 1), 1 at 0."""
    x = np.float32(110.0) if x > np.float32(110.0) else x
    y = np.float32(-30.0) if x < np.float32(-30.0) else x
    near = abs(y) <= np.float32(0.5)
    z = np.float32(12582912.0) if near else rounded_single(y)
    r = remainder_single(y, z)
    part, rest, tiny = scaled_single(z, OF_TINY_SINGLE), series_single(r), np.float32(5.421011e-20)
    above = np.float32(1.0) if near else x * tiny
    below = np.float32(1.0) + r * rest if near else part * (r + r * r * rest) + (part - tiny)
    return above / below
