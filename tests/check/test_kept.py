"""Blocks that have been checked before are not checked again, and nothing that they depend on is forgotten by that."""

from __future__ import annotations

from pathlib import Path

from plasticdsl.check.module import Checked, checked
from plasticdsl.source import SourceFile
from plasticdsl.syntax.parser import reading

PART = "function f(x) = 2 x\n\nneuron Part:\n    τ = 3 ms\n    y = f(τ)\n    τ dV/dt = −V\n"
MAIN = 'use Part from "part"\n\nneuron Mine like Part:\n    τ = 5 ms\n\nnetwork N:\n    E = 3 Mine\n'


def check(text: str, folder: Path | None = None, part: str | None = None) -> Checked:
    source = SourceFile("main.plas", text)
    texts = {} if folder is None or part is None else {folder / "part.plas": part}
    return checked(reading(source), source, folder=folder, texts=texts)


def block(found: Checked, name: str) -> object:
    assert found.known is not None
    return next(b for b in found.known.blocks if b.name == name)


def test_what_stands_before_an_edit_is_what_it_was() -> None:
    one, other = check(PART), check(f"{PART}\nneuron B:\n    x = 3\n")
    assert block(one, "Part") is block(other, "Part")
    assert [m for m in one.mentions if m.name == "tau"] == [m for m in other.mentions if m.name == "tau"] != []


def test_another_function_makes_another_block() -> None:
    one, other = check(PART), check(PART.replace("2 x", "3 x"))
    assert block(one, "Part") != block(other, "Part")
    wrong = check(PART.replace("2 x", "x + 1 mV"))
    assert [d.code for d in wrong.diagnostics] == ["inconsistent-units"]


def test_used_files_count_as_they_are_now(tmp_path: Path) -> None:
    (tmp_path / "part.plas").write_text(PART, encoding="utf-8")
    assert check(MAIN, tmp_path).diagnostics == ()
    for wrong, code in ((PART.replace("f(τ)", "f(τ) + 1 mV"), "inconsistent-units"), (PART.replace("2 x", "2 y"), "unknown-name")):
        assert [d.code for d in check(MAIN, tmp_path, wrong).diagnostics] == [code]
    assert check(MAIN, tmp_path).diagnostics == ()


def test_findings_come_each_time_and_where_they_are_now() -> None:
    wrong = "neuron A:\n    x = q + 3\n"
    first, again, below = check(wrong), check(wrong), check(f"# more\n{wrong}")
    assert first.diagnostics == again.diagnostics
    (found,), (moved,) = first.diagnostics, below.diagnostics
    assert (found.code, moved.code) == ("unknown-name", "unknown-name")
    assert moved.span.start == found.span.start + len("# more\n")
