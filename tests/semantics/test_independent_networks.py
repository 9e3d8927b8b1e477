"""Whole networks against programs that were written from docs/language/time-and-order.md and use nothing of plasticdsl: step by step, connection by
connection, with the integrators that docs/language/integrators.md names. They agree to rounding, and in every spike."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.linalg import expm

import plasticdsl
from plasticdsl.options import EngineName
from tests.semantics.by_hand import Train, clip, either, in_steps, random_train, rk4

NEVER = -(10**9)


def fired(net: plasticdsl.Net, population: str) -> list[tuple[int, int]]:
    """Step and unit of every spike."""
    spikes = net.spikes(population)
    return list(zip(in_steps(spikes.times, net.dt).tolist(), spikes.units.tolist(), strict=True))


def arrivals(projection: Any, train: Train, dt: float) -> list[list[int]]:
    """When spikes of the presynaptic unit reach each connection."""
    delays = in_steps(projection.axonal_delay, dt)
    return [[t + d for t in train.of(j)] for j, d in zip(projection.pre, delays, strict=True)]


# --- short-term plasticity and two rules on one projection, an inhibitory rule on another -----------------------------

CURRENTS = """
neuron Cell:
    τ_m ~ U(15 ms, 25 ms)
    τ_I = 5 ms
    τ_θ ~ N(50 ms, 5 ms)
    θ₀ = 10 mV
    τ_m dV/dt = −V + I
    τ_I dI/dt = −I
    τ_θ dθ/dt = θ₀ − θ
    θ(0) = θ₀
    spike when V > θ:
        V → 0 mV
        θ += 2 mV
    refractory 3 ms, hold V

synapse Dynamic:
    U = 0.4
    τ_f = 50 ms
    τ_r ~ U(100 ms, 300 ms)
    du/dt = −u/τ_f
    dR/dt = (1 − R)/τ_r
    R(0) = 1
    on pre:
        u += U (1 − u)
        post.I += w u R
        R −= u R

synapse Inhibition:
    on pre:
        post.I −= w

rule STDP:
    τ₊ ~ U(15 ms, 20 ms)
    w ∈ [0 mV, 80 mV]
    on all pairs:
        Δw = F(t_post − t_pre)
    F(Δt) = 8 mV exp(−Δt/τ₊)   if Δt > 0
           −5 mV exp(Δt/30 ms) otherwise

rule Scaling:
    on post:
        w → w + 0.02 (60 mV − w)
    on pre:
        w −= 0.01 mV

rule Inhibitory:
    η = 0.3 mV
    w ∈ [0 mV, 20 mV]
    20 ms dx/dt = −x
    20 ms dy/dt = −y
    on pre:
        x += 1
        w += η (y − 0.4)
    on post:
        y += 1
        w += η x

network Net:
    ins = 8 SpikeTimes(ins)
    inh = 4 SpikeTimes(inh)
    cell = 3 Cell
    ex = ins → cell: Dynamic with STDP and Scaling, w ~ U(40 mV, 80 mV), axonal delay ~ U(0.5 ms, 3 ms), dendritic delay = 1 ms
    ih = inh → cell: Inhibition with Inhibitory, w = 2 mV, dendritic delay ~ U(0 ms, 2 ms)
