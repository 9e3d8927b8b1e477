"""Numbers and units: where a unit is read, and what no double holds."""

from fractions import Fraction

import pytest

from plasticdsl.syntax import tree
from tests.syntax.trees import block, findings, first, value


def number(text: str, *units: tuple[str, int]) -> object:
    return ("Number", text, units)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("20 ms", number("20", ("ms", 1))),
        ("0.2 µM⁻¹·ms⁻¹", number("0.2", ("µM", -1), ("ms", -1))),
        ("0.2 uM^-1*ms^-1", number("0.2", ("µM", -1), ("ms", -1))),
        ("10 mV/ms", number("10", ("mV", 1), ("ms", -1))),
        ("1 nS/µm²", number("1", ("nS", 1), ("µm", -2))),
        ("5e−10", number("5e-10")),
        ("1.8 kHz", number("1.8", ("kHz", 1))),
        ("20 %", number("20", ("%", 1))),
        ("20%", number("20", ("%", 1))),
        ("100 steps", number("100", ("steps", 1))),
        ("½", number("1/2")),
        (".5", number(".5")),
    ],
)
def test_quantities(written: str, expected: object) -> None:
    assert value(written) == expected


def test_a_unit_with_a_fractional_exponent() -> None:
    node = first("a = 3 mV/ms^(1/2)").rhs
    assert node.unit == (("mV", 1), ("ms", Fraction(-1, 2)))


def test_a_quantity_is_one_operand() -> None:
    assert value("x/10 mV") == ("Binary", "/", "x", number("10", ("mV", 1)))
    assert value("10 mV/x") == ("Binary", "/", number("10", ("mV", 1)), "x")
    assert value("60/ρ + 200 ms") == ("Binary", "+", ("Binary", "/", number("60"), "rho"), number("200", ("ms", 1)))


@pytest.mark.parametrize("written", ["2 V_r", "2 m_x", "8000 N(1)", "3 h.x", "2 m[1]", "2 τ", "2 V⁻", "2 S'(x)"])
def test_words_that_only_look_like_units_are_names(written: str) -> None:
    node = first(f"a = {written}").rhs
    assert isinstance(node, tree.Binary) and node.implicit
    assert isinstance(node.left, tree.Number) and node.left.unit == ()


def test_no_blank_between_number_and_unit_has_two_readings() -> None:
    (finding,) = findings(block("a = 20ms + 1"))
    assert finding.code == "ambiguous-unit"
    assert "‘20 ms’" in finding.message and "‘20·ms’" in finding.message
    assert not findings(block("a = 0.04v² + 2x"))


@pytest.mark.parametrize("written", ["1e400", "1e-400", "9^(9^9)", "(9^99)^9", "x^1001", "1" * 200, "10 mV^99", "x⁹⁹⁹⁹⁹⁹⁹⁹"])
def test_what_no_double_holds_is_refused_at_once(written: str) -> None:
    (finding,) = findings(block(f"a = {written}"))
    assert finding.code == "number-out-of-range"


def test_other_languages_powers_get_a_hint() -> None:
    (finding,) = findings(block("a = 9**9"))
    assert finding.code == "foreign-sign" and "x^2" in finding.hint
