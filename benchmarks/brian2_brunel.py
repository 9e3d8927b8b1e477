"""The network of models/networks/brunel_stdp.plas in Brian2, `cpp_standalone`, one thread: the peer of `brunel_stdp.py`.

Run by `brunel_stdp.py` in an environment that has Brian2. Prints the processor time of the simulation (without generating, compiling, connecting) and the
mean rate. Traces are kept with the neurons, as an expert would, so that the comparison is with Brian2 at its best.
"""

import argparse
import json
import tempfile

from brian2 import (
    Network,
    NeuronGroup,
    PoissonInput,
    SpikeMonitor,
    Synapses,
    collect,
    defaultclock,
    device,
    kHz,
    ms,
    mV,
    prefs,
    second,
    seed,
    set_device,
)  # fmt: skip

parser = argparse.ArgumentParser()
parser.add_argument("--seconds", type=float, default=2.0)
parser.add_argument("--per-synapse", action="store_true", help="keep the traces with the synapses, as Brian2's own example does")
arguments = parser.parse_args()

set_device("cpp_standalone", build_on_run=False)
prefs.devices.cpp_standalone.openmp_threads = 0
seed(1)
defaultclock.dt = 0.1 * ms

tau_m, tau_e, tau_i, tau = 20 * ms, 5 * ms, 10 * ms, 20 * ms
w_max = 0.4 * mV
a_plus = 0.001 * w_max
a_minus = 1.05 * a_plus

equations = """
dV/dt = (-60*mV - V + I_e + I_i)/tau_m : volt (unless refractory)
dI_e/dt = -I_e/tau_e : volt
dI_i/dt = -I_i/tau_i : volt
dr/dt = -r/tau : 1
do/dt = -o/tau : 1
"""
reset = "V = -60*mV"


def group(size, name):
    return NeuronGroup(size, equations, threshold="V > -50*mV", reset=reset, refractory=2 * ms, method="exact", name=name)


E, I = group(8000, "E"), group(2000, "I")
for population in (E, I):
    population.V = "-60*mV + 10*mV*rand()"
drives = [PoissonInput(p, "I_e", 1, 2 * kHz, weight=1.8 * mV) for p in (E, I)]

if arguments.per_synapse:
    EE = Synapses(
        E, E, "w : volt\ndr_s/dt = -r_s/tau : 1 (event-driven)\ndo_s/dt = -o_s/tau : 1 (event-driven)",
        on_pre={"deliver": "I_e_post += w", "learn": "r_s += 1\nw = clip(w - a_minus*o_s, 0*mV, w_max)"},
        on_post="o_s += 1\nw = clip(w + a_plus*r_s, 0*mV, w_max)",
    )  # fmt: skip
    EE.connect(p=0.1)
    EE.deliver.delay = EE.learn.delay = 1.5 * ms
else:
    # the presynaptic trace as the synapse sees it, 1.5 ms late, by a relay: pathways with delay update a variable of the neuron once per
    # synapse, so the jump is made by a one-to-one pathway of its own
    EE = Synapses(
        E, E, "w : volt",
        on_pre={"deliver": "I_e_post += w\nw = clip(w - a_minus*o_post, 0*mV, w_max)"},
        on_post={"learn": "w = clip(w + a_plus*r_pre, 0*mV, w_max)"},
    )  # fmt: skip
    EE.connect(p=0.1)
    EE.deliver.delay = 1.5 * ms
    note_pre = Synapses(E, E, on_pre="r_post += 1", name="note_pre")
    note_pre.connect(j="i")
    note_pre.delay = 1.5 * ms
    note_post = Synapses(E, E, on_post="o_post += 1", name="note_post")
    note_post.connect(j="i")
EE.w = 0.2 * mV

others = []
for source, target, variable, weight in ((E, I, "I_e", 0.2 * mV), (I, E, "I_i", -1 * mV), (I, I, "I_i", -1 * mV)):
    synapses = Synapses(source, target, on_pre=f"{variable}_post += {weight / mV}*mV")
    synapses.connect(p=0.1)
    synapses.delay = 1.5 * ms
    others.append(synapses)

monitor = SpikeMonitor(E, record=False)
network = Network(collect())
network.add(drives, others)
network.run(arguments.seconds * second)
device.build(directory=tempfile.mkdtemp(), compile=True, run=True, with_output=False)
count = monitor.num_spikes
print(json.dumps({"seconds": device._last_run_time, "rate_hz": count / 8000 / arguments.seconds}))