"""


@either
def test_short_term_plasticity_with_two_rules_and_inhibition_with_another(engine: EngineName) -> None:
    """Adaptive thresholds, V held while refractory, time constants of every unit and connection, drawn delays on either side."""
    dt, steps = 2.5e-4, 4000
    ins, inh = random_train(8, 8, steps, 0.02), random_train(9, 4, steps, 0.01)
    net = plasticdsl.parse(CURRENTS).build(dt=dt, seed=4, spikes={"ins": ins.given(dt), "inh": inh.given(dt)}, engine=engine)
    cell, ex, ih = net["cell"], net["ex"], net["ih"]
    w, v = ex.w.copy(), ih.w.copy()
    net.run(steps=steps)

    dendritic, sent = in_steps(ih.dendritic_delay, dt), arrivals(ex, ins, dt)
    inhibiting = [set(inh.of(j)) for j in ih.pre]
    propagators = [expm(dt * np.array([[-1 / tau, 1 / tau], [0, -1 / 5e-3]])) for tau in cell.tau_m]
    V, J, high = np.zeros(3), np.zeros(3), np.full(3, 10e-3)
    u, R = np.zeros(len(w)), np.ones(len(w))
    x, y = np.zeros(len(v)), np.zeros(len(v))
    on_its_way = np.zeros((steps + 20, 3))
    out: list[list[int]] = [[], [], []]
    last, spikes = np.full(3, NEVER), []
    for n in range(steps):
        for k in np.flatnonzero((high < V) & (n - last >= 12)):
            V[k], high[k], last[k] = 0.0, high[k] + 2e-3, n
            out[k].append(n)
            spikes.append((n, k))
        J += on_its_way[n]
        for c, i in enumerate(ex.post):
            if n in sent[c]:
                u[c] += 0.4 * (1 - u[c])
                on_its_way[n + 4, i] += w[c] * u[c] * R[c]
                R[c] -= u[c] * R[c]
                w[c] = clip(w[c] - 1e-5, 0, 80e-3)
                w[c] = clip(w[c] - sum(5e-3 * np.exp((t + 4 - n) * dt / 30e-3) for t in out[i] if t + 4 <= n), 0, 80e-3)
        x_before, y_before = x.copy(), y.copy()
        for c, i in enumerate(ih.post):
            if n in inhibiting[c]:
                if dendritic[c] == 0:
                    J[i] -= v[c]
                on_its_way[n + dendritic[c], i] -= v[c]
                x[c], v[c] = x[c] + 1, clip(v[c] + 0.3e-3 * (y_before[c] - 0.4), 0, 20e-3)
        for c, i in enumerate(ex.post):
            if n - 4 in out[i]:
                w[c] = clip(w[c] + 0.02 * (60e-3 - w[c]), 0, 80e-3)
                w[c] = clip(w[c] + sum(8e-3 * np.exp((t - n) * dt / ex.tau_plus[c]) for t in sent[c] if t < n), 0, 80e-3)
        for c, i in enumerate(ih.post):
            if n - dendritic[c] in out[i]:
                y[c], v[c] = y[c] + 1, clip(v[c] + 0.3e-3 * x_before[c], 0, 20e-3)
        moved = np.array([P @ s for P, s in zip(propagators, np.array([V, J]).T, strict=True)])
        V, J = np.where(n - last < 12, V, moved[:, 0]), moved[:, 1]
        high = 10e-3 + (high - 10e-3) * np.exp(-dt / cell.tau_theta)
        u, R = u * np.exp(-dt / 50e-3), 1 + (R - 1) * np.exp(-dt / ex.tau_r)
        x, y = x * np.exp(-dt / 20e-3), y * np.exp(-dt / 20e-3)

    assert fired(net, "cell") == spikes and len(spikes) > 20
    for found, expected in ((cell.V, V), (cell.I, J), (cell.theta, high), (ex.w, w), (ex.u, u), (ex.R, R), (ih.w, v)):
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-14)


# --- a rule of voltages, gap junctions -----------------------------------------------------------------------------------

VOLTAGES = """
neuron AdEx:
    C = 281 pF
    g_L = 30 nS
    E_L = −70.6 mV
    V_T = −50.4 mV
    Δ_T = 2 mV
    τ₋ = 10 ms
    input I_gap : pA
    C dV/dt = −g_L (V − E_L) + g_L Δ_T exp(min((V − V_T)/Δ_T, 6)) − z + g_ex (0 mV − V) + I_gap
    144 ms dz/dt = 4 nS (V − E_L) − z
    5 ms dg_ex/dt = −g_ex
    τ₋ du₋/dt = V − u₋
    V(0) = E_L
    u₋(0) = E_L
    spike when V > −38 mV:
        V → −58 mV
        z += 80.5 pA
    refractory 2 ms, hold V

