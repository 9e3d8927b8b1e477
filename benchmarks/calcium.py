"""A thousand synapses of Graupner and Brunel: processor time of sixty pairs at 1 Hz, on one thread, beside Brian2's if there is one.

    python benchmarks/calcium.py [--rounds 3] [--pairs 60] [--brian2 PYTHON] [--place FOLDER]

`--brian2`: the interpreter of an environment in which Brian2 is installed (`pip install brian2 "numpy<2.3"`); it has its turns between those of
plasticdsl, in its C++ mode, with the equations as they are and with calcium and formula placed by hand (`tools/calcium_on_brian2.py`). The model is
`models/calcium.plas`, in steps of 0.1 ms. Counted is the simulation alone, without what compiles. `change`: by which factor the strength of all synapses
has changed, the mean of the rounds; in theory 1.2214, and one round is off by 0.02.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
ONE_THREAD = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
SYNAPSES = 1000
UP, DOWN_THAT_CHANGE, UP_THAT_CHANGE = 5.0, 0.6438, 0.3121
THEORY = 1.2214


def here(seed: int, pairs: int) -> tuple[float, np.ndarray]:
    """Processor time in s, and the efficacies at the end."""
    import plasticdsl

    net = plasticdsl.load(str(HERE / "models" / "calcium.plas")).build("Ensemble", dt="0.1 ms", seed=seed)
    begin = time.process_time()
    net.run(f"{pairs}.1 s")
    return time.process_time() - begin, np.ravel(net["synapses"].ρ)


def there(python: str, place: Path, method: str, seed: int, pairs: int) -> tuple[float, np.ndarray]:
    """The same in Brian2."""
    project = place / f"{method.replace(' ', '_')}-{pairs}"
    command = [python, str(HERE / "tools" / "calcium_on_brian2.py"), str(project), method, *map(str, (seed, pairs))]
    paths = {"PYTHONPATH": os.pathsep.join((str(HERE), str(HERE / "tools")))}
    found = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | paths)
    if found.returncode:
        raise SystemExit(found.stderr)
    report = json.loads(found.stdout.splitlines()[-1])
    return report["time"], np.array(report["rho"])


def change(efficacies: np.ndarray) -> float:
    """The strength of all, of that at the beginning: synapses that are up are `UP` times as strong, and were half of them."""
    up = float(np.mean(efficacies > 0.5))
    return (1.0 - up + UP * up) / (0.5 + UP * 0.5)


def main() -> None:
    """Measure in turn and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--pairs", type=int, default=60)
    parser.add_argument("--brian2")
    parser.add_argument("--place", type=Path, help="where Brian2's code is kept; by itself it goes with the run")
    arguments = parser.parse_args()
    os.environ.update(dict.fromkeys(ONE_THREAD, "1"))
    pairs, rounds = arguments.pairs, arguments.rounds
    here(1, 1)  # compiled
    found: dict[str, list[tuple[float, float]]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(1, rounds + 1):
            spent, efficacies = here(seed, pairs)
            found.setdefault("plasticdsl", []).append((spent, change(efficacies)))
            for method in ("heun", "by hand") if arguments.brian2 else ():
                spent, efficacies = there(arguments.brian2, arguments.place or Path(folder), method, seed, pairs)
                found.setdefault(f"Brian2, {method}", []).append((spent, change(efficacies)))
    spread = (
        math.sqrt(0.5 * (DOWN_THAT_CHANGE * (1 - DOWN_THAT_CHANGE) + UP_THAT_CHANGE * (1 - UP_THAT_CHANGE)) / (SYNAPSES * rounds)) * 4 / 3
    )
    for name, values in found.items():
        times, mean = [t for t, _ in values], statistics.mean(c for _, c in values)
        ratio = statistics.median(t / own for (t, _), (own, _) in zip(values, found["plasticdsl"], strict=True))
        print(f"{name:18} {statistics.median(times):7.3f} s (least {min(times):.3f})   ratio {ratio:6.2f}   change {mean:.3f}")
        assert pairs != 60 or abs(mean - THEORY) < 4 * spread, f"{name}: {mean} is not {THEORY} ± {spread:.3f}"


if __name__ == "__main__":
    main()
