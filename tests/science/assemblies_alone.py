"""The network of Zenke, Agnes & Gerstner (2015) without plasticdsl: what the library's is compared with. In s and mV.

Written so that numba takes it. Connections are in the order of their presynaptic units.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba.extending import register_jitable
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

DT = 1e-4
DELAY = 8


class Units(NamedTuple):
    """Integrate-and-fire neurons: `theta` lifts their threshold; `slow` and `fast` are traces of their own spikes. `fired`: how often, in each of nine
    steps."""

    V: Floats
    ampa: Floats
    nmda: Floats
    gaba: Floats
    theta: Floats
    a: Floats
    fast: Floats
    slow: Floats
    fired: Ints


class Wires(NamedTuple):
    """Connections k from `pre[k]` to `post[k]`; those of unit i begin at `out[i]`, those into it are `order[into[i] : into[i + 1]]`. u, R and `trace`
    have a value for each presynaptic unit."""

    pre: Ints
    post: Ints
    out: Ints
    order: Ints
    into: Ints
    w: Floats
    kept: Floats
    u: Floats
    R: Floats
    trace: Floats


def units(n: int) -> Units:
    zeros = [np.zeros(n) for _ in range(7)]
    return Units(np.full(n, -70.0), *zeros, np.zeros((DELAY + 1, n), dtype=np.int64))


def wires(pre: Ints, post: Ints, n_pre: int, n_post: int, w: Floats) -> Wires:
    """`pre` in ascending order."""
    order = np.argsort(post, kind="stable")
    return Wires(
        pre,
        post,
        np.searchsorted(pre, np.arange(n_pre + 1)),
        order,
        np.searchsorted(post[order], np.arange(n_post + 1)),
        w.copy(),
        np.zeros(len(w)),
        np.full(n_pre, 0.2),
        np.ones(n_pre),
        np.zeros(n_pre),
    )


@register_jitable
def fire(P: Units, now: int, adaptation: float) -> None:
    for i in range(len(P.V)):
        P.fired[now, i] = P.V[i] > -50 + P.theta[i]
        if P.fired[now, i]:
            P.V[i] = -70
            P.theta[i] = 100
            P.a[i] += adaptation


@register_jitable
def transmit(W: Wires, fired: Ints, ampa: Floats, fast: Floats, plastic: bool) -> None:
    """Spikes that arrive at synapses with short-term plasticity; where these learn, pairs depress them and transmitter adds a little."""
    for i in range(len(W.u)):
        for _ in range(fired[i]):
            for k in range(W.out[i], W.out[i + 1]):
                ampa[W.post[k]] += W.w[k] * W.u[i] * W.R[i]
                if plastic:
                    W.w[k] = min(max(W.w[k] + 2e-5 - 1e-3 * fast[W.post[k]], 0.0), 5.0)
            W.R[i] -= W.u[i] * W.R[i]
            W.u[i] += 0.2 * (1 - W.u[i])


@register_jitable
def inhibit(W: Wires, fired: Ints, gaba: Floats, fast: Floats, G: float) -> None:
    for i in range(len(W.u)):
        if fired[i]:
            for k in range(W.out[i], W.out[i + 1]):
                gaba[W.post[k]] += W.w[k]
                W.w[k] = min(max(W.w[k] + G * (fast[W.post[k]] + 1), 0.0), 5.0)


@register_jitable
def potentiate(W: Wires, j: int, fast: float, slow: float) -> None:
    """Triplets, and what a neuron's own spikes do to all its synapses."""
    for m in range(W.into[j], W.into[j + 1]):
        k = W.order[m]
        change = 1e-3 * W.trace[W.pre[k]] * slow - 0.05 * (W.w[k] - W.kept[k]) * fast**3
        W.w[k] = min(max(W.w[k] + change, 0.0), 5.0)


@register_jitable
def balance(W: Wires, j: int, G: float) -> None:
    for m in range(W.into[j], W.into[j + 1]):
        k = W.order[m]
        W.w[k] = min(max(W.w[k] + G * W.trace[W.pre[k]], 0.0), 5.0)


@register_jitable
def consolidate(W: Wires, share: float) -> None:
    for k in range(len(W.w)):
        x = W.kept[k]
        W.kept[k] += (W.w[k] - x - 17.07 * x * (0.25 - x) * (0.5 - x)) * share


@register_jitable
def flow(P: Units, share: float, of_theta: float) -> None:
    of_5, of_100 = np.exp(-DT / 5e-3), np.exp(-DT / 100e-3)
    for i in range(len(P.V)):
        inhibition = P.gaba[i] + P.a[i]
        total = 1 + share * P.ampa[i] + (1 - share) * P.nmda[i] + inhibition
        end = (-70 - 80 * inhibition) / total
        P.V[i] = max(end + (P.V[i] - end) * np.exp(-total * DT / 20e-3), -80.0)
        part = 5e-3 / (5e-3 - 100e-3) * P.ampa[i]  # NMDA follows AMPA: this of it decays with AMPA, the rest by itself
        P.nmda[i] = part * of_5 + (P.nmda[i] - part) * of_100
    P.ampa[:] *= of_5
    P.gaba[:] *= np.exp(-DT / 10e-3)
    P.theta[:] *= of_theta
    P.a[:] *= of_100
    P.fast[:] *= np.exp(-DT / 20e-3)
    P.slow[:] *= of_100


