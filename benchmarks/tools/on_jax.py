"""JAX: whole runs in one jitted `lax.scan` or `lax.while_loop`, in single precision, which is its own, with its cache of compiled programs.

A measured call is the second one: the first compiles, or loads what is compiled. XLA is kept to one thread by the processors that the process may use.
"""

from __future__ import annotations

import os

from measure import NOTHING, Order, Report, Spent, Stopwatch, ordered, peak_mb, say

ORDER = ordered()  # which fixes the processors before XLA makes its threads
os.environ["JAX_PLATFORMS"] = "cpu"

import dense_inputs  # noqa: E402
import jax  # noqa: E402
import jax.numpy as jnp  # noqa: E402
import numpy as np  # noqa: E402
import workloads  # noqa: E402
from jax import lax  # noqa: E402

Measured = tuple[Spent, Spent, float, dict[str, float]]


def spread(w: jax.Array) -> dict[str, float]:
    found = np.asarray(w, np.float64)
    return {"mean w": float(found.mean()), "sd w": float(found.std())}


def single(*arrays: np.ndarray) -> tuple[jax.Array, ...]:
    return tuple(jnp.asarray(a, jnp.float32) for a in arrays)


def bcm(order: Order) -> Measured:
    n, watch = workloads.BCM, Stopwatch()
    patterns, w = single(*dense_inputs.bcm(order.seed, order.size))
    keep, steps = float(np.exp(-1.0 / n.tau)), int(order.turns)

    def step(state: tuple[jax.Array, jax.Array], k: jax.Array) -> tuple[tuple[jax.Array, jax.Array], None]:
        w, mean = state
        x = patterns[k % len(patterns)]
        y = jnp.maximum(w @ x, 0.0)
        w = w + jnp.outer(n.eta * y * (y - mean), x)
        return (w, y**2 + (mean - y**2) * keep), None

    @jax.jit
    def learn(w: jax.Array) -> jax.Array:
        return lax.scan(step, (w, jnp.zeros(len(w))), jnp.arange(steps))[0][0]

    learn(w).block_until_ready()
    build = watch.lap()
    w = learn(w).block_until_ready()
    return build, watch.lap(), order.turns, spread(w)


def alignment(order: Order) -> Measured:
    n, watch = workloads.ALIGNMENT, Stopwatch()
    images, labels, *weights = dense_inputs.alignment(order.seed)
    images, w1, w2, back = single(images, *weights)
    targets, steps = jnp.eye(n.digits)[labels], int(order.turns)

    def step(state: tuple[jax.Array, jax.Array], k: jax.Array) -> tuple[tuple[jax.Array, jax.Array], None]:
        w1, w2 = state
        x, target = images[k % len(images)], targets[k % len(images)]
        a = w1 @ x
        y = jnp.maximum(a, 0.0)
        e = target - jax.nn.softmax(w2 @ y)
        delta = jnp.where(a > 0.0, back @ e, 0.0)
        return (w1 + n.eta * jnp.outer(delta, x), w2 + n.eta * jnp.outer(e, y)), None

    @jax.jit
    def learn(w1: jax.Array, w2: jax.Array) -> tuple[jax.Array, jax.Array]:
        return lax.scan(step, (w1, w2), jnp.arange(steps))[0]

    jax.block_until_ready(learn(w1, w2))
    build = watch.lap()
    w1, w2 = jax.block_until_ready(learn(w1, w2))
    return build, watch.lap(), order.turns, {**spread(w1), "sd w2": spread(w2)["sd w"]}


def sweep(w: jax.Array, x: jax.Array, key: jax.Array) -> jax.Array:
    """All units once, one after the other."""
    turns = jax.random.permutation(key, len(x))
    return lax.fori_loop(0, len(x), lambda k, x: x.at[turns[k]].set(jnp.where(w[turns[k]] @ x > 0.0, 1.0, -1.0)), x)


@jax.jit
def settled(w: jax.Array, x: jax.Array, key: jax.Array) -> jax.Array:
    """Sweeps until nothing changes."""
    State = tuple[jax.Array, jax.Array, jax.Array]

    def once(state: State) -> State:
        x, _, key = state
        key, now = jax.random.split(key)
        after = sweep(w, x, now)
        return after, jnp.any(after != x), key

    return lax.while_loop(lambda state: state[1], once, (x, jnp.array(True), key))[0]


def recall(order: Order) -> Measured:
    n, watch, random = workloads.MEMORY, Stopwatch(), np.random.default_rng(order.seed)
    patterns, w = single(*dense_inputs.memory(order.seed))
    cues = single(*(np.where(random.random(len(w)) < n.flipped, -patterns[0], patterns[0]) for _ in range(int(order.turns))))
    keys = jax.random.split(jax.random.key(order.seed), len(cues))
    settled(w, cues[0], keys[0]).block_until_ready()
    build = watch.lap()
    found = [settled(w, cue, key).block_until_ready() for cue, key in zip(cues, keys, strict=True)]
    run = watch.lap()
    return build, run, order.turns, {"overlap": float(np.mean([patterns[0] @ x / len(x) for x in found]))}


def converged(order: Order) -> Measured:
    watch, sweeps = Stopwatch(), min(int(order.turns), 200)
    patterns, w = single(*dense_inputs.memory(order.seed))

    @jax.jit
    def run_on(w: jax.Array, x: jax.Array, key: jax.Array) -> jax.Array:
        return lax.scan(lambda x, now: (sweep(w, x, now), None), x, jax.random.split(key, sweeps))[0]

    key = jax.random.key(order.seed)
    x = settled(w, patterns[0], key)
    run_on(w, x, key).block_until_ready()
    build = watch.lap()
    x = run_on(w, x, key).block_until_ready()
    return build, watch.lap(), sweeps, {"overlap": float(patterns[0] @ x / len(x))}


LOOPS = {"bcm": bcm, "alignment": alignment, "recall": recall, "converged": converged}


def main() -> None:
    jax.config.update("jax_compilation_cache_dir", ORDER.cache)
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", 0)
    build, run, turns, found = LOOPS[ORDER.workload](ORDER)
    say(Report(jax.__version__, build, NOTHING, run, peak_mb(), found, turns))


if __name__ == "__main__":
    main()
