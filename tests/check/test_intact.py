"""Errors of notation hide no errors of meaning in other blocks, and no finding is a mere consequence of another."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from plasticdsl.check.module import checked
from plasticdsl.diagnostics.diagnostic import Diagnostic
from plasticdsl.source import SourceFile
from plasticdsl.syntax.parser import reading
from tests.check.models import CELLS

LIBRARY = Path(__file__).parents[2] / "models"
FILES = sorted(LIBRARY.rglob("*.plas"))


def findings(text: str, folder: Path | None = None) -> tuple[Diagnostic, ...]:
    source = SourceFile("<text>", text)
    return checked(reading(source), source, folder=folder).diagnostics


def codes(text: str) -> list[tuple[int, str]]:
    """(line, code), lines counted in `text` alone."""
    before = CELLS.count("\n")
    source = SourceFile("<text>", CELLS + text)
    return [(source.line_column(d.span.start)[0] - before, d.code) for d in findings(CELLS + text)]


BROKEN = "neuron Broken:\n    x = (3\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("neuron B:\n    y = z\n", [(2, "missing-bracket"), (4, "unknown-name")]),
        ("neuron B like Broken:\n    y = z\n", [(2, "missing-bracket")]),
        ("network N:\n    a = 10 Broken\n    b = 10 Nothing\n", [(2, "missing-bracket")]),
        ("network N:\n    a = 10 Liff\n", [(2, "missing-bracket"), (4, "undeclared-neuron")]),
        ("nueron B:\n    y = 3\n\nnetwork N:\n    a = 10 B\n", [(2, "missing-bracket"), (3, "unknown-block")]),
        ("nueron B:\n    y = 3\n\nnetwork N:\n    a = 10 Cell\n", [(2, "missing-bracket"), (3, "unknown-block"), (7, "undeclared-neuron")]),
        ("function f(x) = (x\n\nneuron B:\n    y = f(3) + z\n", [(2, "missing-bracket"), (3, "missing-bracket")]),
        ("function f(x) = (x\n\nneuron B:\n    y = z\n", [(2, "missing-bracket"), (3, "missing-bracket"), (6, "unknown-name")]),
        ("use from\n\nneuron B:\n    y = z\n", [(2, "missing-bracket"), (3, "reserved-word")]),
        ('neuron B:\n    """Open.\n    y = z\n', [(2, "missing-bracket"), (4, "open-docstring")]),
        ("neuron B:\n    y = z\nz = 3\n", [(2, "missing-bracket"), (5, "outside-block")]),
    ],
)
def test_the_rest_of_a_file_is_checked(text: str, expected: list[tuple[int, str]]) -> None:
    assert codes(BROKEN + text) == expected


def test_an_experiment_needs_its_network() -> None:
    network = "network N:\n    a = 10 LIF\n    b = (3\n"
    assert codes(network + "experiment E on N:\n    record c\n") == [(3, "missing-bracket")]
    assert codes(network + "experiment E:\n    record c\n") == [(3, "missing-bracket")]
    assert codes(network + "experiment E:\n    record c\nexperiment F like E:\n    record d\n") == [(3, "missing-bracket")]
    other = "network M:\n    a = 10 LIF\nexperiment E on M:\n    dt = 1 ms\n    phase run for 1 s\n    record c\n"
    assert codes(network + other) == [(3, "missing-bracket"), (9, "unknown-name")]


def test_what_a_file_lost_by_use_is_not_missed() -> None:
    text = 'use Cell from "nowhere"\nnetwork N:\n    a = 10 Cell\nnetwork M:\n    a = 10 Sell\nneuron A:\n    y = f(3)\n'
    assert codes(text) == [(1, "use-not-found"), (5, "undeclared-neuron"), (7, "unknown-function")]
    assert codes(text.replace("Cell from ", "")) == [(1, "use-not-found")]


PARTS = """
network N:
    a = 10 LIF
    b = 10 Nothing
    ab = a → b: Exc, w = 1 mV
    bb = b → b: Nowhere, w = 1 mV
    aa = a → a: Nowhere, w = 1 mV
    ok = a → a: Exc
    m = Σ_i b.V_i
    n = Σ_i x_i

experiment E on N:
    dt = 1 ms
    A₊ = 3
    phase run for 1 s:
        b.V = 3 mV
        a.U = 3 mV
    record b.V, aa.w
    record a.W
    sweep bb.w in [1 mV, 2 mV]
    expect rate(b) ≈ 3 Hz ± 1 Hz
"""


def test_what_mentions_a_missing_population_or_projection_is_not_judged() -> None:
    assert codes(PARTS) == [
        (4, "undeclared-neuron"),
        (7, "undeclared-block"),
        (8, "missing-value"),
        (17, "unknown-name"),
        (19, "unknown-name"),
    ]


# --- the library, with one thing broken ----------------------------------------------------------------------------------


def items(text: str) -> Iterator[tuple[int, int]]:
    """From where to where each block, function and `use` line goes."""
    starts = [m.start() for m in re.finditer(r"^(?:neuron|synapse|rule|network|experiment|function|use)\b", text, re.MULTILINE)]
    yield from zip(starts, [*starts[1:], len(text)], strict=True)


def breakages(item: str) -> list[str]:
    """The item with an error in its header, at its end, in the first word, in its first line."""
    header, _, body = item.partition("\n")
    return [f"{header} )\n{body}", f"{item.rstrip()}\n    ) = 3\n", f"x{item}", f"{header}\n    ) = 3\n{body}"]


def only_there(path: Path, start: int, stop: int, broken: str) -> None:
    text = path.read_text(encoding="utf-8")
    found = findings(text[:start] + broken + text[stop:], path.parent)
    assert found
    assert [d for d in found if not start <= d.span.start < start + len(broken)] == [], broken


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_nothing_is_found_outside_what_is_broken(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for number, (start, stop) in enumerate(items(text)):
        only_there(path, start, stop, breakages(text[start:stop])[number % 4])


@pytest.mark.slow
@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_nothing_is_found_outside_whatever_is_broken(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for start, stop in items(text):
        for broken in breakages(text[start:stop]):
            only_there(path, start, stop, broken)


@pytest.mark.parametrize("gone", ["single.csv", "cells.csv", "weights.npz", "stimulus.csv"])
def test_a_file_that_is_not_there_is_said_once(gone: str) -> None:
    cases = Path(__file__).parents[1] / "cases"
    text = (cases / "numbers_of_files.plas").read_text(encoding="utf-8").replace(f'"{gone}"', '"nowhere.csv"')
    assert [(d.code, text[d.span.start : d.span.end]) for d in findings(text, cases)] == [("data-not-found", '"nowhere.csv"')]


@pytest.mark.parametrize("source", ["Poisson(10 Hz)", "Regular(10 Hz)", "SpikeTimes([1 ms], [1])"])
def test_a_source_without_a_number_of_units_is_told_what_lacks(source: str) -> None:
    (found,) = findings(f"network N:\n    S = {source}\n")
    assert f"before: ‘S = 100 {source.partition('(')[0]}(…)’" in found.hint
