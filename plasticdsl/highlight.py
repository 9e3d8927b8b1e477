"""Colours for `.plas` text in documentation and terminals: a Pygments lexer.

Pygments finds it under the name `plas` when plasticdsl is installed. It knows words and signs (`syntax/colours.py`), no grammar: what is wrong is
coloured too. Behind a number, what the block (or the function) has a value for is a name, as it is for the compiler: `0.062 V` beside `dV/dt = …`,
but not in `V(0) = 0.062 V`.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from typing import ClassVar

from pygments.lexer import RegexLexer, bygroups
from pygments.token import Comment, Keyword, Name, Number, Operator, Punctuation, String, Text, Whitespace

from plasticdsl.names import canonical
from plasticdsl.syntax.colours import NAME, Colour, Rule, rules

_TOKENS: Mapping[Colour, object] = {
    Colour.COMMENT: Comment.Single,
    Colour.DOC: String.Doc,
    Colour.STRING: String,
    Colour.BLOCK: Keyword.Declaration,
    Colour.BLOCK_NAME: Name.Class,
    Colour.PHASE_NAME: Name.Label,
    Colour.KEYWORD: Keyword,
    Colour.NUMBER: Number,
    Colour.UNIT: Keyword.Type,
    Colour.FUNCTION: Name.Function,
    Colour.NAME: Name,
    Colour.MATHEMATICS: Operator.Word,
    Colour.OPERATOR: Operator,
    Colour.PUNCTUATION: Punctuation,
    Colour.BLANK: Whitespace,
}


def _token(rule: Rule) -> object:
    kinds = [_TOKENS[colour] for colour in rule.colours]
    return bygroups(*kinds) if rule.grouped else kinds[0]


#: Where a line at the margin begins, and with it what names are of.
_MARGIN = re.compile(r"^(?=[^\s#])", re.MULTILINE)
#: A name that gets a value: by a definition, a draw, a jump, a beginning or a bound, and by a derivative.
_VALUE = re.compile(rf"^[ \t]+(?:input[ \t]+|output[ \t]+)?({NAME})(?:\(0\))?[ \t]*(?:[=~→∈:]|->|in\b|$)", re.MULTILINE)
#: What a line defines, or gives an initial value.
_GIVEN = re.compile(rf"[ \t]+({NAME})(?:\(0\))?[ \t]*[=~]")
_FLOW = re.compile(rf"\bd({NAME})/dt\b")
_ARGUMENTS = re.compile(r"^function[ \t]+[^\n(]+\(([^)\n]*)\)", re.MULTILINE)
#: What has names of its own.
_OWN = ("neuron", "synapse", "rule", "function")
_LETTERS = re.compile(NAME)


def _named(text: str) -> tuple[list[int], list[frozenset[str]]]:
    """Where the blocks of a text begin, and what each has a value for. In networks and experiments names of populations take no unit away; those that do
    are for the compiler to tell."""
    starts = [0, *(match.start() for match in _MARGIN.finditer(text))]
    blocks = [text[begin:end] if text.startswith(_OWN, begin) else "" for begin, end in zip(starts, [*starts[1:], len(text)], strict=True)]
    return starts, [
        frozenset(
            canonical(name)
            for name in (
                *_VALUE.findall(block),
                *_FLOW.findall(block),
                *(n for a in _ARGUMENTS.findall(block) for n in _LETTERS.findall(a)),
            )
        )
        for block in blocks
    ]


class PlasLexer(RegexLexer):
    """`.plas` files."""

    name = "plas"
    aliases: ClassVar[list[str]] = ["plas"]
    filenames: ClassVar[list[str]] = ["*.plas"]

    tokens: ClassVar[dict[str, list[object]]] = {
        "root": [
            (r'"""', String.Doc, "text"),
            *((rule.pattern, _token(rule)) for rule in rules()),
            (r"\n|[^\S\n]+", Whitespace),
            (r".", Text),
        ],
        "text": [(r'"""', String.Doc, "#pop"), (r'[^"]+', String.Doc), (r'"', String.Doc)],
    }

    def get_tokens_unprocessed(self, text: str, stack: tuple[str, ...] = ("root",)) -> Iterator[tuple[int, object, str]]:
        """The pieces of a text with their colours and places."""
        starts, names = _named(text)
        divided, before = False, ""
        for place, kind, part in super().get_tokens_unprocessed(text, stack):
            if kind is Number:
                divided = before.endswith("/")
            word = _LETTERS.match(part) if kind is Keyword.Type else None
            power = part[word.end() :] if word is not None else ""
            known = names[bisect_right(starts, place) - 1]
            given = _GIVEN.match(text, text.rfind("\n", 0, place) + 1) if word is not None else None
            known = known if given is None else known - {canonical(given[1])}
            if word is not None and not divided and not set("/·*⋅") & set(power) and canonical(word[0]) in known:
                yield place, Name, word[0]
                if power:
                    yield place + word.end(), Operator, power
            else:
                yield place, kind, part
            before = part if part.strip() else before
