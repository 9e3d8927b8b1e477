"""ANNarchy: C++ that it writes, compiled with its own flags (-march=native -O3), on one thread or with OpenMP, in double precision.

Linear equations have its `exponential` method. Traces belong to connections and are worked out at events (`event-driven`), as in its examples;
connections are stored by presynaptic neuron where nothing is learned. Its least delay is a step, which stands for none; since a spike that arrives is
delivered before the membrane goes on, pairs come in the same order as in the models. It has no Poisson numbers for neurons, so that the background of
`brunel` is counted off from a uniform number, which is faster than a binomial one. Its folder is in the cache, and compiled again only
where the model has changed.
"""

from __future__ import annotations

import math
from itertools import accumulate
from typing import Any

import ANNarchy as ann  # noqa: N813  # as its documentation does
import numpy as np
import workloads
from measure import Order, Report, Stopwatch, ordered, peak_mb, say

Spiking = tuple[dict[str, Any], Any | None]

#: No more of a background of 0.2 spikes a step come in one: once in 10⁹ times.
MOST_SPIKES = 7

CURRENT_BASED = """
    tau_m * dv/dt = E_L - v + g_exc + g_inh{background} : exponential
    tau_e * dg_exc/dt = -g_exc : exponential
    tau_i * dg_inh/dt = -g_inh : exponential
"""


def wired(pre: Any, post: Any, target: str, p: float, weight: float, delay: float, synapse: Any = None) -> Any:
    """Connections with one probability. Those that learn nothing lie by presynaptic neuron."""
    made = ann.Projection(pre, post, target, synapse)
    layout = {} if synapse else {"storage_format": "csr", "storage_order": "pre_to_post"}
    made.connect_fixed_probability(p, weight, delay, allow_self_connections=True, force_multiple_weights=synapse is not None, **layout)
    return made


def pair_rule(n: Any, target: str) -> Any:
    """Additive, all pairs."""
    return ann.Synapse(
        parameters=f"""
            tau_plus = {n.tau_plus} : projection
            tau_minus = {n.tau_minus} : projection
            w_max = {n.w_max} : projection
            up = {n.a_plus * n.w_max} : projection
            down = {n.ratio * n.a_plus * n.w_max} : projection
        """,
        equations="""
            tau_plus * dx/dt = -x : event-driven
            tau_minus * dy/dt = -y : event-driven
        """,
        pre_spike="""
            g_target += w
            x += 1.0
            w = clip(w - down * y, 0.0, w_max)
        """,
        post_spike="""
            y += 1.0
            w = clip(w + up * x, 0.0, w_max)
        """,
    )


def current_based(n: Any, drive: str = "") -> Any:
    """`drive`: an equation of `background`, a current that is added, if there is one."""
    return ann.Neuron(
        parameters=f"tau_m = {n.tau_m} : population\ntau_e = {n.tau_e} : population\ntau_i = {n.tau_i} : population\nE_L = {n.E_L} : population",
        equations=drive + CURRENT_BASED.format(background=" + background" if drive else ""),
        spike=f"v > {n.V_t}",
        reset=f"v = {n.V_r}",
        refractory=n.refractory,
    )


def currents(order: Order) -> Spiking:
    n = workloads.scaled(workloads.CURRENTS, order.size)
    cells = ann.Population(n.E + n.I, current_based(n))
    cells.v = ann.Uniform(n.V_r, n.V_t)
    E, I = cells[: n.E], cells[n.E :]
    wired(E, cells, "exc", n.p, n.w_e, workloads.DT)
    wired(I, cells, "inh", n.p, n.w_i, workloads.DT)
    return {"rate E": E, "rate I": I}, None


def brunel(order: Order) -> Spiking:
    n = workloads.scaled(workloads.BRUNEL, order.size)
    mean, keep = n.rate_x * 1e-3 * workloads.DT, math.exp(-workloads.DT / n.tau_e)
    chances = accumulate(math.exp(-mean) * mean**k / math.factorial(k) for k in range(MOST_SPIKES))
    spikes = " + ".join(f"ite(u > {chance}, 1.0, 0.0)" for chance in chances)
    neuron = current_based(n, f"u = Uniform(0.0, 1.0)\n    background = {keep} * background + {n.w_x} * ({spikes})")
    E, I = ann.Population(n.E, neuron), ann.Population(n.I, neuron)
    for population in (E, I):
        population.v = ann.Uniform(n.V_r, n.V_t)
    EE = wired(E, E, "exc", n.p, n.w_e, n.delay, pair_rule(n, "exc"))
    wired(E, I, "exc", n.p, n.w_e, n.delay)
    wired(I, E, "inh", n.p, n.w_i, n.delay)
    wired(I, I, "inh", n.p, n.w_i, n.delay)
    return {"rate E": E, "rate I": I}, EE