synapse Conductance:
    on pre:
        post.g_ex += w

synapse Gap:
    g ~ U(0.5 nS, 1.5 nS)
    post.I_gap = Σ g (pre.V − post.V)

rule Voltage:
    θ₋ = −70.6 mV
    θ₊ = −45.3 mV
    A₋ = 14e-3 nS/mV
    A₊ = 8e-3 nS/mV²/ms
    τ_x ~ U(10 ms, 20 ms)
    w ∈ [0 nS, 30 nS]
    dx̄/dt = −x̄/τ_x + S_pre
    on pre:
        w −= A₋ [post.u₋ − θ₋]₊
    dw/dt = A₊ x̄ [post.V − θ₊]₊ [post.u₋ − θ₋]₊

network Net:
    ins = 6 SpikeTimes(ins)
    cell = 3 AdEx
    ex = ins → cell: Conductance with Voltage, w ~ U(8 nS, 12 nS), axonal delay = 1 ms
    gap = cell → cell: Gap, except self
"""


@either
def test_a_voltage_rule_on_cells_with_gap_junctions(engine: EngineName) -> None:
    """After Clopath et al. (2010). Runge-Kutta 4 with the stages of all cells together; short, since errors grow from spike to spike."""
    dt, steps = 1e-4, 1200
    ins = random_train(3, 6, 3000, 0.012)
    net = plasticdsl.parse(VOLTAGES).build(dt=dt, seed=6, spikes={"ins": ins.given(dt)}, engine=engine)
    cell, ex, gap = net["cell"], net["ex"], net["gap"]
    w, between = ex.w.copy(), np.zeros((3, 3))
    between[gap.post, gap.pre] = gap.g
    assert not between.diagonal().any()
    net.run(steps=steps)

    leak, reversal = 30e-9, -70.6e-3
    sent = arrivals(ex, ins, dt)
    state = np.array([np.full(3, reversal), np.zeros(3), np.zeros(3), np.full(3, reversal)])  # V, z, g_ex, u₋
    trace, last, spikes = np.zeros(len(w)), np.full(3, NEVER), []
    for n in range(steps):
        for k in np.flatnonzero((state[0] > -38e-3) & (n - last >= 20)):
            state[0, k], last[k] = -58e-3, n
            state[1, k] += 80.5e-12
            spikes.append((n, k))
        for c, i in enumerate(ex.post):
            if n in sent[c]:
                state[2, i] += w[c]
                trace[c] += 1
                w[c] = clip(w[c] - 14e-9 * max(state[3, i] + 70.6e-3, 0), 0, 30e-9)
        held = n - last < 20

        def rates(s: np.ndarray, held: np.ndarray = held) -> np.ndarray:
            V, z, g, u = s
            upstroke = leak * 2e-3 * np.exp(np.minimum((V + 50.4e-3) / 2e-3, 6))
            current = -leak * (V - reversal) + upstroke - z - g * V + between @ V - between.sum(axis=1) * V
            return np.array([np.where(held, 0.0, current / 281e-12), (4e-9 * (V - reversal) - z) / 144e-3, -g / 5e-3, (V - u) / 10e-3])

        pull = np.maximum(state[0, ex.post] + 45.3e-3, 0) * np.maximum(state[3, ex.post] + 70.6e-3, 0)
        w = np.clip(w + dt * 8e-3 * trace * pull, 0, 30e-9)
        state = rk4(rates, state, dt)
        trace = trace * np.exp(-dt / ex.tau_x)

    assert fired(net, "cell") == spikes and len(spikes) > 30
    for found, expected in zip((cell.V, cell.z, cell.g_ex, cell.u_minus, ex.w), (*state, w), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-9)


# --- eligibility and dopamine, calcium, conductances ----------------------------------------------------------------------

MODULATED = """
neuron Cell:
    τ_m = 20 ms
    E_L = −70 mV
    τ_e ~ U(3 ms, 5 ms)
    τ_i = 8 ms
    τ_m dV/dt = E_L − V + g_e (0 mV − V) + g_i (−80 mV − V)
    τ_e dg_e/dt = −g_e + h_e
    τ_e dh_e/dt = −h_e
    τ_i dg_i/dt = h_i − g_i
    τ_i dh_i/dt = −h_i
    dD/dt = −D/(200 ms)
    V(0) ~ U(−70 mV, −60 mV)
    spike when V rises above −54 mV:
        V → −60 mV
    refractory 2 ms

