"""Mutants of the corpus: `mutant(seed)` is a text, the same for the same seed and checkout.

A text is chosen, or two are mixed; then one to four times a part of it is changed: a character, a word, a number, a name (once or everywhere), a
statement, a block, or a part of the syntax tree, in whose place stands another of its kind from another text, or a new one that the grammar allows.
Every other mutant is changed so little that it may well be right: then what comes after reading has something to do.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import accumulate
from pathlib import Path
from random import Random

from plasticdsl.names import NAME
from plasticdsl.source import SourceFile, Span
from plasticdsl.syntax.homes import BLOCK_RULES
from plasticdsl.syntax.parser import reading
from plasticdsl.syntax.walk import nodes
from tests.fuzz import corpus
from tests.fuzz.derive import derived

_NAME = re.compile(NAME)
_NUMBER = re.compile(r"(?<![\w.])(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+\-−]?\d+)?")
_QUANTITY = re.compile(rf"(?:{_NUMBER.pattern})[ ]?[^\s\d(),;:=+\[\]#\"]*")
_WORD = re.compile(rf"{NAME}|{_NUMBER.pattern}|\"[^\"\n]*\"|[^\s\w]+|\n +|[ \t]+")


@dataclass(frozen=True)
class Mutant:
    """`text`, which finds other files in `folder`; `steps`: what was done to make it."""

    text: str
    folder: Path
    steps: tuple[str, ...]


def mutant(seed: int) -> Mutant:
    """The mutant of a seed."""
    random = Random(f"plasticdsl {seed}")
    texts = corpus.texts()
    folder, text = random.choices(texts, cum_weights=_weights())[0]
    steps: list[str] = []
    if seed % 2:
        for _ in range(random.choice((1, 1, 2))):
            change = random.choice(GENTLE)
            text = change(text, random)
            steps.append(change.__name__)
        return Mutant(text, folder, tuple(steps))
    if random.random() < 0.15:
        text = mixed(text, random.choices(texts, cum_weights=_weights())[0][1], random)
        steps.append("mixed")
    if random.random() < 0.2:
        text = fewer(text, random)
        steps.append("fewer")
    for _ in range(random.choice((1, 1, 1, 2, 2, 3, 4))):
        change = random.choice(CHANGES)
        text = change(text, random)
        steps.append(change.__name__)
    return Mutant(text, folder, tuple(steps))


@cache
def _weights() -> tuple[float, ...]:
    """Long texts take long to check, so short ones are chosen more often; those that are wrong already are chosen more seldom."""
    return tuple(accumulate((0.3 if folder.name == "bad" else 1.0) / (300 + len(text)) ** 1.2 for folder, text in corpus.texts()))


# --- characters, words, numbers, names -------------------------------------------------------------------------------


def _replaced(text: str, match: re.Match[str] | Span, new: str) -> str:
    start, end = (match.start, match.end) if isinstance(match, Span) else match.span()
    return text[:start] + new + text[end:]


def _one(pattern: re.Pattern[str], text: str, random: Random) -> re.Match[str] | None:
    """One of the places where the pattern is found."""
    found = list(pattern.finditer(text))
    return random.choice(found) if found else None


def sign(text: str, random: Random) -> str:
    """A sign put in somewhere, or in the place of a character."""
    place = random.randrange(len(text) + 1)
    return text[:place] + random.choice(corpus.SIGNS) + text[place + random.choice((0, 0, 1)) :]


def lost(text: str, random: Random) -> str:
    """Some characters less."""
    place = random.randrange(len(text) + 1)
    return text[:place] + text[place + random.choice((1, 1, 1, 2, 5, 20)) :]


def word(text: str, random: Random) -> str:
    """A word or sign less, twice, or in the place of another."""
    found = list(_WORD.finditer(text))
    if not found:
        return text
    one, other = random.choice(found), random.choice(found)[0]
    return _replaced(text, one, random.choice(("", one[0] + one[0], one[0] + " " + one[0], other, other, other)))


def number(text: str, random: Random) -> str:
    """A number at an edge in the place of another; its unit stays."""
    found = _one(_NUMBER, text, random)
    return text if found is None else _replaced(text, found, random.choice(corpus.NUMBERS))


def quantity(text: str, random: Random) -> str:
    """Another number and unit in the place of a quantity, or a name."""
    found = _one(_QUANTITY, text, random)
    if found is None:
        return text
    new = f"{random.choice((*corpus.NUMBERS, found[0].split()[0]))} {random.choice(corpus.UNITS)}"
    return _replaced(text, found, random.choice((new, new, random.choice(_NAME.findall(text) or ["x"]))))


def name(text: str, random: Random) -> str:
    """Another name of the text in the place of one."""
    found = _one(_NAME, text, random)
    return text if found is None else _replaced(text, found, random.choice(_NAME.findall(text)))


def foreign_name(text: str, random: Random) -> str:
    """A word of the language, Python or kernels in the place of a name."""
    found = _one(_NAME, text, random)
    return text if found is None else _replaced(text, found, random.choice(corpus.words()))


def scaled(text: str, random: Random) -> str:
    """Another number in the place of one, with its unit: near it, or of another size."""
    found = _one(_NUMBER, text, random)
    if found is None:
        return text
    value = float(found[0].replace("−", "-"))
    new = random.choice(
        (0.0, 1.0, value * 1.001, value * 10.0, value * 1e3, value * 1e-3, value * 1e9, value * 1e-9, value + 1.0, abs(value - 1.0))
    )
    return _replaced(text, found, f"{new:.15g}")


def renamed(text: str, random: Random) -> str:
    """One name everywhere: a word of the language, of Python, of kernels, or another name of the text."""
    names = [n for n in _NAME.findall(text) if n not in corpus.language()]
    if not names:
        return text
    old = random.choice(names)
    new = random.choice(corpus.words()) if random.random() < 0.8 else random.choice(names)
    return _NAME.sub(lambda match: new if match[0] == old else match[0], text)


# --- lines, statements, blocks ---------------------------------------------------------------------------------------


def line(text: str, random: Random) -> str:
    """A line less, twice, elsewhere, deeper, less deep, joined with the next, or one of another text."""
    lines = text.splitlines(keepends=True)
    if not lines:
        return text
    place, other = random.randrange(len(lines)), random.randrange(len(lines))
    match random.randrange(7):
        case 0:
            del lines[place]
        case 1:
            lines.insert(other, lines[place])
        case 2:
            lines[place], lines[other] = lines[other], lines[place]
        case 3:
            lines[place] = random.choice((" ", "    ", "\t", "        ")) + lines[place]
        case 4:
            lines[place] = lines[place].removeprefix(random.choice((" ", "    ")))
        case 5:
            lines[place] = lines[place].rstrip("\n")
        case _:
            lines[place] = random.choice(random.choice(corpus.texts())[1].splitlines(keepends=True) or [""])
    return "".join(lines)


def _in_block(text: str, random: Random, change: Callable[[str, list[str]], str]) -> str:
    """The text with one of its blocks changed."""
    found = corpus.blocks_of(text)
    if not found:
        return text
    place = random.randrange(len(found))
    found[place] = change(corpus.kind_of(found[place]), [found[place].splitlines(keepends=True)[0], *corpus.statements_of(found[place])])
    return "".join(found)


def more(text: str, random: Random) -> str:
    """A statement of another text in a block of its kind."""

    def change(kind: str, parts: list[str]) -> str:
        some = corpus.statements().get(kind) or ("    x = 1\n",)
        return "".join(_put(parts, random.randint(1, len(parts)), random.choice(some)))

    return _in_block(text, random, change)


def instead(text: str, random: Random) -> str:
    """A statement of another text in the place of one."""

    def change(kind: str, parts: list[str]) -> str:
        some = corpus.statements().get(kind)
        if some and len(parts) > 1:
            parts[random.randrange(1, len(parts))] = random.choice(some)
        return "".join(parts)

    return _in_block(text, random, change)


def new(text: str, random: Random) -> str:
    """A statement that the grammar allows, with names of the text."""

    def change(kind: str, parts: list[str]) -> str:
        made = derived(BLOCK_RULES.get(kind, "dynamics"), random, _NAME.findall(text))
        made = f"    {made}\n" + ("        x = 1\n" if made.endswith(":") and random.random() < 0.7 else "")
        return "".join(_put(parts, random.randint(1, len(parts)), made))

    return _in_block(text, random, change)


def _put(parts: list[str], place: int, part: str) -> list[str]:
    return [*parts[:place], part, *parts[place:]]


def dropped(text: str, random: Random) -> str:
    """A statement less, with what is below it, or twice."""

    def change(_: str, parts: list[str]) -> str:
        if len(parts) == 1:
            return parts[0]
        place = random.randrange(1, len(parts))
        return "".join([*parts[:place], *[parts[place]] * random.choice((0, 0, 2)), *parts[place + 1 :]])

    return _in_block(text, random, change)


def block(text: str, random: Random) -> str:
    """A block less, twice, elsewhere, after another one, or of another text."""
    found = corpus.blocks_of(text)
    if not found:
        return text
    place, other = random.randrange(len(found)), random.randrange(len(found))
    match random.randrange(5):
        case 0:
            del found[place]
        case 1:
            found.append(found[place])
        case 2:
            found[place], found[other] = found[other], found[place]
        case 3:
            found[place] = re.sub(r"\A(\w+ [^\s:]+)( like \w+)?", rf"\1 like {random.choice(_NAME.findall(text) or ['x'])}", found[place])
        case _:
            found.append("\n" + random.choice(corpus.blocks_of(random.choice(corpus.texts())[1]) or [""]))
    return "".join(found)


def mixed(text: str, other: str, random: Random) -> str:
    """Blocks of two texts, in any order."""
    found = corpus.blocks_of(text) + corpus.blocks_of(other)
    if random.random() < 0.5:
        random.shuffle(found)
    return "".join(part if part.endswith("\n") else part + "\n" for part in found)


def fewer(text: str, random: Random) -> str:
    """Some of the blocks alone."""
    found = corpus.blocks_of(text)
    return "".join(part for part in found if random.random() < 0.6) or text


# --- the syntax tree -------------------------------------------------------------------------------------------------


@lru_cache(maxsize=1024)
def _places(text: str) -> tuple[tuple[str, Span], ...]:
    """Every node below the items of a text, where it can be read: its kind, and where it stands."""
    read = reading(SourceFile("<text>", text))
    found = []
    for node in nodes(read.file.items):
        span = getattr(node, "span", None)
        if isinstance(span, Span) and 0 < span.end - span.start < 300:
            found.append((type(node).__name__, span))
    return tuple(dict.fromkeys(found))


def part(text: str, random: Random) -> str:
    """Another part of a text in the place of one of the same kind."""
    places = _places(text)
    if not places:
        return text
    kind, span = random.choice(places)
    for _ in range(5):
        other = random.choices(corpus.texts(), cum_weights=_weights())[0][1]
        same = [given for its, given in _places(other) if its == kind]
        if same:
            given = random.choice(same)
            return _replaced(text, span, other[given.start : given.end])
    return _replaced(text, span, "x")


def own_part(text: str, random: Random) -> str:
    """Another part of the text in the place of one of the same kind."""
    places = _places(text)
    if not places:
        return text
    kind, span = random.choice(places)
    given = random.choice([other for same, other in places if same == kind])
    return _replaced(text, span, text[given.start : given.end])


def other_part(text: str, random: Random) -> str:
    """A part of this text in the place of another one, of any kind: often inside itself."""
    places = _places(text)
    if not places:
        return text
    span, given = random.choice(places)[1], random.choice(places)[1]
    return _replaced(text, span, random.choice(("{}", "({})", "({})", "−{}", "[{}]")).format(text[given.start : given.end]))


def expression(text: str, random: Random) -> str:
    """An expression that the grammar allows in the place of a part."""
    places = _places(text)
    if not places:
        return text
    made = derived("reaction", random, _NAME.findall(text)).partition(":")[2].strip()
    return _replaced(text, random.choice(places)[1], made)


CHANGES: Sequence[Callable[[str, Random], str]] = (
    sign, lost, word, word, number, number, number, quantity, quantity, name, name, name, foreign_name, renamed, renamed, line, more, more, instead,
    instead, new, new, block, part, part, part, part, other_part, other_part, expression,
)  # fmt: skip

#: Those that often leave a text right.
GENTLE: Sequence[Callable[[str, Random], str]] = (
    number, scaled, scaled, scaled, renamed, renamed, renamed, more, dropped, dropped, part, own_part, own_part, own_part, other_part, block,
)  # fmt: skip
