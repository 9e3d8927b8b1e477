"""Loop programs written by hand, and what runs them."""

from __future__ import annotations

from typing import Any

import numpy as np

from plasticdsl.kernels.artifact import Artifact
from plasticdsl.kernels.emit import emit
from plasticdsl.kernels.load import digest_of
from plasticdsl.kernels.program import (
    Array,
    Comment,
    Constant,
    For,
    Function,
    If,
    Increase,
    Invoke,
    Let,
    Program,
    Return,
    Scalar,
    Size,
    Statement,
    Store,
    element,
    name,
)
from plasticdsl.model.expr import At, Binary, Call, Choice, Compare, Expr, Number, Ref
from plasticdsl.model.owners import Whose
from plasticdsl.runtime.binding import Bound

ZERO, ONE = Number(0.0), Number(1.0)


def artifact_of(program: Program, *, parallel: bool = False) -> Artifact:
    text = emit(program, parallel=parallel)
    return Artifact(program, text, digest_of(text))


def times(left: Expr, right: Expr) -> Expr:
    return Binary("*", left, right)


def plus(left: Expr, right: Expr) -> Expr:
    return Binary("+", left, right)


def minus(left: Expr, right: Expr) -> Expr:
    return Binary("-", left, right)


# --- leaky integrate-and-fire neurons with exponential synapses, all connected by rows --------------------------------


def network() -> Program:
    """A spike at step n adds w to g of its targets at step n; then V and g flow with forward Euler."""
    n, units = name("n"), name("units")
    v, g = element("V", "i"), element("g", "i")
    find: tuple[Statement, ...] = (
        Let("count", ZERO),
        For(
            "i",
            ZERO,
            units,
            (
                If(
                    Compare(">", v, name("threshold")),
                    (
                        Store(element("spikes", "count"), name("i")),
                        Let("count", plus(name("count"), ONE)),
                        Store(v, ZERO),
                        Increase(element("total", "i"), ONE),
                    ),
                ),
            ),
        ),
        Return(name("count")),
    )
    deliver: tuple[Statement, ...] = (
        For(
            "s",
            ZERO,
            name("count"),
            (
                Let("j", element("spikes", "s")),
                For(
                    "k",
                    element("rows", "j"),
                    At(Ref(Whose.OWN, "rows"), ("j + 1",)),
                    (Let("i", element("targets", "k")), Increase(g, element("w", "k"))),
                ),
            ),
        ),
    )
    drive = plus(ONE, Call("uniform", (name("seed"), Number(7.0), name("i"), n)))
    flow: tuple[Statement, ...] = (
        For(
            "i",
            ZERO,
            units,
            (
                Comment("tau dV/dt = drive + g - V"),
                Let("V_new", plus(v, times(name("leak"), minus(plus(drive, g), v)))),
                Store(g, times(g, name("decay"))),
                Store(v, Choice(((Compare("<", name("V_new"), Number(-1.0)), Number(-1.0)),), name("V_new"))),
            ),
            independent=True,
        ),
    )
    step: tuple[Statement, ...] = (Invoke("find", "count"), Invoke("deliver"), Invoke("flow"))
    floats = ("threshold", "leak", "decay")
    return Program(
        name="Net",
        doc="Integrate-and-fire neurons that excite each other.",
        sizes=(Size("units", "cell", "units"), Size("connections", "syn", "connections"), Size("ends", "syn", "rows")),
        scalars=(*(Scalar(f, "float64", None, f) for f in floats), Scalar("seed", "int64", None, "seed")),
        arrays=(
            Array("V", "float64", ("units",), Constant(), True, "membrane potential", "mV"),
            Array("g", "float64", ("units",), Constant(), True, "input"),
            Array("spikes", "int32", ("units",), Constant(), True, "units that spike now"),
            Array("total", "int64", ("units",), Constant(), True, "spikes so far"),
            Array("rows", "int64", ("ends",), Constant(), False, "where rows begin"),
            Array("targets", "int32", ("connections",), Constant(), False, "post units"),
            Array("w", "float64", ("connections",), Constant(), True, "weights"),
        ),
        functions=(
            Function("find", "List the units that spike.", (), ("units", "threshold"), ("V", "spikes", "total"), find),
            Function("deliver", "Hand on the spikes.", ("count",), (), ("g", "spikes", "rows", "targets", "w"), deliver),
            Function("flow", "Move on by one step.", ("n",), ("units", "leak", "decay", "seed"), ("V", "g"), flow),
            Function(
                "advance",
                "Run `steps` steps.",
                ("first_step", "steps"),
                ("units", *floats, "seed"),
                ("V", "g", "spikes", "total", "rows", "targets", "w"),
                (For("n", name("first_step"), plus(name("first_step"), name("steps")), step), Return(name("steps"))),
            ),
        ),
    )


def bound_network(units: int = 50, seed: int = 3) -> Bound:
    rng = np.random.default_rng(1)
    degrees = rng.integers(0, 6, units)
    rows = np.concatenate([[0], np.cumsum(degrees)]).astype(np.int64)
    count = int(rows[-1])
    arrays: dict[str, Any] = {
        "V": rng.uniform(0.0, 1.0, units),
        "g": np.zeros(units),
        "spikes": np.zeros(units, dtype=np.int32),
        "total": np.zeros(units, dtype=np.int64),
        "rows": rows,
        "targets": rng.integers(0, units, count).astype(np.int32),
        "w": rng.uniform(0.0, 0.3, count),
    }
    scalars: dict[str, float | int] = {"threshold": 1.0, "leak": 0.01, "decay": 0.98, "seed": seed}
    return Bound({"units": units, "connections": count, "ends": units + 1}, scalars, arrays)


def expected(bound: Bound, steps: int) -> dict[str, Any]:
    """The same network in NumPy."""
    from plasticdsl.runtime.random import uniform

    a = {name: array.copy() for name, array in bound.arrays.items()}
    units = bound.sizes["units"]
    for n in range(steps):
        spikes = np.flatnonzero(a["V"] > 1.0)
        a["V"][spikes] = 0.0
        a["total"][spikes] += 1
        for j in spikes:
            for k in range(a["rows"][j], a["rows"][j + 1]):
                a["g"][a["targets"][k]] += a["w"][k]
        drive = 1.0 + uniform(int(bound.scalars["seed"]), 7, np.arange(units), n)
        a["V"] = a["V"] + 0.01 * (drive + a["g"] - a["V"])
        a["g"] = a["g"] * 0.98
    return a


# --- one expression --------------------------------------------------------------------------------------------------


def calculator(expr: Expr, inputs: tuple[str, ...], dtype: str = "float64") -> Program:
    """`result[i] = expr` for all i, where `expr` reads inputs[i] as local names, and `i` itself."""
    body = (*(Let(x, element(f"{x}s", "i")) for x in inputs), Store(element("result", "i"), expr))
    loop = For("i", ZERO, name("length"), body)
    arrays = tuple(Array(f"{x}s", dtype, ("length",), Constant(), False, x) for x in inputs)  # type: ignore[arg-type]
    names = (*(a.name for a in arrays), "result")
    return Program(
        name="Calculator",
        doc="",
        sizes=(Size("length", "", "one"),),
        scalars=(),
        arrays=(*arrays, Array("result", "float64", ("length",), Constant(), True, "result")),
        functions=(Function("advance", "Compute.", ("first_step", "steps"), ("length",), names, (loop, Return(name("steps")))),),
    )
