"""Synapses of Graupner and Brunel in Brian2, `cpp_standalone`: code that it writes, compiled with -O3 -march=native -ffast-math, on one thread.

    python calcium_on_brian2.py PROJECT METHOD SEED PAIRS

Calcium and efficacy are equations of the synapses, the noise is `xi`. Brian2 takes noise that is multiplied with what depends on the state by `heun` or
`milstein` alone (`milstein` takes as long, and in five rounds its changes were ten standard errors off the theory). METHOD is one of them, or `by hand`:
one calcium variable in the cells of each side, which are added, and the efficacy by Euler's and Maruyama's formula in `run_regularly` with `randn()`.
PROJECT is a folder for what it writes, which is compiled only where it is new.

Prints processor time of the simulation in s, and the efficacies at the end.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import brian2
import numpy as np
from brian2 import Network, NeuronGroup, SpikeGeneratorGroup, Synapses, defaultclock, device, ms, prefs, second, set_device
from on_brian2 import NOTE

DT = 0.1  # ms
DELAY, START, LAG = 13.7, 200.0, 10.0
NUMBERS = {
    "tau_c": 20 * ms, "C_pre": 1.0, "C_post": 2.0, "theta_d": 1.0, "theta_p": 1.3, "gamma_d": 200.0, "gamma_p": 321.808, "sigma": 2.8284,
    "tau": 150 * second, "rho_s": 0.5,
}  # fmt: skip
DRIFT = "(-rho*(1 - rho)*(rho_s - rho) + gamma_p*(1 - rho)*int(c > theta_p) - gamma_d*rho*int(c > theta_d))/tau"
AMPLITUDE = "sigma*sqrt((int(c > theta_d) + int(c > theta_p))/tau)"


def network(method: str, count: int, pairs: int) -> tuple[list[Any], Synapses]:
    """A pre and `count` post units that spike once in a second, and their synapses."""
    once = np.arange(pairs) * 1000.0
    pre = SpikeGeneratorGroup(1, np.zeros(pairs, dtype=int), (START + once) * ms)
    post = SpikeGeneratorGroup(count, np.tile(np.arange(count), pairs), np.repeat(START + LAG + once, count) * ms)
    if method != "by hand":
        equations = f"drho/dt = {DRIFT} + {AMPLITUDE}*xi : 1 (clock-driven)\ndc/dt = -c/tau_c : 1 (clock-driven)"
        synapses = Synapses(pre, post, equations, on_pre="c += C_pre", on_post="c += C_post", method=method, namespace=NUMBERS)
        synapses.connect()
        synapses.pre.delay = DELAY * ms
        return [pre, post, synapses], synapses
    calcium = "dx/dt = -x/tau_c : 1"
    early, late = (NeuronGroup(n, calcium, method="exact", namespace=NUMBERS) for n in (1, count))
    arrives = [Synapses(a, b, on_pre=f"x_post += {c}", namespace=NUMBERS) for a, b, c in ((pre, early, "C_pre"), (post, late, "C_post"))]
    for one in arrives:
        one.connect(j="i")
    arrives[0].delay = DELAY * ms
    synapses = Synapses(early, late, "rho : 1", namespace=NUMBERS)
    synapses.connect()
    synapses.run_regularly(f"c = x_pre + x_post\nrho += dt*{DRIFT} + {AMPLITUDE}*sqrt(dt)*randn()", when="groups")
    return [pre, post, early, late, *arrives, synapses], synapses


def main() -> None:
    """Simulate once."""
    project, method = Path(sys.argv[1]), sys.argv[2]
    seed, pairs, count = int(sys.argv[3]), int(sys.argv[4]), 1000
    notes = project / "notes.txt"
    set_device("cpp_standalone", build_on_run=False, directory=str(project))
    prefs.codegen.cpp.extra_compile_args_gcc = ["-w", "-O3", "-ffast-math", "-march=native", "-std=c++11"]
    prefs.devices.cpp_standalone.openmp_threads = 0
    prefs.devices.cpp_standalone.extra_make_args_unix = ["-j1"]
    brian2.seed(seed)
    defaultclock.dt = DT * ms
    parts, synapses = network(method, count, pairs)
    synapses.rho = f"int(j >= {count // 2})"
    note = NOTE.format(file=notes)
    device.insert_code("before_network_run", note)
    device.insert_code("after_network_run", note)
    Network(*parts).run((pairs + 0.1) * second)
    notes.unlink(missing_ok=True)
    device.build(directory=str(project), compile=True, run=False, clean=False, with_output=False)
    device.run(directory=str(project), with_output=False)
    before, after = (float(line.split()[0]) for line in notes.read_text().splitlines())
    print(json.dumps({"time": after - before, "rho": synapses.rho[:].tolist()}))


if __name__ == "__main__":
    main()