synapse Excitation:
    on pre: post.h_e += w

synapse Inhibition:
    on pre: post.h_i += 0.8

synapse Dopamine:
    on pre: post.D += 0.5

rule Eligibility:
    τ_c ~ U(100 ms, 300 ms)
    w ∈ [0, 2]
    dc/dt = −c/τ_c
    on all pairs:
        Δc = F(t_post − t_pre)
    F(Δt) = 0.02 exp(−Δt/20 ms)   if Δt > 0
            −0.03 exp(Δt/15 ms)   otherwise
    dw/dt = c (post.D − 0.2)/(100 ms)

rule Calcium:
    dc/dt = −c/(22 ms) + 0.56 S_pre + 1.24 S_post
    3 s dw/dt = −w (1 − w) (0.5 − w) + 72 (1 − w) Θ(c − 1.3) − 33 w Θ(c − 1)

network Net:
    ins = 10 SpikeTimes(ins)
    inh = 3 SpikeTimes(inh)
    dop = 2 SpikeTimes(dop)
    cell = 3 Cell
    el = ins → cell: Excitation with Eligibility, w ~ U(0.5, 1), axonal delay = 1.5 ms
    ca = ins → cell: Excitation with Calcium, p = 0.6, w ~ U(0.2, 0.8), axonal delay = 13.7 ms, dendritic delay ~ U(0 ms, 1 ms)
    ih = inh → cell: Inhibition, delay ~ U(1 ms, 2 ms)
    dp = dop → cell: Dopamine, where i ≠ j
