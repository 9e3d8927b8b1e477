"""Brian2, `cpp_standalone`: code that it writes, compiled with -O3 -march=native -ffast-math, as its documentation says, on one thread or with OpenMP.

Traces are kept with the neurons, as an expert would, and not with the synapses, as its own example does. The trace of a presynaptic neuron as a
synapse with an axonal delay sees it, late, is kept by a pathway from each neuron to itself that has the delay, since a pathway updates a variable of
the neuron once for each synapse. The project lies in the cache, where `make` finds what it has compiled before.

The program notes the processor time before and after each run; what comes before the first is making connections.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import brian2
import workloads
from brian2 import (
    NeuronGroup,
    PoissonInput,
    SpikeMonitor,
    Synapses,
    defaultclock,
    device,
    ms,
    prefs,
    second,
    set_device,
)  # fmt: skip
from measure import Order, Report, Spent, ordered, say

NOTES = "notes.txt"
#: Writes processor time and time on the clock, in s, and the most memory, in kB, as a line.
NOTE = """
{{
    timespec spent, now; char line[256]; long peak = 0;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &spent); clock_gettime(CLOCK_MONOTONIC, &now);
    FILE *status = fopen("/proc/self/status", "r");
    while (fgets(line, 256, status)) sscanf(line, "VmHWM: %ld", &peak);
    fclose(status);
    FILE *notes = fopen("{file}", "a");
    fprintf(notes, "%ld.%09ld %ld.%09ld %ld\\n", (long)spent.tv_sec, spent.tv_nsec, (long)now.tv_sec, now.tv_nsec, peak);
    fclose(notes);
}}
"""

CURRENT_BASED = """
dV/dt = (E_L - V + I_e + I_i)/tau_m : 1 (unless refractory)
dI_e/dt = -I_e/tau_e : 1
dI_i/dt = -I_i/tau_i : 1
"""


def currents(order: Order) -> tuple[list[Any], dict[str, SpikeMonitor], Synapses | None]:
    n = workloads.scaled(workloads.CURRENTS, order.size)
    space = {"E_L": n.E_L, "tau_m": n.tau_m * ms, "tau_e": n.tau_e * ms, "tau_i": n.tau_i * ms}
    cells = NeuronGroup(
        n.E + n.I,
        CURRENT_BASED,
        threshold=f"V > {n.V_t}",
        reset=f"V = {n.V_r}",
        refractory=n.refractory * ms,
        method="exact",
        namespace=space,
    )
    cells.V = f"{n.V_r} + ({n.V_t} - {n.V_r})*rand()"
    E, I = cells[: n.E], cells[n.E :]
    excitation = Synapses(E, cells, on_pre=f"I_e_post += {n.w_e}")
    inhibition = Synapses(I, cells, on_pre=f"I_i_post += {n.w_i}")
    for synapses in (excitation, inhibition):
        synapses.connect(p=n.p)
    monitors = {"rate E": SpikeMonitor(E, record=False), "rate I": SpikeMonitor(I, record=False)}
    return [cells, excitation, inhibition], monitors, None


def late(group: NeuronGroup, variable: str, delay: float) -> Synapses:
    """Adds 1 to a variable of each neuron a delay (ms) after it spikes."""
    own = Synapses(group, group, on_pre=f"{variable}_post += 1")
    own.connect(j="i")
    own.delay = delay * ms
    return own


def early(group: NeuronGroup, variable: str) -> Synapses:
    """Adds 1 to a variable of each neuron that spikes before any other synapse of this step: what arrives in the same step sees it already."""
    own = Synapses(group, group, on_pre=f"{variable}_post += 1")
    own.pre.order = -1
    own.connect(j="i")
    return own


def brunel(order: Order) -> tuple[list[Any], dict[str, SpikeMonitor], Synapses | None]:
    n = workloads.scaled(workloads.BRUNEL, order.size)
    space = {
        "E_L": n.E_L,
        "tau_m": n.tau_m * ms,
        "tau_e": n.tau_e * ms,
        "tau_i": n.tau_i * ms,
        "tau_plus": n.tau_plus * ms,
        "tau_minus": n.tau_minus * ms,
    }
    traces = "dr/dt = -r/tau_plus : 1\ndo/dt = -o/tau_minus : 1"

    def group(size: int, equations: str) -> NeuronGroup:
        made = NeuronGroup(
            size, equations, threshold=f"V > {n.V_t}", reset=f"V = {n.V_r}", refractory=n.refractory * ms, method="exact", namespace=space
        )
        made.V = f"{n.V_r} + ({n.V_t} - {n.V_r})*rand()"
        return made

    E, I = group(n.E, CURRENT_BASED + traces), group(n.I, CURRENT_BASED)
    drives = [PoissonInput(g, "I_e", 1, n.rate_x * brian2.Hz, weight=n.w_x) for g in (E, I)]
    a_plus = n.a_plus * n.w_max
    EE = Synapses(
        E, E, "w : 1",
        on_pre=f"I_e_post += w\nw = clip(w - {n.ratio * a_plus}*o_post, 0, {n.w_max})",
        on_post=f"w = clip(w + {a_plus}*r_pre, 0, {n.w_max})",
    )  # fmt: skip
    EE.connect(p=n.p)
    EE.pre.delay = n.delay * ms
    EE.w = n.w_e
    fixed = []
    for source, target, variable, weight in ((E, I, "I_e", n.w_e), (I, E, "I_i", n.w_i), (I, I, "I_i", n.w_i)):
        synapses = Synapses(source, target, on_pre=f"{variable}_post += {weight}")
        synapses.connect(p=n.p)
        synapses.delay = n.delay * ms
        fixed.append(synapses)
    monitors = {"rate E": SpikeMonitor(E, record=False), "rate I": SpikeMonitor(I, record=False)}
    return [E, I, *drives, EE, *fixed, early(E, "o"), late(E, "r", n.delay)], monitors, EE


def competition(order: Order) -> tuple[list[Any], dict[str, SpikeMonitor], Synapses | None]:
    n = workloads.COMPETITION
    a_plus = n.a_plus * n.w_max
    inputs = NeuronGroup(
        n.inputs, f"dr/dt = -r/({n.tau_plus}*ms) : 1", threshold=f"rand() < {n.rate}*Hz*dt", reset="r += 1", method="exact"
    )
    equations = f"""
    dV/dt = ({n.E_L} - V + g*({n.E_e} - V))/({n.tau_m}*ms) : 1
    dg/dt = -g/({n.tau_e}*ms) : 1
    do/dt = -o/({n.tau_minus}*ms) : 1
    """
    cells = NeuronGroup(n.cells, equations, threshold=f"V > {n.V_t}", reset=f"V = {n.V_r}", method="exponential_euler")
    cells.V = n.V_r
    synapses = Synapses(
        inputs, cells, "w : 1",
        on_pre=f"g_post += w\nw = clip(w - {n.ratio * a_plus}*o_post, 0, {n.w_max})",
        on_post=f"w = clip(w + {a_plus}*r_pre, 0, {n.w_max})",
    )  # fmt: skip
    synapses.connect()
    synapses.w = f"rand()*{n.w_max}"
    return [inputs, cells, synapses, early(cells, "o")], {"rate": SpikeMonitor(cells, record=False)}, synapses


def balance(order: Order) -> tuple[list[Any], dict[str, SpikeMonitor], Synapses | None]:
    n = workloads.scaled(workloads.BALANCE, order.size)
    alpha = 2 * n.target * n.tau * 1e-3
    equations = f"""
    dV/dt = ({n.g_L}*({n.E_L} - V) + g_e*({n.E_e} - V) + g_i*({n.E_i} - V) + {n.current})/({n.C}*ms) : 1 (unless refractory)
    dg_e/dt = -g_e/({n.tau_e}*ms) : 1
    dg_i/dt = -g_i/({n.tau_i}*ms) : 1
    """
    trace = f"dx/dt = -x/({n.tau}*ms) : 1"

    def group(size: int, reset: str) -> NeuronGroup:
        made = NeuronGroup(
            size, equations + trace, threshold=f"V > {n.V_t}", reset=reset, refractory=n.refractory * ms, method="exponential_euler"
        )
        made.V = f"{n.V_mean} + {n.V_sd}*randn()"
        return made

    E, I = group(n.E, f"V = {n.V_r}; x += 1"), group(n.I, f"V = {n.V_r}")
    IE = Synapses(
        I, E, "w : 1",
        on_pre=f"g_i_post += w\nw = clip(w + {n.eta}*(x_post - {alpha}), 0, {n.w_max})",
        on_post=f"w = clip(w + {n.eta}*x_pre, 0, {n.w_max})",
    )  # fmt: skip
    IE.connect(p=n.p)
    IE.pre.delay = n.delay * ms
    IE.w = n.w_i
    fixed = []
    for source, target, variable, weight in ((E, E, "g_e", n.w_e), (E, I, "g_e", n.w_e), (I, I, "g_i", n.w_i)):
        synapses = Synapses(source, target, on_pre=f"{variable}_post += {weight}")
        synapses.connect(p=n.p)
        synapses.delay = n.delay * ms
        fixed.append(synapses)
    monitors = {"rate E": SpikeMonitor(E, record=False), "rate I": SpikeMonitor(I, record=False)}
    return [E, I, IE, *fixed, late(I, "x", n.delay)], monitors, IE


NETWORKS = {"currents": currents, "brunel": brunel, "competition": competition, "balance": balance, "start": competition}


def main() -> None:
    order = ordered()
    project = Path(order.cache) / f"{order.workload}-{order.size}-{order.threads}"
    notes = project / NOTES
    set_device("cpp_standalone", build_on_run=False, directory=str(project))
    prefs.devices.cpp_standalone.openmp_threads = order.threads if order.threads > 1 else 0
    prefs.codegen.cpp.extra_compile_args_gcc = ["-w", "-O3", "-ffast-math", "-march=native", "-std=c++11"]
    prefs.devices.cpp_standalone.extra_make_args_unix = [f"-j{order.threads}"]  # by itself as many as there are files
    os.environ["OMP_NUM_THREADS"] = str(order.threads)
    brian2.seed(order.seed)
    defaultclock.dt = workloads.DT * ms
    parts, monitors, plastic = NETWORKS[order.workload](order)
    network = brian2.Network(*parts, *monitors.values())
    note = NOTE.format(file=notes)
    device.insert_code("before_network_run", note)
    device.insert_code("after_network_run", note)
    for monitor in monitors.values():
        monitor.active = False
    network.run(order.settling * second)
    for monitor in monitors.values():
        monitor.active = True
    network.run(order.turns * second)
    project.mkdir(parents=True, exist_ok=True)
    notes.unlink(missing_ok=True)
    device.build(directory=str(project), compile=True, run=False, clean=False, with_output=False)
    device.run(directory=str(project), with_output=False)
    lines = [tuple(map(float, line.split())) for line in notes.read_text().splitlines()]
    at = [Spent(*line[:2]) for line in lines]
    begin = Spent(0.0, at[0].elapsed)
    spent = [Spent(b.processor - a.processor, b.elapsed - a.elapsed) for a, b in ((begin, at[0]), (at[0], at[1]), (at[2], at[3]))]
    found = {name: float(m.num_spikes) / len(m.source) / order.turns for name, m in monitors.items()}
    if plastic is not None:
        w = plastic.w[:]
        found |= {"mean w": float(w.mean()), "sd w": float(w.std())}
    say(Report(brian2.__version__, *spent, lines[-1][2] / 1024, found))


if __name__ == "__main__":
    main()
