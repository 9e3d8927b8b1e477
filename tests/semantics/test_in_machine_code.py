"""Random texts in machine code do what the interpreter does; how a text with a difference is made shorter; which constructs of the language they have.

A thousand texts among the slow tests, which also are tried by `python -m tests.semantics.in_machine_code`, and with all of LLVM's effort a few of them.
"""

from __future__ import annotations

from itertools import chain
from pathlib import Path

import pytest

from plasticdsl.kernels import compile as compiling
from plasticdsl.kernels.machine import translate
from plasticdsl.kernels.program import ONE
from plasticdsl.model.expr import Compare
from tests.semantics.compared import OTHERS, Refused, Way, difference, quickly, text_of, way_of
from tests.semantics.constructs import constructs, counted, every
from tests.semantics.in_machine_code import shortest
from tests.semantics.shrinking import shrunk

TESTS = Path(__file__).resolve().parents[1]
#: So many texts are tried in one test.
TOGETHER = 25


def compare(numbers: range, effort: int = 0) -> None:
    with quickly(effort):
        for number in numbers:
            text, way = text_of(number), way_of(number)
            try:
                found = difference(text.text, way)
            except Refused:
                continue
            if found is not None:
                raise AssertionError(f"{number} ({way}): {found.said}\n{shortest(text, found)}")


@pytest.mark.parametrize("number", [4, OTHERS])
def test_a_few(number: int) -> None:
    compare(range(number, number + 1))


def test_kernels_that_are_functions_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a program with very many of them."""
    written: list[str] = []
    monkeypatch.setattr(translate, "MANY", 0)
    monkeypatch.setattr(compiling, "translated", lambda *given: written.append(translate.translated(*given)) or written[-1])
    compare(range(OTHERS, OTHERS + 1))
    assert any(text.count(" noinline ") > 5 for text in written)


@pytest.mark.slow
@pytest.mark.parametrize("first", range(0, 1000, TOGETHER))
def test_a_thousand(first: int) -> None:
    compare(range(first, first + TOGETHER))


@pytest.mark.slow
@pytest.mark.parametrize("first", [0, 500, OTHERS])
def test_some_as_users_compile_them(first: int) -> None:
    compare(range(first, first + 8), effort=3)


# --- shorter texts ---------------------------------------------------------------------------------------------------


def test_lines_and_what_stands_below_them_and_clauses_are_taken_out() -> None:
    text = """a:
    b = 1
    c = 2, w = 3, delay = f(1, 2)
d:
    e: x += 1 if chance(0.5)
    g
"""
    assert shrunk(text, lambda t: "delay" in t) == "a:\n    c = 2, delay = f(1, 2)\n"
    assert shrunk(text, lambda t: "e: x" in t) == "d:\n    e: x += 1\n"
    assert shrunk(text, lambda t: True, most=3).count("\n") <= 6


REST = """
neuron Cell:
    V(0) = 0
    u(0) = 0.3
    dV/dt = 1000 Hz
    20 ms du/dt = −u
    spike when V > 2.5:
        V → 0
        u += 0.1
    refractory 4 ms, hold nothing

neuron Other:
    x(0) = 1
    10 ms dx/dt = −x

network Net:
    a = 2 Cell
    b = 3 Other

experiment Train on Net:
    dt = 1 ms
    phase p for 12 ms
    record a.V, a.u
    record b.x
    record spikes of a
"""


def test_a_fault_is_found_and_its_text_is_short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Kernels that know of no refractoriness."""

    def differs(text: str) -> bool:
        try:
            return difference(text, Way(1), "python") is not None
        except Refused:
            return False

    with quickly():
        assert difference(REST, Way(1), "python") is None
    monkeypatch.setattr("plasticdsl.kernels.loops.emission.free", lambda p: Compare("==", ONE, ONE))
    with quickly():
        found = difference(REST, Way(1), "python")
        short = shrunk(REST, differs, most=100).splitlines()
    assert found is not None and found.kind in ("shape", "values")

    assert any("refractory" in line for line in short) and not any("Other" in line or "b.x" in line for line in short)


def test_what_is_refused_is_no_difference() -> None:
    with pytest.raises(Refused, match="no experiment"):
        difference(REST.replace("Train", "Probe"), Way(1), "python")
    with pytest.raises(Refused, match="Nothing here"):
        difference(REST.replace("u += 0.1", "q += 0.1 nothing"), Way(1), "python")


# --- constructs ------------------------------------------------------------------------------------------------------


def test_constructs_of_a_text() -> None:
    found = {
        str(one)
        for one in constructs("network Net:\n    a = 2 Source\n\nexperiment E on Net:\n    phase p for 2 steps\n    record a.x[1] at end\n")
    }
    assert {"for_time: FOR expression", "when: AT END", "indexed: postfix INDEX units ]", "block: EXPERIMENT block_name ON NAME"} <= found
    assert not any(one.startswith("rule") for one in found)


#: What neither random texts nor texts with their own numbers have: the check refuses it, or it is another spelling of what they have.
NOWHERE = {
    *("applied: CALLED ( )", "applied: postfix . CALLED ( )", "distribution: CALLED ( )", "one_use: CALLED ( )"),  # nothing in brackets
    *("arguments: along each", "arguments: sampled each", "sweep_part: expression IN [ ]", "axis: NAME"),
    *(f"block: {kind} block_name{like} ON NAME" for kind in ("NETWORK", "NEURON", "RULE", "SYNAPSE") for like in ("", " LIKE NAME")),
    *("block: EXPERIMENT block_name", "approximately: expression ~= expression"),  # where there is one network; of whole numbers
    *(f"reaction: species -> species expression expression{how}" for how in ("", " DETERMINISTIC", " STOCHASTIC")),  # one rate too many
    *(f"reaction: species <-> species expression{how}" for how in ("", " DETERMINISTIC", " STOCHASTIC")),  # one too few
    *("schedule: UPDATE SYNCHRONOUSLY IN FIXED ORDER", "schedule: UPDATE SYNCHRONOUSLY IN RANDOM ORDER"),
    *("spike_at_rate: SPIKE AT RATE expression LOCATED", "multiplied_sum: closed / chain_sum"),
    *("rising: expression FALLS BELOW expression IN NAME", "place: AT RANDOM ON NAME NAME expression"),
    *(
        "data: DATA NAME",
        "patterns: expression = PATTERNS FROM STRING OVER NAME",
    ),  # what programs and files give: tests/test_api.py, tests/runtime
}


@pytest.mark.slow
def test_every_construct_occurs_in_random_texts_or_in_texts_with_their_own_numbers() -> None:
    random = counted(text_of(number).text for number in range(1000))
    files = chain((TESTS / "cases").glob("*.plas"), (TESTS / "everywhere").glob("*.plas"), (TESTS.parent / "models").rglob("*.plas"))
    files = chain(files, (TESTS / "syntax" / "samples").glob("everything*.plas"))
    elsewhere = frozenset().union(*(constructs(path.read_text("utf-8")) for path in files))
    assert {str(one) for one in every() - random.keys() - elsewhere} <= NOWHERE
    assert len(random.keys() & every()) >= 0.75 * len(every())
