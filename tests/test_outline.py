"""Stages of the compiler as text: readable, and the same in every process."""

import os
import subprocess
import sys
from dataclasses import dataclass, field
from enum import Enum

import pytest

from plasticdsl.cli import app
from plasticdsl.outline import outline
from plasticdsl.source import NOWHERE, Span
from plasticdsl.units.dimension import VOLTAGE, Dimension


class Colour(Enum):
    RED = 1


@dataclass(frozen=True, slots=True)
class Leaf:
    name: str
    colour: Colour = Colour.RED
    span: Span = NOWHERE


@dataclass(frozen=True, slots=True)
class Branch:
    leaves: tuple[object, ...]
    among: frozenset[str] = frozenset()
    more: dict[str, int] = field(default_factory=dict)
    dim: Dimension | None = None
    span: Span = NOWHERE


def test_defaults_and_places_are_left_out():
    assert outline(Leaf("a", span=Span(3, 4, "f"))) == "Leaf('a')"
    branch = Branch((Leaf("a"), 2.5), frozenset("yx"), {"b": 1, "a": 2})
    assert outline(branch) == "Branch([Leaf('a'), 2.5], among={'x', 'y'}, more={'a': 2, 'b': 1})"
    assert outline(Branch((), dim=VOLTAGE)) == f"Branch([], dim=Dimension({VOLTAGE}))"


def test_what_is_long_is_indented():
    text = outline(Branch((Leaf("a" * 60), Leaf("b" * 60)), frozenset({"x"})))
    assert text.splitlines() == [
        "Branch(",
        "    [",
        f"        Leaf('{'a' * 60}'),",
        f"        Leaf('{'b' * 60}'),",
        "    ],",
        "    among={'x'},",
        ")",
    ]


@pytest.mark.parametrize(
    ("stage", "words"),
    [
        ("tree", "Flow("),
        ("model", "Role.STATE"),
        ("plan", "ProjectionPlan("),
        ("program", "Function("),
        ("kernels", "@njit"),
    ],
)
def test_every_stage_can_be_shown(capsys, stage: str, words: str):
    assert app.status(["explain", "rules/triplet", "--stage", stage]) == 0
    assert words in capsys.readouterr().out


def test_a_stage_is_the_same_in_every_process():
    command = [sys.executable, "-m", "plasticdsl", "explain", "rules/triplet", "--stage", "program"]
    texts = {subprocess.run(command, env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True).stdout for seed in "123"}
    assert len(texts) == 1
