"""A statement in ASCII: what is written for its tokens is changed in place."""

from __future__ import annotations

import re
from collections.abc import Mapping

from plasticdsl.names import canonical
from plasticdsl.syntax.numbers import digits
from plasticdsl.syntax.operands import begin_of, closing, end_of_postfix
from plasticdsl.syntax.written import WITH_AN_END, Written, named, number_parts

_RAISED = re.compile(r"[⁺⁻]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+")
_SIGNS: Mapping[str, str] = {
    "→": "->", "⇌": "<->", "⇄": "<->", "↔": "<->", "≤": "<=", "≥": ">=", "≠": "!=", "≈": "~=", "±": "+-", "…": "...", "−": "-", "–": "-",
    "·": "*", "⋅": "*", "×": "*", "−=": "-=", "·=": "*=", "∈": "in", "Σ": "Sum", "∑": "Sum",
}  # fmt: skip


def to_ascii(written: Written) -> None:
    """Spells a statement in ASCII."""
    tokens, texts = written.tokens, written.texts
    for number, token in enumerate(tokens):
        name = named(written, number, canonical, _ascii_unit)
        if name is not None:
            texts[number] = name
        elif token.kind == "NUMBER":
            texts[number] = _ascii_number(*number_parts(written, number))
        elif token.kind == "POWER":
            texts[number] = _RAISED.sub(_lower, token.text)
        elif token.kind == "SUM_OVER":
            texts[number] = f"Sum[{', '.join(canonical(letter).lstrip('_') for letter in token.inner)}]"
        elif token.kind == "SUM_BRACE":
            texts[number], texts[closing(tokens, number)] = "Sum[", "]"
        elif token.kind not in ("STRING", "LINE", "NEXT_CASE"):
            texts[number] = _SIGNS.get(token.text, texts[number])
    for number in reversed(range(len(tokens))):
        _ascii_notation(written, number)


def _ascii_number(number: str, unit: str) -> str:
    number = number.replace("−", "-")
    if number[0].isascii():
        return number + _ascii_unit(unit)
    if not unit:
        return f"({digits(number)})"
    return WITH_AN_END[number] + _ascii_unit(unit) if number in WITH_AN_END else f"({digits(number)})*1{_ascii_unit(unit)}"


def _ascii_notation(written: Written, number: int) -> None:
    """Signs that become functions."""
    tokens, texts = written.tokens, written.texts
    match tokens[number].kind:
        case "LIMIT":
            texts[number - 1] = f"{'before' if tokens[number].text == '⁻' else 'after'}({texts[number - 1]}"
            texts[number] = ")"
        case "ᵀ":
            first = begin_of(tokens, number - 1)
            texts[first], texts[number] = f"transpose({texts[first]}", ")"
        case "[" if tokens[closing(tokens, number)].kind == "RECTIFIED":
            texts[number], texts[closing(tokens, number)] = "pos(", ")"
        case "⟨":
            last = closing(tokens, number)
            texts[number] = "avg("
            texts[last] = f", {canonical(tokens[last].inner)})" if tokens[last].inner else ")"
        case "√":
            last = end_of_postfix(tokens, number + 1)
            written.gaps[number + 1] = ""
            texts[number] = "sqrt"
            if tokens[number + 1].kind != "(" or closing(tokens, number + 1) != last:
                texts[number], texts[last] = "sqrt(", f"{texts[last]})"
        case "∂" if number + 1 < len(tokens):
            _ascii_derivative(written, number)


def _ascii_derivative(written: Written, number: int) -> None:
    tokens, texts = written.tokens, written.texts
    middle = end_of_postfix(tokens, number + 1) + 1
    if middle + 1 < len(tokens) and tokens[middle].kind == "/" and tokens[middle + 1].kind == "∂":
        last = end_of_postfix(tokens, middle + 2)
        texts[number], texts[middle], texts[middle + 1], texts[last] = "grad(", ", ", "", f"{texts[last]})"
        written.gaps[middle + 1] = written.gaps[middle + 2] = ""


# --- units -----------------------------------------------------------------------------------------------------------


def _lower(match: re.Match[str]) -> str:
    return "^" + digits(match[0]).removeprefix("+")


def _ascii_unit(text: str) -> str:
    text = re.sub(r"√(\w+)", r"\1^(1/2)", re.sub("[·⋅]", "*", text).replace("−", "-"))
    return re.sub(r"[µμ](?=[^\W\d])", "u", re.sub("[Ω\u2126]", "ohm", _RAISED.sub(_lower, text)))
