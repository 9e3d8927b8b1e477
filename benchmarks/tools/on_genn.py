"""GeNN, its `single_threaded_cpu` back end, in single precision, which is its own: C++ that it writes, compiled with the flags that it sets, -O3
-ffast-math.

Traces belong to neurons (`pre_vars`, `post_vars`), which see axonal delays; a pair in one step is taken out of the potentiation, as the models say. A
spike is delivered at the beginning of the next step, before the membrane goes on, so that pairs come in the same order. Linear equations are
integrated exactly, those with conductances by exponential Euler. Its folder is in the cache, and compiled again only where the model has changed.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import workloads
from measure import Order, Report, Stopwatch, ordered, peak_mb, say
from pygenn import (
    GeNNModel,
    create_neuron_model,
    create_postsynaptic_model,
    create_weight_update_model,
    init_postsynaptic,
    init_sparse_connectivity,
    init_var,
    init_weight_update,
)

Spiking = tuple[dict[str, Any], Any | None]
Connect = Callable[..., Any]

DT = workloads.DT

#: What arrives adds to `inSyn`, which decays; the neuron takes it from the input variable that the projection names.
DECAYING = create_postsynaptic_model("decaying", params=["decay"], sim_code="injectCurrent(inSyn);\ninSyn *= decay;")

CURRENT_BASED = """
V = (R > 0.0) ? V : E_L + (V - E_L) * keep + from_e * (Isyn + X) + from_i * Iinh;
R -= 1.0;
X *= keep_e;
"""
POISSON = """
scalar p = 1.0;
while (true) {
    p *= gennrand_uniform();
    if (p <= none) break;
    X += w_x;
}
"""
FROM_SPIKE_TO_SPIKE = """
if (T <= 0.0) T += interval * gennrand_exponential();
T -= 1.0;
"""
CONDUCTANCES = """
const scalar a = (g_L + Isyn + Iinh) / C;
const scalar V_inf = (g_L * E_L + Isyn * E_e + Iinh * E_i + current) / (g_L + Isyn + Iinh);
V = (R > 0.0) ? V : V_inf + (V - V_inf) * exp(-a * dt);
R -= 1.0;
"""

PAIRS = create_weight_update_model(
    "pairs",
    params=["up", "down", "w_max", "keep_x", "keep_y"],
    vars=[("w", "scalar")],
    pre_vars=[("x", "scalar")],
    post_vars=[("y", "scalar")],
    pre_spike_code="x += 1.0;",
    post_spike_code="y += 1.0;",
    pre_dynamics_code="x *= keep_x;",
    post_dynamics_code="y *= keep_y;",
    pre_spike_syn_code="addToPost(w);\nw = fmax(0.0, w - down * y);",
    post_spike_syn_code="w = fmin(w_max, w + up * (x - ((st_pre == st_post) ? 1.0 : 0.0)));",
)
SYMMETRIC = create_weight_update_model(
    "symmetric",
    params=["eta", "alpha", "w_max", "keep_x", "keep_y"],
    vars=[("w", "scalar")],
    pre_vars=[("x", "scalar")],
    post_vars=[("y", "scalar")],
    pre_spike_code="x += 1.0;",
    post_spike_code="y += 1.0;",
    pre_dynamics_code="x *= keep_x;",
    post_dynamics_code="y *= keep_y;",
    pre_spike_syn_code="addToPost(w);\nw = fmin(w_max, fmax(0.0, w + eta * (y - alpha)));",
    post_spike_syn_code="w = fmin(w_max, w + eta * x);",
)


def decay(tau: float) -> float:
    return math.exp(-DT / tau)


def response(tau_m: float, tau: float) -> float:
    """What a current that decays with τ adds to the membrane potential in a step, exactly."""
    return tau / (tau - tau_m) * (decay(tau) - decay(tau_m))


def connecting(model: GeNNModel, p: float | None, delay: float) -> Connect:
    """Makes projections with one probability (or all to all) and delay."""

    def connect(name: str, pre: Any, post: Any, update: Any, tau: float, target: str = "Isyn") -> Any:
        wiring = None if p is None else init_sparse_connectivity("FixedProbability", {"prob": p})
        layout = "DENSE" if p is None else "SPARSE"
        made = model.add_synapse_population(name, layout, pre, post, update, init_postsynaptic(DECAYING, {"decay": decay(tau)}), wiring)
        made.post_target_var = target
        made.axonal_delay_steps = round(delay / DT)
        return made

    return connect


def fixed(weight: float) -> Any:
    return init_weight_update("StaticPulseConstantWeight", {"g": weight})


def additive(n: Any, weights: Any) -> Any:
    a = n.a_plus * n.w_max
    numbers = {"up": a, "down": n.ratio * a, "w_max": n.w_max, "keep_x": decay(n.tau_plus), "keep_y": decay(n.tau_minus)}
    return init_weight_update(PAIRS, numbers, {"w": weights}, {"x": 0.0}, {"y": 0.0})


def current_based(model: GeNNModel, n: Any, name: str, size: int, code: str = "", more: dict[str, float] | None = None) -> Any:
    numbers = {
        "E_L": n.E_L, "keep": decay(n.tau_m), "from_e": response(n.tau_m, n.tau_e), "from_i": response(n.tau_m, n.tau_i), "keep_e": decay(n.tau_e),
        "V_t": n.V_t, "V_r": n.V_r, "hold": n.refractory / DT, **(more or {}),
    }  # fmt: skip
    neuron = create_neuron_model(
        f"current_{name}",
        params=list(numbers),
        vars=[("V", "scalar"), ("R", "scalar"), ("X", "scalar")],
        additional_input_vars=[("Iinh", "scalar", 0.0)],
        sim_code=code + CURRENT_BASED if code else CURRENT_BASED.replace(" + X", "").replace("X *= keep_e;\n", ""),
        threshold_condition_code="V > V_t",
        reset_code="V = V_r;\nR = hold;",
    )
    start = {"V": init_var("Uniform", {"min": n.V_r, "max": n.V_t}), "R": 0.0, "X": 0.0}
    return model.add_neuron_population(name, size, neuron, numbers, start)


def currents(model: GeNNModel, order: Order) -> Spiking:
    n = workloads.scaled(workloads.CURRENTS, order.size)
    E, I = current_based(model, n, "E", n.E), current_based(model, n, "I", n.I)
    connect = connecting(model, n.p, 0.0)
    for post in (E, I):
        connect(f"E_{post.name}", E, post, fixed(n.w_e), n.tau_e)
        connect(f"I_{post.name}", I, post, fixed(n.w_i), n.tau_i, "Iinh")
    return {"rate E": E, "rate I": I}, None


def brunel(model: GeNNModel, order: Order) -> Spiking:
    n = workloads.scaled(workloads.BRUNEL, order.size)
    more = {"w_x": n.w_x, "none": math.exp(-n.rate_x * 1e-3 * DT)}
    E, I = (current_based(model, n, name, size, POISSON, more) for name, size in (("E", n.E), ("I", n.I)))
    connect = connecting(model, n.p, n.delay)
    EE = connect("EE", E, E, additive(n, n.w_e), n.tau_e)
    connect("EI", E, I, fixed(n.w_e), n.tau_e)
    connect("IE", I, E, fixed(n.w_i), n.tau_i, "Iinh")
    connect("II", I, I, fixed(n.w_i), n.tau_i, "Iinh")
    return {"rate E": E, "rate I": I}, EE


def conductance_based(model: GeNNModel, n: Any, name: str, size: int, V: Any) -> Any:
    names = ("C", "g_L", "E_L", "E_e", "E_i", "current")
    numbers = {**{x: getattr(n, x) for x in names}, "V_t": n.V_t, "V_r": n.V_r, "hold": n.refractory / DT}
    neuron = create_neuron_model(
        "conductances",
        params=list(numbers),
        vars=[("V", "scalar"), ("R", "scalar")],
        additional_input_vars=[("Iinh", "scalar", 0.0)],
        sim_code=CONDUCTANCES,
        threshold_condition_code="V > V_t",
        reset_code="V = V_r;\nR = hold;",
    )
    return model.add_neuron_population(name, size, neuron, numbers, {"V": V, "R": 0.0})


def competition(model: GeNNModel, order: Order) -> Spiking:
    n = workloads.COMPETITION
    source = create_neuron_model(
        "source", params=["interval"], vars=[("T", "scalar")], sim_code=FROM_SPIKE_TO_SPIKE, threshold_condition_code="T <= 0.0"
    )
    inputs = model.add_neuron_population("inputs", n.inputs, source, {"interval": 1e3 / n.rate / DT}, {"T": 0.0})
    leak = {"C": n.tau_m, "g_L": 1.0, "E_i": 0.0, "current": 0.0, "refractory": 0.0}
    cells = conductance_based(model, type(n)(**vars(n), **leak), "cells", n.cells, n.V_r)
    weights = additive(n, init_var("Uniform", {"min": 0.0, "max": n.w_max}))
    return {"rate": cells}, connecting(model, None, 0.0)("ex", inputs, cells, weights, n.tau_e)


def balance(model: GeNNModel, order: Order) -> Spiking:
    n = workloads.scaled(workloads.BALANCE, order.size)
    V = init_var("Normal", {"mean": n.V_mean, "sd": n.V_sd})
    E, I = conductance_based(model, n, "E", n.E, V), conductance_based(model, n, "I", n.I, V)
    connect = connecting(model, n.p, n.delay)
    connect("EE", E, E, fixed(n.w_e), n.tau_e)
    connect("EI", E, I, fixed(n.w_e), n.tau_e)
    connect("II", I, I, fixed(n.w_i), n.tau_i, "Iinh")
    numbers = {"eta": n.eta, "alpha": 2 * n.target * n.tau * 1e-3, "w_max": n.w_max, "keep_x": decay(n.tau), "keep_y": decay(n.tau)}
    rule = init_weight_update(SYMMETRIC, numbers, {"w": n.w_i}, {"x": 0.0}, {"y": 0.0})
    return {"rate E": E, "rate I": I}, connect("IE", I, E, rule, n.tau_i, "Iinh")


NETWORKS = {"currents": currents, "brunel": brunel, "competition": competition, "balance": balance, "start": competition}


def main() -> None:
    order = ordered()
    model = GeNNModel("float", order.workload, backend="single_threaded_cpu", optimize_code=True)  # else it compiles without -O3
    model.dt, model.seed, model.default_narrow_sparse_ind_enabled, model.fuse_postsynaptic_models = DT, order.seed, True, True
    populations, plastic = NETWORKS[order.workload](model, order)
    for population in populations.values():
        population.spike_recording_enabled = True
    steps, settling = round(order.turns * 1e3 / DT), round(order.settling * 1e3 / DT)
    model.build(order.cache + "/")
    watch = Stopwatch()
    model.load(num_recording_timesteps=max(steps, settling, 1))
    build = watch.lap()
    for _ in range(settling):
        model.step_time()
    settle = watch.lap()
    for _ in range(steps):
        model.step_time()
    run = watch.lap()
    model.pull_recording_buffers_from_device()
    begin = settling * DT
    found = {}
    for name, population in populations.items():
        times = population.spike_recording_data[0][0]
        found[name] = float(np.count_nonzero(times >= begin - DT / 2)) / population.num_neurons / order.turns
    if plastic is not None:
        plastic.vars["w"].pull_from_device()
        if plastic.matrix_type.name.startswith("SPARSE"):
            plastic.pull_connectivity_from_device()
        w = np.asarray(plastic.vars["w"].values, np.float64)
        found |= {"mean w": float(w.mean()), "sd w": float(w.std())}
    import pygenn

    say(Report(pygenn.__version__, build, settle, run, peak_mb(), found))


if __name__ == "__main__":
    main()
