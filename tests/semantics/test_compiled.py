"""Generated kernels do what the interpreter does, at every level."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, assume, given, settings

from plasticdsl.diagnostics.diagnostic import PlasError
from tests.semantics.agreement import Case, MakeEngine, assert_agree
from tests.semantics.engines import LEVELS, in_machine_code, in_python, reference
from tests.semantics.random_models import imposed_cases, recurrent_cases
from tests.semantics.random_units import unit_cases

pytestmark = pytest.mark.slow  # minutes of random models; run with `-m slow` after every change to the kernels

LEAST = 1e-9  # relative; the smallest difference that counts


def tried(examples: int) -> settings:
    """So many models, of any kind; the same ones every time, so that a run does not fail for what it did not change."""
    return settings(max_examples=examples, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


def check(case: Case, make: MakeEngine) -> None:
    """The two engines agree, or the compiler refuses with a message that says why."""
    try:
        assert_agree(case, make, reference, rtol=LEAST)
    except PlasError as refused:
        assert {d.code for d in refused.diagnostics} <= {"limit-not-available", "window-not-separable"}
        assume(False)


KINDS = {
    "imposed": imposed_cases(),
    "recurrent": recurrent_cases(),
    "units": unit_cases(),
    "delayed sums": unit_cases(delayed_sums=True),
}


def compare(kind: str, make: MakeEngine, examples: int) -> None:
    @tried(examples)
    @given(KINDS[kind])
    def run(case: Case) -> None:
        check(case, make)

    run()


@pytest.mark.parametrize("level", (LEVELS[0], LEVELS[-1]))
@pytest.mark.parametrize(("kind", "examples"), [("imposed", 60), ("recurrent", 20), ("units", 20), ("delayed sums", 15)])
def test_generated_code(kind: str, examples: int, level: int) -> None:
    compare(kind, in_python(level), examples)


@pytest.mark.slow
@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize(("kind", "examples"), [("imposed", 1000), ("recurrent", 300), ("units", 500), ("delayed sums", 200)])
def test_much_generated_code(kind: str, examples: int, level: int) -> None:
    compare(kind, in_python(level), examples)


@pytest.mark.slow
@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("kind", KINDS)
def test_machine_code(kind: str, level: int) -> None:
    compare(kind, in_machine_code(level), 6)
