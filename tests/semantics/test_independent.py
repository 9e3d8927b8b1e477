"""Rules on given spikes against programs that were written from docs/language/time-and-order.md and use nothing of plasticdsl: spike by spike,
pair by pair. They agree to rounding."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import plasticdsl
from plasticdsl.options import EngineName
from tests.semantics.by_hand import clip, counts, either, in_steps, per_connection, random_train

# --- four exponentials, delays of every connection ---------------------------------------------------------------------

FOUR = """
rule Four:
    τ₁ ~ U(8 ms, 12 ms)
    τ₂ = 35 ms
    τ₃ = 15 ms
    τ₄ ~ U(50 ms, 60 ms)
    w ∈ [0, 1]
    on all pairs:
        Δw = F(t_post − t_pre)
    F(Δt) = 0.05 exp(−Δt/τ₁) − 0.02 exp(−Δt/τ₂)   if Δt ≥ 0
            −0.04 exp(Δt/τ₃) + 0.015 exp(Δt/τ₄)   otherwise

network Net:
    pre  = 6 SpikeTimes(ins)
    post = 5 SpikeTimes(outs)
    syn  = pre → post: Four, p = 0.8, w ~ U(0.1, 0.9), axonal delay ~ U(0 ms, 4 ms), dendritic delay ~ U(0 ms, 3 ms)
"""


def test_two_exponentials_on_each_side_all_pairs() -> None:
    """Time constants, weights and both delays drawn for each connection; ties, which potentiate; both bounds reached."""
    dt, steps = 5e-4, 2000
    ins, outs = random_train(1, 6, steps, 0.08), random_train(2, 5, steps, 0.08)
    net = plasticdsl.parse(FOUR).build(dt=dt, seed=3, spikes={"ins": ins.given(dt), "outs": outs.given(dt)})
    syn = net["syn"]
    weights = syn.w.copy()
    net.run(steps=steps)
    reached = set()
    for c, w in enumerate(weights):
        t1, t2, t3, t4 = (per_connection(tau, len(weights))[c] / dt for tau in (syn.tau_1, syn.tau_2, syn.tau_3, syn.tau_4))
        pre = [t + in_steps(syn.axonal_delay, dt)[c] for t in ins.of(syn.pre[c])]
        post = [t + in_steps(syn.dendritic_delay, dt)[c] for t in outs.of(syn.post[c])]
        for n in sorted({t for t in (*pre, *post) if t < steps}):
            if n in pre:
                w = clip(w + sum(0.015 * np.exp((t - n) / t4) - 0.04 * np.exp((t - n) / t3) for t in post if t < n), 0, 1)
                reached.add(w)
            if n in post:
                w = clip(w + sum(0.05 * np.exp((t - n) / t1) - 0.02 * np.exp((t - n) / t2) for t in pre if t <= n), 0, 1)
                reached.add(w)
        assert syn.w[c] == pytest.approx(w, abs=1e-12)
    assert {0.0, 1.0} <= reached


# --- which pairs count -----------------------------------------------------------------------------------------------

PAIRINGS = """
rule All:
    τ ~ U(5 ms, 15 ms)
    w ∈ [0.2, 0.7]
    on all pairs:
        Δw = F(t_post − t_pre)
    F(Δt) = 0.1                if 0 ms ≤ Δt ≤ 6 ms
            −0.08 (w − 0.1)    if −9 ms < Δt < 0 ms
            0                  otherwise

rule Nearest:
    τ ~ U(5 ms, 15 ms)
    w ∈ [0.2, 0.7]
    on nearest pairs:
        Δw = F(t_post − t_pre)
    F(Δt) = 0.3 w/(1 + (Δt/τ)²)               if Δt ≥ 0
            −0.2 w (1 − w)/(1 + abs(Δt/τ))    otherwise

rule CentredPre like Nearest:
    truncate F at 11 ms
    on nearest pairs centred on pre:
        Δw = F(t_post − t_pre)

rule Reduced like Nearest:
    on nearest pairs reduced:
        Δw = F(t_post − t_pre)
    F(Δt) = 0.2 (1 − w) exp(−Δt/τ)  if Δt > 0
            −0.25 w exp(Δt/12 ms)   otherwise

network Net:
    regular = 4 Regular(rate = 1 kHz/(i + 3), start = 2 ms·i)
    others  = 3 Regular(rate = 1 kHz/(2·i + 3), start = 3 ms)
    ins     = 3 SpikeTimes(ins)
    outs    = 3 SpikeTimes(outs)
    grid    = regular → others: All, w ~ U(0.2, 0.7), axonal delay = 1 ms·j, dendritic delay = 2 ms·(i − 1)
    near    = ins → outs: Nearest, w ~ U(0.2, 0.7), axonal delay = 1 ms·j, dendritic delay = 2 ms·(i − 1)
    cpre    = ins → outs: CentredPre, w ~ U(0.2, 0.7), axonal delay = 1 ms·j, dendritic delay = 2 ms·(i − 1)
    reduced = ins → outs: Reduced, w ~ U(0.2, 0.7), axonal delay = 1 ms·j, dendritic delay = 2 ms·(i − 1)
