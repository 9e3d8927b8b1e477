"""What the simulations by hand share: random spike trains with ties and double spikes, and when they reach synapses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

Floats = np.ndarray

#: The kernels as plain Python, and among the slow tests as machine code, which takes longer to make than the steps of a simulation by hand.
either = pytest.mark.parametrize("engine", ["python", pytest.param("compiled", marks=pytest.mark.slow)])


@dataclass(frozen=True)
class Train:
    """Spikes of a population: steps and units, possibly several of one unit in a step."""

    steps: Floats
    units: Floats

    def given(self, dt: float) -> tuple[Floats, Floats]:
        """As `spikes=` takes them."""
        return self.steps * dt, self.units

    def of(self, unit: int) -> list[int]:
        """The steps of one unit's spikes."""
        return sorted(self.steps[self.units == unit].tolist())


def random_train(seed: int, units: int, steps: int, p: float, doubled: float = 0.0) -> Train:
    """Each unit spikes with probability `p` in each step, and then with probability `doubled` once more."""
    rng = np.random.default_rng(seed)
    when, who = np.nonzero(rng.random((steps, units)) < p)
    again = rng.random(len(when)) < doubled
    return Train(np.r_[when, when[again]], np.r_[who, who[again]])


def in_steps(delays: Floats, dt: float) -> Floats:
    """Delays on the grid."""
    return np.rint(delays / dt).astype(int)


def counts(times: list[int], delay: int, steps: int) -> list[int]:
    """How many spikes reach a synapse at each step."""
    arrived = np.array(times, dtype=int) + delay
    return np.bincount(arrived[arrived < steps], minlength=steps).tolist()


def clip(value: float, low: float, high: float) -> float:
    """A bounded weight."""
    return min(max(value, low), high)


def per_connection(value: Any, count: int) -> Floats:
    """A parameter that may be one number or one for each connection."""
    return np.broadcast_to(np.asarray(value, dtype=float), (count,))


def rk4(rate: Callable[[Floats], Floats], state: Floats, dt: float) -> Floats:
    """One classical Runge-Kutta step."""
    k1 = rate(state)
    k2 = rate(state + dt / 2 * k1)
    k3 = rate(state + dt / 2 * k2)
    k4 = rate(state + dt * k3)
    return state + dt / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