@register_jitable
def recover(W: Wires) -> None:
    W.u[:] = 0.2 + (W.u - 0.2) * np.exp(-DT / 600e-3)
    W.R[:] = 1 + (W.R - 1) * np.exp(-DT / 200e-3)
    W.trace[:] *= np.exp(-DT / 20e-3)


@register_jitable
def step(
    n: int, S: Units, E: Units, J: Units, H: float, into: Wires, EE: Wires, EI: Wires, IE: Wires, II: Wires, share: float, every: int
) -> float:
    """Step n, of which `S.fired[n % 9]` says which inputs spike; consolidation moves by `share` every so many steps. Changes everything but the
    wiring; gives H, the mean rate of E."""
    now, then = n % (DELAY + 1), (n + 1) % (DELAY + 1)
    fire(E, now, 0.1)
    fire(J, now, 0.0)
    transmit(into, S.fired[then], E.ampa, E.fast, True)
    transmit(EE, E.fired[then], E.ampa, E.fast, True)
    transmit(EI, E.fired[then], J.ampa, E.fast, False)
    inhibit(IE, J.fired[then], E.gaba, E.fast, 2e-5 * (H / 4 - 1))
    inhibit(II, J.fired[then], J.gaba, J.fast, 0.0)
    H += E.fired[now].sum() / (10.0 * len(E.V))
    for j in np.nonzero(E.fired[now])[0]:
        potentiate(into, j, E.fast[j], E.slow[j])
        potentiate(EE, j, E.fast[j], E.slow[j])
        balance(IE, j, 2e-5 * (H / 4 - 1))
        E.fast[j] += 1
        E.slow[j] += 1
    into.trace[:] += S.fired[then]
    EE.trace[:] += E.fired[then]
    IE.trace[:] += J.fired[then]
    if n % every == 0:
        consolidate(into, share)
        consolidate(EE, share)
    flow(E, 0.2 / 1.2, np.exp(-DT / 2e-3))
    flow(J, 0.3 / 1.3, np.exp(-DT / 5e-3))
    recover(into)
    recover(EE)
    recover(EI)
    IE.trace[:] *= np.exp(-DT / 20e-3)
    return float(H * np.exp(-DT / 10.0))


def drawn(random: np.random.Generator, n_pre: int, n_post: int, there: NDArray[np.bool_], w: float) -> Wires:
    """`there`: pre × post."""
    pre, post = np.nonzero(there)
    return wires(pre, post, n_pre, n_post, np.full(len(pre), w))


def alone(N: int, p: float, seconds: int, seed: int) -> tuple[Floats, Floats]:
    """Every second: the rates of E and I; the mean weights of inputs, E → E and I → E. Inputs fire at 10 Hz."""
    import numba

    random = np.random.default_rng(seed)
    M = N // 4
    grid = np.arange(64) + 0.5
    far = np.abs(np.stack([np.tile(grid, 64), np.repeat(grid, 64)])[:, :, None] - 64 * random.random((2, 1, N)))
    near = np.hypot(*np.minimum(far, 64 - far)) < 8
    into = drawn(random, 4096, N, near, 0.5)
    EE = drawn(random, N, N, (random.random((N, N)) < p) & ~np.eye(N, dtype=bool), 0.1)
    EI = drawn(random, N, M, random.random((N, M)) < p, 0.6)
    IE = drawn(random, M, N, random.random((M, N)) < p, 0.15)
    II = drawn(random, M, M, (random.random((M, M)) < p) & ~np.eye(M, dtype=bool), 0.2)

    @numba.njit
    def run(S, E, J, into, EE, EI, IE, II):  # type: ignore[no-untyped-def]
        np.random.seed(seed)
        H, rates, weights = 4.0, np.zeros((seconds, 2)), np.zeros((seconds, 3))
        for n in range(seconds * 10_000):
            now, at = n % (DELAY + 1), n // 10_000
            S.fired[now] = 0
            for _ in range(np.random.poisson(4096 * 10 * DT)):
                S.fired[now, np.random.randint(4096)] += 1
            H = step(n, S, E, J, H, into, EE, EI, IE, II, 1e-3, 12_000)
            rates[at, 0] += E.fired[now].sum() / len(E.V)
            rates[at, 1] += J.fired[now].sum() / len(J.V)
            if (n + 1) % 10_000 == 0:
                weights[at] = (into.w.mean(), EE.w.mean(), IE.w.mean())
        return rates, weights

    found: tuple[Floats, Floats] = run(units(4096), units(N), units(M), into, EE, EI, IE, II)
    return found