"""

Form = Callable[[int, float, float], float]  # lag in ms, weight, τ in ms


def compact(lag: int, w: float, tau: float) -> float:
    """`All`."""
    return 0.1 if 0 <= lag <= 6 else -0.08 * (w - 0.1) if -9 < lag < 0 else 0.0


def algebraic(lag: int, w: float, tau: float) -> float:
    """`Nearest`."""
    return 0.3 * w / (1 + (lag / tau) ** 2) if lag >= 0 else -0.2 * w * (1 - w) / (1 + abs(lag / tau))


def exponential(lag: int, w: float, tau: float) -> float:
    """`Reduced`."""
    return 0.2 * (1 - w) * np.exp(-lag / tau) if lag > 0 else -0.25 * w * np.exp(lag / 12)


# projection: its two sides, pairing, window, the side of a tie, the largest lag in ms
RULES: dict[str, tuple[str, str, str, Form, str, int]] = {
    "grid": ("regular", "others", "all", compact, "post", 10**9),
    "near": ("ins", "outs", "nearest", algebraic, "post", 10**9),
    "cpre": ("ins", "outs", "pre", algebraic, "post", 11),
    "reduced": ("ins", "outs", "reduced", exponential, "pre", 10**9),
}


def partners(pairing: str, side: str, own: list[int], other: list[int], n: int, first: bool, tie_here: bool) -> list[int]:
    """The spikes of the other side with which a spike of `side` at n completes pairs. `own`, `other`: all spikes up to n; `first`: of its unit
    in this step."""
    earlier, tie = [t for t in other if t < n], [t for t in other if t == n]
    before = max((t for t in own if t < n), default=-1)
    if pairing == "all":
        return earlier + (tie if tie_here else [])
    nearest = tie[-1:] if tie_here else []
    if pairing in ("nearest", side):
        return nearest if tie else earlier[-1:]
    if pairing == "reduced":
        return nearest if tie else [t for t in earlier[-1:] if first and before <= t]
    return [t for t in earlier if first and t >= before] + nearest  # those that have waited for this one


def by_pairs(pre: list[int], post: list[int], rule: tuple[str, str, str, Form, str, int], w: float, tau: float, steps: int) -> float:
    """The weight after all pairs; one step is 1 ms."""
    _, _, pairing, form, tie_side, longest = rule
    for n in range(steps):
        for side, own, other in (("pre", pre, post), ("post", post, pre)):
            for number in range(own.count(n)):
                found = partners(pairing, side, [t for t in own if t <= n], [t for t in other if t <= n], n, number == 0, side == tie_side)
                lags = [n - t if side == "post" else t - n for t in found if n - t <= longest]
                w = clip(w + sum(form(lag, w, tau) for lag in lags), 0.2, 0.7) if lags else w
    return w


@either
def test_every_pairing_with_ties_and_double_spikes(engine: EngineName) -> None:
    """Compact, truncated, algebraic and exponential windows that depend on the weight; a time constant for each connection; delays that bring
    spikes of both sides together, regular trains of several rates on one grid among them."""
    steps = 250
    ins, outs = random_train(5, 3, steps, 0.12, doubled=0.2), random_train(6, 3, steps, 0.12, doubled=0.3)
    given = {"ins": ins.given(1e-3), "outs": outs.given(1e-3)}
    net = plasticdsl.parse(PAIRINGS).build(dt="1 ms", seed=2, spikes=given, engine=engine)
    started = {name: net[name].w.copy() for name in RULES}
    net.run(steps=steps)
    trains = {
        "ins": [ins.of(u) for u in range(3)],
        "outs": [outs.of(u) for u in range(3)],
        "regular": [[int(np.floor(2 * i + k * (i + 3) + 0.5)) for k in range(steps)] for i in range(1, 5)],
        "others": [[int(np.floor(3 + k * (2 * i + 3) + 0.5)) for k in range(steps)] for i in range(1, 4)],
    }
    for name, rule in RULES.items():
        it = net[name]
        for c, w in enumerate(started[name]):
            pre = sorted(t + in_steps(it.axonal_delay, 1e-3)[c] for t in trains[rule[0]][it.pre[c]])
            post = sorted(t + in_steps(it.dendritic_delay, 1e-3)[c] for t in trains[rule[1]][it.post[c]])
            assert it.w[c] == pytest.approx(by_pairs(pre, post, rule, w, it.tau[c] / 1e-3, steps), abs=1e-12), (name, c)


# --- spike trains in flows, values around an event -------------------------------------------------------------------

LIMITS = """
rule Triplet:
    τ₊ ~ U(12 ms, 20 ms)
    τ_x = 60 ms
    τ₋ = 30 ms
    τ_y = 80 ms
    w ∈ [0, 1]
    dr₁/dt = −r₁/τ₊  + S_pre
    dr₂/dt = −r₂/τ_x + 0.5 S_pre
    do₁/dt = −o₁/τ₋  + S_post
    do₂/dt = −o₂/τ_y + S_post (1 − 0.3 o₂)
    dw/dt = S_post r₁ (5e-3 + 6.2e-2 o₂) − S_pre o₁ (7e-2 w + 2.3e-2 r₂) + 0.1 Hz (0.5 − w)

