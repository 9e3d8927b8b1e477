"""What a stretch of text is as far as its words and signs tell: patterns for programs that colour texts and know no grammar.

Comes in: the tables of words and units. Goes out: `rules()`, from which the Pygments lexer and the TextMate grammar are made, so that they agree. What
is wrong is coloured too, and a word that is a name where the grammar cannot go on with it may be taken for a keyword; the language server knows better.
The patterns mean the same to Python's `re` and to Oniguruma.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from plasticdsl.names import NO_LETTERS
from plasticdsl.syntax.words import BLOCKS, FIRST_WORDS, FOREIGN, MEANINGS, PHRASES, RESERVED
from plasticdsl.units.table import unit_words


class Colour(StrEnum):
    """What is coloured alike."""

    COMMENT = "comment"
    DOC = "docstring"
    STRING = "string"
    BLOCK = "kind of a block"
    BLOCK_NAME = "name of a block"
    PHASE_NAME = "name of a phase"
    KEYWORD = "keyword"
    NUMBER = "number"
    UNIT = "unit"
    FUNCTION = "function"
    NAME = "name"
    MATHEMATICS = "mathematical sign"
    OPERATOR = "operator"
    PUNCTUATION = "punctuation"
    BLANK = "blank"


@dataclass(frozen=True, slots=True)
class Rule:
    """A pattern and the colour of each of its groups, or of the whole where it has none."""

    pattern: str
    colours: tuple[Colour, ...]

    @property
    def grouped(self) -> bool:
        """Whether it is its groups that have the colours."""
        return re.compile(self.pattern).groups > 0


#: What goes on a name: letters, digits, subscripts and accents, but no powers.
_MARKS = r"\u0300-\u036f\u20d0-\u20ff"
_GOES_ON = rf"(?:(?![{NO_LETTERS}])[\w₀-₉₊₋∞{_MARKS}])"
NAME = rf"(?:(?![{NO_LETTERS}₀-₉])[^\W\d_]|[∆∞])(?:{_GOES_ON}|(?<=_)\{{[\w+\-−∞₊₋]{{1,40}}\}}|(?<=_)[+\-−](?![\w(]))*"
#: Where a word ends.
END = rf"(?!{_GOES_ON})"

_NUMBER = r"(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+\-−]?[0-9]+)?|[½⅓¼⅔¾⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞]"
_POWER = r"(?:[⁺⁻]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+|\^[-−]?[0-9]+|\^\([-−]?[0-9]+/[0-9]+\))"
# A unit is no unit where it is applied, indexed, has a part or a limit: f(x), w[1], σ'(x), post.V, r⁻.
_NO_UNIT = r"(?![(\['′]|\.[^\W\d]|[⁺⁻](?![⁰¹²³⁴⁵⁶⁷⁸⁹]))"
#: Words and signs that show a first word to be a name.
_ASSIGNS = r"(?!\s*(?:[=→~∈.·*/+⇌↔]|[-−]|in\b|<->))"


def _unit() -> str:
    words = sorted((*unit_words(), "steps", "step"), key=lambda word: (-len(word), word))
    letters = rf"(?:{'|'.join(map(re.escape, (w for w in words if w != '%')))}){END}{_NO_UNIT}"
    one = rf"(?:%|{letters})(?:{_POWER})?"
    return rf"{one}(?:[/·*⋅]√?{one})*"


def _phrase(phrase: str) -> Rule:
    """The words of one phrase are keywords, each name inside it is a name."""
    parts, pattern, colours = phrase.split(), "", list[Colour]()
    match parts[0][0], parts[0]:
        case ",", _:
            pattern, parts = r"(?<=, )", parts[1:]
        case ":", _:
            pattern, parts, colours = r"^([ \t]*)", parts[1:], [Colour.BLANK]
        case "=", _:
            pattern, parts = r"(?<== )", parts[1:]
        case "(", first:
            pattern, parts = r"(?<=\()", [first[1:], *parts[1:]]
        case _, "…" if parts[-1] == "…":
            pattern, parts = r"(?<=[\w₀-₉₊₋)] )", parts[1:]
        case _, "…":  # behind a name, it would be a factor like any other
            pattern, parts = r"(?<=[\d)\]%½] )", parts[1:]
        case _:
            pass
    last = len(parts) - 1
    for number, part in enumerate(parts):
        if part == "…" and number == last:
            pattern += r"(?=[ \t]+[\w(√Σ|.½⅓¼−∞⟨≤<-])"
            break
        if part in ("[", '"'):
            pattern += rf"(?=\s*{re.escape(part)})"
            break
        if number:
            pattern += r"([ \t]+)"
            colours.append(Colour.BLANK)
        pattern += rf"({NAME})" if part == "…" else rf"(\b{part}{END})"
        colours.append(Colour.KEYWORD if part in MEANINGS or part == "spikes" else Colour.NAME)
    closing = phrase.startswith(("…", ", "))
    return Rule(pattern + (r"(?!\s*[=.(→~])" if closing else ""), tuple(colours))


def rules() -> tuple[Rule, ...]:
    """The patterns inside a line, the first that fits counts; docstrings, which go over several lines, come before them."""
    first = sorted({word for words in FIRST_WORDS.values() for word in words} - {*BLOCKS, "function", "use", "table"})
    reserved = "|".join(sorted(RESERVED - FOREIGN))
    blocks = "|".join((*BLOCKS, "table"))
    k, n, b = Colour.KEYWORD, Colour.NAME, Colour.BLANK
    block = (Colour.BLOCK, b, Colour.BLOCK_NAME)
    like = rf"(?:([ \t]+)(like)([ \t]+)({NAME}))?"
    return (
        Rule(r"#.*$", (Colour.COMMENT,)),
        Rule(r'"[^"\n]*"', (Colour.STRING,)),
        Rule(rf"^(experiment)([ \t]+)({NAME}){like}([ \t]+)(on)([ \t]+)({NAME})", (*block, b, k, b, n, b, k, b, n)),
        Rule(rf"^(table)([ \t]+)({NAME})([ \t]+)(of)\b", (*block, b, k)),
        Rule(rf"^({blocks})([ \t]+)({NAME})", block),
        Rule(rf"^(function)([ \t]+)({NAME})", (Colour.BLOCK, b, Colour.FUNCTION)),
        Rule(r"^(use)\b", (Colour.BLOCK,)),
        Rule(rf"(?:^([ \t]*)|(?<=: ))(phase)([ \t]+)({NAME})(?=\s+(?:for|until)\b)", (b, k, b, Colour.PHASE_NAME)),
        *map(_phrase, sorted(PHRASES, key=lambda phrase: -len(phrase.split()))),
        Rule(rf"^([ \t]*)({'|'.join(first)})(?=\s|:|$){_ASSIGNS}", (b, k)),
        Rule(r"(?<=,)([ \t]+)(expect)(?=\s)", (b, k)),
        Rule(rf"({_NUMBER})([ \t]+)({_unit()})([ \t]+)(linear){END}", (Colour.NUMBER, b, Colour.UNIT, b, k)),
        Rule(rf"({_NUMBER})(?:([ \t\u00a0\u2009\u202f]+)({_unit()})|(%))?", (Colour.NUMBER, b, Colour.UNIT, Colour.UNIT)),
        Rule(rf"\b(?:{reserved}){END}", (k,)),
        Rule(rf"({NAME})(['′]*)(?=\()", (Colour.FUNCTION, Colour.OPERATOR)),
        Rule(NAME, (n,)),
        Rule(r"[Σ∑∂√]", (Colour.MATHEMATICS,)),
        Rule(r"[-+*/^=<>~·×⋅−≤≥≠≈±…→⇌⇄↔∈ᵀ⁺⁻⁰¹²³⁴⁵⁶⁷⁸⁹|]+", (Colour.OPERATOR,)),
        Rule(r"[(){}\[\],.:⟨⟩∅₊_]", (Colour.PUNCTUATION,)),
    )
