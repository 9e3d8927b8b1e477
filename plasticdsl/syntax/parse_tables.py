"""The parse tables: what may follow in each state of a statement, and what is built once a rule of the grammar is complete.

Comes in: the text of `grammar/plasticdsl.lark`. Goes out: `Tables`. lark makes them in a second. `python -m plasticdsl.syntax.parse_tables` writes them
beside the grammar, and as long as these are of the same grammar nothing needs lark; where they are not, the cache keeps what lark makes. The same grammar
gives the same text: states are numbered in the order in which they are reached from the start rules, by the names of what is read.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from pathlib import Path
from typing import Any

from plasticdsl import cache
from plasticdsl._resources import resource

#: The rules of the grammar that read one statement each.
START_RULES = ("item", "dynamics", "reaction", "network", "procedure", "unit_value", "row")
#: The end of a statement.
END = "$END"
_FORMAT = 1


@dataclass(frozen=True, slots=True)
class Rule:
    """`length` parts that are complete: what `builder` makes of them belongs to the symbol `origin`. `inlined`: places of parts that are lists, whose
    members take their place; a rule without a builder gives such a list. `alone`: a single part stays what it is."""

    origin: str
    builder: str
    length: int
    inlined: tuple[int, ...]
    alone: bool


#: The state after the word or part, or the rule that is complete before it.
Action = int | Rule


@dataclass(frozen=True, slots=True)
class Tables:
    """`states`: by word (a sign in its ASCII spelling, a kind of token, a keyword in capitals) and by part (the name of a rule), what to do. `starts`: for
    each start rule the first state, and the last one. `keywords`: each word of the grammar with its name."""

    states: tuple[Mapping[str, Action], ...]
    rules: tuple[Rule, ...]
    starts: Mapping[str, tuple[int, int]]
    keywords: Mapping[str, str]


@lru_cache(maxsize=1)
def tables() -> Tables:
    """Those of the grammar: shipped, from the cache, or made now."""
    folder = resource("grammar")
    grammar = (folder / "plasticdsl.lark").read_text(encoding="utf-8")
    with suppress(Exception):  # they are missing, or of another grammar, or of another version of this module
        return read((folder / "plasticdsl.tables").read_text(encoding="utf-8"), grammar)
    name = f"grammar-{_digest(grammar)}.tables"
    with suppress(Exception):  # whatever is wrong with an old file, it is made anew
        return read((cache.found(name) or b"").decode(), grammar)
    text = made(grammar)
    cache.put(name, text.encode())
    return read(text, grammar)


def _digest(grammar: str) -> str:
    return hashlib.blake2b("\0".join((str(_FORMAT), *START_RULES, grammar)).encode(), digest_size=12).hexdigest()


# --- their text ------------------------------------------------------------------------------------------------------


def read(text: str, grammar: str) -> Tables:
    """The tables that are written in `text`. Raises ValueError where they are not of this grammar."""
    found = json.loads(text)
    if found["grammar"] != _digest(grammar):
        raise ValueError("tables of another grammar")
    rules = tuple(Rule(origin, builder, length, tuple(inlined), alone) for origin, builder, length, inlined, alone in found["rules"])
    symbols, ahead, states = [symbol for symbol, _, _ in found["states"]], found["ahead"], []
    for _, following, complete in found["states"]:
        row: dict[str, Action] = {symbols[state]: state for state in _numbers(following)}
        for rule, words in complete:
            row |= dict.fromkeys(ahead[words], rules[rule])
        states.append(row)
    return Tables(tuple(states), rules, {name: (first, last) for name, (first, last) in found["starts"].items()}, found["keywords"])


def _numbers(ranges: str) -> Iterator[int]:
    """`1-3,5` → 1, 2, 3, 5."""
    for part in ranges.split(",") if ranges else ():
        first, _, last = part.partition("-")
        yield from range(int(first), int(last or first) + 1)


def _ranges(numbers: Sequence[int]) -> str:
    """1, 2, 3, 5 → `1-3,5`."""
    runs = [[n for _, n in run] for _, run in groupby(enumerate(sorted(numbers)), lambda pair: pair[1] - pair[0])]
    return ",".join(f"{run[0]}-{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs)


# --- made by lark ----------------------------------------------------------------------------------------------------


def made(grammar: str) -> str:
    """The text of the tables of a grammar. Each state is reached by one symbol; it stands with the state, so rows name what follows by states alone."""
    rows, starts, keywords = _by_lark(grammar)
    order = _order([first for first, _ in starts.values()], rows)
    numbers = {state: number for number, state in enumerate(order)}
    rules = sorted({action for row in rows.values() for action in row.values() if isinstance(action, Rule)}, key=repr)
    complete = {state: _by_rule(rows[state]) for state in order}
    ahead = sorted({words for found in complete.values() for words in found.values()})
    states = []
    for state, symbol in order.items():
        following = [numbers[to] for to in rows[state].values() if not isinstance(to, Rule)]
        states.append([symbol, _ranges(following), [[rules.index(rule), ahead.index(words)] for rule, words in complete[state].items()]])
    parts = {
        "grammar": _digest(grammar),
        "keywords": dict(sorted(keywords.items())),
        "starts": {name: [numbers[first], numbers[last]] for name, (first, last) in starts.items()},
        "rules": [[r.origin, r.builder, r.length, list(r.inlined), r.alone] for r in rules],
        "ahead": ahead,
        "states": states,
    }
    return "{\n" + ",\n".join(f'"{name}": {_lines(part)}' for name, part in parts.items()) + "\n}\n"


def _by_lark(grammar: str) -> tuple[dict[int, dict[str, Action]], dict[str, tuple[int, int]], dict[str, str]]:
    """States, starts and keywords as in `Tables`, in the numbers that lark gave the states this time."""
    from lark import Lark
    from lark.parsers.lalr_analysis import Shift

    found: Any = Lark(grammar, parser="lalr", lexer="basic", start=list(START_RULES), keep_all_tokens=True, maybe_placeholders=False)
    table = found.parser.parser.parser.parse_table
    written = {t.name: str(t.pattern.value) for t in found.terminals if t.pattern.type == "str"}
    keywords = {word: name for name, word in written.items() if word[0].isalpha() and word.isascii()}
    signs = {name: word for name, word in written.items() if word not in keywords}
    rows: dict[int, dict[str, Action]] = {}
    for state, actions in table.states.items():
        rows[state] = {signs.get(name, name): argument if how is Shift else _rule(argument) for name, (how, argument) in actions.items()}
    return rows, {name: (table.start_states[name], table.end_states[name]) for name in START_RULES}, keywords


def _rule(rule: Any) -> Rule:
    """As lark builds trees: parts whose names begin with `_` are put into what they are a part of, and `?name` is its only part where it has one."""
    origin, parts = str(rule.origin.name), rule.expansion
    builder = "" if origin.startswith("_") else str(rule.alias or origin)
    inlined = tuple(place for place, part in enumerate(parts) if not part.is_term and part.name.startswith("_"))
    return Rule(origin, builder, len(parts), inlined, bool(rule.options.expand1 and not rule.alias))


def _order(firsts: Sequence[int], rows: Mapping[int, Mapping[str, Action]]) -> dict[int, str]:
    """The states in the order in which they are reached, each with the symbol by which it is ("" for first ones)."""
    reached = dict.fromkeys(firsts, "")
    waiting = list(firsts)
    for state in waiting:
        for symbol, to in sorted(rows[state].items(), key=lambda entry: entry[0]):
            if isinstance(to, Rule):
                continue
            if to not in reached:
                waiting.append(to)
            assert reached.setdefault(to, symbol) == symbol
    return reached


def _by_rule(row: Mapping[str, Action]) -> dict[Rule, tuple[str, ...]]:
    """The rules that may be complete, with the words before which they are."""
    rules = sorted({action for action in row.values() if isinstance(action, Rule)}, key=repr)
    return {rule: tuple(sorted(word for word, action in row.items() if action == rule)) for rule in rules}


def _lines(part: object) -> str:
    """One line for each member, so that differences can be read."""
    if isinstance(part, list):
        return "[\n" + ",\n".join(json.dumps(one, ensure_ascii=False, separators=(",", ":")) for one in part) + "\n]"
    return json.dumps(part, ensure_ascii=False)


def main() -> None:
    """Writes the tables of the grammar beside it."""
    folder = Path(str(resource("grammar")))
    text = made((folder / "plasticdsl.lark").read_text(encoding="utf-8"))
    (folder / "plasticdsl.tables").write_text(text, encoding="utf-8", newline="\n")
    sys.stdout.write(f"{folder / 'plasticdsl.tables'}: {len(text):,} characters\n")


if __name__ == "__main__":
    main()
