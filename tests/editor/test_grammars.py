"""What editors know of the language is written from the table of words; and VS Code's extension is built, with a grammar that agrees with Pygments."""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
import subprocess
import textwrap
from pathlib import Path

import pytest

import plasticdsl
from plasticdsl import mending
from plasticdsl.source import SourceFile
from plasticdsl.syntax.words import FOREIGN, MEANINGS
from plasticdsl.units.table import unit_words
from tests.syntax.test_colours import TEXTS, by_signs

EDITORS = Path(__file__).resolve().parents[2] / "editors"
_SPEC = importlib.util.spec_from_file_location("write_editors", EDITORS / "write.py")
assert _SPEC is not None
assert _SPEC.loader is not None
write = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(write)

_SCOPES = {
    "unit": {"keyword.other.unit"},
    "keyword": {"keyword.control", "storage.type"},
    "name": {"variable.other", "entity.name.function", "entity.name.type", "entity.name.label"},
}


@pytest.mark.parametrize("name", write.FILES)
def test_the_files_are_those_of_the_table_of_words(name: str) -> None:
    assert (EDITORS / name).read_text(encoding="utf-8") == write.FILES[name](), "run editors/write.py"


@pytest.mark.parametrize("name", write.FILES)
def test_every_word_is_in_them(name: str) -> None:
    text = write.FILES[name]()
    assert [word for word in MEANINGS if word not in FOREIGN and word not in text] == []
    assert [word for word in unit_words() if word.isascii() and word.isalpha() and word not in text] == []


def _here(*command: str, given: str | None = None) -> str:
    found = subprocess.run(command, cwd=EDITORS / "vscode", input=given, capture_output=True, text=True, encoding="utf-8", check=True)
    return found.stdout


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("npm") is None, reason="npm is not installed")
def test_the_extension_is_built_and_colours_as_pygments_does() -> None:
    if subprocess.run(["npm", "ping"], capture_output=True, check=False).returncode:
        pytest.skip("npm cannot reach its registry")
    _here("npm", "install", "--no-audit", "--no-fund")
    _here("npm", "test")
    _here("npx", "vsce", "package", "--no-dependencies")
    scopes = json.loads(_here("node", "test/grammar.test.mjs", "--scopes", given=json.dumps(TEXTS)))
    for name, text in TEXTS.items():
        lines = text.split("\n")
        starts = [sum(len(line) + 1 for line in lines[:number]) for number in range(len(lines))]
        found = {(starts[n] + begin + len(word) - len(word.lstrip()), word.strip()): scope for n, begin, word, scope in scopes[name]}
        for begin, word, what in by_signs(text):
            if what and word.strip():
                assert found.get((begin, word)) in _SCOPES[what], (name, word)


@pytest.mark.skipif(shutil.which("emacs") is None, reason="Emacs is not installed")
def test_emacs_indents_behind_colons(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    written = 'neuron A:|"""It leaks:|and fires."""|τ = 20 ms  # so:|spike when V > 1 mV:  # here|V → 0 mV'
    typed = "".join(
        f"(insert {json.dumps(line, ensure_ascii=False)}) (newline nil t) (indent-according-to-mode)" for line in written.split("|")
    )
    less = "(setq this-command 'indent-for-tab-command last-command this-command) (plas-indent-line) (plas-indent-line)"
    program = f'(with-temp-buffer (plas-mode) {typed} {less} (insert "synapse B:") (princ (buffer-string)))'
    found = _here("emacs", "-Q", "--batch", "-l", str(EDITORS / "emacs" / "plas-mode.el"), "--eval", program)
    expected = 'neuron A:\n    """It leaks:\n    and fires."""\n    τ = 20 ms  # so:\n    spike when V > 1 mV:  # here\n        V → 0 mV\nsynapse B:'
    assert found == expected


@pytest.mark.skipif(shutil.which("vim") is None, reason="Vim is not installed")
def test_vim_indents_behind_colons(tmp_path: Path) -> None:
    typed = r"neuron A:\<CR>\"\"\"It leaks:\<CR>and fires:\<CR>at once.\"\"\"\<CR>τ = 20 ms  # so:\<CR>spike when V > 1 mV:  # here\<CR>V → 0 mV"
    path = tmp_path / "model.plas"
    program = f'set encoding=utf-8 rtp^={EDITORS}/vim | filetype plugin indent on | edit {path} | execute "normal! i{typed}" | wq!'
    subprocess.run(
        ("vim", "-es", "-u", "NONE", "-N", "-c", program), check=False, timeout=60, stdin=subprocess.DEVNULL, capture_output=True
    )
    expected = 'neuron A:\n    """It leaks:\n    and fires:\n    at once."""\n    τ = 20 ms  # so:\n    spike when V > 1 mV:  # here\n        V → 0 mV\n'
    assert path.read_text(encoding="utf-8") == expected


SNIPPETS = json.loads((EDITORS / "vscode" / "snippets" / "plas.json").read_text(encoding="utf-8"))


def _as_given(name: str) -> str:
    """What a snippet inserts when nothing is typed at its places."""
    filled = re.sub(r"\$\{\d+:([^}]*)\}", r"\1", "\n".join(SNIPPETS[name]["body"]))
    return filled.replace("$0", "").rstrip("\n") + "\n"


def test_snippets_are_a_model_as_they_are_inserted() -> None:
    """All together; and the one that stands in a block, in each kind that has values by cases."""
    blocks = ("Neuron", "Synapse", "Rule", "Network", "Experiment")
    text = "\n".join(map(_as_given, blocks))
    assert {*SNIPPETS} == {*blocks, "Cases"}
    for whole in (text, text.replace("Excitation, all", "Excitation with STDP, all")):
        found = mending.findings(SourceFile("model.plas", whole), None)
        assert [(d.code, d.message) for d in found if d.code != "no-effect"] == []
    cases = textwrap.indent(_as_given("Cases"), "    ")
    for block in ("neuron Cell:\n    10 ms dV/dt = x − V\n", "rule Grow:\n    w(0) = 0\n    dw/dt = x·1 Hz\n"):
        found = mending.findings(SourceFile("model.plas", block + cases), None)
        assert [d.message for d in found] == []


def test_the_experiment_of_the_snippets_runs() -> None:
    text = "\n".join(map(_as_given, ("Neuron", "Synapse", "Network", "Experiment")))
    result = plasticdsl.parse(text).run("Run")
    assert [e.passed for e in result.expectations] == [True]


#: Scopes that the themes which come with VS Code colour, dark ones too, and brackets, which have the colour of the text.
_COLOURED = (
    *("comment", "string", "constant.numeric", "keyword.control", "keyword.operator", "keyword.other.unit", "storage.type"),
    *("entity.name.type", "entity.name.function", "entity.name.label", "entity.name.namespace", "variable", "punctuation"),
)


def test_every_theme_has_colours_for_the_scopes() -> None:
    grammar = (EDITORS / "vscode" / "syntaxes" / "plas.tmLanguage.json").read_text(encoding="utf-8")
    [meanings] = json.loads((EDITORS / "vscode" / "package.json").read_text(encoding="utf-8"))["contributes"]["semanticTokenScopes"]
    scopes = {
        *re.findall(r'"name": "([\w.-]+)\.plas"', grammar),
        *(s.removesuffix(".plas") for those in meanings["scopes"].values() for s in those),
    }
    assert scopes and [scope for scope in scopes if not scope.startswith(_COLOURED)] == []