rule Mixed:
    τ₊ = 18 ms
    τ₋ = 22 ms
    w ∈ [0, 1]
    τ₊ dr/dt = −r
    τ₋ do/dt = −o
    on pre:
        r += 1
        w −= 0.03 w o⁺
        q = 0.01 r⁻
        w += q (1 − w)
    on post:
        w += 0.02 r⁺ (1 − w)
        o += 1
        w −= 0.004 o
        w += 0.003 (o⁻ + r)

network Net:
    ins = 5 SpikeTimes(ins)
    outs = 4 SpikeTimes(outs)
    tri = ins → outs: Triplet, w = 0.3, axonal delay = 2 ms
    mix = ins → outs: Mixed, where i ≠ j, w = 0.1·i + 0.05·j, dendritic delay = 1 ms·mod(i, 3), axonal delay = 0.5 ms·j
"""

SPELLINGS = [
    ("τ", "tau"), ("o⁺", "after(o)"), ("r⁺", "after(r)"), ("o⁻", "before(o)"), ("r⁻", "before(r)"), ("₊", "_plus"), ("₋", "_minus"),
    ("₁", "_1"), ("₂", "_2"), ("−", "-"), ("→", "->"), ("∈", "in"), ("≠", "!="), ("·", "*"),
]  # fmt: skip


def ascii_spelling(text: str) -> str:
    """The same file without a letter beyond ASCII."""
    for unicode, plain in SPELLINGS:
        text = text.replace(unicode, plain)
    assert text.isascii()
    return text


def triplet(pre: list[int], post: list[int], w: float, tau: float, dt: float) -> float:
    """`Triplet`: each pulse multiplies what was there just before the event; the other side's traces are those before the step."""
    r1 = r2 = o1 = o2 = 0.0
    for arrived_pre, arrived_post in zip(pre, post, strict=True):
        r1_before, o1_before = r1, o1
        for _ in range(arrived_pre):
            w = clip(w - o1_before * (7e-2 * w + 2.3e-2 * r2), 0, 1)
            r1, r2 = r1 + 1, r2 + 0.5
        for _ in range(arrived_post):
            w = clip(w + r1_before * (5e-3 + 6.2e-2 * o2), 0, 1)
            o1, o2 = o1 + 1, o2 + 1 - 0.3 * o2
        r1, r2, o1, o2 = r1 * np.exp(-dt / tau), r2 * np.exp(-dt / 0.06), o1 * np.exp(-dt / 0.03), o2 * np.exp(-dt / 0.08)
        w = clip(0.5 + (w - 0.5) * np.exp(-0.1 * dt), 0, 1)
    return w


def mixed(pre: list[int], post: list[int], w: float, dt: float) -> float:
    """`Mixed`: statements top to bottom."""
    r = o = 0.0
    for arrived_pre, arrived_post in zip(pre, post, strict=True):
        r_before, o_after = r, o + arrived_post
        for _ in range(arrived_pre):
            before, r = r, r + 1
            w = clip(w - 0.03 * w * o_after, 0, 1)
            w = clip(w + 0.01 * before * (1 - w), 0, 1)
        for _ in range(arrived_post):
            w = clip(w + 0.02 * r * (1 - w), 0, 1)
            before, o = o, o + 1
            w = clip(w - 0.004 * o, 0, 1)
            w = clip(w + 0.003 * (before + r_before), 0, 1)
        r, o = r * np.exp(-dt / 0.018), o * np.exp(-dt / 0.022)
    return w


@either
def test_pulses_and_limits_in_either_spelling(engine: EngineName) -> None:
    """`S_pre`, `S_post`, `r⁺`, `r⁻` with ties and double spikes; the ASCII file, compiled without optimisation, gives the same bits."""
    dt, steps = 5e-4, 800
    ins, outs = random_train(11, 5, steps, 0.1, doubled=0.15), random_train(12, 4, steps, 0.1, doubled=0.15)
    spikes = {"ins": ins.given(dt), "outs": outs.given(dt)}
    net = plasticdsl.parse(LIMITS).build(dt=dt, spikes=spikes, engine=engine)
    started = {name: net[name].w.copy() for name in ("tri", "mix")}
    net.run(steps=steps)
    for name, weights in started.items():
        it = net[name]
        for c, w in enumerate(weights):
            pre = counts(ins.of(it.pre[c]), in_steps(it.axonal_delay, dt)[c], steps)
            post = counts(outs.of(it.post[c]), in_steps(it.dendritic_delay, dt)[c], steps)
            expected = triplet(pre, post, w, it.tau_plus[c], dt) if name == "tri" else mixed(pre, post, w, dt)
            assert it.w[c] == pytest.approx(expected, abs=1e-12)
    plain = plasticdsl.parse(ascii_spelling(LIMITS)).build(dt=dt, spikes=spikes, level=0, engine=engine)
    plain.run(steps=steps)
    assert np.array_equal(plain["tri"].w, net["tri"].w) and np.array_equal(plain["mix"].w, net["mix"].w)
