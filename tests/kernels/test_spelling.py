"""Python names for the identifiers of a loop program."""

from __future__ import annotations

import keyword

from plasticdsl.kernels.identifiers import ADVANCE, RUN, Kernel, Local, Part, of_population, of_projection
from plasticdsl.kernels.program import Array, Element, For, Function, Let, Program, Read, Size, Statement, Store
from plasticdsl.kernels.spelling import Spelling, distinct, flat, spell
from plasticdsl.model.expr import Number

A, B, EX = of_population("a"), of_population("lambda"), of_projection("advance")
UNITS_A, UNITS_B = A.field(Part.UNITS), B.field(Part.UNITS)
V, SLOT, OTHER, LAMBDA = A.variable("V"), A.variable("slot"), B.variable("V"), B.variable("lambda")
SPIKES, OWN_SPIKES = A.field(Part.SPIKES), A.variable("spikes")
I = Local("i")  # noqa: E741  the i of w_ij


def spelled() -> Spelling:
    """Two populations and a projection with awkward names, and a kernel that touches all of them."""
    arrays = (V, SLOT, SPIKES, OWN_SPIKES, OTHER, LAMBDA, EX.variable("w"))
    body: tuple[Statement, ...] = (Let(Local("slot"), Number(0.0)), *(Store(Element(a, (Read(I),)), Number(1.0)) for a in arrays))
    loop = For(I, Number(0.0), Read(UNITS_A), (*body, Let(Local("{}_new", ("V",)), Read(UNITS_B))))
    kernel = Function(Kernel("flow_{}", ("a",)), "", (loop,), (), (UNITS_A, UNITS_B), arrays)
    advance = Function(ADVANCE, "", (), (), (UNITS_A, UNITS_B), arrays)
    declared = tuple(Array(a, "float64", (UNITS_A,), 0.0, True, "") for a in arrays)
    return spell(Program("P", "", (Size(UNITS_A), Size(UNITS_B)), (), declared, (kernel, advance)))


def test_the_author_keeps_the_names() -> None:
    spelling = spelled()
    assert spelling.at(V) == "a.V" and spelling.at(SLOT) == "a.slot" and spelling.at(OWN_SPIKES) == "a.spikes"
    assert spelling.at(SPIKES) == "a.spikes_2"  # the compiler's own gives way


def test_what_python_or_the_frame_has_is_numbered() -> None:
    spelling = spelled()
    assert spelling.groups[B] == "lambda_2" and spelling.fields[LAMBDA] == "lambda_2"
    assert spelling.groups[EX] == "advance_2" and spelling.kernels[ADVANCE] == "advance"


def test_inside_a_kernel_names_are_plain_where_they_are_unique() -> None:
    names = spelled().inside[Kernel("flow_{}", ("a",))]
    assert names[OWN_SPIKES] == "spikes" and names[EX.variable("w")] == "w"
    assert (names[V], names[OTHER]) == ("a_V", "lambda_2_V")
    assert (names[UNITS_A], names[UNITS_B]) == ("a_units", "lambda_2_units")
    assert (names[Local("slot")], names[SLOT]) == ("slot", "a_slot")


def test_no_two_are_alike() -> None:
    spelling = spelled()
    assert list(spelling.groups) == [A, B, EX]  # populations before projections
    for names in (spelling.groups, spelling.classes, spelling.kernels, *spelling.inside.values()):
        assert len(set(names.values())) == len(names) and not any(map(keyword.iskeyword, names.values()))
    assert distinct({1: "x", 2: "x", 3: "x_2"}, {"x_3"}) == {1: "x", 2: "x_2", 3: "x_2_2"}


def test_flat_names_tell_a_b_c_from_a_b_c() -> None:
    """Population a with b_c, population a_b with c."""
    one, other = of_population("a").variable("b_c"), of_population("a_b").variable("c")
    assert flat((one, other, RUN.field(Part.DT))) == {one: "a_b_c", other: "a_b_c_2", RUN.field(Part.DT): "dt"}
