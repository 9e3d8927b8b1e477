"""The page of errors: what it shows causes exactly the error that it stands under, and the mend is accepted."""

from __future__ import annotations

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from plasticdsl.derive.integrate import integrate
from plasticdsl.diagnostics.codes import CODES
from plasticdsl.diagnostics.diagnostic import Diagnostic, PlasError, Severity
from plasticdsl.driver import plan_of, read
from plasticdsl.library import text_source
from plasticdsl.mending import findings
from plasticdsl.options import CompileOptions
from plasticdsl.plan.spread import spread_out
from plasticdsl.runtime.instance.dependence import per_unit
from plasticdsl.source import SourceFile
from tests.test_bad_input import findings as findings_of_runs

from .pages import ROOT, Example
from .test_examples import whole

WIDEST = 80


def _writer() -> ModuleType:
    spec = spec_from_file_location("errors_page", ROOT / "docs" / "errors_page.py")
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


MISTAKES = {mistake.code: mistake for mistake in _writer().mistakes()}


def shared(text: str) -> None:
    """Raises `PlasError` where several processes cannot share the networks of a text."""
    module = read(SourceFile("model.plas", text)).module
    assert module is not None
    for network in map(integrate, module.networks):
        spread_out(plan_of(network, per_unit(network), CompileOptions(), module.asked_of(network.name)), at_once=False)


def found(kind: str, how: str, text: Any, folder: Path) -> tuple[Diagnostic, ...]:
    """Everything that is wrong with a text; a whole file is run as well."""
    if text.name:
        (folder / text.name).write_text(text.beside, encoding=text.encoding)
    if kind == "file":
        try:
            if how.startswith("run by"):
                shared(text.whole)
            return findings_of_runs(text_source(str(folder / "model.plas"), text.whole.encode()), folder)
        except PlasError as error:
            return error.diagnostics
    return findings(SourceFile("model.plas", whole(Example("plas", ("fragment", *kind.split()), text.whole, 1))), None)


@pytest.mark.parametrize("code", sorted(MISTAKES))
def test_it_causes_that_error_alone_and_the_mend_is_accepted(code: str, tmp_path: Path) -> None:
    mistake = MISTAKES[code]
    before = found(mistake.kind, mistake.how, mistake.text, tmp_path)
    errors = [d for d in before if d.severity is Severity.ERROR] or before
    assert {d.code for d in errors} == {code} or (mistake.how == "among others" and code in {d.code for d in errors})
    after = found(mistake.kind, mistake.how, mistake.mended, tmp_path)
    assert not [d.message for d in after if d.severity is Severity.ERROR or d.code == code]
    assert max(map(len, f"{mistake.text.text}{mistake.mended.text}".split("\n"))) <= WIDEST


def test_every_code_has_an_example() -> None:
    assert MISTAKES.keys() == CODES.keys()
