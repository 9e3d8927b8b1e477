"""The plan says what happens in a step, and where what the author's names mean now lives."""

from __future__ import annotations

import pytest

from plasticdsl import driver
from plasticdsl.options import CompileOptions
from plasticdsl.plan.explain import step_in_words
from plasticdsl.plan.operations import Flow
from plasticdsl.plan.passes.pipeline import PASSES, optimise
from plasticdsl.plan.places import Place
from plasticdsl.plan.plan import Plan
from plasticdsl.source import SourceFile
from tests.semantics.test_explain import TEXT


def plan_at(level: int) -> Plan:
    loaded = driver.load(SourceFile("<test>", TEXT), None)
    return driver.plan_of(loaded.module.networks[0], frozenset(), CompileOptions(level=level))


def test_every_variable_of_a_projection_is_found_wherever_passes_moved_it() -> None:
    plan = plan_at(1)
    go = plan.projection("go")
    assert go.variable("w").place is Place.CONNECTION
    assert go.variable("r").place is Place.PRE
    assert go.variable("o").place is Place.POST
    for derived in (go.variable("r"), go.variable("o")):  # they lead back to the window that they stand for
        assert derived.derived
        assert "Δw" in TEXT[derived.variable.span.start : derived.variable.span.end]


@pytest.mark.parametrize("level", [0, 1])
def test_a_place_flows_by_an_operation_of_its_own(level: int) -> None:
    flows = [line for line in step_in_words(plan_at(level)) if line.startswith("flow")]
    assert flows == ["flow: go, cells"]
    places = [o.place for o in plan_at(level).step if isinstance(o, Flow)]
    assert places == ([Place.CONNECTION] if level == 0 else [Place.PRE, Place.POST])


def test_passes_say_what_they_promise() -> None:
    assert all(text for p in PASSES for text in (p.takes, p.rewrites, p.found, p.here))
    plan = plan_at(0)
    assert optimise(plan, 2, frozenset(p.name for p in PASSES)) == plan
