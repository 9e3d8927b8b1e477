"""The page of errors: what it shows causes exactly the error that it stands under, and the mend is accepted."""

from __future__ import annotations

from importlib.util import module_from_spec, spec_from_file_location
from types import ModuleType

import pytest

from plasticdsl.diagnostics.codes import CODES
from plasticdsl.diagnostics.diagnostic import Diagnostic, Severity
from plasticdsl.mending import findings
from plasticdsl.source import SourceFile
from tests.test_bad_input import findings as findings_of_runs

from .pages import ROOT, Example
from .test_examples import whole

#: What takes files beside the model, or a text that is longer than a page: `tests/bad` has most of them.
WITHOUT = frozenset(
    [
        "bad-morphology",
        "data-not-found",
        "data-outside",
        "empty-interval",
        "file-too-large",
        "first-order",
        "not-a-flow",
        "not-a-name",
        "not-divisible",
        "not-given",
        "not-local",
        "not-located",
        "not-random",
        "not-symmetric",
        "not-text",
        "proof-not-decided",
        "statement-too-long",
        "too-deep",
        "too-large",
        "too-many-errors",
        "too-many-spikes",
        "unknown-array",
        "unreadable-data",
    ]
)
WIDEST = 80


def _writer() -> ModuleType:
    spec = spec_from_file_location("errors_page", ROOT / "docs" / "errors_page.py")
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


MISTAKES = {mistake.code: mistake for mistake in _writer().mistakes()}


def found(kind: str, text: str) -> tuple[Diagnostic, ...]:
    """Everything that is wrong with a text; a whole file is run as well."""
    if kind == "file":
        return findings_of_runs(SourceFile("model.plas", text))
    return findings(SourceFile("model.plas", whole(Example("plas", ("fragment", *kind.split()), text, 1))), None)


@pytest.mark.parametrize("code", sorted(MISTAKES))
def test_it_causes_that_error_alone_and_the_mend_is_accepted(code: str) -> None:
    mistake = MISTAKES[code]
    before = found(mistake.kind, mistake.text)
    errors = [d for d in before if d.severity is Severity.ERROR] or before
    assert {d.code for d in errors} == {code}
    after = found(mistake.kind, mistake.mended)
    assert not [d.message for d in after if d.severity is Severity.ERROR or d.code == code]
    assert max(map(len, f"{mistake.text}{mistake.mended}".split("\n"))) <= WIDEST


def test_every_code_has_an_example_but_those_that_take_more() -> None:
    assert CODES.keys() - MISTAKES.keys() == WITHOUT
