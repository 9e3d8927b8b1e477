import math

import numpy as np
import pytest

from plasticdsl.model.expr import Compare, Logic, Number, Ref
from plasticdsl.model.owners import Whose
from plasticdsl.runtime.numbers.evaluate import evaluate
from plasticdsl.runtime.watch.expectations import compared, near, tolerant, truth


def test_near_with_absolute_and_relative_tolerance():
    assert near(9.4, 9.0, 0.5, relative=False).passed
    assert not near(9.6, 9.0, 0.5, relative=False).passed
    assert near(-9.4, -9.0, 0.05, relative=True).passed
    assert not near(-9.5, -9.0, 0.05, relative=True).passed


def test_exact_comparison_forgives_rounding_alone():
    assert near(sum([0.1] * 10), 1.0, 0.0, relative=False).passed
    assert not near(1.0 + 1e-6, 1.0, 0.0, relative=False).passed
    assert not near(1e-300, 0.0, 0.0, relative=False).passed


def test_of_many_values_the_worst_is_shown():
    found = near(np.array([1.0, 1.3, 0.9]), 1.0, 0.2, relative=False)
    assert (found.passed, found.value) == (False, 1.3)


@pytest.mark.parametrize("left", [math.nan, np.array([1.0, math.nan])])
def test_nan_never_passes(left):
    assert not near(left, 1.0, 1e9, relative=False).passed
    for operator in ("<", "<=", ">", ">=", "=="):
        assert not compared(operator, left, 1.0).passed


def test_comparisons_show_the_left_side():
    assert compared(">", 0.93, 0.92) == compared(">=", 0.93, 0.92)
    found = compared("<", np.array([1.0, 5.0, 2.0]), 3.0)
    assert (found.passed, found.value) == (False, 5.0)
    assert not compared("<", 3.0, 3.0).passed
    assert compared("<=", 3.0, 3.0).passed


def test_truth_needs_all():
    assert truth(np.array([1.0, 1.0])).passed
    assert not truth(np.array([1.0, 0.0])).passed


def test_conditions_on_swept_values_forgive_rounding():
    x = Ref(Whose.NETWORK, "x")
    condition = Logic("and", (Compare("==", x, Number(0.3)), Compare("!=", x, Number(0.4))))
    assert evaluate(tolerant(condition), lambda _: 0.1 + 0.2) == 1.0
    assert evaluate(condition, lambda _: 0.1 + 0.2) == 0.0
