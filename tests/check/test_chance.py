"""What is drawn at events: what the checker makes of it, and what it refuses."""

from __future__ import annotations

import pytest

from plasticdsl.model import Assign, Role
from plasticdsl.model.expr import Binary, Compare, Drawn, Number, Ref
from plasticdsl.model.owners import Whose
from tests.check.test_blocks import block, check_text, codes, role

ZERO, ONE = Number(0.0), Number(1.0)


def test_a_draw_assigns_a_state_and_every_one_has_a_number_of_its_own() -> None:
    text = """
        synapse Release:
            p = 0.5
            on pre:
                u ~ Bernoulli(p)
                q ~ N(u, 0.2) in [0, 2]
                w → w q if chance(p) and chance(p)
    """
    first, second, third = block(text).block.handlers[0].statements
    u, p = Ref(Whose.OWN, "u"), Ref(Whose.OWN, "p")
    assert isinstance(first, Assign) and first.value == Drawn("Bernoulli", (p,), (), "Release", 1)
    assert isinstance(second, Assign) and second.value == Drawn("N", (u, Number(0.2)), (ZERO, Number(2.0)), "Release", 2)
    assert isinstance(third, Assign)
    both = third.value.branches[0][0]  # type: ignore[union-attr]
    assert both.operands == tuple(Compare("<", Drawn("U", (ZERO, ONE), (), "Release", k), p) for k in (3, 4))  # type: ignore[union-attr]
    assert role(text, "u") is Role.STATE


def test_a_function_draws_wherever_it_is_applied() -> None:
    text = """
        function flip(p) = 1 if chance(p)
                           0 otherwise

        neuron Unit:
            every 1 ms:
                c += flip(0.3) − flip(0.3)
    """
    (statement,) = block(text).block.handlers[0].statements
    assert isinstance(statement.value, Binary) and isinstance(statement.value.right, Binary)
    assert statement.value.right.left != statement.value.right.right


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("u ~ Bernoulli(50)", "out-of-range"),
        ("q ~ N(1, −0.2)", "out-of-range"),
        ("q ~ Binomial(2.5, 0.5)", "out-of-range"),
        ("w += 1 if chance(−0.1)", "out-of-range"),
        ("w += 1 if chance(50 %) and chance(2)", "out-of-range"),
        ("w += 1 if chance(3 mV)", "inconsistent-units"),
        ("w += 1 if chance(p = 0.2)", "wrong-number-of-arguments"),
        ("w += chance(0.2)", "not-a-number"),
        ("q ~ Normal(0, 1)", "unknown-distribution"),
        ("post.g ~ N(0, 1)", "not-owned"),
    ],
)
def test_what_is_refused(line: str, code: str) -> None:
    assert codes(f"synapse S:\n    on pre:\n        {line}\n") == [code]


def test_a_name_of_the_author_comes_before_the_word() -> None:
    text = """
        function chance(x) = 2 x

        neuron Unit:
            every 1 ms:
                c += chance(3)
    """
    _, found = check_text(text)
    assert not found
