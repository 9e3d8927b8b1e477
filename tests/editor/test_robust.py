"""Nothing that anybody types makes the functions of the editor fail."""

from __future__ import annotations

from pathlib import Path

import pytest

from plasticdsl.editor.analysis import analyse
from plasticdsl.editor.completion import completions
from plasticdsl.editor.findings import findings
from plasticdsl.editor.layouting import formatting
from plasticdsl.editor.structure import folds, symbols
from plasticdsl.editor.text import applied
from plasticdsl.editor.words import said
from plasticdsl.source import SourceFile
from tests.editor.mutants import BAD, mutant, place_in


def ask_everything(text: str, folder: Path, seed: str) -> None:
    analysis = analyse(SourceFile(str(folder / "mutant.plas"), text), folder)
    place = place_in(text, seed)
    for found in findings(analysis):
        assert 0 <= found.span.start <= found.span.end <= len(text)
    for one in symbols(analysis):
        assert one.name
        assert 0 <= one.span.start <= one.name_span.start < one.name_span.end <= one.span.end <= len(text)
    lines = len(analysis.text.starts)
    assert all(0 <= fold.first < fold.last < lines for fold in folds(analysis))
    for offer in completions(analysis, place, analysis.checked.known):
        assert 0 <= offer.start <= offer.end <= len(text)
    said(analysis, place)
    applied(text, formatting(analysis))


@pytest.mark.parametrize("path", BAD, ids=lambda p: p.stem)
def test_mutants(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    ask_everything(mutant(text, path.stem), path.parent, path.stem)


@pytest.mark.slow
@pytest.mark.parametrize("path", BAD, ids=lambda p: p.stem)
def test_many_mutants(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for number in range(40):
        ask_everything(mutant(text, f"{path.stem} {number}"), path.parent, f"{number} {path.stem}")