def competition(order: Order) -> Spiking:
    n = workloads.COMPETITION
    neuron = ann.Neuron(
        parameters=f"tau_m = {n.tau_m} : population\ntau_e = {n.tau_e} : population\nE_L = {n.E_L} : population\nE_e = {n.E_e} : population",
        equations="""
            tau_m * dv/dt = E_L - v + g_exc * (E_e - v) : exponential
            tau_e * dg_exc/dt = -g_exc : exponential
        """,
        spike=f"v > {n.V_t}",
        reset=f"v = {n.V_r}",
    )
    inputs, cells = ann.PoissonPopulation(n.inputs, rates=n.rate), ann.Population(n.cells, neuron)
    cells.v = n.V_r
    plastic = ann.Projection(inputs, cells, "exc", pair_rule(n, "exc"))
    plastic.connect_all_to_all(ann.Uniform(0.0, n.w_max))
    return {"rate": cells}, plastic


def balance(order: Order) -> Spiking:
    n = workloads.scaled(workloads.BALANCE, order.size)
    names = ("C", "g_L", "tau_e", "tau_i", "E_L", "E_e", "E_i", "current")
    neuron = ann.Neuron(
        parameters="\n".join(f"{name} = {getattr(n, name)} : population" for name in names)
        + f"\nleak = {n.g_L} : population",  # its g_… are what arrives
        equations="""
            C * dv/dt = leak * (E_L - v) + g_exc * (E_e - v) + g_inh * (E_i - v) + current : exponential
            tau_e * dg_exc/dt = -g_exc : exponential
            tau_i * dg_inh/dt = -g_inh : exponential
        """,
        spike=f"v > {n.V_t}",
        reset=f"v = {n.V_r}",
        refractory=n.refractory,
    )
    cells = ann.Population(n.E + n.I, neuron)
    cells.v = ann.Normal(n.V_mean, n.V_sd)
    E, I = cells[: n.E], cells[n.E :]
    rule = ann.Synapse(
        parameters=f"""
            tau = {n.tau} : projection
            eta = {n.eta} : projection
            alpha = {2 * n.target * n.tau * 1e-3} : projection
            w_max = {n.w_max} : projection
        """,
        equations="""
            tau * dx/dt = -x : event-driven
            tau * dy/dt = -y : event-driven
        """,
        pre_spike="""
            g_target += w
            x += 1.0
            w = clip(w + eta * (y - alpha), 0.0, w_max)
        """,
        post_spike="""
            y += 1.0
            w = clip(w + eta * x, 0.0, w_max)
        """,
    )
    wired(E, cells, "exc", n.p, n.w_e, n.delay)
    wired(I, I, "inh", n.p, n.w_i, n.delay)
    IE = wired(I, E, "inh", n.p, n.w_i, n.delay, rule)
    return {"rate E": E, "rate I": I}, IE


NETWORKS = {"currents": currents, "brunel": brunel, "competition": competition, "balance": balance, "start": competition}


def main() -> None:
    order = ordered()
    ann.setup(dt=workloads.DT, num_threads=order.threads, seed=order.seed)
    watch = Stopwatch()
    populations, plastic = NETWORKS[order.workload](order)
    build = watch.lap()
    monitors = {name: ann.Monitor(population, "spike", start=False) for name, population in populations.items()}
    ann.compile(directory=f"{order.cache}/annarchy", silent=True)
    watch.lap()
    if order.settling:
        ann.simulate(order.settling * 1e3)
    settle = watch.lap()
    for monitor in monitors.values():
        monitor.start()
    watch.lap()
    ann.simulate(order.turns * 1e3)
    run = watch.lap()
    found = {
        name: sum(map(len, monitor.get("spike").values())) / populations[name].size / order.turns for name, monitor in monitors.items()
    }
    if plastic is not None:
        w = np.concatenate([np.asarray(one.w) for one in plastic])
        found |= {"mean w": float(w.mean()), "sd w": float(w.std())}
    say(Report(ann.__version__, build, settle, run, peak_mb(), found))


if __name__ == "__main__":
    main()
