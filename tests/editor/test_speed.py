"""What an editor waits for after each edit is in proportion to the text, in calls of functions: nothing compares or hashes whole networks."""

from __future__ import annotations

import pytest

from plasticdsl.editor.analysis import Analysis, analyse
from plasticdsl.editor.colouring import coloured
from plasticdsl.editor.inlays import inlays
from plasticdsl.editor.knowledge import knowledge
from plasticdsl.editor.lenses import lenses
from plasticdsl.editor.structure import folds, symbols
from plasticdsl.library import library_models
from plasticdsl.source import SourceFile
from tests.counting import counted

#: Calls for each line of a text: to find what is wrong once it is known what stood there before, and to answer what an editor asks then.
FOUND, ASKED = 7000, 3000


def asked(analysis: Analysis) -> None:
    known = knowledge(analysis, analysis.source.text)
    coloured(analysis, (known,))
    inlays(analysis, known, 0, len(analysis.source.text))
    lenses(analysis)
    symbols(analysis)
    folds(analysis)


@pytest.mark.parametrize("name", ["rules/calcium", "molecules/spine_plasticity", "networks/digits"])
def test_after_an_edit(name: str) -> None:
    path = library_models()[name]
    text = path.read_text(encoding="utf-8")
    analyse(SourceFile(str(path), text), path.parent)
    edited = SourceFile(str(path), f"# more\n{text}")
    analysis, calls = counted(lambda: analyse(edited, path.parent))
    lines = text.count("\n")
    assert calls < FOUND * lines, calls / lines
    assert counted(lambda: asked(analysis))[1] < ASKED * lines
