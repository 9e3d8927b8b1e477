"""The grammar itself: free of conflicts, complete, quickly loaded."""

import logging
import subprocess
import sys
from pathlib import Path

import lark
import pytest

from plasticdsl._resources import resource
from plasticdsl.syntax import grammar
from plasticdsl.syntax.build_dynamics import DYNAMICS
from plasticdsl.syntax.build_experiments import EXPERIMENTS
from plasticdsl.syntax.build_expressions import EXPRESSIONS
from plasticdsl.syntax.build_networks import NETWORKS
from plasticdsl.syntax.grammar import START_RULES, keywords, tables
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
    named = {str(rule.alias or rule.origin.name) for rule in tables().rules}
    assert {name for name in named if not name.startswith("_")} - built <= {
        # passed through unchanged, since they have one part
        *START_RULES, "condition", "conjunction", "negation", "comparison", "expression", "signed", "product", "closed", "open",
        "chain", "power", "later_power", "exponent", "postfix", "unit", "drawn", "reading", "taking",
    }  # fmt: skip


def test_reserved_words_are_words_of_the_grammar() -> None:
    assert RESERVED - {"Sum", "else", "elif", "then"} <= set(keywords())


def test_tables_are_made_once(tmp_path: Path) -> None:
    """A second process reads the tables that the first one stored."""
    script = "from plasticdsl.syntax import grammar; from plasticdsl.syntax.parser import parse; from plasticdsl.source import SourceFile\n"
    script += "made, make = [], grammar._make; grammar._make = lambda *given: made.append(1) or make(*given)\n"
    script += "print(len(parse(SourceFile('x', 'rule A:\\n    a = 1\\n')).items), len(made))"
    environment = {"PLASTICDSL_CACHE": str(tmp_path), "PYTHONPATH": str(Path(__file__).parents[2]), "PATH": ""}
    for made in (1, 0):
        done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)
        assert done.stdout.split() == ["1", str(made)]
    assert len(list(tmp_path.glob("grammar-*.bin"))) == 1


def test_a_broken_cache_is_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLASTICDSL_CACHE", str(tmp_path))
    file = tmp_path / grammar._name_of((resource("grammar") / "plasticdsl.lark").read_text(encoding="utf-8"))
    file.write_bytes(b"no tables at all")
    tables.cache_clear()
    assert tables().rules
    assert len(file.read_bytes()) > 100_000 and list(tmp_path.iterdir()) == [file]
    tables.cache_clear()