"""


def calcium_rates(state: np.ndarray) -> np.ndarray:
    """Of c and w in `Calcium`, between spikes."""
    c, w = state
    return np.array([-c / 22e-3, (-w * (1 - w) * (0.5 - w) + 72 * (1 - w) * (c > 1.3) - 33 * w * (c > 1)) / 3])


@either
def test_dopamine_and_calcium_on_cells_with_conductances(tmp_path, engine: EngineName) -> None:
    """An eligibility trace read by a third factor (Izhikevich 2007), a calcium rule (Graupner & Brunel 2012), alpha functions, a crossing.
    A state saved half way goes on to the same bits."""
    dt, steps = 1e-4, 3000
    ins, inh, dop = random_train(9, 10, steps, 0.004), random_train(10, 3, steps, 0.003), random_train(11, 2, steps, 0.001)
    given = {"ins": ins.given(dt), "inh": inh.given(dt), "dop": dop.given(dt)}
    model = plasticdsl.parse(MODULATED)
    net = model.build(dt=dt, seed=6, spikes=given, engine=engine)
    cell, el, ca, ih, dp = net["cell"], net["el"], net["ca"], net["ih"], net["dp"]
    w, ρ, V = el.w.copy(), ca.w.copy(), cell.V.copy()
    net.run(steps=steps // 2)
    net.save(tmp_path / "half.npz")
    net.run(steps=steps - steps // 2)

    to_el, to_ca, to_ih, to_dp = arrivals(el, ins, dt), arrivals(ca, ins, dt), arrivals(ih, inh, dt), arrivals(dp, dop, dt)
    dendritic = in_steps(ca.dendritic_delay, dt)
    g_e, h_e, g_i, h_i, D = np.zeros((5, 3))
    eligible, calcium = np.zeros(len(w)), np.zeros(len(ρ))
    on_its_way = np.zeros((steps + 20, 3))
    out: list[list[int]] = [[], [], []]
    last, above, spikes = np.full(3, NEVER), np.zeros(3, dtype=bool), []
    for n in range(steps):
        now = V > -54e-3
        for k in np.flatnonzero(now & ~above & (n - last >= 20)):
            V[k], last[k] = -60e-3, n
            out[k].append(n)
            spikes.append((n, k))
        above = now
        h_e += on_its_way[n]
        for c, i in enumerate(el.post):
            if n in to_el[c]:
                h_e[i] += w[c]
                eligible[c] -= sum(0.03 * np.exp((t - n) * dt / 15e-3) for t in out[i])
        for c, i in enumerate(ca.post):
            if n in to_ca[c]:
                if dendritic[c] == 0:
                    h_e[i] += ρ[c]
                on_its_way[n + dendritic[c], i] += ρ[c]
                calcium[c] += 0.56
        for c, i in enumerate(ih.post):
            h_i[i] += 0.8 * (n in to_ih[c])
        for c, i in enumerate(dp.post):
            D[i] += 0.5 * (n in to_dp[c])
        for c, i in enumerate(el.post):
            if last[i] == n:
                eligible[c] += sum(0.02 * np.exp((t - n) * dt / 20e-3) for t in to_el[c] if t < n)
        for c, i in enumerate(ca.post):
            calcium[c] += 1.24 * (n - dendritic[c] in out[i])
        slope, offset = -(1 + g_e + g_i) / 20e-3, (-70e-3 - 80e-3 * g_i) / 20e-3  # of dV/dt, held over the step
        V = np.where(n - last < 20, V, V * np.exp(slope * dt) + offset / slope * np.expm1(slope * dt))
        g_e, h_e = (g_e + dt / cell.tau_e * h_e) * np.exp(-dt / cell.tau_e), h_e * np.exp(-dt / cell.tau_e)
        g_i, h_i = (g_i + dt / 8e-3 * h_i) * np.exp(-dt / 8e-3), h_i * np.exp(-dt / 8e-3)
        # c(s) = c e^(−s/τ_c) and D(s) = D e^(−s/τ_D), so with r = 1/τ_c + 1/τ_D
        # ∫₀^dt c(s) (D(s) − 0.2) ds = c D (1 − e^(−r dt))/r − 0.2 c τ_c (1 − e^(−dt/τ_c))
        both = 1 / el.tau_c + 1 / 0.2
        product, alone = -np.expm1(-both * dt) / both, -np.expm1(-dt / el.tau_c) * el.tau_c
        w = np.clip(w + eligible * (D[el.post] * product - 0.2 * alone) / 0.1, 0, 2)
        eligible, D = eligible * np.exp(-dt / el.tau_c), D * np.exp(-dt / 0.2)

        calcium, ρ = rk4(calcium_rates, np.array([calcium, ρ]), dt)

    assert fired(net, "cell") == spikes and len(spikes) > 100
    expected = (V, g_e, g_i, D, w, eligible, ρ, calcium)
    for found, by_hand in zip((cell.V, cell.g_e, cell.g_i, cell.D, el.w, el.c, ca.w, ca.c), expected, strict=True):
        np.testing.assert_allclose(found, by_hand, rtol=1e-9, atol=1e-13)

    again = model.build(dt=dt, seed=6, spikes=given, engine=engine)
    again.load(tmp_path / "half.npz")
    again.run(steps=steps - steps // 2)
    for part, name in (("cell", "V"), ("el", "w"), ("ca", "w")):
        assert np.array_equal(getattr(again[part], name), getattr(net[part], name))
