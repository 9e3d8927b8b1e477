"""Rate networks against the plain NumPy loop of the same algorithm, same machine, same run, one thread.

    python benchmarks/rates.py [--rounds 5] [--only oja hopfield digits]

Three tasks, each once in plasticdsl and once as somebody who knows NumPy would write it:

- `oja`: Oja's rule on 1000 × 1000 weights, one pattern at a time.
- `hopfield`: recall of a Hopfield network of 5000 units that update one after the other in random order, from a pattern with 20 % flipped until
  nothing changes; the weights are given.
- `digits`: the training and test of models/networks/feedback_alignment.plas, one image at a time.

Both sides run alternately, and what counts is the ratio of the medians. Counted is processor time (the machine may be shared), of the phases of the
experiment alone, with everything that happens between steps: neither compiling nor drawing connections and patterns. Both sides compute the same: the
results are compared, where the random draws are the same to rounding.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    from plasticdsl.results.result import Result

    Floats = np.ndarray[Any, np.dtype[np.float64]]

ONE_THREAD = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")

OJA = """
use Linear, Connection, Oja from "rules/rate_rules"

network Components:
    N = 1000
    P = 100
    input = N Source
    cell  = N Linear
    syn = input → cell: Connection with Oja, all to all, η = 1e-5, w = 0
    ξ = P random patterns of {−1, +1} over input

experiment Learn on Components:
    phase learning for each pattern in ξ:
        input = pattern
    record syn.w at end
"""

HOPFIELD = """
use Binary, Coupling, Imprint from "networks/hopfield"

network Hopfield:
    N = 5000
    P = 250
    units = N Binary
    J = units → units: Coupling with Imprint, all to all except self, w = 0
    ξ = P random patterns of {−1, +1} over units
    m_μ = (1/N) Σ_i ξ_μi x_i

experiment Recall on Hopfield:
    phase recall until stable:
        start units.x from ξ_1 with 20 % flipped
        rules off
        update asynchronously
    record m_1 at end
