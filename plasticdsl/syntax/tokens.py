"""Cuts a statement into tokens: the stretches of text of one statement come in, a tuple of `Token`s goes out.

Blanks decide here what they decide nowhere else: `g(x)` applies and `g (x)` multiplies, `10 mV` is a quantity and `10 x` a
product, `w[1]` is indexed and `w [1]` multiplied. Unicode and ASCII spellings get the same token kind.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from plasticdsl.diagnostics.diagnostic import Hint, Label
from plasticdsl.names import NAME, NO_LETTERS, SUBSCRIPT_LETTERS
from plasticdsl.source import SourceFile, Span
from plasticdsl.syntax.numbers import quantity
from plasticdsl.syntax.refusal import Refusal, foreign_sign, unexpected_character
from plasticdsl.syntax.tree import Unit
from plasticdsl.syntax.words import RESERVED

_PATTERN = re.compile(
    rf"""
    (?P<BLANK>[\s\u00a0\u2000-\u200b\ufeff]+)
  | (?P<NUMBER>(?:[0-9]+(?:\.(?!\.\.)[0-9]*)?|\.[0-9]+)(?:[eE][+\-−]?[0-9]+)?|[½⅓¼⅔¾⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞])
  | (?P<SUM>[Σ∑](?:_(?P<BRACE>\{{)|_(?P<INDICES>[^\W\d_{NO_LETTERS}]+)|(?P<LOWERED>[{SUBSCRIPT_LETTERS}]+))?
      |Sum(?:(?P<SQUARE>\[)|(?![\w])))
  | (?P<DEGREE>(?:in|out)-degree\b)
  | (?P<NAME>{NAME})
  | (?P<POWER>[⁺⁻]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+)
  | (?P<LIMIT>[⁺⁻])
  | (?P<AVERAGED>⟩_(?:{NAME}|\{{(?:{NAME})\}}))
  | (?P<RECTIFIED>\](?:₊|_\+))
  | (?P<STRING>"[^"\n]*")
  | (?P<RANGE>…|\.\.\.)
  | (?P<FOREIGN>==|\*\*|:=|&&|\+\+|//)
  | (?P<SYMBOL>[∈∂√⟨⟩ᵀ∅]|->|→|<->|<=>|⇌|⇄|↔
      |\+=|-=|−=|\*=|·=|/=|<=|≤|>=|≥|!=|≠|~=|≈|±|[-+*/^=<>~,:.(){{}}\[\]|·⋅×−]|(?<=[A-Za-z])–(?=[A-Za-z]))
    """,
    re.VERBOSE,
)

_SAME = {
    "→": "->",
    "⇌": "<->",
    "⇄": "<->",
    "↔": "<->",
    "<=>": "<->",
    "−=": "-=",
    "·=": "*=",
    "≤": "<=",
    "≥": ">=",
    "≠": "!=",
    "≈": "~=",
    "±": "+-",
    "∈": "in",
    "·": "*",
    "⋅": "*",
    "×": "*",
    "−": "-",
    "–": "-",  # only in the names of methods: Euler–Maruyama
}

_CLOSES = {"(": ")", "[": "]", "{": "}", "INDEX": "]", "⟨": "⟩", "BAR_OPEN": "|"}
_CLOSERS = {")": ")", "]": "]", "}": "}", "RECTIFIED": "]", "⟩": "⟩", "AVERAGED": "⟩", "BAR_CLOSE": "|"}
OPERAND_ENDS = frozenset(("NAME", "NUMBER", "POWER", "LIMIT", "AVERAGED", "RECTIFIED", "BAR_CLOSE", ")", "]", "}", "⟩", "ᵀ"))
OPENING = frozenset(("(", "[", "{", "INDEX", "SUM_BRACE", "⟨"))
CLOSING = frozenset((")", "]", "}", "RECTIFIED", "⟩", "AVERAGED"))
DEEPEST_NESTING = 200
_INDEXABLE = frozenset(("NAME", ")", "]", "ᵀ"))
_AFTER_A_NAME = frozenset(("=", "->", "+=", "-=", "*=", "/=", "~", "in", ".", "INDEX", "<->", "+", "DERIVATIVE"))
_CONTINUES = frozenset(("+", "-", "*", "/", "^", ",", "=", "<", ">", "<=", ">=", "!=", "and", "or", "->", "~"))


@dataclass(frozen=True, slots=True)
class Token:
    """One word or sign. `kind` is a terminal of the grammar, or the text of a sign in its ASCII spelling.

    A word is `NAME` here, whether keyword or not; reserved words have themselves as kind. `unit` belongs to numbers;
    `inner` is the name in `⟩_τ`, the index letters in `Σ_ij`, the primes of `σ'(`. `type`: the name of the terminal in the parse tables, for which lark
    asks again and again.
    """

    kind: str
    text: str
    span: Span
    unit: Unit = ()
    inner: str = ""
    type: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "type", self.kind.upper())


def tokenize(source: SourceFile, stretches: Sequence[tuple[int, int]], in_table: bool = False) -> tuple[Token, ...]:
    """The tokens of one statement, which occupies the given stretches (one per line) of the source.

    Raises `Refusal` for a character, number or bracket that cannot be.
    """
    tokens: list[Token] = []
    for number, (start, end) in enumerate(stretches):
        if number:
            tokens.append(Token("LINE", "", Span(start, start, source.path)))
        _tokenize_line(source, start, end, tokens)
    tokens = _mark_pairs(_mark_bars(tokens, in_table))
    _check_brackets(tokens)
    return tuple(_mark_cases(tokens)) if len(stretches) > 1 else tuple(tokens)


def cut(source: SourceFile, stretches: Sequence[tuple[int, int]], in_table: bool = False) -> tuple[Token, ...]:
    """The tokens of a statement as far as each of its lines can be cut, whether or not its brackets match; never raises."""
    tokens: list[Token] = []
    for number, (start, end) in enumerate(stretches):
        if number:
            tokens.append(Token("LINE", "", Span(start, start, source.path)))
        with suppress(Refusal):
            _tokenize_line(source, start, end, tokens)
    return tuple(_mark_cases(_mark_pairs(_mark_bars(tokens, in_table))))


def _tokenize_line(source: SourceFile, start: int, end: int, tokens: list[Token]) -> None:
    text, path = source.text, source.path
    position = start
    while position < end:
        match = _PATTERN.match(text, position, end)
        if match is None:
            raise unexpected_character(source, position)
        kind = match.lastgroup
        if kind == "BLANK":
            position = match.end()
        elif kind == "NAME":
            position = _name(source, match, tokens, end)
        elif kind == "NUMBER":
            unit, position = ((), match.end()) if _raises(tokens) else quantity(source, match.start(), match.end(), end)
            tokens.append(Token("NUMBER", match.group(), Span(match.start(), position, path), unit))
        elif kind == "FOREIGN":
            raise foreign_sign(source, match.start(), match.end())
        elif kind == "RANGE":
            position = _range(source, match, tokens)
        else:
            tokens.append(_sign(match, tokens, path))
            position = match.end()


def _raises(tokens: Sequence[Token]) -> bool:
    """Whether a number that comes now is an exponent, which has no unit: `m^3 h` is m³ h."""
    before = tokens[-1:] if tokens[-1:] and tokens[-1].kind != "-" else tokens[-2:-1]
    return bool(before) and before[0].kind == "^"


def _name(source: SourceFile, match: re.Match[str], tokens: list[Token], end: int) -> int:
    """A name, a called name with its primes, a derivative or a reserved word; returns where it ends."""
    text, word, stop = source.text, match.group(), match.end()
    span = Span(match.start(), stop, source.path)
    if word in RESERVED:
        tokens.append(Token(word, word, span))
        return stop
    if word[0] == "d" and len(word) > 1 and text.startswith("/dt", stop) and _is_derivative(text, stop, end, tokens):
        tokens.append(Token("DERIVATIVE", word + "/dt", Span(match.start(), stop + 3, source.path)))
        return stop + 3
    primes = 0
    while stop + primes < end and text[stop + primes] in "'′":
        primes += 1
    if stop + primes < end and text[stop + primes] == "(":
        whole = Span(match.start(), stop + primes, source.path)
        tokens.append(Token("CALLED", word, whole, inner="'" * primes))
        return stop + primes
    if primes:
        raise Refusal(
            "misplaced-prime",
            Span(match.start(), stop + primes, source.path),
            f"A prime needs an argument in brackets: ‘{word}'(x)’ is the derivative of the function ‘{word}’.",
            _derivative_hint(word, tokens),
        )
    tokens.append(Token("NAME", word, span))
    return stop


def _derivative_hint(word: str, before: Sequence[Token]) -> Hint:
    if any(token.kind == "=" for token in before):
        return Hint(f"A derivative with respect to time stands on the left: ‘d{word}/dt = …’.")
    return Hint(f"For a derivative with respect to time write ‘d{word}/dt’.", (f"d{word}/dt",))


def _is_derivative(text: str, stop: int, end: int, tokens: list[Token]) -> bool:
    """`dV/dt` is one only before the `=`; after it, `d` is a letter like any other."""
    after = text[stop + 3 : stop + 4] if stop + 3 < end else ""
    return not (after.isalnum() or after == "_") and not any(token.kind == "=" for token in tokens)


def _range(source: SourceFile, match: re.Match[str], tokens: list[Token]) -> int:
    """`…` between the ends of what is fitted; nowhere else is it a sign. Returns where it ends. Raises `Refusal`."""
    text, start = match.group(), match.start()
    if tokens and tokens[0].text == "fit" and not begins_with_name(tokens):
        tokens.append(Token("...", text, Span(start, match.end(), source.path)))
        return match.end()
    if text == "…":
        raise unexpected_character(source, start)
    tokens.append(Token(".", ".", Span(start, start + 1, source.path)))
    return start + 1


def _sign(match: re.Match[str], tokens: list[Token], path: str) -> Token:
    kind, text = match.lastgroup or "", match.group()
    span = Span(match.start(), match.end(), path)
    if kind == "DEGREE":
        return Token("NAME", text, span)
    if kind == "AVERAGED":
        return Token("AVERAGED", text, span, inner=text[2:].strip("{}"))
    if kind != "SYMBOL":
        return _sum(match, span) if text[0] in "Σ∑S" and kind != "STRING" else Token(kind, text, span)
    if text == "[" and tokens and tokens[-1].kind in _INDEXABLE and tokens[-1].span.end == span.start:
        return Token("INDEX", text, span)
    return Token(_SAME.get(text, text), text, span)


def _sum(match: re.Match[str], span: Span) -> Token:
    if match["BRACE"] or match["SQUARE"]:
        return Token("SUM_BRACE", match.group(), span)
    letters = match["INDICES"] or match["LOWERED"]
    return Token("SUM_OVER", match.group(), span, inner=letters) if letters else Token("SUM", match.group(), span)


def _mark_bars(tokens: list[Token], in_table: bool) -> list[Token]:
    """Decides which `|` opens and which closes, and joins `+-` where an expectation states its tolerance, or a table does."""
    marked: list[Token] = []
    open_bars = [0]
    expects = in_table or (bool(tokens) and tokens[0].text == "expect" and not begins_with_name(tokens))
    for token in tokens:
        if token.kind == "|":
            closes = open_bars[-1] and marked and marked[-1].kind in OPERAND_ENDS
            open_bars[-1] += -1 if closes else 1
            token = Token("BAR_CLOSE" if closes else "BAR_OPEN", "|", token.span)
        elif token.kind in OPENING:
            open_bars.append(0)
        elif token.kind in CLOSING and len(open_bars) > 1:
            open_bars.pop()
        if expects and token.kind == "-" and marked and marked[-1].kind == "+" and marked[-1].span.end == token.span.start:
            token = Token("+-", "+-", marked.pop().span.to(token.span))
        marked.append(token)
    return marked


def _mark_pairs(tokens: list[Token]) -> list[Token]:
    """Joins `in phase` before a name: elsewhere `in` asks whether a unit belongs to a population; and `at spikes`, which belongs to one item, as no other
    moment does."""
    marked: list[Token] = []
    for number, token in enumerate(tokens):
        before, after = marked[-1] if marked else None, tokens[number + 1] if number + 1 < len(tokens) else None
        if before is not None and before.kind == "in" and token.text == "phase" and after is not None and after.kind == "NAME":
            marked[-1] = Token("IN_PHASE", "in phase", before.span.to(token.span))
        elif before is not None and before.kind == "at" and token.text == "spikes":
            marked[-1] = Token("AT_SPIKES", "at spikes", before.span.to(token.span))
        else:
            marked.append(token)
    return marked


def begins_with_name(tokens: Sequence[Token]) -> bool:
    """Whether the first word of a statement is a name, whatever else it may mean, because of what follows it."""
    return len(tokens) > 1 and tokens[1].kind in _AFTER_A_NAME


def _mark_cases(tokens: list[Token]) -> list[Token]:
    """Turns the ends of lines into `NEXT_CASE` where a case ends there, and drops the others."""
    kept: list[Token] = []
    depth = 0
    case_ended = False
    for number, token in enumerate(tokens):
        if token.kind in OPENING:
            depth += 1
        elif token.kind in CLOSING:
            depth -= 1
        elif token.kind in ("if", "otherwise"):
            case_ended = True
        if token.kind != "LINE":
            kept.append(token)
        elif case_ended and depth == 0 and not _goes_on(tokens, number):
            kept.append(Token("NEXT_CASE", "", token.span))
            case_ended = False
    return kept


def _goes_on(tokens: list[Token], number: int) -> bool:
    """Whether the line break at `number` stands in the middle of a condition."""
    before, after = tokens[number - 1], tokens[number + 1] if number + 1 < len(tokens) else None
    return before.kind in _CONTINUES or (after is not None and after.kind in ("and", "or", ","))


# --- brackets, matched before anything else is read: a missing one makes every later message misleading -------------


def _check_brackets(tokens: Sequence[Token]) -> None:
    """Raises `Refusal` for the first bracket without a partner and for nesting deeper than `DEEPEST_NESTING`."""
    opened: list[tuple[Token, str]] = []
    for token in tokens:
        if token.kind == "SUM_BRACE":
            opened.append((token, "]" if token.text.endswith("[") else "}"))
        elif token.kind in _CLOSES:
            opened.append((token, _CLOSES[token.kind]))
        elif token.kind in _CLOSERS:
            _close(opened, token)
        if len(opened) > DEEPEST_NESTING:
            message = f"Brackets are nested more than {DEEPEST_NESTING} deep here."
            raise Refusal("too-deep", token.span, message, "Name the inner parts by definitions of their own.")
    if opened:
        token, wanted = opened[-1]
        raise Refusal(
            "missing-bracket",
            token.span,
            f"This ‘{token.text}’ is never closed.",
            f"Add the missing ‘{wanted}’; a line that continues the statement is indented deeper than its first line.",
        )


def _close(opened: list[tuple[Token, str]], token: Token) -> None:
    if not opened:
        raise Refusal("missing-bracket", token.span, f"This ‘{token.text}’ closes nothing.", "Add the bracket that opens it.")
    opener, wanted = opened.pop()
    if wanted != _CLOSERS[token.kind]:
        missing = any(_CLOSERS[token.kind] == outer for _, outer in opened)
        at = Span(token.span.start, token.span.start, token.span.path) if missing else token.span
        hint = Hint(f"‘{wanted}’ is missing before it." if missing else f"Write ‘{wanted}’.", (wanted,), at)
        labels = (Label(opener.span, "opened here"),)
        raise Refusal("missing-bracket", token.span, f"‘{token.text}’ cannot close ‘{opener.text}’.", hint, labels=labels)
