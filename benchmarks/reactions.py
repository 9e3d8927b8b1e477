"""Michaelis and Menten's scheme by chance in many units: processor time for a unit, beside the direct method with NumPy and with numba.

    python benchmarks/reactions.py [--units 20000] [--rounds 5]

E + S ⇌ C → E + P with 5 enzymes and 20 molecules of substrate, for 5 s (Gillespie 1977). All carry out the same algorithm, one unit after the other; the
loop with NumPy has a hundredth of the units, since it takes so long. Rounds are interleaved, and medians printed. The mean of P is 10.759017.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import numba
import numpy as np

import plasticdsl

TEXT = """
neuron Enzyme:
    reactions stochastic:
        E + S ⇌ C : 0.1 Hz, 0.5 Hz
        C → E + P : 1 Hz
    E(0) = 5
    S(0) = 20

network Net:
    cells = {units} Enzyme
"""
CHANGES = np.array([[-1, -1, 1, 0], [1, 1, -1, 0], [1, 0, -1, 1]])
MEAN, VARIANCE, LENGTH = 10.759017, 4.791651, 5.0


def with_numpy(units: int) -> float:
    """The mean of P: arrays of propensities and changes, a loop in Python."""
    random, total = np.random.default_rng(1), 0
    for _ in range(units):
        x, now = np.array([5, 20, 0, 0]), 0.0
        while True:
            a = np.array([0.1 * x[0] * x[1], 0.5 * x[2], 1.0 * x[2]])
            whole = a.sum()
            if whole == 0.0:
                break
            now += random.exponential() / whole
            if now > LENGTH:
                break
            x = x + CHANGES[np.searchsorted(np.cumsum(a), whole * random.random(), side="right")]
        total += int(x[3])
    return total / units


@numba.njit
def with_numba(units: int) -> float:
    """The same with numbers alone, compiled."""
    np.random.seed(1)
    total = 0
    for _ in range(units):
        e, s, c, p, now = 5, 20, 0, 0, 0.0
        while True:
            a, b, d = 0.1 * e * s, 0.5 * c, 1.0 * c
            whole = a + b + d
            if whole == 0.0:
                break
            now += np.random.exponential() / whole
            if now > LENGTH:
                break
            drawn = whole * np.random.random()
            if drawn < a:
                e, s, c = e - 1, s - 1, c + 1
            elif drawn < a + b:
                e, s, c = e + 1, s + 1, c - 1
            else:
                e, c, p = e + 1, c - 1, p + 1
        total += p
    return total / units


def with_plasticdsl(units: int) -> Callable[[int], float]:
    """The same from the text above, in one step; made once."""
    net = plasticdsl.parse(TEXT.format(units=units)).build("Net", dt="5 s", seed=1)

    def run(_: int) -> float:
        net.reset()
        net.run("5 s")
        return float(np.asarray(net["cells"].P).mean())

    return run


def main() -> None:
    """Measure and print medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--units", type=int, default=20000)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    units = arguments.units
    runs: dict[str, tuple[Callable[[int], float], int]] = {
        "plasticdsl": (with_plasticdsl(units), units),
        "numba": (with_numba, units),
        "NumPy": (with_numpy, max(1, units // 100)),
    }
    times: dict[str, list[float]] = {name: [] for name in runs}
    for one in range(arguments.rounds + 1):
        for name, (run, count) in runs.items():
            before = time.process_time()
            mean = run(count)
            if one:  # the first compiles
                times[name].append((time.process_time() - before) / count)
            assert abs(mean - MEAN) < 5 * np.sqrt(VARIANCE / count), f"{name}: {mean}"
    for name, found in times.items():
        print(f"{name}: {1e6 * statistics.median(found):.2f} µs of processor time for a unit")


if __name__ == "__main__":
    main()
