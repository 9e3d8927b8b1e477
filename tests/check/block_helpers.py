"""Checks a piece of text and hands back its blocks or what is wrong with it."""

from __future__ import annotations

import textwrap

from plasticdsl.check.apply import file_scope
from plasticdsl.check.blocks import CheckedBlock, check_block
from plasticdsl.check.builtins import constants
from plasticdsl.check.report import Reporter
from plasticdsl.diagnostics.diagnostic import Diagnostic
from plasticdsl.source import SourceFile
from plasticdsl.syntax import tree
from plasticdsl.syntax.parser import parse


def check_text(text: str) -> tuple[list[CheckedBlock], tuple[Diagnostic, ...]]:
    """The blocks of a text and every finding."""
    file = parse(SourceFile("<text>", textwrap.dedent(text)))
    report = Reporter()
    scope = file_scope(tuple(i for i in file.items if isinstance(i, tree.Function)), constants())
    blocks = [check_block(i, scope, report) for i in file.items if isinstance(i, tree.Block)]
    return blocks, report.diagnostics


def block(text: str) -> CheckedBlock:
    """The last block of a text that has nothing wrong."""
    blocks, found = check_text(text)
    assert not found, [d.message for d in found]
    return blocks[-1]


def codes(text: str) -> list[str]:
    """The codes of what is wrong, in the order of the text."""
    return [d.code for d in check_text(text)[1]]