"""


@dataclass(frozen=True)
class Took:
    """One round: processor time in s of so many `turns` (patterns, sweeps, images), and what came of it."""

    seconds: float
    turns: int
    found: Any


@dataclass(frozen=True)
class Task:
    """What is compared: `turn` says what is counted. `same` whether both results agree."""

    turn: str
    ours: Callable[[], Took]
    plain: Callable[[], Took]
    same: Callable[[Any, Any], bool]


def timed(loop: Callable[[], tuple[int, Any]]) -> Took:
    """A plain loop, which gives its turns and its result."""
    begin = time.process_time()
    turns, found = loop()
    return Took(time.process_time() - begin, turns, found)


def taken(result: Result, turns: int, found: Any) -> Took:
    """A run of plasticdsl."""
    return Took(result.study.runs[0].processor_s, turns, found)


# --- Oja -------------------------------------------------------------------------------------------------------------


def oja() -> Task:
    """Oja (1982): Δw_ij = η y_i (x_j − y_i w_ij)."""
    import numpy as np

    import plasticdsl

    n, count, eta = 1000, 100, 1e-5
    random = np.random.default_rng(1)
    start = random.normal(0.0, n**-0.5, (n, n))
    patterns = random.choice([-1.0, 1.0], (count, n))
    model = plasticdsl.parse(OJA)

    def ours() -> Took:
        result = model.run(parameters={"ξ": patterns, "syn.w": start.T.ravel()})
        return taken(result, count, result["syn.w"].values.reshape(n, n).T)

    def plain() -> tuple[int, Any]:
        w = start.copy()
        for x in patterns:
            y = w @ x
            w += eta * (np.outer(y, x) - (y**2)[:, None] * w)
        return count, w

    return Task("pattern", ours, lambda: timed(plain), lambda a, b: np.allclose(a, b, rtol=1e-9, atol=1e-12))


# --- Hopfield --------------------------------------------------------------------------------------------------------


def hopfield() -> Task:
    """Hopfield (1982): x_i → +1 if Σ_j w_ij x_j > 0, else −1, one unit after the other."""
    import numpy as np

    import plasticdsl

    n, count = 5000, 250
    random = np.random.default_rng(1)
    patterns = random.choice([-1.0, 1.0], (count, n))
    w = patterns.T @ patterns / n
    np.fill_diagonal(w, 0.0)
    connections = w[~np.eye(n, dtype=bool)]
    model = plasticdsl.parse(HOPFIELD)

    def ours() -> Took:
        result = model.run(parameters={"ξ": patterns, "J.w": connections})
        return taken(result, result.study.runs[0].steps, float(result["m_1"].values))

    def plain() -> tuple[int, Any]:
        x = np.where(random.random(n) < 0.2, -patterns[0], patterns[0])
        sweeps, changed = 0, True
        while changed:
            before = x.copy()
            for i in random.permutation(n):
                x[i] = 1.0 if w[i] @ x > 0.0 else -1.0
            sweeps, changed = sweeps + 1, not np.array_equal(x, before)
        return sweeps, float(patterns[0] @ x / n)

    return Task("sweep", ours, lambda: timed(plain), lambda a, b: bool(abs(a - b) < 0.02))


# --- digits ----------------------------------------------------------------------------------------------------------


def digits() -> Task:
    """Lillicrap et al. (2016): the error comes back through fixed random weights."""
    import numpy as np

    import plasticdsl

    model = plasticdsl.load("feedback_alignment")
    random = np.random.default_rng(1)
    data = plasticdsl_digits()
    images, labels, test = data["image"], data["label"].astype(int), data["test"].astype(bool)
    epochs, eta = 10, 0.5

    def ours() -> Took:
        result = model.run("Digits")
        return taken(result, result.study.runs[0].steps, float(result.expectations[0].value or 0.0))

    def sigmoid(a: Floats) -> Floats:
        return 1.0 / (1.0 + np.exp(-a))

    def plain() -> tuple[int, Any]:
        w1, w2 = random.normal(0.0, 0.1, (64, 64)), random.normal(0.0, 0.05, (10, 64))
        b = random.uniform(-0.5, 0.5, (64, 10))
        shown = np.flatnonzero(~test)
        for _ in range(epochs):
            for k in random.permutation(shown):
                x = images[k]
                target = np.zeros(10)
                target[labels[k]] = 1.0
                y1 = sigmoid(w1 @ x)
                y2 = sigmoid(w2 @ y1)
                d2 = y2 * (1.0 - y2) * (target - y2)
                d1 = y1 * (1.0 - y1) * (b @ d2)
                w2 += eta * np.outer(d2, y1)
                w1 += eta * np.outer(d1, x)
        right = [int(np.argmax(w2 @ sigmoid(w1 @ images[k]))) == labels[k] for k in np.flatnonzero(test)]
        return epochs * len(shown) + len(right), float(np.mean(right))

    return Task("image", ours, lambda: timed(plain), lambda a, b: abs(a - b) < 0.03)


def plasticdsl_digits() -> dict[str, Floats]:
    """The data set of the library."""
    import numpy as np

    from plasticdsl.library import find_file

    with np.load(find_file("feedback_alignment").parent.parent / "data" / "digits.npz") as file:
        return {name: file[name].astype(np.float64).reshape(len(file[name]), -1).squeeze() for name in file.files}


# --- all -------------------------------------------------------------------------------------------------------------

TASKS: dict[str, Callable[[], Task]] = {"oja": oja, "hopfield": hopfield, "digits": digits}


def measured(task: Task, rounds: int) -> Iterator[tuple[Took, Took]]:
    """Both sides alternately; the first round of ours, which loads machine code, does not count."""
    task.ours()
    for _ in range(rounds):
        yield task.ours(), task.plain()


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", nargs="*", choices=TASKS, default=list(TASKS))
    arguments = parser.parse_args()
    os.environ.update(dict.fromkeys(ONE_THREAD, "1"))
    for name in arguments.only:
        task = TASKS[name]()
        rounds = list(measured(task, arguments.rounds))
        ours, plain = (statistics.median(side.seconds / side.turns for side in sides) for sides in zip(*rounds, strict=True))
        agree = all(task.same(a.found, b.found) for a, b in rounds)
        print(
            f"{name:10s} plasticdsl {ours * 1e3:9.4f} ms   NumPy {plain * 1e3:9.4f} ms per {task.turn}   NumPy / plasticdsl {plain / ours:6.2f}"
            f"   {'same result' if agree else 'RESULTS DIFFER'}"
        )
        sys.stdout.flush()


if __name__ == "__main__":
    main()
