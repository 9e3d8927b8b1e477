"""What bad input gets: every file in `bad/` is named after the code it shows and has beside it the exact text the user sees.

`bad/<code>.plas` must produce at least one finding with its code, and all findings together must read as `bad/<code>.txt`. To write the texts
anew after a deliberate change, run this file as a script (with the codes meant, or none for all) and read the difference.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from plasticdsl.diagnostics.codes import CODES
from plasticdsl.diagnostics.diagnostic import Diagnostic
from plasticdsl.diagnostics.render import render_all
from plasticdsl.driver import read
from plasticdsl.source import SourceFile

FOLDER = Path(__file__).parent / "bad"
FILES = sorted(FOLDER.glob("*.plas"))


def findings(source: SourceFile) -> tuple[Diagnostic, ...]:
    """Everything that is wrong with a file."""
    return read(source, FOLDER).diagnostics


def shown(path: Path) -> tuple[tuple[Diagnostic, ...], str]:
    """The findings of a file and their text, with the file's name alone as its path."""
    source = SourceFile(path.name, path.read_text(encoding="utf-8"))
    found = findings(source)
    return found, render_all(found, {source.path: source}) + "\n"


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_the_message_is_the_one_expected(path: Path) -> None:
    found, text = shown(path)
    assert path.stem in {d.code for d in found}
    assert {d.code for d in found} <= CODES.keys()
    assert text == path.with_suffix(".txt").read_text(encoding="utf-8")


def main() -> None:
    """Writes the expected texts as they are now."""
    for path in [f for f in FILES if f.stem in sys.argv[1:] or not sys.argv[1:]]:
        path.with_suffix(".txt").write_text(shown(path)[1], encoding="utf-8")


if __name__ == "__main__":
    main()
