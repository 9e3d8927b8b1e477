"""How the stages of the parser give up on one statement: an exception that carries what a diagnostic needs."""

from __future__ import annotations

import unicodedata

from plasticdsl.diagnostics.diagnostic import Diagnostic, Hint, Label, diagnostic
from plasticdsl.source import SourceFile, Span
from plasticdsl.syntax.foreign_signs import meant


class Refusal(Exception):  # it becomes a finding; the error is `PlasError`
    """One statement cannot be read.

    `message` and `hint`, its texts too, may hold `{0}`, `{1}` … for the source text at `quoted`, since not every stage has the text.
    """

    def __init__(
        self,
        code: str,
        span: Span,
        message: str,
        hint: Hint | str = "",
        *,
        quoted: tuple[Span, ...] = (),
        labels: tuple[Label, ...] = (),
    ) -> None:
        super().__init__(code)
        self.code, self.span, self.message = code, span, message
        self.hint = Hint(hint) if isinstance(hint, str) else hint
        self.quoted, self.labels = quoted, labels

    def diagnostic(self, source: SourceFile) -> Diagnostic:
        """The finding as data, with the quoted text filled in."""
        quoted = [" ".join(source.text[span.start : span.end].split()) for span in self.quoted]

        def filled(text: str) -> str:
            for number, words in enumerate(quoted):
                text = text.replace(f"{{{number}}}", words)
            return text

        hint = Hint(filled(self.hint.words), tuple(map(filled, self.hint.texts)), self.hint.at)
        return diagnostic(self.code, filled(self.message), self.span, hint, self.labels)


def twice(word: str, span: Span) -> Refusal:
    """The refusal for an option that is there already."""
    return Refusal("twice", span, f"‘{word}’ is given twice.", "Keep one of them.")


def sum_in_name(span: Span, name: str) -> Refusal:
    """The refusal for a name that holds the sign of sums, `Σw = 3`; `name` is what can be written for it."""
    hint = f"Write it as a word, wherever the name stands: ‘{name}’."
    return Refusal("reserved-word", span, "‘Σ’ begins a sum and cannot stand in a name.", hint)


_FOREIGN_SIGNS = {
    "==": Hint("Write ‘=’, for comparisons too.", ("=",)),
    "**": Hint("Write powers as ‘x^2’ or ‘x²’.", ("^",)),
    ":=": Hint("Write ‘=’.", ("=",)),
    "&&": Hint("Write ‘and’.", (" and ",)),
    "//": Hint("A comment begins with ‘#’; a quotient has one ‘/’."),
    "++": Hint("Write ‘+= 1’.", (" += 1",)),
}


def foreign_sign(source: SourceFile, start: int, stop: int) -> Refusal:
    """The refusal for a sign of other languages, `==` or `**`."""
    sign = source.text[start:stop]
    return Refusal("foreign-sign", Span(start, stop, source.path), f"‘{sign}’ is not used in this language.", _FOREIGN_SIGNS[sign])


def unexpected_character(source: SourceFile, position: int) -> Refusal:
    """The refusal for a character that belongs to no token."""
    character = source.text[position]
    name = unicodedata.name(character, "").lower() or f"code U+{ord(character):04X}"
    shown = f"‘{character}’ ({name})" if character.isprintable() else f"The character {name}"
    after_average = character == "_" and source.text[position - 1 : position] == "⟩"
    hint = Hint("The time constant of an average is one name: ‘⟨x⟩_τ’.") if after_average else meant(source, position)
    return Refusal("unexpected-character", Span(position, position + 1, source.path), f"{shown} is not used here.", hint)
