"""The cable of `models/cable.plas` in NEURON, as it comes from the package index: Crank and Nicolson's scheme (`secondorder = 2`), one thread.

    python on_neuron.py ROUNDS STEPS TABLES

TABLES: 1 as NEURON does by itself, which looks the rates of gates up in tables of 1 mV; 0 computes them, as plasticdsl does. Prints processor time for a
step in µs, round by round, and V of the last segment in mV.
"""

from __future__ import annotations

import sys
import time


def main() -> None:
    """Measure and print."""
    from neuron import h

    rounds, steps, tables = map(int, sys.argv[1:4])
    h.load_file("stdrun.hoc")
    axon = h.Section(name="axon")
    axon.L, axon.diam, axon.nseg, axon.Ra, axon.cm = 1e5, 476, 1000, 35.4, 1
    axon.insert("hh")
    axon.el_hh = -54.387
    h.celsius, h.secondorder, h.dt, h.steps_per_ms = 6.3, 2, 0.025, 40
    h.usetable_hh = tables
    pulse = h.IClamp(axon(0.0005))
    pulse.delay, pulse.dur, pulse.amp = 0, 1, 20000
    times = []
    for _ in range(rounds):
        h.finitialize(-65)
        begin = time.process_time()
        for _ in range(steps):
            h.fadvance()
        times.append((time.process_time() - begin) / steps * 1e6)
    print(*times, axon(0.9995).v)


if __name__ == "__main__":
    main()
