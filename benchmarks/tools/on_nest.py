"""NEST: neurons and synapses that it has, with the same window and bounds, on threads of its own.

`iaf_psc_exp` is integrated exactly; `iaf_cond_exp`, which is what it has for conductances, by an adaptive Runge-Kutta method. STDP is
`stdp_synapse_hom`, whose parameters are shared, additive (μ₊ = μ₋ = 0); inhibitory plasticity is `vogels_sprekeler_synapse`; static weights are
`static_synapse_hom_w`. Its delays are all dendritic, the least is a step (0.1 ms, which stands for no delay), and a pair whose spikes meet at the
synapse in one step counts for nothing. A connection learns from a presynaptic spike before it sends, and knows of postsynaptic ones only then.
Nothing is compiled, so that a warm start is a cold one.
"""

from __future__ import annotations

from typing import Any

import nest
import numpy as np
import workloads
from measure import Order, Report, Stopwatch, ordered, peak_mb, say

Spiking = tuple[dict[str, Any], tuple[Any, Any, str] | None]


def connect(pre: Any, post: Any, rule: Any, weight: float, delay: float) -> None:
    """Connections of one weight, which is kept once."""
    model = f"static_{weight}_{delay}"
    if model not in nest.synapse_models:
        nest.CopyModel("static_synapse_hom_w", model, {"weight": weight, "delay": delay})
    nest.Connect(pre, post, rule, {"synapse_model": model})


def bernoulli(p: float) -> dict[str, Any]:
    return {"rule": "pairwise_bernoulli", "p": p, "allow_autapses": True}


def currents(order: Order) -> Spiking:
    # with C_m in pF as large as τ_m in ms, a current in pA is what it adds to the membrane potential at rest, in mV
    n = workloads.scaled(workloads.CURRENTS, order.size)
    cell = {
        "C_m": n.tau_m, "tau_m": n.tau_m, "tau_syn_ex": n.tau_e, "tau_syn_in": n.tau_i, "E_L": n.E_L, "V_th": n.V_t, "V_reset": n.V_r,
        "t_ref": n.refractory, "V_m": nest.random.uniform(n.V_r, n.V_t),
    }  # fmt: skip
    E, I = nest.Create("iaf_psc_exp", n.E, cell), nest.Create("iaf_psc_exp", n.I, cell)
    connect(E, E + I, bernoulli(n.p), n.w_e, workloads.DT)
    connect(I, E + I, bernoulli(n.p), n.w_i, workloads.DT)
    return {"rate E": E, "rate I": I}, None


def brunel(order: Order) -> Spiking:
    n = workloads.scaled(workloads.BRUNEL, order.size)
    cell = {
        "C_m": n.tau_m, "tau_m": n.tau_m, "tau_syn_ex": n.tau_e, "tau_syn_in": n.tau_i, "E_L": n.E_L, "V_th": n.V_t, "V_reset": n.V_r,
        "t_ref": n.refractory, "tau_minus": n.tau_minus, "V_m": nest.random.uniform(n.V_r, n.V_t),
    }  # fmt: skip
    E, I = nest.Create("iaf_psc_exp", n.E, cell), nest.Create("iaf_psc_exp", n.I, cell)
    drive = nest.Create("poisson_generator", 1, {"rate": n.rate_x})  # a train of its own for each neuron
    connect(drive, E + I, "all_to_all", n.w_x, workloads.DT)
    nest.CopyModel("stdp_synapse_hom", "stdp", additive(n))
    nest.Connect(E, E, bernoulli(n.p), {"synapse_model": "stdp", "weight": n.w_e, "delay": n.delay})
    connect(E, I, bernoulli(n.p), n.w_e, n.delay)
    connect(I, E + I, bernoulli(n.p), n.w_i, n.delay)
    return {"rate E": E, "rate I": I}, (E, E, "stdp")


def additive(n: Any) -> dict[str, float]:
    """Δw = λ w_max K₊ at postsynaptic spikes and −α λ w_max K₋ at presynaptic ones."""
    return {"lambda": n.a_plus, "alpha": n.ratio, "mu_plus": 0.0, "mu_minus": 0.0, "Wmax": n.w_max, "tau_plus": n.tau_plus}


