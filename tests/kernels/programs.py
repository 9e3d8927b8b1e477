"""Loop programs written by hand, and what runs them."""

from __future__ import annotations

from typing import Any

import numpy as np

from plasticdsl.kernels.emit import emit
from plasticdsl.kernels.identifiers import ADVANCE, RUN, Field, Kernel, Local
from plasticdsl.kernels.program import (
    Array,
    Artifact,
    Comment,
    Element,
    For,
    Function,
    If,
    Increase,
    Invoke,
    Let,
    Program,
    Read,
    Return,
    Scalar,
    Size,
    Statement,
    Store,
)
from plasticdsl.model.expr import Binary, Call, Choice, Compare, Expr, Number
from plasticdsl.runtime.engine.binding import Bound, Scalars
from plasticdsl.runtime.engine.load import digest_of

ZERO, ONE = Number(0.0), Number(1.0)


def artifact_of(program: Program, *, parallel: bool = False) -> Artifact:
    text = emit(program, parallel=parallel)
    return Artifact(program, text, digest_of(text))


def field(text: str) -> Field:
    """An array, scalar or size called so in the text."""
    return RUN.variable(text)


def fields(*texts: str) -> tuple[Field, ...]:
    return tuple(map(field, texts))


def name(text: str) -> Read:
    """A local."""
    return Read(Local(text))


def value(text: str) -> Read:
    """A scalar or size."""
    return Read(field(text))


def element(array: str, *indices: str | Expr) -> Element:
    return Element(field(array), tuple(name(i) if isinstance(i, str) else i for i in indices))


def let(local: str, expr: Expr) -> Let:
    return Let(Local(local), expr)


def loop(index: str, start: Expr, stop: Expr, body: tuple[Statement, ...], independent: bool = False) -> For:
    return For(Local(index), start, stop, body, independent)


def times(left: Expr, right: Expr) -> Expr:
    return Binary("*", left, right)


def plus(left: Expr, right: Expr) -> Expr:
    return Binary("+", left, right)


def minus(left: Expr, right: Expr) -> Expr:
    return Binary("-", left, right)


# --- leaky integrate-and-fire neurons with exponential synapses, all connected by rows --------------------------------


