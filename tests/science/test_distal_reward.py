"""The distal reward problem, Izhikevich (2007): a small network, and the large one for an hour, against a program of its own (distal.py)."""

import numpy as np
import pytest

import plasticdsl
from tests.science.distal import hours, step, wired

N = 50


def test_a_pair_and_its_reward(kernels: str) -> None:
    """What the library expects of one synapse is worked out by hand."""
    assert plasticdsl.load("distal_reward").run("Short", engine=kernels).passed


def test_network(kernels: str) -> None:
    """All potentials, eligibilities and weights, for the noise that was drawn; strong weights, and dopamine that comes after 0.25 s."""
    net = plasticdsl.load("distal_reward").build("Cortex", dt="1 ms", engine=kernels, N=N, lines=1)
    exc, inh = net["ex"], net["inh -> exc"]
    exc.w = np.where((exc.pre == 0) & (exc.post == 1), 0, 3.0)
    pre, post = np.concatenate([exc.pre, inh.pre]), np.concatenate([exc.post, inh.post])
    order = np.lexsort((post, pre))
    wiring = wired(pre[order], post[order], N)
    w = np.concatenate([exc.w, inh.w])[order]
    a, d = np.where(np.arange(N) < 0.8 * N, 0.02, 0.1), np.where(np.arange(N) < 0.8 * N, 8.0, 2.0)
    v, u, last, c, D = np.full(N, -65.0), np.full(N, -13.0), np.full(N, -1_000_000), np.zeros(wiring.plastic), 0.0
    spikes = 0
    for t in range(500):
        if t == 250:
            D = 0.5
            net["dopamine"].D = D * 1e-3  # µM
        net.run(steps=1)
        fired = step(
            t, net["cells"].noise, a, d, v, u, last, wiring.pre, wiring.post, wiring.out, wiring.order, wiring.into, wiring.plastic, w, c, D
        )
        spikes += len(fired)
        D *= np.exp(-1 / 200)
    assert spikes == net.spike_count("cells") > 20
    assert net["cells"].v == pytest.approx(v, abs=1e-8)
    back = np.argsort(order, kind="stable")
    assert np.ptp(w[back][: len(exc.w)][exc.w > 1]) > 0.01
    assert exc.c == pytest.approx(c[back[: len(exc.w)]], abs=1e-12)
    assert exc.w == pytest.approx(w[back[: len(exc.w)]], abs=1e-12)


@pytest.mark.slow
def test_an_hour() -> None:
    """The rewarded synapse comes to its largest value in a program of its own too, and few of the others do."""
    path, w = hours(3600, 1)
    assert path[0] == 0
    assert path[-1] > 3.5
    assert w.mean() < 1
    assert np.mean(w > 3.5) < 0.05
