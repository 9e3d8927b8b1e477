"""Tables of experiments: each row is the experiment that somebody would have written by `like`."""

from __future__ import annotations

import pytest

import plasticdsl
from plasticdsl.diagnostics.diagnostic import PlasError

NET = """
neuron Leak:
    τ = 10 ms
    r(0) = 1
    τ dr/dt = −r

network Net:
    T = 10 ms
    cell = 1 Leak

experiment Fall on Net:
    dt = 1 ms
    phase run for T:
        expect cell.r ≤ 1
    expect cell.r > 2
"""


def experiments(text: str):
    return {e.name: e for e in plasticdsl.parse(NET + text).loaded.module.experiments}


def test_a_row_is_like_what_its_table_is_of():
    found = experiments("""
table Falls of Fall:
    T,     cell.τ, expect cell.r ± 1 %, expect cell.r at 5 ms
    20 ms, 5 ms,   0.5,                 0.3 ± 0.1
    30 ms, 5 ms,   0.5 ± 2 %,           1

experiment ByHand like Fall:
    T = 20 ms
    cell.τ = 5 ms
    expect cell.r ≈ 0.5 ± 1 %
    expect cell.r ≈ 0.3 ± 0.1 at 5 ms
""")
    assert list(found) == ["Fall", "Falls_1", "Falls_2", "ByHand"]
    row, by_hand = found["Falls_1"], found["ByHand"]
    assert row.settings == by_hand.settings
    assert [(e.left, e.relation, e.right, e.tolerance, e.relative, e.window) for e in row.expectations] == [
        (e.left, e.relation, e.right, e.tolerance, e.relative, e.window) for e in by_hand.expectations
    ]
    assert row.phases == by_hand.phases, "what a phase expects stays"
    assert [e.text for e in found["Falls_2"].expectations] == [
        "T = 30 ms, cell.τ = 5 ms: cell.r ≈ 0.5 ± 2 %",
        "T = 30 ms, cell.τ = 5 ms: cell.r = 1",
    ]


def test_a_table_without_expectations_keeps_those_of_its_experiment():
    found = experiments("\ntable Falls of Fall:\n    T\n    20 ms\n    30 ms\n")
    assert [e.text for e in found["Falls_2"].expectations] == ["cell.r > 2"]


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("table Falls of Fal:\n    T\n    20 ms", "no experiment ‘Fal’"),
        ("table Falls of Fall:\n    U\n    20 ms", "no parameter ‘U’"),
        ("table Falls of Fall:\n    T\n    20 mV", "‘Net.T’ must be in ms"),
        ("table Falls of Fall:\n    T, T\n    20 ms, 30 ms", "‘T’"),
        ("table Falls of Fall:\n    expect cell.r\n    0.5", "how close is close enough"),
        ("table Falls:\n    T\n    20 ms", "of"),
        ("table Falls of Fall:", "Falls"),
    ],
)
def test_what_is_wrong_with_a_table_is_said(table, message):
    with pytest.raises(PlasError, match=message):
        experiments(f"\n{table}\n")
