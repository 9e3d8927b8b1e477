"""Dense layers that learn and recall: patterns, images or sweeps a second of processor time, on one thread.

    python benchmarks/dense.py [--rounds 5] [--only bcm alignment recall converged] [--precision single] [--without PASS]

- `bcm`: the rule of Bienenstock, Cooper and Munro on 1000 × 1000 weights, a pattern in each step (models/bcm.plas beside this file).
- `alignment`: feedback alignment, 784–1000–10 units, an image in each step (models/feedback_alignment.plas); images are random numbers.
- `recall`: a Hopfield network of 5000 units that update one after the other recalls a pattern from one with 15 % flipped (models/hopfield.plas), once it
  has recalled others, until nothing changes: recalls a second.
- `converged`: the same network when nothing changes any more, sweeps through all units a second.

Counted is the phase alone, neither compiling nor drawing connections and patterns. What is printed is the median of the rounds.
"""

from __future__ import annotations

import argparse
import os
import statistics
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from plasticdsl.results.result import Result

MODELS = Path(__file__).parent / "models"
ONE_THREAD = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")


def ran(file: str, experiment: str, values: dict[str, Any], options: dict[str, Any]) -> Result:
    """An experiment of a file beside this one."""
    import plasticdsl

    return plasticdsl.load(str(MODELS / file)).run(experiment, parameters=values, **options)


def images() -> dict[str, Any]:
    """Random ones."""
    import numpy as np

    random = np.random.default_rng(1)
    return {"digits": {"image": random.random((512, 784)), "label": random.integers(0, 10, 512).astype(float)}}


def memory() -> dict[str, Any]:
    """250 patterns and the weights that they leave, which take long to make."""
    import numpy as np

    random = np.random.default_rng(1)
    patterns = random.choice([-1.0, 1.0], (250, 5000))
    w = patterns.T @ patterns / 5000
    return {"ξ": patterns, "J.w": w[~np.eye(5000, dtype=bool)]}


def learning(file: str, values: Callable[[], dict[str, Any]], options: dict[str, Any]) -> Callable[[], float]:
    """Steps a second of an experiment that learns in each of them."""
    given = values()

    def once() -> float:
        run = ran(file, "Learn", given, options).study.runs[0]
        return run.steps / run.processor_s

    return once


def recalling(options: dict[str, Any], few: int = 1, many: int = 21) -> Callable[[], float]:
    """Recalls a second: the time of many less that of few, so that what happens once does not count."""
    given = memory()

    def once() -> float:
        one, other = (ran("hopfield.plas", "Recall", {**given, "cues": cues}, options).study.runs[0] for cues in (many, few))
        return (many - few) / (one.processor_s - other.processor_s)

    return once


def sweeping(options: dict[str, Any], few: int = 100, many: int = 5100) -> Callable[[], float]:
    """Sweeps a second, likewise."""
    given = memory()

    def once() -> float:
        lengths = (f"{many} steps", f"{few} steps")
        one, other = (ran("hopfield.plas", "Converged", given, {**options, "duration": length}).study.runs[0] for length in lengths)
        return (many - few) / (one.processor_s - other.processor_s)

    return once


TASKS: dict[str, tuple[str, Callable[[dict[str, Any]], Callable[[], float]]]] = {
    "bcm": ("patterns", partial(learning, "bcm.plas", dict)),
    "alignment": ("images", partial(learning, "feedback_alignment.plas", images)),
    "recall": ("recalls", recalling),
    "converged": ("sweeps", sweeping),
}


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", nargs="*", choices=TASKS, default=list(TASKS))
    parser.add_argument("--precision", choices=("double", "single"), default="double")
    parser.add_argument("--without", nargs="*", default=[])
    arguments = parser.parse_args()
    os.environ.update(dict.fromkeys(ONE_THREAD, "1"))
    for name in arguments.only:
        turns, prepare = TASKS[name]
        once = prepare({"precision": arguments.precision, "without": arguments.without})
        once()  # which compiles, or loads machine code
        found = sorted(once() for _ in range(arguments.rounds))
        print(f"{name:10s} {statistics.median(found):9.1f} {turns} a second (from {found[0]:.1f} to {found[-1]:.1f})", flush=True)


if __name__ == "__main__":
    main()
