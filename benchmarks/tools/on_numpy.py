"""NumPy: the loop that somebody writes who knows it, a pattern, an image or a unit at a time, in double precision."""

from __future__ import annotations

import dense_inputs
import numpy as np
import workloads
from measure import NOTHING, Order, Report, Spent, Stopwatch, ordered, peak_mb, say, spread


def bcm(order: Order) -> tuple[Spent, Spent, float, dict[str, float]]:
    n, watch = workloads.BCM, Stopwatch()
    patterns, w = dense_inputs.bcm(order.seed, order.size)
    mean, keep = np.zeros(len(w)), np.exp(-1.0 / n.tau)
    build = watch.lap()
    for step in range(int(order.turns)):
        x = patterns[step % len(patterns)]
        y = np.maximum(w @ x, 0.0)
        w += np.outer(n.eta * y * (y - mean), x)
        mean = y**2 + (mean - y**2) * keep
    return build, watch.lap(), order.turns, spread(w)


def alignment(order: Order) -> tuple[Spent, Spent, float, dict[str, float]]:
    n, watch = workloads.ALIGNMENT, Stopwatch()
    images, labels, w1, w2, back = dense_inputs.alignment(order.seed)
    targets = np.eye(n.digits)
    build = watch.lap()
    for step in range(int(order.turns)):
        x, target = images[step % len(images)], targets[labels[step % len(images)]]
        a = w1 @ x
        y = np.maximum(a, 0.0)
        z = np.exp(w2 @ y)
        e = target - z / z.sum()
        delta = np.where(a > 0.0, back @ e, 0.0)
        w2 += n.eta * np.outer(e, y)
        w1 += n.eta * np.outer(delta, x)
    return build, watch.lap(), order.turns, {**spread(w1), "sd w2": float(w2.std())}


def until_stable(w: np.ndarray, x: np.ndarray, random: np.random.Generator) -> None:
    """Sweeps until nothing changes."""
    while sweep(w, x, random):
        pass


def sweep(w: np.ndarray, x: np.ndarray, random: np.random.Generator) -> bool:
    """All units once, one after the other: whether any changed."""
    before = x.copy()
    for i in random.permutation(len(x)):
        x[i] = 1.0 if w[i] @ x > 0.0 else -1.0
    return not np.array_equal(x, before)


def recall(order: Order) -> tuple[Spent, Spent, float, dict[str, float]]:
    n, watch, random = workloads.MEMORY, Stopwatch(), np.random.default_rng(order.seed)
    patterns, w = dense_inputs.memory(order.seed)
    build, overlaps = watch.lap(), []
    for _ in range(cues := min(int(order.turns), 5)):
        x = np.where(random.random(len(w)) < n.flipped, -patterns[0], patterns[0])
        until_stable(w, x, random)
        overlaps.append(patterns[0] @ x / len(x))
    return build, watch.lap(), cues, {"overlap": float(np.mean(overlaps))}


def converged(order: Order) -> tuple[Spent, Spent, float, dict[str, float]]:
    watch, random = Stopwatch(), np.random.default_rng(order.seed)
    patterns, w = dense_inputs.memory(order.seed)
    x = patterns[0].copy()
    until_stable(w, x, random)
    build = watch.lap()
    for _ in range(sweeps := min(int(order.turns), 20)):
        sweep(w, x, random)
    return build, watch.lap(), sweeps, {"overlap": float(patterns[0] @ x / len(x))}


LOOPS = {"bcm": bcm, "alignment": alignment, "recall": recall, "converged": converged}


def main() -> None:
    order = ordered()
    build, run, turns, found = LOOPS[order.workload](order)
    say(Report(np.__version__, build, NOTHING, run, peak_mb(), found, turns))


if __name__ == "__main__":
    main()
