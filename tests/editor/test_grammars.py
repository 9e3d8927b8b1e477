"""What editors know of the language is written from the table of words; and VS Code's extension is built, with a grammar that agrees with Pygments."""

from __future__ import annotations

import importlib.util
import json
import shutil
import subprocess
from pathlib import Path

import pytest

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
