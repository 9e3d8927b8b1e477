"""Findings as text and JSON, nearest names, and the list of codes."""

import json
import re
from pathlib import Path

import plasticdsl.syntax
from plasticdsl.diagnostics.codes import CODES
from plasticdsl.diagnostics.diagnostic import Diagnostic, Hint, Label, Severity, diagnostic
from plasticdsl.diagnostics.render import render, to_json
from plasticdsl.diagnostics.suggest import did_you_mean, nearest
from plasticdsl.source import NOWHERE, SourceFile, Span

TEXT = "rule A:\n    x̄ = 漢字 + b\n\ty = 1\n"
SOURCES = {"a.plas": SourceFile("a.plas", TEXT)}


def place(part: str) -> Span:
    start = TEXT.index(part)
    return Span(start, start + len(part), "a.plas")


def test_a_finding_as_text() -> None:
    finding = Diagnostic("some-code", "this is wrong", place("b"), "do that", (Label(place("漢字"), "not this"),))
    assert render(finding, SOURCES) == (
        "a.plas:2:15: error[some-code]: this is wrong\n"
        "    2 |     x̄ = 漢字 + b\n"
        "      |                ^\n"
        "    2 |     x̄ = 漢字 + b\n"
        "      |         ^^^^ not this\n"
        "  hint: do that"
    )


def test_tabs_and_warnings() -> None:
    finding = Diagnostic("some-code", "careful", place("y"), severity=Severity.WARNING)
    assert render(finding, SOURCES) == "a.plas:3:2: warning[some-code]: careful\n    3 |     y = 1\n      |     ^"


def test_a_label_in_another_file_and_one_in_none() -> None:
    sources = {**SOURCES, "b.plas": SourceFile("b.plas", "other\n")}
    finding = Diagnostic("c", "m", place("b"), labels=(Label(Span(0, 5, "b.plas"), "here"), Label(NOWHERE, "built in")))
    assert "  in b.plas:1:1:\n    1 | other\n      | ^^^^^ here\n  built in" in render(finding, sources)


def test_places_at_and_beyond_the_end() -> None:
    for start, end in ((len(TEXT), len(TEXT)), (len(TEXT), len(TEXT) + 5), (0, len(TEXT)), (7, 8)):
        assert "^" in render(Diagnostic("c", "m", Span(start, end, "a.plas")), SOURCES)
    assert render(Diagnostic("c", "m", Span(0, 0, "gone.plas")), SOURCES) == "gone.plas: error[c]: m"


def test_long_lines_are_cut() -> None:
    source = {"x": SourceFile("x", "a" * 5000 + "!" + "b" * 5000)}
    shown = render(Diagnostic("c", "m", Span(5000, 5001, "x")), source).split("\n")
    assert len(shown[1]) < 200
    assert shown[1][shown[2].index("^")] == "!"


def test_json() -> None:
    (data,) = json.loads(to_json([Diagnostic("c", "m", place("b"), "h", (Label(place("x̄"), "l"),))], SOURCES))
    assert (data["file"], data["line"], data["column"], data["end_column"]) == ("a.plas", 2, 15, 16)
    assert data["severity"] == "error" and data["labels"][0]["text"] == "l"


def test_json_holds_what_the_hint_shows_to_write() -> None:
    (data,) = json.loads(to_json([diagnostic("c", "m", place("b"), Hint("Write ‘b²’.", ("b²",)))], SOURCES))
    (fix,) = data["fixes"]
    assert (fix["text"], fix["file"], fix["line"], fix["column"]) == ("b²", "a.plas", data["line"], data["column"])


def test_nearest_names_are_shown_as_written() -> None:
    known = ["τ_ex", "τ_in", "τ_m", "V_θ", "w"]
    assert nearest("tau_n", known) == nearest("τ_n", known) == "τ_m"  # another letter is likelier than a missing one
    assert nearest("τ_i", known) == "τ_m" and nearest("τ_iin", known) == nearest("τ_in", known) == "τ_in"
    assert did_you_mean("v_theta", known) == Hint("Did you mean ‘V_θ’?", ("V_θ",))
    assert did_you_mean("completely_different", known, "") == Hint("")
    assert did_you_mean("completely_different", known) == Hint("There is: τ_ex, τ_in, τ_m, V_θ, w.")
    assert nearest("W", known) == "w" and nearest("", known) is None


def test_every_code_of_the_front_end_is_listed() -> None:
    folder = Path(plasticdsl.syntax.__path__[0])
    used = {code for path in folder.glob("*.py") for code in re.findall(r'(?:Refusal|Diagnostic)\(\s*"([a-z-]+)"', path.read_text("utf-8"))}
    assert used - set(CODES) == set()


def test_codes_are_sorted_and_written_out() -> None:
    assert list(CODES) == sorted(CODES)
    for code in CODES.values():
        assert not code.title.endswith(".") and code.explanation.endswith((".", "?"))
