"""Small models that say themselves what is right: every `expect` of every file here holds in the interpreter and in the kernels, which run as plain
Python, and as machine code among the slow tests (that the two are alike is asked elsewhere, for every model of the library)."""

from __future__ import annotations

from pathlib import Path

import pytest

from plasticdsl.api import load
from plasticdsl.options import EngineName
from plasticdsl.runtime.watch.expectations import Outcome

FILES = sorted(Path(__file__).parent.glob("*.plas"))


def _failed(outcomes: tuple[Outcome, ...]) -> list[tuple[str, float | None]]:
    return [(o.text, o.value) for o in outcomes if o.passed is not True]


def _carried_out(path: Path, engine: EngineName) -> None:
    model = load(path)
    outcomes = {experiment: model.run(experiment, engine=engine).expectations for experiment in model.experiments}
    assert any(outcomes.values()), "a case expects something"
    for experiment, found in outcomes.items():
        assert _failed(found) == [], f"{experiment}, {engine}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_case(path: Path) -> None:
    _carried_out(path, "reference")
    _carried_out(path, "python")


@pytest.mark.slow
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_case_in_machine_code(path: Path) -> None:
    _carried_out(path, "compiled")
