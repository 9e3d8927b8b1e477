"""Known models end to end: triplet rule by pulses, competitive Hebbian learning, pair rule and traces."""

from __future__ import annotations

import math

import numpy as np
import pytest

from plasticdsl.model import Pairing, PoissonSource, Threshold, Trigger
from plasticdsl.model.schemes import Exact, ExponentialEuler
from tests.reference.nets import Net, connection, e, final, neuron, on, pair_of_trains, parameter, state, window
from tests.values import value_of

TRIPLET = {"tp": 16.8e-3, "tx": 101e-3, "tm": 33.7e-3, "ty": 125e-3, "A2p": 5e-10, "A3p": 6.2e-3, "A2m": 7e-3, "A3m": 2.3e-4}


def decay(name: str, tau: str) -> Exact:
    return Exact((name,), ((e(f"-1 / {tau}"),),), (e(0),))


@pytest.mark.parametrize(("rate", "lag", "expected"), [(20.0, 10, 0.2470), (50.0, -10, 0.7272), (10.0, 10, 0.1321), (40.0, -10, 0.1548)])
def test_triplet_rule(rate: float, lag: int, expected: float) -> None:
    """Sixty pairings (Pfister & Gerstner 2006, figure 3), the values of an event-driven computation."""
    block = connection(
        variables=(*map(state, ("w", "r1", "r2", "o1", "o2")), *map(parameter, TRIPLET)),
        schemes=(decay("r1", "tp"), decay("r2", "tx"), decay("o1", "tm"), decay("o2", "ty")),
        handlers=(
            on(Trigger.PRE, "r1 = r1 + 1", "r2 = r2 + 1", "w = w - o1 * (A2m + A3m * r2)", together=True),
            on(Trigger.POST, "o1 = o1 + 1", "o2 = o2 + 1", "w = w + r1 * (A2p + A3p * o2)", together=True),
        ),
    )
    interval = round(1000 / rate)
    pre = [20 + k * interval for k in range(60)]
    net = pair_of_trains(block, pre, [s + lag for s in pre], TRIPLET)
    assert final(net, pre[-1] + 20) == pytest.approx(expected, abs=1e-3)


def test_pair_window_is_its_own_definition() -> None:
    random = np.random.default_rng(3)
    pre, post = (np.unique(random.integers(0, 400, 30)).tolist() for _ in range(2))
    formula = "A * exp(-lag / tau) if lag > 0 else -B * exp(lag / sigma)"
    block = connection(variables=(state("w"), *map(parameter, ("A", "B", "tau", "sigma"))), pairs=(window(Pairing.ALL, formula),))
    numbers = {"A": 0.01, "B": 0.012, "tau": 0.02, "sigma": 0.03}
    expected = sum(0.01 * math.exp(-(b - a) / 20) if b > a else -0.012 * math.exp((b - a) / 30) for a in pre for b in post)
    assert final(pair_of_trains(block, pre, post, numbers), 400) == pytest.approx(expected, rel=1e-10)


def competition(inputs: int, seed: int) -> Net:
    """Song, Miller & Abbott (2000), smaller and with stronger synapses."""
    net = Net(dt=1e-3, seed=seed)
    net.population("inputs", inputs, source=PoissonSource(e(20)))
    cell = neuron(
        variables=(state("V"), state("g")),
        schemes=(ExponentialEuler("V", e("-(1 + g) / 0.02"), e("(-70e-3) / 0.02")), decay("g", "0.005")),
        handlers=(on(Trigger.SPIKE, "V = -60e-3"),),
        spike=Threshold(e("V > -54e-3"), False),
    )
    net.population("cell", 1, cell, states={"V": -60e-3})
    formula = "w_max * (0.005 * exp(-lag / 0.02) if lag > 0 else -0.00525 * exp(lag / 0.02))"
    synapse = connection(
        variables=(state("w", 0, "w_max"), parameter("w_max")),
        handlers=(on(Trigger.PRE, "post.g += w", rule=False),),
        pairs=(window(Pairing.ALL, formula),),
    )
    net.projection("ex", "inputs", "cell", synapse, parameters={"w_max": 0.2}, states={"w": 0.2})
    return net


def test_competitive_learning_against_traces() -> None:
    """The run equals one with the traces M and P_a of the paper written by hand, given the same spikes."""
    engine = competition(20, 4).engine()
    engine.log_spikes([("inputs", ""), ("cell", "")])
    engine.advance(600)
    inputs, cell = engine.drain("inputs"), engine.drain("cell")
    assert len(cell[0]) > 10
    weights, p, m = np.full(20, 0.2), np.zeros(20), 0.0
    for step in range(600):
        pre, post = inputs[1][inputs[0] == step], int(np.sum(cell[0] == step))
        # the tie is depression: the pre event sees the post spikes of its own step, the post event not the pre spikes
        for unit in pre:
            weights[unit] = max(weights[unit] - 0.2 * 0.00525 * (m + post), 0)
        for _ in range(post):
            weights = np.minimum(weights + 0.2 * 0.005 * p, 0.2)
        np.add.at(p, pre, 1)
        m += post
        p, m = p * math.exp(-0.05), m * math.exp(-0.05)
    np.testing.assert_allclose(value_of(engine, "ex", "w"), weights, rtol=1e-12)
