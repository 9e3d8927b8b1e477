"""Examples of other simulators, written from the equations of their papers: what docs/parity.md lists is here, and does what it says."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest

import plasticdsl

FOLDER = Path(__file__).parent
FILES = sorted(FOLDER.glob("*.plas"))
PAGE = FOLDER.parents[1] / "docs" / "parity.md"

#: These are over in a second as plain Python.
QUICK = frozenset({"adaptive_threshold", "enough_spikes", "if_curve_lif", "nonlinear_synapse"})

PROGRAMS = sorted((FOLDER / "programs").glob("[a-z]*.py"))

#: A line that expects a number: of what, which, and how far off it may be.
EXPECTED = re.compile(r"^ +expect (?P<what>.+?) [≈=] (?P<value>[−\d.e-]+)(?: [^±\n]*?)?(?:± (?P<off>[\d.e-]+)[^\n]*)?$", re.MULTILINE)


def test_the_page_lists_the_files() -> None:
    listed = re.findall(r"^\| `tests/parity/(\w+)\.plas`", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(listed) == [path.stem for path in FILES]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_checks_without_a_finding(path: Path) -> None:
    assert not plasticdsl.load(path).loaded.warnings


@pytest.mark.slow
@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: path.stem)
def test_programs_have_the_numbers_of_the_files(program: Path) -> None:
    """What a program computes lies within what the file of its name expects of it."""
    numbers = importlib.import_module(f"{__package__}.programs.{program.stem}").numbers()
    lines = EXPECTED.finditer((FOLDER / f"{program.stem}.plas").read_text(encoding="utf-8"))
    expected = {m["what"]: (float(m["value"].replace("−", "-")), float(m["off"] or 0)) for m in lines}
    assert numbers.keys() <= expected.keys()
    assert {what: value for what, value in numbers.items() if abs(value - expected[what][0]) > expected[what][1]} == {}


@pytest.mark.parametrize("path", [pytest.param(p, id=p.stem, marks=[] if p.stem in QUICK else pytest.mark.slow) for p in FILES])
def test_does_what_it_says(path: Path) -> None:
    model = plasticdsl.load(path)
    engine = "python" if path.stem in QUICK else "compiled"
    outcomes = {name: model.run(name, engine=engine).expectations for name in model.experiments}
    assert all(outcomes.values()), "every experiment expects something"
    assert [(name, o.text, o.value) for name, found in outcomes.items() for o in found if o.passed is not True] == []
