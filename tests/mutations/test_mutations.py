"""The list of faults fits the package as it is now. That each is caught is asked by `python -m tests.mutations`, which takes minutes."""

from __future__ import annotations

import ast
from collections import Counter

import pytest

from tests.mutations.listed import ROOT, Mutation, mutations

ALL = mutations()

#: The kinds that have to be there, with at least this many in all.
KINDS = {
    "delays",
    "ties",
    "order",
    "bounds",
    "refractoriness",
    "pairing",
    "draws",
    "windows",
    "rounding",
    "saved state",
    "not finite",
    "atomic writes",
}
LEAST = 120


@pytest.mark.parametrize("mutation", ALL, ids=lambda m: m.name)
def test_a_fault_can_be_put_in_and_the_tests_that_catch_it_are_there(mutation: Mutation) -> None:
    text = (ROOT / mutation.file).read_text("utf-8")
    found = mutation.applied(text)
    assert found != text
    if mutation.file.endswith(".py"):
        assert ast.dump(ast.parse(found)) != ast.dump(ast.parse(text))
    assert mutation.tests
    for test in mutation.tests:
        file, *inside = test.split("::")
        functions = {
            node.name for node in ast.walk(ast.parse((ROOT / file).read_text("utf-8"))) if isinstance(node, ast.FunctionDef | ast.ClassDef)
        }
        assert {name.split("[")[0] for name in inside} <= functions, test


def test_there_are_faults_of_every_kind() -> None:
    kinds = Counter(m.kind for m in ALL)
    assert set(kinds) >= KINDS
    assert sum(kinds.values()) >= LEAST
    assert [name for name, count in Counter(m.name for m in ALL).items() if count > 1] == []
