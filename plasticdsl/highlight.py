"""Colours for `.plas` text in documentation and terminals: a Pygments lexer.

Pygments finds it under the name `plas` when plasticdsl is installed. It knows words and signs, no grammar: what is wrong is coloured too.
"""

from __future__ import annotations

from typing import ClassVar

from pygments.lexer import RegexLexer, bygroups, words
from pygments.token import Comment, Keyword, Name, Number, Operator, Punctuation, String, Text, Whitespace

from plasticdsl.syntax.words import BLOCKS, FIRST_WORDS, LINKING, RESERVED

_NAME = r"[^\W\d_][\w₊₋∞⁺\u0300-\u036f\u20d7]*"
#: Words that begin a statement; `on` and `phase` have patterns of their own.
_STATEMENTS = sorted({word for rule in ("dynamics", "network", "procedure") for word in FIRST_WORDS[rule]} - {"on", "phase"})
#: Words inside statements; some of them are names elsewhere, but not after these.
_INSIDE = (*sorted(RESERVED - {"else", "elif", "then"}), *LINKING, "use", "function")
_PAIRS = r"(on)(\s+)(pre|post|all\s+pairs|nearest\s+pairs(?:\s+(?:centred|centered)\s+on\s+(?:pre|post)|\s+reduced)?)"
_CONNECTIVITY = words(
    ("all to all", "one to one", "in-degree", "out-degree", "except self", "with self", "with repeats", "axonal delay", "dendritic delay"),
    prefix=r"\b", suffix=r"\b",
)  # fmt: skip
_NUMBER = r"(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+\-−]?[0-9]+)?|[½⅓¼⅔¾⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞]"
_UNIT = r"(?:%|steps?\b|(?:[fpnµμumckMGT]?(?:m|g|s|A|K|mol|Hz|N|Pa|J|W|C|V|F|S|Ω|ohm|M|L|l|eV)|min|h)(?!\w))"
_UNITS = rf"{_UNIT}[⁺⁻⁰¹²³⁴-⁹]*(?:[/·*]{_UNIT}[⁺⁻⁰¹²³⁴-⁹]*)*"


class PlasLexer(RegexLexer):
    """`.plas` files."""

    name = "plas"
    aliases: ClassVar[list[str]] = ["plas"]
    filenames: ClassVar[list[str]] = ["*.plas"]

    tokens: ClassVar[dict[str, list[object]]] = {
        "root": [
            (rf"^([ \t]*)({'|'.join(_STATEMENTS)})(?=\s|:)(?!\s*=)", bygroups(Whitespace, Keyword)),
            (r"\n|[^\S\n]+", Whitespace),
            (r'"""', String.Doc, "text"),
            (r"#.*$", Comment.Single),
            (r'"[^"\n]*"', String),
            (rf"({'|'.join(BLOCKS)})(\s+)({_NAME})", bygroups(Keyword.Declaration, Whitespace, Name.Class)),
            (rf"(phase)(\s+)({_NAME})", bygroups(Keyword, Whitespace, Name.Label)),
            (_PAIRS, bygroups(Keyword, Whitespace, Keyword)),
            (rf"({_NUMBER})([ \t]+)({_UNITS})", bygroups(Number, Whitespace, Keyword.Type)),
            (_NUMBER, Number),
            (_CONNECTIVITY, Keyword),
            (words(_INSIDE, prefix=r"\b", suffix=r"\b"), Keyword),
            (rf"({_NAME})('*)(\()", bygroups(Name.Function, Operator, Punctuation)),
            (_NAME, Name),
            (r"[Σ∑∂√]", Operator.Word),
            (r"[-+*/^=<>~·×⋅−≤≥≠≈±→⇌⇄↔∈ᵀ⁺⁻⁰¹²³⁴-⁹|]+", Operator),
            (r"[(){}\[\],.:⟨⟩∅∞₊_]", Punctuation),
            (r".", Text),
        ],
        "text": [(r'"""', String.Doc, "#pop"), (r'[^"]+', String.Doc), (r'"', String.Doc)],
    }
