"""No regular expression takes long to find that something long is not what it looks for: texts are checked and coloured while they are written."""

from __future__ import annotations

import pkgutil
import re
from collections.abc import Iterator
from importlib import import_module
from itertools import chain
from types import ModuleType

import pytest

import plasticdsl
from plasticdsl.syntax.colours import rules
from plasticdsl.syntax.foreign import compiled
from plasticdsl.syntax.foreign_lines import LINES
from plasticdsl.syntax.foreign_sections import SECTIONS
from plasticdsl.syntax.foreign_words import WORDS
from tests.fuzz.fuzz import TooSlow, limited

#: What goes on and on, and ends otherwise than it seems.
ENDLESS = [
    *("P" * 60, "a_b" * 30 + "=", "τ" + "₊" * 60, "a" + "_{ij}" * 20, "x" + "\u0302" * 60, "d" * 60 + "/dt", "a." * 40, "mV" * 40),
    *("a " * 60, "a, " * 60, "a: " * 60, "a; " * 60, "a = " * 40, "a <- " * 40, "a -> " * 40, "on pre " * 30, "if a " * 30, "10 mV " * 40),
    *("1" * 80, "0." * 60, "1e" * 40, "(" * 40 + "a" + ")" * 39, "f(" * 40, "x = " + "(a) " * 40, "x = [" + "1, " * 40, "[" * 50),
    *(
        "a = b" + " + b" * 50,
        "-" * 80,
        "−" * 80,
        "#" * 80,
        '"' + "a" * 80,
        "'" * 80,
        "\\tau" * 30,
        "a" + " " * 200 + "b",
        "\n" * 80,
        "    \n" * 40,
    ),
]


def of_modules() -> Iterator[re.Pattern[str]]:
    """Those that modules of the package hold by name, in tables or not."""
    for found in pkgutil.walk_packages(plasticdsl.__path__, "plasticdsl."):
        if not found.name.endswith("__main__"):
            yield from of_module(import_module(found.name))


def of_module(module: ModuleType) -> Iterator[re.Pattern[str]]:
    for value in vars(module).values():
        held = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else (value,)
        for one in held:
            yield from (p for p in (one if isinstance(one, tuple) else (one,)) if isinstance(p, re.Pattern) and isinstance(p.pattern, str))


def of_shapes() -> Iterator[re.Pattern[str]]:
    for shape in (*LINES, *SECTIONS):
        yield from (compiled(text.replace("{1}", "x")) for text in (shape.pattern, shape.beside) if text)


def test_no_pattern_takes_long() -> None:
    pytest.importorskip("pygls")  # some modules are for editors
    patterns = {
        *of_modules(),
        *of_shapes(),
        *(word.pattern for word in WORDS),
        *(re.compile(rule.pattern, re.MULTILINE) for rule in rules()),
    }
    assert len(patterns) > 300
    slow = []
    for pattern in patterns:
        for text in chain.from_iterable((text, f"    {text} !") for text in ENDLESS):
            try:
                with limited(0.5):
                    pattern.fullmatch(text)
                    list(pattern.finditer(text))
            except TooSlow:
                slow.append((pattern.pattern[:200], text))
    assert slow == []
