"""The grammar itself: free of conflicts, complete, quickly loaded."""

import logging
import subprocess
import sys
import time
from pathlib import Path

import lark
import pytest

from plasticdsl._resources import resource
from plasticdsl.syntax.build_dynamics import DYNAMICS
from plasticdsl.syntax.build_experiments import EXPERIMENTS
from plasticdsl.syntax.build_expressions import EXPRESSIONS
from plasticdsl.syntax.build_networks import NETWORKS
from plasticdsl.syntax.grammar import START_RULES, keywords, tables
from plasticdsl.syntax.names import RESERVED


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
        "chain", "power", "later_power", "exponent", "postfix",
    }  # fmt: skip


def test_reserved_words_are_words_of_the_grammar() -> None:
    assert RESERVED - {"Sum", "else", "elif", "then"} <= set(keywords())


def test_tables_are_cached_and_loaded_quickly(tmp_path: Path) -> None:
    """A second process reads the tables that the first one stored."""
    script = "import sys; from plasticdsl.syntax.parser import parse; from plasticdsl.source import SourceFile\n"
    script += "print(len(parse(SourceFile('x', 'rule A:\\n    a = 1\\n')).items), 'lark.load_grammar' in sys.modules)"
    environment = {"PLASTICDSL_CACHE": str(tmp_path), "PYTHONPATH": str(Path(__file__).parents[2]), "PATH": ""}
    for _ in range(2):
        begin = time.perf_counter()
        done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)
        seconds = time.perf_counter() - begin
        assert done.stdout.startswith("1 ")
    assert len(list(tmp_path.glob("grammar-*.bin"))) == 1
    assert seconds < 3.0


def test_a_broken_cache_is_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLASTICDSL_CACHE", str(tmp_path))
    tables.cache_clear()
    tables()
    (file,) = tmp_path.glob("grammar-*.bin")
    file.write_bytes(b"no tables at all")
    tables.cache_clear()
    assert tables().rules
    tables.cache_clear()
