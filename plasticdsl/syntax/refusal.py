"""How the stages of the parser give up on one statement: an exception that carries what a diagnostic needs."""

from __future__ import annotations

import unicodedata

from plasticdsl.diagnostics.diagnostic import Diagnostic, Label
from plasticdsl.source import SourceFile, Span


class Refusal(Exception):  # it becomes a finding; the error is `PlasError`
    """One statement cannot be read.

    `message` and `hint` may hold `{0}`, `{1}` … for the source text at `quoted`, since not every stage has the text.
    """

    def __init__(
        self,
        code: str,
        span: Span,
        message: str,
        hint: str = "",
        *,
        quoted: tuple[Span, ...] = (),
        labels: tuple[Label, ...] = (),
    ) -> None:
        super().__init__(code)
        self.code, self.span, self.message, self.hint = code, span, message, hint
        self.quoted, self.labels = quoted, labels

    def diagnostic(self, source: SourceFile) -> Diagnostic:
        """The finding as data, with the quoted text filled in."""
        message, hint = self.message, self.hint
        for number, span in enumerate(self.quoted):
            text = " ".join(source.text[span.start : span.end].split())
            message = message.replace(f"{{{number}}}", text)
            hint = hint.replace(f"{{{number}}}", text)
        return Diagnostic(self.code, message, self.span, hint, self.labels)


_MEANT = {
    "\\": "LaTeX commands are not read: write the letter itself (τ) or its name (tau)",
    "–": "this is an en dash; write `−` or `-`",
    "—": "this is an em dash; write `−` or `-`",
    "‐": "this is a hyphen from a text; write `−` or `-`",
    "←": "write the arrow from the name to its new value: `V → V_r`",
    "⇒": "write `→` or `->`",
    "∗": "write `*` or `·`",
    "÷": "write `/`",
    "√": "write `sqrt(x)`",
    "∫": "integrals are not part of the language; write the state whose derivative the integrand is",
    "∏": "products over an index are not part of the language; write `exp(Σ_i log(a_i))`",
    "∇": "write `∂E/∂w`",
    "‖": "write `sqrt(Σ_i w_i²)`",
    "∧": "write `and`",
    "∨": "write `or`",
    "¬": "write `not`",
    "&": "write `and`",
    "!": "write `not`, or `!=` for ≠",
    ";": "write one statement per line",
    "'": "a prime needs a function and its argument: `σ'(a)`; strings stand in double quotes",
    "“": 'write straight quotes: "…"',
    "”": 'write straight quotes: "…"',
    "@": "",
    "%": "a percent sign stands directly after a number: `20 %`",
    "_": "a name begins with a letter",
    "ⁿ": "write the power as `x^n`",
    "̇": "write `dx/dt`",
    "…": "write the whole expression",
    '"': 'a text ends on its own line: "digits.npz"',
}


_FOREIGN_SIGNS = {
    "==": "write `=`, for comparisons too",
    "**": "write powers as `x^2` or `x²`",
    ":=": "write `=`",
    "&&": "write `and`",
    "++": "write `+= 1`",
}


def foreign_sign(source: SourceFile, start: int, stop: int) -> Refusal:
    """The refusal for a sign of other languages, `==` or `**`."""
    sign = source.text[start:stop]
    return Refusal("foreign-sign", Span(start, stop, source.path), f"`{sign}` is not used in this language", _FOREIGN_SIGNS[sign])


def unexpected_character(source: SourceFile, position: int) -> Refusal:
    """The refusal for a character that belongs to no token."""
    character = source.text[position]
    name = unicodedata.name(character, "").lower() or f"code U+{ord(character):04X}"
    shown = f"`{character}` ({name})" if character.isprintable() else f"the character {name}"
    hint = _MEANT.get(character, "")
    return Refusal("unexpected-character", Span(position, position + 1, source.path), f"{shown} is not used here", hint)
