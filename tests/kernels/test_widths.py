"""Which floats have 32 bits in single precision, and what is computed with them."""

from __future__ import annotations

import numpy as np
import pytest

import plasticdsl
from plasticdsl.kernels.identifiers import Local, Part, of_population
from plasticdsl.kernels.kinds import Kind, Kinds
from plasticdsl.kernels.printer import Printer
from plasticdsl.kernels.program import Array, Function, Let, Program, Read, Return, Scalar
from plasticdsl.kernels.widths import Width, Widths, in_single, widths
from plasticdsl.model.expr import Binary, Call, Choice, Compare, Expr, Logic, Negate, Number
from tests.kernels.programs import element, field, fields, loop, minus, name, plus, times, value

x, y, d, p, t, n = element("x", "i"), element("y", "i"), element("d", "i"), value("p"), name("t"), name("n")
KINDS = Kinds(
    {Local("t"): Kind.FLOAT, Local("n"): Kind.INT, Local("i"): Kind.INT, Local("u"): Kind.FLOAT, field("p"): Kind.FLOAT},
    {field(a): Kind.FLOAT for a in ("x", "y", "d")},
)
WIDTHS = Widths(KINDS, {Local("u"): Width.EITHER}, {field("x"): Width.SINGLE, field("y"): Width.SINGLE, field("d"): Width.DOUBLE})
PRINTER = Printer(KINDS, {**{Local(s): s for s in "tniu"}, **{field(s): s for s in "xydp"}}, WIDTHS)
half = Number(0.5)


@pytest.mark.parametrize(
    ("expr", "text"),
    [
        (times(x, y), "x[i] * y[i]"),
        (times(half, x), "np.float32(0.5) * x[i]"),
        (times(times(p, p), x), "np.float32(p * p) * x[i]"),
        (plus(x, times(p, Number(2.0))), "x[i] + np.float32(p * 2.0)"),
        (times(x, d), "np.float64(x[i]) * d[i]"),
        (minus(times(x, y), d), "np.float64(x[i] * y[i]) - d[i]"),
        (minus(t, x), "t - np.float64(x[i])"),
        (times(n, x), "n * np.float64(x[i])"),
        (times(name("u"), x), "np.float32(u) * x[i]"),
        (Negate(x), "-x[i]"),
        (Compare(">", x, p), "x[i] > np.float32(p)"),
        (Logic("and", (Compare(">", x, d), Compare("<", p, half))), "np.float64(x[i]) > d[i] and p < 0.5"),
        (Choice(((Compare(">", d, half), x),), Number(0.0)), "x[i] if d[i] > 0.5 else np.float32(0.0)"),
        (Call("exp", (times(p, x),)), "exp_single(np.float32(p) * x[i])"),
        (Call("exp", (p,)), "exp(p)"),
        (Call("log", (x,)), "np.float32(np.log(np.float64(x[i])))"),
        (Call("max", (x, half)), "maximum(x[i], np.float32(0.5))"),
        (Call("mod", (x, y)), "np.float32(modulo(np.float64(x[i]), np.float64(y[i])))"),
        (Call("sign", (d,)), "np.sign(d[i])"),
        (Binary("^", x, Number(2.0)), "x[i]**2"),
        (Binary("^", x, Number(-1.0)), "np.float32(1.0) / x[i]"),
        (Binary("^", x, half), "np.float32(np.sqrt(np.float64(x[i])))"),
        (Binary("^", x, y), "np.float32(np.float64(x[i])**np.float64(y[i]))"),
        (Binary("^", d, x), "d[i]**np.float64(x[i])"),
        (times(Compare(">", d, half), x), "np.float32(1 if d[i] > 0.5 else 0) * x[i]"),
    ],
)
def test_what_meets_what(expr: Expr, text: str) -> None:
    assert PRINTER.plain(expr) == text


def test_sums_that_a_local_gathers_have_64_bits_and_what_is_added_to_narrow_arrays_32() -> None:
    assert PRINTER.added(field("x"), d) == "np.float32(d[i])"
    assert PRINTER.added(field("d"), x) == "x[i]"
    assert PRINTER.stored(field("x"), d) == "d[i]"
    lets = (Let(Local("sum"), Number(0.0)), Let(Local("sum"), plus(name("sum"), x)), Let(Local("one"), x), Let(Local("some"), times(p, p)))
    body = (loop("i", Number(0.0), value("length"), lets), Return(n))
    function = Function(Local("f"), "", body)  # type: ignore[arg-type]
    kinds = {function.name: Kinds({**{let.name: Kind.FLOAT for let in lets}, **KINDS.names}, KINDS.arrays)}
    arrays = (Array(field("x"), "float32", fields("length")),)
    program = Program("P", "", (), (Scalar(field("p"), "float64"),), arrays, (function,))
    found = widths(program, kinds)[function.name].locals
    assert found == {Local("sum"): Width.DOUBLE, Local("one"): Width.SINGLE, Local("some"): Width.EITHER}
    assert not widths(in_single(Program("P", "", (), (), (), (function,))), kinds)


