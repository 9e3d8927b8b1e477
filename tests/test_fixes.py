"""What a hint shows to write mends the finding, and breaks nothing: every fix of every file in `bad/` is tried."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest

from plasticdsl.diagnostics.diagnostic import Diagnostic, Replacement, Severity
from plasticdsl.source import SourceFile
from tests.test_bad_input import FILES, findings

#: Hints that show what to write but say no place, or show it with something left open.
_SHOWS = re.compile(r"Did you mean ‘|\b[Ww]rite ‘[^’…]*’")
_WORDS = ("xample",)


def read(path: Path) -> SourceFile:
    return SourceFile(path.name, path.read_text(encoding="utf-8"))


def mended(source: SourceFile, fix: Replacement) -> SourceFile:
    assert fix.span.path == source.path
    return SourceFile(source.path, source.text[: fix.span.start] + fix.text + source.text[fix.span.end :])


def counted(found: Iterable[Diagnostic]) -> Counter[tuple[str, str]]:
    return Counter((d.code, d.message) for d in found)


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_every_fix_mends_its_finding_and_brings_no_error(path: Path) -> None:
    source = read(path)
    before = findings(source)
    for finding in before:
        for fix in finding.fixes:
            after = findings(mended(source, fix))
            told = f"{fix.text!r} for {finding.message}"
            assert counted(after)[finding.code, finding.message] < counted(before)[finding.code, finding.message], told
            new = counted(d for d in after if d.severity is Severity.ERROR) - counted(before)
            assert not new, f"{told} brings {list(new)}"


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_a_hint_that_shows_what_to_write_has_it_as_data(path: Path) -> None:
    for finding in findings(read(path)):
        if _SHOWS.search(finding.hint) and not any(word in finding.hint for word in _WORDS):
            assert finding.fixes, finding.hint
