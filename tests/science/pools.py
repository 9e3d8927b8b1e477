"""The networks of Brunel & Wang (2001) and Wang (2002) in NumPy, written without plasticdsl: what the library's numbers are compared with.

Neurons of a pool receive the same, so that what is sent is summed by pool. In ms, mV, pF, nS; the membrane by the midpoint rule, everything else exactly.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

DT = 0.1
DELAY = round(0.5 / DT)


@dataclass(frozen=True)
class Numbers:
    """The last of the groups are neurons of no pool, then interneurons. Conductances (outside, AMPA, NMDA, GABA) of E and of I."""

    neurons: int
    pools: int
    share: float
    strong: float
    onto_e: tuple[float, float, float, float]
    onto_i: tuple[float, float, float, float]
    τ_gaba: float

    @property
    def sizes(self) -> np.ndarray:
        n = round(self.share * 0.8 * self.neurons)
        return np.array([n] * self.pools + [round(0.8 * self.neurons) - self.pools * n, round(0.2 * self.neurons)])


WANG = Numbers(2000, 2, 0.15, 1.7, (2.1, 0.05, 0.165, 1.3), (1.62, 0.04, 0.13, 1.0), 5.0)
BRUNEL_WANG = Numbers(1000, 5, 0.1, 2.1, (2.08, 0.104, 0.327, 1.25), (1.62, 0.081, 0.258, 0.973), 10.0)


def weights(numbers: Numbers) -> np.ndarray:
    """To the groups of excitatory neurons (rows) from the groups of excitatory neurons."""
    weak = 1 - numbers.share * (numbers.strong - 1) / (1 - numbers.share)
    w = np.full((numbers.pools + 1, numbers.pools + 1), weak)
    np.fill_diagonal(w, numbers.strong)
    w[-1] = 1.0
    return w


def change(V: np.ndarray, leak: np.ndarray, C: np.ndarray, AMPA: np.ndarray, NMDA: np.ndarray, GABA: np.ndarray) -> np.ndarray:
    """dV/dt; magnesium as in Jahr & Stevens (1990)."""
    return (-(leak + GABA) * (V + 70) - (AMPA + NMDA / (1 + np.exp(-0.062 * V) / 3.57)) * V) / C


def opened(s: np.ndarray, z: np.ndarray) -> np.ndarray:
    """s after a step of ds/dt = −s/100 ms + 0.5 kHz z (1 − s), with z as it is in the middle of the step."""
    middle = 0.5 * z * np.exp(-DT / 4)
    rate = 0.01 + middle
    return s * np.exp(-rate * DT) + middle / rate * (1 - np.exp(-rate * DT))


def rates(numbers: Numbers, outside: Callable[[float], np.ndarray], time: float, seed: int) -> np.ndarray:
    """Spikes of each group in each ms over its number of neurons, in Hz; `outside` says how often each group is excited from outside, in kHz."""
    random, sizes, w = np.random.default_rng(seed), numbers.sizes, weights(numbers)
    group, n_E = np.repeat(np.arange(len(sizes)), sizes), int(sizes[:-1].sum())
    of = group[:n_E]
    is_E = np.arange(len(group)) < n_E
    C, leak, refractory = np.where(is_E, 500, 200), np.where(is_E, 25, 20), np.rint(np.where(is_E, 2, 1) / DT)
    from_outside = np.where(is_E, numbers.onto_e[0], numbers.onto_i[0])
    V, AMPA, GABA, free = np.full(len(group), -52.0), np.zeros(len(group)), np.zeros(len(group)), np.zeros(len(group))
    s, z = np.full(n_E, 0.2), np.zeros(n_E)
    sent = [(np.zeros(len(sizes)), np.bincount(of, s))] * DELAY
    counts = np.zeros((round(time), len(sizes)))
    for step in range(round(time / DT)):
        fires = (V > -50) & (step >= free)
        V[fires], free[fires] = -55, step + refractory[fires]
        z += fires[:n_E]
        spikes = np.bincount(group[fires], minlength=len(sizes)).astype(float)
        counts[int(step * DT + 1e-9)] += spikes
        sent.append((spikes, np.bincount(of, s)))
        came, open_ = sent.pop(0)
        AMPA += np.concatenate([numbers.onto_e[1] * (w @ came[:-1])[of], np.full(sizes[-1], numbers.onto_i[1] * came[:-1].sum())])
        AMPA += from_outside * random.poisson(outside(step * DT)[group] * DT)
        GABA += np.where(is_E, numbers.onto_e[3], numbers.onto_i[3]) * came[-1]
        NMDA = np.concatenate([numbers.onto_e[2] * (w @ open_)[of], np.full(sizes[-1], numbers.onto_i[2] * open_.sum())])
        half = V + DT / 2 * change(V, leak, C, AMPA, NMDA, GABA)
        moved = change(half, leak, C, AMPA * np.exp(-DT / 4), NMDA, GABA * np.exp(-DT / 2 / numbers.τ_gaba))
        V = np.where(step >= free, V + DT * moved, V)
        AMPA *= np.exp(-DT / 2)
        GABA *= np.exp(-DT / numbers.τ_gaba)
        s, z = opened(s, z), z * np.exp(-DT / 2)
    return counts / sizes * 1000
