"""A cable of 1000 segments: processor time for a step, on one thread, beside NEURON's if there is one.

    python benchmarks/cable.py [--rounds 5] [--steps 1600] [--neuron PYTHON]

`--neuron`: the interpreter of an environment in which NEURON is installed (`pip install neuron`); it has its turns between those of plasticdsl, once
with the rates of gates from tables, as it comes, and once with rates that are computed, as here. Both have the same scheme and the same steps of 0.025 ms.
Counted is the simulation alone. The last column is V at the far end in mV, which says whether it is the same cable.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import time
from pathlib import Path

HERE = Path(__file__).parent
ONE_THREAD = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
PULSE = 40  # steps


def here(steps: int) -> tuple[float, float]:
    """µs for a step, and V at the end."""
    import plasticdsl

    net = plasticdsl.load(str(HERE / "models" / "cable.plas")).build("Cable", dt="0.025 ms")
    begin = time.process_time()
    net["axon"].I = [20e-6] + [0.0] * 999
    net.run(steps=PULSE)
    net["axon"].I = 0.0
    net.run(steps=steps - PULSE)
    return (time.process_time() - begin) / steps * 1e6, float(net["axon"].V[-1]) * 1e3


def there(python: str, steps: int, tables: bool) -> tuple[float, float]:
    """The same in NEURON."""
    command = [python, str(HERE / "tools" / "on_neuron.py"), "1", str(steps), str(int(tables))]
    found = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True).stdout.split()
    return float(found[-2]), float(found[-1])


def main() -> None:
    """Measure in turn and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=1600)
    parser.add_argument("--neuron")
    arguments = parser.parse_args()
    os.environ.update(dict.fromkeys(ONE_THREAD, "1"))
    here(arguments.steps)  # compiled
    found: dict[str, list[tuple[float, float]]] = {}
    for _ in range(arguments.rounds):
        found.setdefault("plasticdsl", []).append(here(arguments.steps))
        for tables in (True, False) if arguments.neuron else ():
            name = f"NEURON, {'tables' if tables else 'rates computed'}"
            found.setdefault(name, []).append(there(arguments.neuron, arguments.steps, tables))
    for name, values in found.items():
        times = [t for t, _ in values]
        print(f"{name:25} {statistics.median(times):7.1f} µs a step (least {min(times):.1f})   {values[-1][1]:.9f} mV")


if __name__ == "__main__":
    main()
