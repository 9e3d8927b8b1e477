"""Random networks on several processes, with the passes for large networks: the bits of one process, or a refusal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import numpy as np
import pytest

import plasticdsl
from plasticdsl.diagnostics.diagnostic import PlasError
from tests.mpi.rooms import together
from tests.semantics.compared import quickly, text_of
from tests.semantics.test_programs import found


def came_of(number: int, size: int) -> str:
    """What came of a random text on so many processes: `alike`, or the codes of what is found."""
    model, level = plasticdsl.parse(text_of(number).text), 1 + number % 2
    try:
        one = model.run("Train", level=level)
        shared = together(size, lambda seat: model.run("Train", level=level, communicator=seat))
    except PlasError as refused:
        return ", ".join(sorted({d.code for d in refused.diagnostics}))
    for other in shared:
        for run, same in zip(one.study.runs, other.study.runs, strict=True):
            assert run.counts == same.counts, f"text {number}"
            for (name, values), (_, others) in zip(found(run), found(same), strict=True):
                np.testing.assert_array_equal(values, others, err_msg=f"{name} of text {number}")
    return "alike"


def alike(numbers: Iterable[int]) -> int:
    """How many of these texts can be divided, and are alike."""
    came: Counter[str] = Counter()
    with quickly():
        for number in numbers:
            came[came_of(number, 2 + number % 2)] += 1
    print(dict(came))
    return came["alike"]


def test_random_networks_on_several_processes() -> None:
    """In text 22 something else comes before spikes in a step; in 6 what a phase shows is put back at its end."""
    assert alike((6, 9, 22, 1000, 1001, 1002)) >= 5


@pytest.mark.slow
def test_many_random_networks_on_several_processes() -> None:
    assert alike((*range(60), *range(1000, 1200))) >= 120
