"""Names of variables in experiments without the part of the network that has them: read where that is one number, else told whose."""

from __future__ import annotations

import pytest

from tests.check.models import check_text

NET = """
neuron Cell:
    input x
    k = 2
    10 ms dV/dt = k x − V
    spike when V > 1: V → 0

synapse Kick:
    on pre: post.V += w

network Net:
    cells = 3 Cell
    other = 3 Cell{given}
    ex = cells → other: Kick, w = 1
    cells → cells: Kick, w = 2

experiment Run on Net:
    dt = 1 ms
    phase a for 3 ms
"""


def found(line: str, given: str = "") -> list[tuple[str, str, str]]:
    """Code, message and hint of what is wrong with a line of the experiment."""
    return [
        (d.code, d.message, d.hint)
        for d in check_text(NET.replace("{given}", given) + f"    {line}\n").diagnostics
        if d.severity == "error"
    ]


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("record V", "Say where: ‘cells.V’ or ‘other.V’."),
        ("plot Cell.V over time", "Say where: ‘cells.V’ or ‘other.V’."),
        ("expect mean(V) < 3 at end", "Say where: ‘cells.V’ or ‘other.V’."),
        ("expect mean(Kick.w) < 3 at end", "Say where: ‘ex.w’ or ‘cells_to_cells.w’."),
    ],
)
def test_what_differs_between_parts_of_the_network_is_said_of_one(line: str, hint: str) -> None:
    [(code, message, said)] = found(line)
    assert code == "not-a-value" and "is not the same everywhere" in message and said == hint


def test_a_parameter_that_is_one_number_is_read_without_a_part() -> None:
    assert not found("expect k = 2 at end") and not found("expect Cell.k = 2 at end")


def test_a_parameter_that_is_given_to_one_part_is_not() -> None:
    for line in ("expect k = 2 at end", "expect Cell.k = 2 at end"):
        [(code, _, hint)] = found(line, ", k = 3")
        assert code == "not-a-value" and hint == "Say where: ‘cells.k’ or ‘other.k’."


def test_one_that_is_swept_is() -> None:
    assert not found("sweep Kick.w in [1, 2]\n    plot mean(cells.V) over Kick.w")


def test_an_input_is_said_of_a_population() -> None:
    [(code, _, hint)] = found("record x")
    assert code == "not-a-value" and hint == "Say whose: ‘cells.x’ or ‘other.x’."
    [(code, _, hint)] = found("phase b for 3 ms: x = 0")
    assert code == "undeclared-population" and hint == "Say whose: ‘cells.x’ or ‘other.x’."
    [(code, _, hint)] = found("phase b for 3 ms: start V from 0")
    assert code == "not-clamped" and hint == "Say whose: ‘start cells.V from …’ or ‘start other.V from …’."
    [(code, _, hint)] = found("x = 3")
    assert code == "unknown-parameter" and "‘cells.x = …’" in hint
