"""Small models that say themselves what is right: every `expect` of every file here holds in the interpreter and in machine code."""

from __future__ import annotations

from pathlib import Path

import pytest

from plasticdsl.api import load
from plasticdsl.runtime.watch.expectations import Outcome
from tests.runtime.experiments import carry_out

FILES = sorted(Path(__file__).parent.glob("*.plas"))


def _failed(outcomes: tuple[Outcome, ...]) -> list[tuple[str, float | None]]:
    assert outcomes, "a case expects something"
    return [(o.text, o.value) for o in outcomes if o.passed is not True]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_case(path: Path) -> None:
    model = load(path)
    for experiment in model.loaded.module.experiments:
        by_definition = carry_out(path.read_text(encoding="utf-8"), experiment.name, folder=path.parent)
        assert _failed(by_definition.runs[0].outcomes) == [], f"{experiment.name}, reference interpreter"
        assert _failed(model.run(experiment.name).expectations) == [], f"{experiment.name}, compiled"