def network() -> Program:
    """A spike at step n adds w to g of its targets at step n; then V and g flow with forward Euler."""
    n, units = name("n"), value("units")
    v, g = element("V", "i"), element("g", "i")
    find: tuple[Statement, ...] = (
        let("count", ZERO),
        loop(
            "i",
            ZERO,
            units,
            (
                If(
                    Compare(">", v, value("threshold")),
                    (
                        Store(element("spikes", "count"), name("i")),
                        let("count", plus(name("count"), ONE)),
                        Store(v, ZERO),
                        Increase(element("total", "i"), ONE),
                    ),
                ),
            ),
        ),
        Return(name("count")),
    )
    deliver: tuple[Statement, ...] = (
        loop(
            "s",
            ZERO,
            name("count"),
            (
                let("j", element("spikes", "s")),
                loop(
                    "k",
                    element("rows", "j"),
                    element("rows", plus(name("j"), ONE)),
                    (let("i", element("targets", "k")), Increase(g, element("w", "k"))),
                ),
            ),
        ),
    )
    drive = plus(ONE, Call("uniform", (value("seed"), Number(7.0), name("i"), n)))
    flow: tuple[Statement, ...] = (
        loop(
            "i",
            ZERO,
            units,
            (
                Comment("tau dV/dt = drive + g - V"),
                let("V_new", plus(v, times(value("leak"), minus(plus(drive, g), v)))),
                Store(g, times(g, value("decay"))),
                Store(v, Choice(((Compare("<", name("V_new"), Number(-1.0)), Number(-1.0)),), name("V_new"))),
            ),
            independent=True,
        ),
    )
    step: tuple[Statement, ...] = (Invoke(Kernel("find"), Local("count")), Invoke(Kernel("deliver")), Invoke(Kernel("flow")))
    floats = ("threshold", "leak", "decay")
    return Program(
        name="Net",
        doc="Integrate-and-fire neurons that excite each other.",
        sizes=tuple(map(Size, fields("units", "connections", "ends"))),
        scalars=(*(Scalar(field(f), "float64", None, f) for f in floats), Scalar(field("seed"), "int64", None, "seed")),
        arrays=(
            Array(field("V"), "float64", fields("units"), 0.0, True, "membrane potential", "mV"),
            Array(field("g"), "float64", fields("units"), 0.0, True, "input"),
            Array(field("spikes"), "int32", fields("units"), 0.0, True, "units that spike now"),
            Array(field("total"), "int64", fields("units"), 0.0, True, "spikes so far"),
            Array(field("rows"), "int64", fields("ends"), 0.0, False, "where rows begin"),
            Array(field("targets"), "int32", fields("connections"), 0.0, False, "post units"),
            Array(field("w"), "float64", fields("connections"), 0.0, True, "weights"),
        ),
        functions=(
            Function(Kernel("find"), "List the units that spike.", find, (), fields("units", "threshold"), fields("V", "spikes", "total")),
            Function(
                Kernel("deliver"), "Hand on the spikes.", deliver, (Local("count"),), (), fields("g", "spikes", "rows", "targets", "w")
            ),
            Function(
                Kernel("flow"), "Move on by one step.", flow, (Local("n"),), fields("units", "leak", "decay", "seed"), fields("V", "g")
            ),
            Function(
                ADVANCE,
                "Run `steps` steps.",
                (loop("n", name("first_step"), plus(name("first_step"), name("steps")), step), Return(name("steps"))),
                (Local("first_step"), Local("steps")),
                fields("units", *floats, "seed"),
                fields("V", "g", "spikes", "total", "rows", "targets", "w"),
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
    return bound({"units": units, "connections": count, "ends": units + 1}, scalars, arrays)


def bound(sizes: dict[str, int], scalars: dict[str, float | int], arrays: dict[str, Any]) -> Bound:
    lengths, numbers, values = ({field(text): value for text, value in part.items()} for part in (sizes, scalars, arrays))
    return Bound(lengths, Scalars(numbers), values)  # type: ignore[arg-type]


def arrays_of(bound: Bound) -> dict[str, Any]:
    return {name.of[0]: array for name, array in bound.arrays.items()}


def expected(bound: Bound, steps: int) -> dict[str, Any]:
    """The same network in NumPy."""
    from plasticdsl.support.random import uniforms

    a = {name: array.copy() for name, array in arrays_of(bound).items()}
    units = bound.sizes[field("units")]
    for n in range(steps):
        spikes = np.flatnonzero(a["V"] > 1.0)
        a["V"][spikes] = 0.0
        a["total"][spikes] += 1
        for j in spikes:
            for k in range(a["rows"][j], a["rows"][j + 1]):
                a["g"][a["targets"][k]] += a["w"][k]
        drive = 1.0 + uniforms(int(bound.scalars[field("seed")]), 7, np.arange(units), n)
        a["V"] = a["V"] + 0.01 * (drive + a["g"] - a["V"])
        a["g"] = a["g"] * 0.98
    return a


# --- one expression --------------------------------------------------------------------------------------------------


def calculator(expr: Expr, inputs: tuple[str, ...], dtype: str = "float64") -> Program:
    """`result[i] = expr` for all i, where `expr` reads inputs[i] as local names, and `i` itself."""
    body = (*(let(x, element(f"{x}s", "i")) for x in inputs), Store(element("result", "i"), expr))
    every = loop("i", ZERO, value("length"), body)
    arrays = tuple(Array(field(f"{x}s"), dtype, fields("length"), 0.0, False, x) for x in inputs)  # type: ignore[arg-type]
    names = (*(a.name for a in arrays), field("result"))
    return Program(
        name="Calculator",
        doc="",
        sizes=(Size(field("length")),),
        scalars=(),
        arrays=(*arrays, Array(field("result"), "float64", fields("length"), 0.0, True, "result")),
        functions=(
            Function(ADVANCE, "Compute.", (every, Return(name("steps"))), (Local("first_step"), Local("steps")), fields("length"), names),
        ),
    )
