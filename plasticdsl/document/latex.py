r"""Formulas and texts as LaTeX, for amsmath and pdflatex: `\frac{\mathrm{d}V}{\mathrm{d}t}`.

Comes in: a formula, or a text with any letters. Goes out: LaTeX; what has no command is a question mark in texts, and there is none in formulas.
"""

from __future__ import annotations

import re
import unicodedata
from fractions import Fraction as Rational
from typing import assert_never

from plasticdsl.document.formula import (
    Accent,
    Cases,
    Digits,
    Fenced,
    Formula,
    Fraction,
    Letter,
    Measure,
    Root,
    Row,
    Script,
    Sign,
    Space,
    Total,
    Upright,
)
from plasticdsl.document.plain import plain

_LETTERS = "αβγδεζηθικλμνξπρστυφχψωΓΔΘΛΞΠΣΥΦΨΩ"
_COMMANDS = (
    "alpha beta gamma delta varepsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon varphi chi psi omega "
    "Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega"
)
_GREEK = dict(zip(_LETTERS, _COMMANDS.split(), strict=True))
_GREEK |= {"µ": "mu", "ϕ": "phi", "ϵ": "epsilon", "ϑ": "vartheta", "ς": "varsigma", "∂": "partial", "ℓ": "ell"} | {"∆": "Delta"}
_CAPITALS = dict(zip("ΑΒΕΖΗΙΚΜΝΟΡΤΧο", "ABEZHIKMNOPTXo", strict=True))  # Greek letters that LaTeX has no command for
_SIGNS = {
    "−": "-", "·": r"\cdot", "⋅": r"\cdot", "×": r"\times", "≤": r"\le", "≥": r"\ge", "≠": r"\ne", "≈": r"\approx", "±": r"\pm", "∈": r"\in",
    "→": r"\to", "←": r"\gets", "⇌": r"\rightleftharpoons", "∼": r"\sim", "∞": r"\infty", "∅": r"\varnothing", "⊤": r"\top", "′": "'", "⟨": r"\langle",
    "⟩": r"\rangle", "{": r"\lbrace", "}": r"\rbrace", "|": r"\vert", "%": r"\%", "Σ": r"\sum", "∑": r"\sum", "√": r"\surd",
    "∝": r"\propto", "⇒": r"\Rightarrow",
    "½": r"\tfrac12", "¼": r"\tfrac14", "¾": r"\tfrac34", "⅓": r"\tfrac13", "⅔": r"\tfrac23", "″": "''", "…": r"\dots", "#": r"\#", "∫": r"\int",
    "∓": r"\mp", "≪": r"\ll", "≫": r"\gg", "≡": r"\equiv", "≃": r"\simeq", "↔": r"\leftrightarrow", "∇": r"\nabla", "⊗": r"\otimes", "∘": r"\circ",
}  # fmt: skip
_ACCENTS = {
    "\u0300": "grave", "\u0301": "acute", "\u0302": "hat", "\u0303": "tilde", "\u0304": "bar", "\u0305": "bar", "\u0306": "breve", "\u0307": "dot",
    "\u0308": "ddot", "\u030a": "mathring", "\u030c": "check", "\u0332": "underline", "\u20d7": "vec",
}  # fmt: skip
_SPACES = {Space.THIN: r"\,", Space.AFTER: r"\ ", Space.NONE: "", Space.OPERATOR: "", Space.RELATION: ""}
#: Lines end behind commas, and between factors where nothing else is left.
_BREAKS = {Space.AFTER: r"\allowbreak ", Space.THIN: r"\penalty9000 "}
_OPENING = "([{⟨"
#: Names that LaTeX sets as functions.
_FUNCTIONS = frozenset(("exp", "log", "ln", "sin", "cos", "tan", "tanh", "cosh", "sinh", "arccos", "arcsin", "arctan", "max", "min"))


def formula(found: Formula, width: int | None = None) -> str:
    r"""In mathematical mode. `width`: how many letters a line of LaTeX holds there; the formula is then one for `tex`, whose lines break behind
    commas and in brackets, and what does not break is in `\fitted`, which is as wide as the line at most.
    """
    match found:
        case Digits(text):
            return _digits(text)
        case Letter(text):
            return _letter(text)
        case Upright(text):
            return rf"\{text}" if text in _FUNCTIONS else rf"\mathrm{{{_upright(text)}}}"
        case Sign(text, space):
            return _sign(text, space) + (_BREAKS.get(space, "") if width is not None else "")
        case Row(parts):
            return " ".join(filter(None, (formula(part, width) for part in parts)))
        case Fraction(above, below):
            return _fitted(found, rf"\frac{{{formula(above)}}}{{{formula(below)}}}", width)
        case Script(base, below, above):
            scripts = (f"{mark}{{{formula(part)}}}" for mark, part in (("_", below), ("^", above)) if part is not None)
            return f"{{{formula(base)}}}{''.join(scripts)}"
        case Accent(base, mark):
            return rf"\{_ACCENTS.get(mark, 'bar')}{{{formula(base)}}}"
        case Total(below):
            return r"\sum" if below is None else rf"\sum_{{{formula(below)}}}"
        case Root(inner):
            return rf"\sqrt{{{formula(inner)}}}"
        case Fenced(left, inner, right):
            return _fenced(left, inner, right, width)
        case Measure(unit):
            return r"\,".join(_unit(name, power) for name, power in unit)
        case Cases(lines):
            return _cases(lines, width)
        case _:
            assert_never(found)


