"""Nothing that anybody types makes the functions of the editor fail."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest

from plasticdsl.editor.analysis import analyse
from plasticdsl.editor.colouring import coloured
from plasticdsl.editor.completion import completions
from plasticdsl.editor.findings import findings
from plasticdsl.editor.hover import described
from plasticdsl.editor.inlays import inlays
from plasticdsl.editor.knowledge import knowledge
from plasticdsl.editor.layouting import formatting
from plasticdsl.editor.lenses import lenses
from plasticdsl.editor.renaming import CannotRename, renamed
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
    known = knowledge(analysis, text)
    for latex in (False, True):
        described(known, None, place, latex=latex)
    last = 0
    for one in coloured(analysis, (known,)):
        assert last <= one.span.start < one.span.end <= len(text)
        last = one.span.end
    assert all(0 < inlay.offset <= len(text) for inlay in inlays(analysis, known, 0, len(text)))
    assert all(lens.span.start < lens.span.end for lens in lenses(analysis))
    there = known.at(place)
    if there is not None and not analysis.reading.findings:
        with suppress(CannotRename):
            renamed(there, "Quite_new", known.names, [analysis], {})


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
