"""Colours for `.plas` text in documentation and terminals: a Pygments lexer.

Pygments finds it under the name `plas` when plasticdsl is installed. It knows words and signs (`syntax/colours.py`), no grammar: what is wrong is
coloured too.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from pygments.lexer import RegexLexer, bygroups
from pygments.token import Comment, Keyword, Name, Number, Operator, Punctuation, String, Text, Whitespace

from plasticdsl.syntax.colours import Colour, Rule, rules

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
