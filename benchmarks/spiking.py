"""Spiking networks: processor time for each simulated second, on one thread.

    python benchmarks/spiking.py [--rounds 5] [--only currents competition balance] [--seconds 2] [--without PASS] [--precision single]

- `currents`: 4000 neurons with synaptic currents, static connections (CUBA in models/networks/vogels_abbott.plas).
- `competition`: 1000 Poisson inputs of 15 Hz on 100 neurons, 100 000 plastic connections (models/competition.plas beside this file).
- `balance`: 10 000 neurons with conductances, 320 000 plastic inhibitory connections (models/balance.plas).

Counted is the simulation alone, neither compiling nor connecting, after `--settling` simulated seconds. What is printed is the median of the rounds, the
least, and the rates of the populations, which say whether it is the same network.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from pathlib import Path

HERE = Path(__file__).parent
ONE_THREAD = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")

#: File and network.
TASKS = {
    "currents": ("vogels_abbott", "CUBA"),
    "competition": (str(HERE / "models" / "competition.plas"), "Competition"),
    "balance": (str(HERE / "models" / "balance.plas"), "Balanced"),
}


def measured(
    name: str, rounds: int, seconds: float, settling: float, without: list[str], precision: str
) -> tuple[list[float], dict[str, float]]:
    """Seconds of processor time for one simulated second, round by round, and the rate of each population in Hz over all of them."""
    import plasticdsl

    file, network = TASKS[name]
    net = plasticdsl.load(file).build(network, seed=1, dt="0.1 ms", without=without, precision=precision)
    net.run(f"{settling} s")
    before = {p: net.spike_count(p) for p in net.populations}
    found = []
    for _ in range(rounds):
        begin = time.process_time()
        net.run(f"{seconds} s")
        found.append((time.process_time() - begin) / seconds)
    return found, {p: (net.spike_count(p) - count) / len(net[p]) / (rounds * seconds) for p, count in before.items()}


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--settling", type=float, default=0.2)
    parser.add_argument("--only", nargs="*", choices=TASKS, default=list(TASKS))
    parser.add_argument("--without", nargs="*", default=[])
    parser.add_argument("--precision", choices=["double", "single"], default="double")
    arguments = parser.parse_args()
    os.environ.update(dict.fromkeys(ONE_THREAD, "1"))
    for name in arguments.only:
        times, rates = measured(name, arguments.rounds, arguments.seconds, arguments.settling, arguments.without, arguments.precision)
        active = ", ".join(f"{population} {rate:.2f} Hz" for population, rate in rates.items())
        print(f"{name:12s} {statistics.median(times):8.5f} s per simulated second (least {min(times):.5f}), {active}", flush=True)


if __name__ == "__main__":
    main()
