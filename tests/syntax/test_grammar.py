"""The grammar itself: free of conflicts, complete, quickly loaded."""

import logging
import os
import subprocess
import sys
from pathlib import Path

import lark
import pytest

from plasticdsl._resources import resource
from plasticdsl.syntax import parse_tables
from plasticdsl.syntax.build_dynamics import DYNAMICS
from plasticdsl.syntax.build_experiments import EXPERIMENTS
from plasticdsl.syntax.build_expressions import EXPRESSIONS
from plasticdsl.syntax.build_networks import NETWORKS
from plasticdsl.syntax.parse_tables import START_RULES, tables
from plasticdsl.syntax.words import RESERVED


def test_the_grammar_has_no_conflicts(caplog: pytest.LogCaptureFixture) -> None:
    text = (resource("grammar") / "plasticdsl.lark").read_text(encoding="utf-8")
    lark.logger.setLevel(logging.DEBUG)
    lark.logger.propagate = True
    try:
        with caplog.at_level(logging.DEBUG, logger=lark.logger.name):
            lark.Lark(text, parser="lalr", lexer="basic", start=list(START_RULES), debug=True)
    finally:
        lark.logger.setLevel(logging.CRITICAL)
    assert "conflict" not in caplog.text.lower()


def test_every_rule_has_its_function() -> None:
    built = {*EXPRESSIONS, *DYNAMICS, *NETWORKS, *EXPERIMENTS}
    assert {rule.builder for rule in tables().rules if rule.builder} - built <= {
        # passed through unchanged, since they have one part
        *START_RULES, "condition", "conjunction", "negation", "comparison", "expression", "signed", "product", "closed", "open",
        "chain", "moment", "power", "later_power", "exponent", "postfix", "unit", "drawn", "reading", "taking",
    }  # fmt: skip


def test_reserved_words_are_words_of_the_grammar() -> None:
    assert RESERVED - {"Sum", "else", "elif", "then"} <= set(tables().keywords)


def grammar_text() -> str:
    return (resource("grammar") / "plasticdsl.lark").read_text(encoding="utf-8")


def test_the_shipped_tables_are_of_this_grammar() -> None:
    """To the byte, in whatever order lark goes through its sets; `python -m plasticdsl.syntax.parse_tables` writes them."""
    shipped = (resource("grammar") / "plasticdsl.tables").read_text(encoding="utf-8")
    script = "from tests.syntax.test_grammar import grammar_text; from plasticdsl.syntax.parse_tables import made; print(made(grammar_text()), end='')"
    environment = {**os.environ, "PYTHONHASHSEED": "7", "PYTHONPATH": str(Path(__file__).parents[2]), "PYTHONUTF8": "1"}
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True, encoding="utf-8")
    assert done.stdout == shipped


def test_reading_a_model_takes_no_lark() -> None:
    script = "import sys; from plasticdsl.syntax.parser import parse; from plasticdsl.source import SourceFile\n"
    script += "print(len(parse(SourceFile('x', 'rule A:\\n    a = 1\\n')).items), 'lark' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2])
    assert done.stdout.split() == ["1", "False"]


def test_tables_of_a_grammar_that_was_changed_are_made_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The cache keeps them, and what is damaged there is made anew."""
    folder, kept = tmp_path / "grammar", tmp_path / "cache"
    folder.mkdir()
    (folder / "plasticdsl.lark").write_text(grammar_text() + "// changed\n", encoding="utf-8")
    (folder / "plasticdsl.tables").write_text((resource("grammar") / "plasticdsl.tables").read_text(encoding="utf-8"), encoding="utf-8")
    shipped, made, calls = tables(), parse_tables.made, list[str]()
    monkeypatch.setenv("PLASTICDSL_CACHE", str(kept))
    monkeypatch.setattr(parse_tables, "resource", lambda name: tmp_path / name)
    monkeypatch.setattr(parse_tables, "made", lambda grammar: calls.append(grammar) or made(grammar))
    find = tables.__wrapped__
    assert (find(), find()) == (shipped, shipped) and len(calls) == 1
    (file,) = kept.glob("*.tables")
    kept_text = file.read_bytes()
    file.write_bytes(b"no tables at all")
    assert find() == shipped and len(calls) == 2 and file.read_bytes() == kept_text
