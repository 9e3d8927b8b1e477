"""Whatever a text holds, `plasticdsl check` answers with findings, soon, and without much memory."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fuzz.corpus import ROOT
from tests.fuzz.fuzz import failure
from tests.fuzz.mutants import mutant

FOUND = sorted((Path(__file__).parent / "found").glob("*.plas"))
#: Mutants of the default tests, and all of them; the others are tried by tests of so many.
FEW, ALL, TOGETHER = 1000, 100_000, 3000


def tried(first: int, count: int, now: Path) -> str:
    """What the program says of so many mutants; with the seed at which it died, if it did."""
    command = [sys.executable, "-m", "tests.fuzz.fuzz", "--first", str(first), "--count", str(count), "--now", str(now)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)})
    died = f"the process died at seed {now.read_text() if now.exists() else first}\n{done.stderr}" if done.returncode not in (0, 1) else ""
    return "" if done.returncode == 0 else f"{done.stdout}\n{died or done.stderr}"


def test_a_thousand_mutants_are_answered(tmp_path: Path) -> None:
    said = tried(0, FEW, tmp_path / "now")
    assert not said, said


@pytest.mark.slow
@pytest.mark.parametrize("first", range(FEW, ALL, TOGETHER))
def test_a_hundred_thousand_mutants_are_answered(first: int, tmp_path: Path) -> None:
    said = tried(first, min(TOGETHER, ALL - first), tmp_path / "now")
    assert not said, said


@pytest.mark.parametrize("path", FOUND, ids=lambda p: p.stem)
def test_what_once_failed_is_answered(path: Path) -> None:
    found = failure(path.read_text(encoding="utf-8"), path.parent)
    assert found is None, found.told


def test_a_seed_says_what_the_mutant_is() -> None:
    assert mutant(17) == mutant(17)
    assert len({mutant(seed).text for seed in range(100)}) > 90
