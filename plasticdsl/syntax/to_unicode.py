"""A statement as papers write it: what is written for its tokens is changed in place."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from plasticdsl.names import GREEK, accented, in_unicode
from plasticdsl.syntax.numbers import digits
from plasticdsl.syntax.operands import closing, end_of_postfix
from plasticdsl.syntax.tokens import OPERAND_ENDS, Token, begins_with_name
from plasticdsl.syntax.written import WITH_AN_END, Words, Written, named, number_parts
from plasticdsl.units.table import is_unit

_SUPERSCRIPTS = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
#: By kind of token; products are asked one by one.
_IN_UNICODE: Mapping[str, str] = {
    "->": "→", "<->": "⇌", "<=": "≤", ">=": "≥", "!=": "≠", "~=": "≈", "+-": "±", "...": "…", "-": "−", "-=": "−=", "*=": "*=", "*": "·", "SUM": "Σ",
    "RECTIFIED": "]₊",
}  # fmt: skip
_OF_HALVES = {digits(sign): sign for sign in "½⅓¼⅔¾⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞"}
#: Statements in which `in` is a word and asks nothing.
_IN_WORDS = frozenset(("sweep", "fit", "phase", "update", "event", "spike", "repeat"))


def to_unicode(written: Written, words: Words) -> None:
    """Spells a statement as papers do."""
    tokens, texts = written.tokens, written.texts

    def spell(text: str) -> str:
        return accented(text) if text.isascii() and text in words.blocks else in_unicode(text)

    for number, token in enumerate(tokens):
        name = named(written, number, spell, _unicode_unit)
        if name is not None:
            texts[number] = name
        elif token.kind == "NUMBER":
            digit, unit = number_parts(written, number)
            written_out = WITH_AN_END.get(digit, digit) if unit else digit  # a decimal before a unit in both spellings
            texts[number] = written_out.replace("−", "-") + _unicode_unit(unit)
        elif token.kind == "in" and _asks(tokens, number):
            texts[number] = "∈"
        elif token.kind in _IN_UNICODE:
            texts[number] = _IN_UNICODE[token.kind] if token.kind != "*" or token.text == "*" else texts[number]
    if tokens[0].text == "method" and not begins_with_name(tokens):
        _name_of_method(written)
    for number in reversed(range(len(tokens))):
        _unicode_notation(written, number, words)


def _asks(tokens: Sequence[Token], number: int) -> bool:
    """Whether `in` says that something lies in a set: bounds and the indices of sums, but no word of a statement."""
    inside_sum = any(token.kind == "SUM_BRACE" for token in tokens[:number])
    return inside_sum or tokens[0].text not in _IN_WORDS or begins_with_name(tokens)


def _name_of_method(written: Written) -> None:
    """`Euler-Maruyama` is named after two; a number has a hyphen before it."""
    for number, token in enumerate(written.tokens):
        if token.kind == "-":
            written.texts[number] = "-" if written.tokens[number + 1].kind == "NUMBER" else "–"


def _unicode_notation(written: Written, number: int, words: Words) -> None:
    """Functions and brackets that become signs."""
    tokens, texts = written.tokens, written.texts
    match tokens[number].kind:
        case "CALLED" if (
            number and tokens[number - 1].kind != "." and not tokens[number].inner and tokens[number].text not in words.functions
        ):
            _unicode_call(written, number)
        case "SUM_BRACE":
            _unicode_sum(written, number)
        case "^" if number and number + 1 < len(tokens):
            _raise(written, number)
        case "(" if [t.kind for t in tokens[number : number + 5]] == ["(", "NUMBER", "/", "NUMBER", ")"]:
            _halve(written, number)
        case "*" if texts[number] == "·" and (
            any(t.text in ("sheet", "torus") for t in tokens[:number]) or [t.text for t in tokens[:number]][-3:-1] == ["as", "image"]
        ):
            texts[number] = "×"
        case "√" if [t.kind for t in tokens[number + 1 : number + 4 : 2]] == ["(", ")"]:
            _bare_root(written, number)


def _unicode_call(written: Written, number: int) -> None:
    tokens, texts, gaps = written.tokens, written.texts, written.gaps
    last = closing(tokens, number + 1)
    commas = [k for k in _outside(tokens, number + 2, last) if tokens[k].kind == ","]
    inside = tokens[number + 2 : last]
    raised = last + 1 < len(tokens) and tokens[last + 1].kind in ("^", "POWER", "INDEX", ".", "LIMIT", "ᵀ")
    match tokens[number].text, len(commas):
        case ("before" | "after") as word, 0 if len(inside) == 1 and inside[0].kind == "NAME":
            written.replace(number, last, texts[number + 2] + ("⁻" if word == "before" else "⁺"))
        case "transpose", 0 if end_of_postfix(tokens, number + 2) == last - 1:
            texts[number], texts[number + 1], texts[last] = "", "", "ᵀ"
        case "pos", 0 if inside:
            texts[number], texts[number + 1], texts[last] = "", "[", "]₊"
            if number and not gaps[number] and tokens[number - 1].kind in OPERAND_ENDS:
                gaps[number] = " "
        case "avg", 0 if inside:
            texts[number], texts[number + 1], texts[last] = "", "⟨", "⟩"
        case "avg", 1 if tokens[last - 1].kind == "NAME" and commas == [last - 2]:
            name = texts[last - 1]
            texts[number], texts[number + 1], texts[last - 2] = "", "⟨", f"⟩_{{{name}}}" if "_" in name else f"⟩_{name}"
            texts[last - 1] = texts[last] = gaps[last - 1] = ""
        case "grad", 1 if end_of_postfix(tokens, number + 2) == commas[0] - 1 and end_of_postfix(tokens, commas[0] + 1) == last - 1:
            texts[number], texts[number + 1], texts[commas[0]], texts[last] = "∂", "", "/∂", ""
            gaps[commas[0] + 1] = ""
        case "sqrt", 0 if inside and not raised:
            texts[number] = "√"
            if len(inside) == 1 and not inside[0].unit:
                texts[number + 1] = texts[last] = ""


def _outside(tokens: Sequence[Token], start: int, stop: int) -> Iterator[int]:
    """The tokens that stand in no bracket of their own."""
    number = start
    while number < stop:
        yield number
        number = max(closing(tokens, number), number) + 1


def _unicode_sum(written: Written, number: int) -> None:
    tokens, texts = written.tokens, written.texts
    last = closing(tokens, number)
    inside = tokens[number + 1 : last]
    letters = [token.text for token in inside[::2]]
    plain = all(t.kind == "NAME" and (len(t.text) == 1 or t.text in GREEK) for t in inside[::2]) and all(
        t.kind == "," for t in inside[1::2]
    )
    if plain and inside:
        written.replace(number, last, "Σ_" + "".join(map(in_unicode, letters)))
    else:
        texts[number], texts[last] = "Σ_{", "}"


def _raise(written: Written, number: int) -> None:
    """`x^2`, `x^-1`."""
    tokens = written.tokens
    last = number + 1 + (tokens[number + 1].kind == "-")
    if (
        last < len(tokens)
        and tokens[last].kind == "NUMBER"
        and tokens[last].text.isdigit()
        and len(tokens[last].text) <= 4
        and not tokens[last].unit
    ):
        sign = "⁻" if last > number + 1 else ""
        written.replace(number, last, sign + tokens[last].text.translate(_SUPERSCRIPTS))


def _halve(written: Written, number: int) -> None:
    """`(1/2)` is ½, unless it raises or applies something, or a unit would follow."""
    tokens = written.tokens
    before, after = tokens[number - 1] if number else None, tokens[number + 5] if number + 5 < len(tokens) else None
    sign = _OF_HALVES.get(f"{tokens[number + 1].text}/{tokens[number + 3].text}")
    operand = before is not None and (before.kind in OPERAND_ENDS or before.kind == "CALLED")
    plain = not (tokens[number + 1].unit or tokens[number + 3].unit)
    if sign is not None and plain and not operand and not (after is not None and (is_unit(after.text) or after.text in ("step", "steps"))):
        written.replace(number, number + 4, sign)


def _bare_root(written: Written, number: int) -> None:
    """`√(x)` is √x."""
    tokens = written.tokens
    inside, after = tokens[number + 2], tokens[number + 4] if number + 4 < len(tokens) else None
    raised = after is not None and after.kind in ("^", "POWER", "INDEX", ".", "LIMIT", "ᵀ")
    if inside.kind in ("NAME", "NUMBER") and not inside.unit and not raised:
        written.texts[number + 1] = written.texts[number + 3] = ""


# --- units -----------------------------------------------------------------------------------------------------------


def _unicode_unit(text: str) -> str:
    text = re.sub(r"(?<=/)([^\W\d]+)\^\(1/2\)", r"√\1", re.sub(r"[*⋅]", "·", text))
    text = re.sub(r"[A-Za-zµμΩ\u2126]+", lambda m: _unicode_word(m[0]), text)
    return re.sub(r"\^([-−]?[0-9]+)(?!\w)", lambda m: m[1].replace("−", "-").translate(_SUPERSCRIPTS), text)


def _unicode_word(unit: str) -> str:
    unit = f"µ{unit[1:]}" if unit[0] in "uμ" and is_unit(unit) else unit
    return re.sub("(?:ohm|\u2126)$", "Ω", unit) if is_unit(unit) else unit
