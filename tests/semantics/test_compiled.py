"""Generated kernels do what the interpreter does, at every level."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, assume, given, settings

from plasticdsl.diagnostics.diagnostic import PlasError
from tests.semantics.agreement import Case, MakeEngine, assert_agree
from tests.semantics.engines import LEVELS, in_machine_code, in_python, reference
from tests.semantics.random_models import imposed_cases, recurrent_cases

QUICK = settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
FEW = settings(max_examples=4, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


def check(case: Case, make: MakeEngine, **how: int) -> None:
    """The two engines agree, or the compiler refuses with a message that says why."""
    try:
        assert_agree(case, make, reference, **how)
    except PlasError as refused:
        assert {d.code for d in refused.diagnostics} <= {"limit-not-available", "window-not-separable"}
        assume(False)


@pytest.mark.parametrize("level", LEVELS)
def test_imposed_spikes(level: str) -> None:
    @QUICK
    @given(imposed_cases())
    def run(case: Case) -> None:
        check(case, in_python(level))

    run()


@pytest.mark.parametrize("level", LEVELS)
def test_recurrent_networks(level: str) -> None:
    @QUICK
    @given(recurrent_cases())
    def run(case: Case) -> None:
        check(case, in_python(level))

    run()


@pytest.mark.parametrize("level", LEVELS)
def test_machine_code(level: str) -> None:
    @FEW
    @given(imposed_cases())
    def run(case: Case) -> None:
        check(case, in_machine_code(level))

    run()
