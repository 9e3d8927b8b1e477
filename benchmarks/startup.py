"""How long a command takes before the simulation begins: cold (nothing in the cache) and warm.

    python benchmarks/startup.py [--model song_abbott] [--rounds 3]

Counted is the processor time of the whole process `plasticdsl run MODEL --for "1 ms"`, so that a busy machine does not matter; 1 ms of simulation is
nothing beside it. Cold includes parsing, the mathematics and compiling.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile


def spent(model: str, cache: str) -> float:
    """Processor time in s of one command, with its own child processes."""
    command = [sys.executable, "-m", "plasticdsl", "run", model, "--for", "1 ms", "--quiet"]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    own = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}  # an installed package has its byte code
    done = subprocess.run(command, capture_output=True, text=True, env={**own, "PLASTICDSL_CACHE": cache})
    if done.returncode not in (0, 1):  # 1: what the experiment expects is not there after 1 ms
        raise SystemExit(done.stderr)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Measure and print medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="song_abbott")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    times: dict[str, list[float]] = {"cold": [], "warm": []}
    for _ in range(arguments.rounds):
        with tempfile.TemporaryDirectory() as cache:
            for found in times.values():
                found.append(spent(arguments.model, cache))
    for name, found in times.items():
        print(f"{arguments.model} {name}: median {statistics.median(found):.2f} s of processor time")


if __name__ == "__main__":
    main()