def competition(order: Order) -> Spiking:
    n = workloads.COMPETITION
    leak = 10.0  # in nS; conductances of the model are in units of it
    cell = {
        "C_m": n.tau_m * leak, "g_L": leak, "E_L": n.E_L, "E_ex": n.E_e, "tau_syn_ex": n.tau_e, "V_th": n.V_t, "V_reset": n.V_r, "V_m": n.V_r,
        "t_ref": 0.0, "tau_minus": n.tau_minus,
    }  # fmt: skip
    cells = nest.Create("iaf_cond_exp", n.cells, cell)
    source = nest.Create("poisson_generator", 1, {"rate": n.rate})
    inputs = nest.Create("parrot_neuron", n.inputs)
    connect(source, inputs, "all_to_all", 1.0, workloads.DT)
    nest.CopyModel("stdp_synapse_hom", "stdp", {**additive(n), "Wmax": n.w_max * leak})
    weights = nest.random.uniform(0.0, n.w_max * leak)
    nest.Connect(inputs, cells, "all_to_all", {"synapse_model": "stdp", "weight": weights, "delay": workloads.DT})
    return {"rate": cells}, (inputs, cells, "stdp")


def balance(order: Order) -> Spiking:
    n = workloads.scaled(workloads.BALANCE, order.size)
    cell = {
        "C_m": n.C, "g_L": n.g_L, "E_L": n.E_L, "E_ex": n.E_e, "E_in": n.E_i, "tau_syn_ex": n.tau_e, "tau_syn_in": n.tau_i, "V_th": n.V_t,
        "V_reset": n.V_r, "I_e": n.current, "t_ref": n.refractory, "tau_minus": n.tau, "V_m": nest.random.normal(n.V_mean, n.V_sd),
    }  # fmt: skip
    E, I = nest.Create("iaf_cond_exp", n.E, cell), nest.Create("iaf_cond_exp", n.I, cell)
    connect(E, E + I, bernoulli(n.p), n.w_e, n.delay)
    connect(I, I, bernoulli(n.p), -n.w_i, n.delay)
    # its increments are η K and −α η, signs and bounds those of the weight
    rule = {"tau": n.tau, "eta": n.eta, "alpha": 2 * n.target * n.tau * 1e-3, "Wmax": -n.w_max, "weight": -n.w_i}
    nest.CopyModel("vogels_sprekeler_synapse", "balance", rule)
    nest.Connect(I, E, bernoulli(n.p), {"synapse_model": "balance", "weight": -n.w_i, "delay": n.delay})
    return {"rate E": E, "rate I": I}, (I, E, "balance")


NETWORKS = {"currents": currents, "brunel": brunel, "competition": competition, "balance": balance, "start": competition}
#: What a weight of NEST is divided by to be that of the model.
UNIT = {"brunel": 1.0, "competition": 10.0, "balance": -1.0, "start": 10.0}


def main() -> None:
    order = ordered()
    nest.verbosity = nest.VerbosityLevel.ERROR
    nest.ResetKernel()
    nest.set(resolution=workloads.DT, local_num_threads=order.threads, rng_seed=order.seed)
    watch = Stopwatch()
    populations, plastic = NETWORKS[order.workload](order)
    recorders = {name: nest.Create("spike_recorder") for name in populations}
    for name, recorder in recorders.items():
        nest.Connect(populations[name], recorder)
    nest.Simulate(workloads.DT * 10)  # what is made late
    build = watch.lap()
    if order.settling:
        nest.Simulate(order.settling * 1e3)
    settle = watch.lap()
    before = {name: recorder.n_events for name, recorder in recorders.items()}
    watch.lap()
    nest.Simulate(order.turns * 1e3)
    run = watch.lap()
    found = {name: (recorder.n_events - before[name]) / len(populations[name]) / order.turns for name, recorder in recorders.items()}
    if plastic is not None:
        pre, post, model = plastic
        w = np.asarray(nest.GetConnections(pre, post, model).weight) / UNIT[order.workload]
        found |= {"mean w": float(w.mean()), "sd w": float(w.std())}
    say(Report(nest.__version__, build, settle, run, peak_mb(), found))


if __name__ == "__main__":
    main()