def _fenced(left: str, inner: Formula, right: str, width: int | None) -> str:
    r"""Brackets are as high as what they hold. Those that are as high as a line are plain, as `\left` has a blank before it and breaks no line."""
    if left in _OPENING and not is_high(inner):
        return f"{_sign(left)}{' ' if _sign(left)[-1:].isalpha() else ''}{formula(inner, width)}{_sign(right)}"
    if width is not None and len(plain(inner)) > width // 2:
        return rf"\Bigl{_sign(left)} {formula(inner, width)} \Bigr{_sign(right)}"
    return rf"\left{_sign(left)} {formula(inner)} \right{_sign(right)}"


def is_high(found: Formula) -> bool:
    """Whether something in it is higher than a line."""
    match found:
        case Fraction() | Cases() | Total() | Root():
            return True
        case Row(parts):
            return any(map(is_high, parts))
        case Fenced(_, inner, _) | Accent(inner, _):
            return is_high(inner)
        case Script(base, _, above):
            return is_high(base) or (above is not None and is_high(above))
        case _:
            return False


def _fitted(found: Formula, text: str, width: int | None) -> str:
    return text if width is None or len(plain(found)) <= 4 * width // 5 else rf"\fitted{{{text}}}"


def _cases(lines: tuple[tuple[Formula, Formula | None], ...], width: int | None) -> str:
    if width is None or max((len(plain(v)) + len(plain(c)) for v, c in lines if c is not None), default=0) <= width:
        return r"\begin{cases} " + r" \\ ".join(_case(*line) for line in lines) + r" \end{cases}"
    return r"\fitted{\begin{broken} " + r" \\ ".join(_broken(*line, width) for line in lines) + r" \end{broken}}"


def _case(value: Formula, condition: Formula | None) -> str:
    return rf"{formula(value)} & " + (r"\text{otherwise}" if condition is None else rf"\text{{if }} {formula(condition)}")


def _broken(value: Formula, condition: Formula | None, width: int) -> str:
    """A case whose condition stands on several lines."""
    return rf"{formula(value)} & " + ("otherwise" if condition is None else f"if ${formula(condition, width)}$")


def _digits(text: str) -> str:
    mantissa, e, exponent = text.lower().partition("e")
    if not e:
        return mantissa
    power = rf"10^{{{int(exponent)}}}"
    return power if mantissa == "1" else rf"{mantissa} \times {power}"


def _letter(text: str) -> str:
    if text in _GREEK:
        return rf"\{_GREEK[text]}"
    return _CAPITALS.get(text, text) if text.isascii() or text in _CAPITALS else rf"\text{{{text_of(text)}}}"


def _upright(text: str) -> str:
    letters = re.findall(r".[\u0300-\u036f\u20d7]*", unicodedata.normalize("NFD", text.replace(" ", "\u00a0")), re.DOTALL)
    return "".join(_accented(c[0], c[1:]) for c in letters)


def _accented(letter: str, marks: str) -> str:
    """A letter with what stands above it, inside a formula."""
    found = rf"\{_GREEK[letter]}" + "{}" if letter in _GREEK else _CAPITALS.get(letter, _in_words(letter))
    if found == letter and not letter.isascii():
        found = rf"\text{{{text_of(letter)}}}"
    for mark in marks:
        found = rf"\{_ACCENTS.get(mark, 'bar')}{{{found}}}"
    return found


def _in_words(letter: str) -> str:
    return "~" if letter == "\u00a0" else _SIGNS[letter] + " " if letter in _SIGNS else _escaped(letter)


def _sign(text: str, space: Space = Space.NONE) -> str:
    return "".join(_SIGNS.get(c, c) for c in text) + _SPACES[space]


def _unit(name: str, power: Rational) -> str:
    shown = rf"\mathrm{{{_upright(name)}}}" if name != "%" else r"\%"
    return shown if power == 1 else rf"{shown}^{{{power}}}"


# --- texts -----------------------------------------------------------------------------------------------------------


_SPECIAL = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"} | {c: f"\\{c}" for c in "&%$#_{}"}
_SUPERSCRIPTS = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿⁱᵀ", [*"0123456789+-ni", r"\top"], strict=True))
_SUBSCRIPTS = dict(zip("₀₁₂₃₄₅₆₇₈₉₊₋ₐₑᵢⱼₖₘₙₓ", "0123456789+-aeijkmnx", strict=True))
_PUNCTUATION = {"‘": "`", "’": "'", "“": "``", "”": "''", "–": "--", "—": "---", "…": r"\dots{}", "\u00a0": "~", "°": r"\textdegree{}"}


def text_of(text: str) -> str:
    """Running text, with letters of formulas in mathematical mode."""
    letters = re.findall(r".[\u0300-\u036f\u20d7]*", unicodedata.normalize("NFC", text), re.DOTALL)
    return "".join(_escaped(c) if len(c) == 1 else rf"\ensuremath{{{_accented(c[0], c[1:])}}}" for c in letters)


def _escaped(letter: str) -> str:
    if letter in _SPECIAL or letter in _PUNCTUATION:
        return _SPECIAL.get(letter) or _PUNCTUATION[letter]
    if letter.isascii():
        return letter
    if letter in _GREEK:
        return rf"\ensuremath{{\{_GREEK[letter]}}}"
    for known, mark in ((_SUPERSCRIPTS, "^"), (_SUBSCRIPTS, "_")):
        if letter in known:
            return rf"\ensuremath{{{mark}{{{known[letter]}}}}}"
    if letter in _SIGNS:
        return rf"\ensuremath{{{_SIGNS[letter]}}}"
    if letter in _CAPITALS:
        return _CAPITALS[letter]
    return letter if "\u00a0" < letter < "\u0180" else "" if unicodedata.combining(letter) else "?"
