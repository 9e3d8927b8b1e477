"""Statements that the grammar allows, whatever they mean: random derivations of a start rule, with names, numbers and units put in for its terminals."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from random import Random
from typing import Any

from plasticdsl.syntax.parse_tables import START_RULES
from tests.fuzz.corpus import NUMBERS, ROOT, UNITS

#: A symbol of the grammar: its name, and whether it is a terminal.
Symbol = tuple[str, bool]
#: Below this depth the shortest way to an end is taken.
DEEP = 9


@cache
def grammar() -> tuple[Mapping[str, Sequence[Sequence[Symbol]]], Mapping[str, str]]:
    """The ways to write each symbol, and the text of each terminal that has one."""
    from lark import Lark

    text = (ROOT / "grammar" / "plasticdsl.lark").read_text(encoding="utf-8")
    found: Any = Lark(text, parser="lalr", lexer="basic", start=list(START_RULES), keep_all_tokens=True, maybe_placeholders=False)
    ways: dict[str, list[list[Symbol]]] = {}
    for rule in found.rules:
        ways.setdefault(str(rule.origin.name), []).append([(str(s.name), bool(s.is_term)) for s in rule.expansion])
    written = {str(t.name): str(t.pattern.value) for t in found.terminals if t.pattern.type == "str"}
    return {name: sorted(some) for name, some in sorted(ways.items())}, written


@cache
def shortest() -> Mapping[str, int]:
    """How many words each symbol takes at least."""
    ways, _ = grammar()
    found = dict.fromkeys(ways, 10**6)
    changed = True
    while changed:
        changed = False
        for name, some in ways.items():
            least = min(sum(1 if terminal else found[part] for part, terminal in way) for way in some)
            if least < found[name]:
                found[name], changed = least, True
    return found


def derived(start: str, random: Random, names: Sequence[str]) -> str:
    """A statement of this start rule; `names`: what it may name."""
    pieces: list[str] = []
    _derive(start, 0, random, _terminals(random, names), pieces)
    return "".join(pieces).strip()


def _derive(symbol: str, depth: int, random: Random, terminal: Callable[[str], str], pieces: list[str]) -> None:
    ways, _ = grammar()
    sizes = [sum(1 if is_terminal else shortest()[part] for part, is_terminal in way) for way in ways[symbol]]
    few = min(sizes)
    open_to = [way for way, size in zip(ways[symbol], sizes, strict=True) if depth < DEEP or size == few]
    for part, is_terminal in random.choice(open_to):
        if is_terminal:
            pieces.append(terminal(part))
        else:
            _derive(part, depth + (0 if part.startswith("_") else 1), random, terminal, pieces)


#: Signs that stand close to what is before or behind them.
_CLOSE = (")", "]", ",", ":", ".")


def _terminals(random: Random, names: Sequence[str]) -> Callable[[str], str]:
    """The text of a terminal, with the blank before it where one is needed."""
    _, written = grammar()

    def name() -> str:
        return random.choice(names) if names else "x"

    made: Mapping[str, Callable[[], str]] = {
        "NAME": lambda: f" {name()}",
        "CALLED": lambda: f" {name()}",
        "DERIVATIVE": lambda: f" d{name()}/dt",
        "NUMBER": lambda: f" {random.choice(NUMBERS)}" + (f" {random.choice(UNITS)}" if random.random() < 0.5 else ""),
        "STRING": lambda: f' "{random.choice(("networks/song_abbott", "digits.npz", "words.csv", "x", "", "a b"))}"',
        "POWER": lambda: random.choice(("²", "⁻¹", "³", "⁰", "¹⁰⁰")),
        "LIMIT": lambda: random.choice("⁺⁻"),
        "INDEX": lambda: "[",
        "RECTIFIED": lambda: "]₊",
        "AVERAGED": lambda: f"⟩_{name()}",
        "BAR_OPEN": lambda: " |",
        "BAR_CLOSE": lambda: "| ",
        "SUM": lambda: " Σ",
        "SUM_OVER": lambda: " Σ_ij",
        "SUM_BRACE": lambda: " Σ_{",
        "AT_SPIKES": lambda: " at spikes",
        "IN_PHASE": lambda: " in phase",
        "NEXT_CASE": lambda: "\n            ",
    }

    before = ""

    def text(terminal: str) -> str:
        nonlocal before
        called, before = before == "CALLED", terminal
        if terminal in made:
            return made[terminal]()
        word = written.get(terminal, terminal.lower())
        return word if called or word in _CLOSE else f" {word}"

    return text
