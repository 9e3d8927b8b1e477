"""Formulas on one line of text mean what is written: brackets stand where the line of a quotient did without."""

from __future__ import annotations

import pytest

from plasticdsl.document.plain import plain
from plasticdsl.document.typeset import typeset
from plasticdsl.source import SourceFile
from plasticdsl.syntax import tree
from plasticdsl.syntax.parser import parse


def shown(written: str) -> str:
    (block,) = parse(SourceFile("<text>", f"neuron A:\n    y = {written}\n")).items
    assert isinstance(block, tree.Block)
    (statement,) = block.body
    assert isinstance(statement, tree.Define)
    return plain(typeset(statement.rhs))


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("tau_plus + E_L", "τ₊ + E_L"),
        ("(a + b)/(c d)", "(a + b)/(c d)"),
        ("(a + b)/c/d", "(a + b)/c/d"),
        ("a/(b/c)", "a/(b/c)"),
        ("(a/b)^2", "(a/b)²"),
        ("a b/c", "a b/c"),
        ("a/(-b)", "a/(−b)"),
        ("exp(-V/V_T)/exp(x)", "exp(−V/V_T)/exp(x)"),
        ("sqrt(x^2 + y^2)", "√(x² + y²)"),
        ("sqrt(x)", "√x"),
        ("x^(-n)", "x⁻ⁿ"),
        ("x^(a_b/2)", "x^(a_b/2)"),
        ("2.5e-3 mV/ms", "2.5·10⁻³ mV/ms"),
        ("|x|", "|x|"),
        ("1/(2 π)", "1/(2 π)"),
        ("[x]_+", "[x]₊"),
        ("a·b − c", "a · b − c"),
    ],
)
def test_formulas_of_expressions(written: str, text: str) -> None:
    assert shown(written) == text


def test_cases() -> None:
    assert shown("1 if x > 0\n        −1 otherwise") == "{ 1 if x > 0; −1 otherwise }"
