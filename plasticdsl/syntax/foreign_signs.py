"""What a sign that has no meaning here was meant to be: a text and a place come in, a `Hint` goes out."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping

from plasticdsl.diagnostics.diagnostic import Hint
from plasticdsl.source import SourceFile, Span

#: What one character was meant to be, with what can stand in its place where that is clear.
_MEANT: Mapping[str, Hint] = {
    "–": Hint("This is an en dash; write ‘−’ or ‘-’.", ("−",)),
    "—": Hint("This is an em dash; write ‘−’ or ‘-’.", ("−",)),
    "‑": Hint("This is a hyphen from a text; write ‘−’ or ‘-’.", ("−",)),
    "‐": Hint("This is a hyphen from a text; write ‘−’ or ‘-’.", ("−",)),
    "←": Hint("Write the arrow from the name to its new value: ‘V → V_r’.", ("→",)),
    "⇒": Hint("Write ‘→’ or ‘->’.", ("→",)),
    "∗": Hint("Write ‘*’ or ‘·’.", ("·",)),
    "÷": Hint("Write ‘/’.", ("/",)),
    "∼": Hint("Write ‘~’.", ("~",)),
    "∫": Hint("Integrals are not part of the language; write the state whose derivative the integrand is."),
    "∏": Hint("Products over an index are not part of the language; write ‘exp(Σ_i log(a_i))’."),
    "∇": Hint("Write ‘∂E/∂w’."),
    "‖": Hint("Write ‘sqrt(Σ_i w_i²)’."),
    "∧": Hint("Write ‘and’.", (" and ",)),
    "∨": Hint("Write ‘or’.", (" or ",)),
    "¬": Hint("Write ‘not’.", ("not ",)),
    "&": Hint("Write ‘and’.", (" and ",)),
    "!": Hint("Write ‘not’, or ‘!=’ for ≠."),
    ";": Hint("Write one statement per line."),
    "'": Hint("A prime needs a function and its argument: ‘σ'(a)’; strings stand in double quotes."),
    "“": Hint('Write straight quotes: "…".', ('"',)),
    "”": Hint('Write straight quotes: "…".', ('"',)),
    "’": Hint("A prime needs a function and its argument: ‘σ'(a)’; strings stand in double quotes."),
    "$": Hint("Formulas stand in the text without dollar signs.", ("",)),
    "@": Hint("Write a sum: ‘post.h = Σ w x’."),
    "%": Hint("A percent sign stands directly after a number: ‘20 %’."),
    "_": Hint("A name begins with a letter."),
    "ⁿ": Hint("Write the power as ‘x^n’."),
    "̇": Hint("Write ‘dx/dt’."),
    "…": Hint("Write the whole expression."),
    '"': Hint('A text ends on its own line: "digits.npz".'),
}

_PERCENT = Hint("A comment begins with ‘#’; a percent sign stands directly after a number: ‘20 %’.", ("#",))
_SINGLE = Hint('A text about a block stands between three double quotes: """…""".')
_LETTERS = "LaTeX commands are not read: write the letter itself (τ) or its name (tau)."


def _plain(text: str) -> str:
    return text if re.fullmatch(r"[\w\\]+", text) else f"({text})"


#: LaTeX that is more than a letter, and what it is here.
_LATEX: tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = tuple(
    (re.compile(pattern), text)
    for pattern, text in (
        (r"\\[dt]?frac\s*\{\s*(?:\\(?:mathrm|rm)\s*)?\{?d\}?\s*([^\s{}]+)\s*\}\s*\{\s*(?:\\(?:mathrm|rm)\s*)?\{?d\}?\s*t\s*\}", r"d\1/dt"),
        (r"\\[dt]?frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}", lambda match: f"({_plain(match[1])}/{_plain(match[2])})"),
        (r"\\dot\s*\{?([^\W\d_](?:_\w+|_\{\w+\})?)\}?", r"d\1/dt"),
        (r"\\(?:text|textrm|mathrm|mathit|mathbf|operatorname)\s*\{([^{}]*)\}", r"\1"),
        (r"\\sqrt\s*\{([^{}]*)\}", r"√(\1)"),
        (r"\\(?:cdot|times|ast)(?![A-Za-z])\s*", "·"),
        (r"\\(?:left|right|[bB]igg?[lr]?|q?quad|displaystyle)(?![A-Za-z])\s*|\\[,;!: ]", ""),
        (r"\\(?:rightarrow|to|mapsto|leftarrow|gets)(?![A-Za-z])", "→"),
        (r"\\leq?(?![A-Za-z])", "≤"),
        (r"\\geq?(?![A-Za-z])", "≥"),
        (r"\\neq?(?![A-Za-z])", "≠"),
        (r"\\pm(?![A-Za-z])", "±"),
        (r"\\approx(?![A-Za-z])", "≈"),
        (r"\\in(?![A-Za-z])", "∈"),
        (r"\\sum(?![A-Za-z])", "Σ"),
        (r"\\infty(?![A-Za-z])", "∞"),
        (r"\\partial(?![A-Za-z])\s*", "∂"),
        (r"\\langle(?![A-Za-z])\s*", "⟨"),
        (r"\\rangle(?![A-Za-z])", "⟩"),
        (r"\\Delta\s+(?=\w)", "Δ"),
    )
)


def meant(source: SourceFile, position: int) -> Hint:
    """What the sign at a place was meant to be; no words where nobody knows."""
    text, sign = source.text, source.text[position]
    begin = text.rfind("\n", 0, position) + 1
    before = text[begin:position]
    if sign == "\\":
        return _latex(source, position)
    if sign == ";" and sum(map(before.count, "([{")) > sum(map(before.count, ")]}")):
        return Hint("What stands in brackets is apart by commas.", (",",))
    if sign == "'" and text.startswith("'''", position):
        return _SINGLE
    if sign == "%" and before[-1:].isspace() and re.match(r"%\s*[^\W\d]", text[position : position + 80]):
        return _PERCENT
    if sign in _MEANT:
        return _MEANT[sign]
    usual = unicodedata.normalize("NFKC", sign)
    if len(usual) == 1 and usual.isascii() and usual.isprintable() and not usual.isspace():
        return Hint(f"It looks like ‘{usual}’ and is another sign; write ‘{usual}’.", (usual,))
    return Hint("")


def _latex(source: SourceFile, position: int) -> Hint:
    r"""`\frac{dV}{dt}` as dV/dt, `\text{rest}` as rest; of letters the name stays."""
    for pattern, template in _LATEX:
        if (match := pattern.match(source.text, position)) is not None:
            text = template(match) if callable(template) else match.expand(template)
            words = (
                f"LaTeX commands are not read: write ‘{text}’." if text else f"LaTeX commands are not read: leave out ‘{match[0].strip()}’."
            )
            return Hint(words, (text,), Span(match.start(), match.end(), source.path))
    return Hint(_LETTERS, ("",))
