"""The plastic network of models/networks/brunel_stdp.plas (10 million connections, 6.4 million plastic) against Brian2, same machine, same run.

    python benchmarks/brunel_stdp.py --brian2 PYTHON_WITH_BRIAN2 [--seconds 2] [--rounds 3]

Both run on one thread, all weights plastic, alternately; medians of the rounds. Counted is the processor time of the simulation alone (that is
what Brian2's standalone program reports): neither compiling nor connecting.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent


def ours(seconds: float) -> tuple[float, float]:
    """Seconds of computing, and the excitatory rate in Hz."""
    import plasticdsl

    model = plasticdsl.load("brunel_stdp")
    net = model.build("Brunel", seed=1, dt="0.1 ms")
    net.run("1 ms")  # loads what is loaded late
    begin = time.process_time()
    net.run(f"{seconds} s")
    spent = time.process_time() - begin
    return spent, net.spike_count("E") / 8000 / seconds


def brian2(python: str, seconds: float, *options: str) -> tuple[float, float]:
    """The same of Brian2's standalone program."""
    command = [python, str(HERE / "brian2_brunel.py"), "--seconds", str(seconds), *options]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"})
    if done.returncode:
        raise SystemExit(f"Brian2 did not run:\n{done.stderr}")
    found = json.loads(done.stdout.strip().splitlines()[-1])
    return found["seconds"], found["rate_hz"]


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--brian2", required=True, help="a Python that has Brian2")
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = os.environ["NUMBA_NUM_THREADS"] = "1"
    times: dict[str, list[float]] = {"plasticdsl": [], "Brian2, traces by hand": [], "Brian2, traces per synapse": []}
    for _ in range(arguments.rounds):
        for name, (spent, rate) in {
            "plasticdsl": ours(arguments.seconds),
            "Brian2, traces by hand": brian2(arguments.brian2, arguments.seconds),
            "Brian2, traces per synapse": brian2(arguments.brian2, arguments.seconds, "--per-synapse"),
        }.items():
            times[name].append(spent)
            print(f"{name:30s} {spent:7.2f} s for {arguments.seconds} s at {rate:.2f} Hz", file=sys.stderr)
    own = statistics.median(times["plasticdsl"])
    for name, spent_all in times.items():
        middle = statistics.median(spent_all)
        print(f"{name:30s} median {middle:7.2f} s   {middle / own:5.2f} x plasticdsl")


if __name__ == "__main__":
    main()
