"""The network of Izhikevich (2007), figure 1, without plasticdsl: what the library's numbers are compared with. In ms, mV, µM.

Written so that numba takes it as it is. Connections are in the order of their presynaptic neurons; those of the first `plastic` of them learn.
"""

from dataclasses import dataclass

import numpy as np

WINDOW = np.exp(-np.arange(1000) / 20)


@dataclass(frozen=True)
class Wiring:
    """Connections k from `pre[k]` to `post[k]`; those of neuron i begin at `out[i]`, those into it are `order[into[i]:into[i + 1]]`."""

    pre: np.ndarray
    post: np.ndarray
    out: np.ndarray
    order: np.ndarray
    into: np.ndarray
    plastic: int


def wired(pre: np.ndarray, post: np.ndarray, neurons: int) -> Wiring:
    edges = np.arange(neurons + 1)
    order = np.argsort(post, kind="stable")
    n_E = neurons * 4 // 5
    return Wiring(pre, post, np.searchsorted(pre, edges), order, np.searchsorted(post[order], edges), int(np.searchsorted(pre, n_E)))


def step(t, noise, a, d, v, u, last, pre, post, out, order, into, plastic, w, c, D):  # type: ignore[no-untyped-def]
    """One millisecond, from t on; `last` is when each neuron fired last. Changes v, u, last, w and c; gives which neurons fired."""
    fired = np.nonzero(v >= 30)[0]
    v[fired] = -65
    u[fired] += d[fired]
    last[fired] = t
    drive = noise.copy()
    for i in fired:
        for k in range(out[i], out[i + 1]):
            drive[post[k]] += w[k]
            lag = t - last[post[k]]
            if k < plastic and lag < len(WINDOW):
                c[k] -= 0.15 * WINDOW[lag]
    for i in fired:
        for n in range(into[i], into[i + 1]):
            k = order[n]
            lag = t - last[pre[k]]
            if k < plastic and 0 < lag <= len(WINDOW):
                c[k] += 0.1 * WINDOW[lag - 1]
    if t % 10 == 0:
        for k in range(plastic):
            w[k] = min(max(w[k] + c[k] * (0.002 + D), 0.0), 4.0)
            c[k] *= 0.9900498337491681
    for _ in range(2):
        v += 0.5 * ((0.04 * v + 5) * v + 140 - u + drive)
    u += a * (0.2 * v - u)
    return fired


def hours(seconds: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """The weight of the rewarded synapse every 100 s, which begins at 0, and all plastic weights at the end."""
    import numba

    advance, random = numba.njit(step), np.random.default_rng(seed)
    p = np.where(np.arange(1000)[:, None] < 800, 0.1, np.where(np.arange(1000) < 800, 0.125, 0))
    p[0, 1] = 1
    pre, post = np.nonzero(random.random((1000, 1000)) < p)
    net = wired(pre, post, 1000)
    chosen = int(np.flatnonzero((pre == 0) & (post == 1))[0])
    due = random.integers(1000, 3000, 60 * seconds)

    @numba.njit
    def run(pre, post, out, order, into, plastic):  # type: ignore[no-untyped-def]
        np.random.seed(seed)
        excitatory = np.arange(1000) < 800
        a, d = np.where(excitatory, 0.02, 0.1), np.where(excitatory, 8.0, 2.0)
        v, u, last = np.full(1000, -65.0), np.full(1000, -13.0), np.full(1000, -1_000_000)
        w, c, D = np.where(np.arange(len(pre)) < plastic, 1.0, -1.0), np.zeros(plastic), 0.0
        w[chosen] = 0
        path, rewards, coming = np.zeros(seconds // 100), 0, np.zeros(1000 * seconds + 3000)
        noise = np.zeros(1000)
        for t in range(1000 * seconds):
            if t % 100_000 == 0:
                path[t // 100_000] = w[chosen]
            for i in range(1000):
                noise[i] = 13 * (np.random.random() - 0.5)
            D = D * np.exp(-1 / 200) + 0.5 * coming[t]
            before = last[0]
            advance(t, noise, a, d, v, u, last, pre, post, out, order, into, plastic, w, c, D)
            if last[1] == t and 0 < t - before <= 10:
                coming[t + due[rewards]] += 1
                rewards += 1
        return path, w[:plastic]

    found: tuple[np.ndarray, np.ndarray] = run(net.pre, net.post, net.out, net.order, net.into, net.plastic)
    return found
