"""Generated kernels do what the interpreter does, at every level.

A few random models of each kind by default; hundreds of them, and machine code, with `-m slow`, after every change to the kernels.
"""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings

from plasticdsl.diagnostics.diagnostic import PlasError
from tests.semantics.agreement import Case, MakeEngine, assert_agree
from tests.semantics.engines import LEVELS, in_machine_code, in_python, reference
from tests.semantics.random_models import imposed_cases, recurrent_cases
from tests.semantics.random_programs import program_cases
from tests.semantics.random_settled import settled_cases
from tests.semantics.random_steps import step_cases
from tests.semantics.random_superposed import superposed_cases
from tests.semantics.random_units import unit_cases
from tests.semantics.test_harness import off

LEAST = 1e-9  # relative; the smallest difference that counts


def tried(examples: int) -> settings:
    """So many models, of any kind; the same ones every time, so that a run does not fail for what it did not change. A model is not made
    smaller step by step where it fails, which would take minutes: there are small ones among many."""
    return settings(
        max_examples=examples, deadline=None, derandomize=True, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
    )


def check(case: Case, make: MakeEngine, *more: MakeEngine) -> None:
    """The engines agree with the reference, or the compiler refuses with a message that says why."""
    try:
        assert_agree(case, make, reference, *more, rtol=LEAST)
    except PlasError as refused:
        assert {d.code for d in refused.diagnostics} <= {"limit-not-available", "window-not-separable"}
        assume(False)


KINDS = {
    "imposed": imposed_cases(),
    "recurrent": recurrent_cases(),
    "units": unit_cases(),
    "delayed sums": unit_cases(delayed_sums=True),
    "steps": step_cases(),
    "sums over connections": imposed_cases(sums=True),
    "units as arguments": imposed_cases(third=True),
    "come and go": imposed_cases(sums=True, changing=True),
    "flows between events": settled_cases(),
    "sums of both sides": superposed_cases(),
    "programs": program_cases(),
}


def compare(kind: str, examples: int, *makes: MakeEngine) -> None:
    """Fails with the smallest of the models that differ."""
    differing: list[tuple[Case, AssertionError]] = []

    @tried(examples)
    @given(KINDS[kind])
    def run(case: Case) -> None:
        try:
            check(case, *makes)
        except AssertionError as difference:
            differing.append((case, difference))

    run()
    if differing:
        case, difference = min(differing, key=lambda found: len(repr(found[0])))
        raise AssertionError(f"{len(differing)} models differ; the smallest:\n{case!r}\n{difference}")


@pytest.mark.parametrize(
    ("kind", "examples"),
    [
        ("imposed", 28),
        ("recurrent", 12),
        ("units", 13),
        ("delayed sums", 11),
        ("sums over connections", 16),
        ("units as arguments", 8),
        ("come and go", 8),
        ("programs", 3),
    ],
)
def test_generated_code(kind: str, examples: int) -> None:
    compare(kind, examples, in_python(LEVELS[0]), in_python(LEVELS[-1]))


@pytest.mark.slow
@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("kind", KINDS)
def test_much_generated_code(kind: str, level: int) -> None:
    compare(kind, 1000 if kind == "imposed" else 500, in_python(level))


@pytest.mark.slow
@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("kind", KINDS)
def test_machine_code(kind: str, level: int) -> None:
    compare(kind, 6, in_machine_code(level))


def test_the_smallest_of_the_models_that_differ_is_shown() -> None:
    with pytest.raises(AssertionError, match=r"\d models differ; the smallest:\nCase:\n(.|\n)* after \d+ steps"):
        compare("imposed", 5, off)
