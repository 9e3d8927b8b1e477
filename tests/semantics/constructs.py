"""Which constructs of the language a text has: the alternatives of the rules of the grammar that are complete when it is read.

Comes in: texts. Goes out: `Construct`s. `every()` has those of the grammar. Whether something stands in a list (`x*`) or behind a comma or colon that may
be left out makes no construct of its own.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from functools import cache
from typing import Any, NamedTuple
from unittest import mock

from plasticdsl._resources import resource
from plasticdsl.source import SourceFile
from plasticdsl.syntax import grammar
from plasticdsl.syntax.parse_tables import END, START_RULES, Rule, tables
from plasticdsl.syntax.parser import parse


class Construct(NamedTuple):
    """An alternative of a rule: what it is made of, signs and words as they are written."""

    rule: str
    parts: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.rule}: {' '.join(self.parts)}"


@cache
def every() -> frozenset[Construct]:
    """Those of the grammar."""
    from lark import Lark

    text = (resource("grammar") / "plasticdsl.lark").read_text(encoding="utf-8")
    found: Any = Lark(text, parser="lalr", lexer="basic", start=list(START_RULES), keep_all_tokens=True, maybe_placeholders=False)
    written = {t.name: str(t.pattern.value) for t in found.terminals if t.pattern.type == "str"}
    signs = {name: word for name, word in written.items() if not (word[0].isalpha() and word.isascii())}
    made = (_construct(str(r.origin.name), [signs.get(part.name, part.name) for part in r.expansion]) for r in found.rules)
    return frozenset(one for one in made if one is not None)


def _construct(rule: str, symbols: Iterable[str]) -> Construct | None:
    """None for a list, and for what only hands on the one part that it has."""
    parts = tuple(one for one in symbols if not one.startswith("__") and one not in (",", ":"))
    if rule.startswith("_") or (len(parts) == 1 and parts[0].islower()):
        return None
    return Construct(rule, parts)


@cache
def _symbols() -> tuple[str, ...]:
    """By which each state of the parser is reached."""
    return tuple(symbol for symbol, _, _ in json.loads((resource("grammar") / "plasticdsl.tables").read_text(encoding="utf-8"))["states"])


def constructs(text: str) -> frozenset[Construct]:
    """Those of a text. Raises PlasError where it is none of the language."""
    found: set[Construct] = set()

    class Told(grammar._Statement):
        """A statement that tells of each rule that is complete."""

        def take(self, word: str, value: Any) -> bool:
            rows, states = tables().states, list(self.states)
            while not (word == END and states[-1] == self.last):
                match rows[states[-1]].get(word):
                    case Rule(origin, _, length):
                        one = _construct(origin, (_symbols()[state] for state in states[len(states) - length :]))
                        found.update(() if one is None else (one,))
                        del states[len(states) - length :]
                        states.append(grammar._after_part(rows[states[-1]], origin))
                    case _:
                        break
            return super().take(word, value)

    with mock.patch.object(grammar, "_Statement", Told):
        parse(SourceFile("<text>", text))
    return frozenset(found)


def counted(texts: Iterable[str]) -> Counter[Construct]:
    """In how many texts each occurs."""
    return Counter(construct for text in texts for construct in constructs(text))