def test_what_is_left_of_a_decay_is_rounded_once_it_is_known() -> None:
    group = of_population("cells")
    decay, v = group.field(Part.PROPAGATOR, "V", "V"), group.variable("V")
    array = Array(v, "float64", (group.field(Part.UNITS),), v)
    at = element("V", "i")
    at = type(at)(v, at.indices)
    function = Function(Local("f"), "", (Let(Local("new"), times(Read(decay), at)),))  # type: ignore[arg-type]
    program = in_single(Program("P", "", (), (Scalar(decay, "float64"),), (array,), (function,)))
    (let,) = program.functions[0].body
    assert let == Let(Local("new"), plus(at, times(minus(Read(decay), Number(1.0)), at)))
    kinds = Kinds({Local("new"): Kind.FLOAT, Local("i"): Kind.INT, decay: Kind.FLOAT}, {v: Kind.FLOAT})
    printer = Printer(kinds, {Local("i"): "i", decay: "P", v: "V"}, widths(program, {function.name: kinds})[function.name])
    assert printer.assigned(Local("new"), let.value) == "V[i] + np.float32(P - 1.0) * V[i]"


SLOW = """
neuron Slow:
    τ = 1 s
    τ da/dt = −a
    a(0) = 1
    d(0) = 1
    5 ms dd/dt = −d
    c = 0.1
    τ db/dt = c − b

network One:
    cells = 3 Slow
"""


@pytest.mark.parametrize("engine", ["compiled", "python"])
def test_traces_do_not_drift(engine: str, caplog: pytest.LogCaptureFixture) -> None:
    """a falls by 10⁻⁴ in a step. P = 0.9999 is known to 32 bits within 3·10⁻⁴ of that, a itself is rounded by as much at most: after 1 s it is e⁻¹ and b
    0.1 (1 − e⁻¹) within that."""
    net = plasticdsl.parse(SLOW).build("One", dt="0.1 ms", precision="single", engine=engine)
    net.run("1 s")
    assert np.asarray(net["cells"].a)[0] == pytest.approx(np.exp(-1), rel=6e-4)
    assert np.asarray(net["cells"].b)[0] == pytest.approx(0.1 * (1 - np.exp(-1)), rel=6e-4)
    assert "precision" not in caplog.text


@pytest.mark.parametrize("engine", ["compiled", "python"])
def test_a_membrane_comes_to_rest_where_it_should(engine: str) -> None:
    """Changes of less than half a unit in the last place are lost, 2⁻²⁸ V near 70 mV: with τ = 2000 dt that is 7.5 µV from where it would rest. Rounding
    twice in a step would be twice as much."""
    text = """
neuron Cell:
    20 ms dV/dt = −70 mV − V + I
    5 ms dI/dt = −I

network One:
    cells = 2 Cell, V(0) = [−68.7 mV, −71 mV]
"""
    net = plasticdsl.parse(text).build("One", dt="0.01 ms", precision="single", engine=engine)
    net.run("300 ms")
    np.testing.assert_allclose(net["cells"].V, -70e-3, rtol=0, atol=2.0**-28 * 2000 + 2.0**-27 + 1.3e-3 * np.exp(-15))


def test_what_is_too_slow_for_32_bits_is_said(caplog: pytest.LogCaptureFixture) -> None:
    """5·10⁻⁷ in a step is 8.4 units in the last place of 1, and becomes 8."""
    plasticdsl.parse(SLOW.replace("τ = 1 s", "τ = 200 s")).build("One", dt="0.1 ms", precision="single")
    assert "cells.a and cells.b" in caplog.text and "up to 12 %" in caplog.text


@pytest.mark.parametrize(("precision", "after"), [("double", "3.5 s"), ("single", "0.5 s")])
@pytest.mark.parametrize("engine", ["compiled", "python"])
def test_what_has_decayed_to_next_to_nothing_is_0(precision: str, after: str, engine: str) -> None:
    """e^(−3.5 s/5 ms) = 10⁻³⁰⁴ is above the least normal double, e^(−0.5 s/5 ms) = 4·10⁻⁴⁴ below the least normal float of 32 bits."""
    net = plasticdsl.parse(SLOW).build("One", dt="0.1 ms", precision=precision, engine=engine)
    net.run(after)
    assert not np.asarray(net["cells"].d).any()
    assert np.asarray(net["cells"].a).all()
