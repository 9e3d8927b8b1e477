"""A statement while it is spelt anew: for each of its tokens what is written for it, and what stands before it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from plasticdsl.names import canonical
from plasticdsl.source import SourceFile
from plasticdsl.syntax.layout import Line
from plasticdsl.syntax.tokens import Token
from plasticdsl.syntax.words import BLOCKS
from plasticdsl.units.table import is_unit

#: Fractions that are decimals; `(1/3)` is none.
WITH_AN_END = {
    "½": "0.5", "¼": "0.25", "¾": "0.75", "⅕": "0.2", "⅖": "0.4", "⅗": "0.6", "⅘": "0.8", "⅛": "0.125", "⅜": "0.375", "⅝": "0.625", "⅞": "0.875",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Words:
    """What names of a file are: `blocks`, which are words and no symbols where they have a capital, and `functions`, which are the author's own."""

    blocks: frozenset[str]
    functions: frozenset[str]

    @staticmethod
    def of(source: SourceFile) -> Words:
        """The names of a whole file."""
        heads = re.findall(rf"^(?:{'|'.join(BLOCKS)})\s+(\w+)|^(use\s.*)$", source.text, re.MULTILINE)
        blocks = {canonical(name) for head, used in heads for name in re.findall(r"[A-Z]\w*", head or used)}
        functions = re.findall(r"^\s*(?:function\s+)?([^\W\d]\w*)\([^()]*\)\s*=", source.text, re.MULTILINE)
        return Words(frozenset(blocks), frozenset(map(canonical, functions)))


@dataclass(slots=True)
class Written:
    """A statement on its way: for each token what is written for it, and what stands before it (blanks, and comments at the ends of lines)."""

    source: SourceFile
    line: Line
    tokens: Sequence[Token]
    texts: list[str] = field(default_factory=list)
    gaps: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        end = self.line.start
        for token in self.tokens:
            start = max(token.span.start, end)
            self.gaps.append(self.source.text[end:start])
            self.texts.append(self.source.text[start : max(token.span.end, end)])
            end = max(token.span.end, end)

    def text(self) -> str:
        """The statement; a blank keeps words apart that signs had kept apart, and names from brackets that are not theirs."""
        parts: list[str] = []
        last = ""
        for number, (gap, text) in enumerate(zip(self.gaps, self.texts, strict=True)):
            if text and not gap and last and self._run_together(number, last, text[0]):
                gap = " "
            parts += [gap, text]
            last = (last + gap + text)[-1:]
        return "".join(parts)

    def _run_together(self, number: int, left: str, right: str) -> bool:
        before, after = self.tokens[number - 1].span, self.tokens[number].span
        was = self.source.text[before.end - 1], self.source.text[after.start]
        if (left, right) == was:
            return False
        if _is_word(left) and _is_word(right):
            return not all(map(_is_word, was)) or left.isdigit()
        its_own = self.tokens[number].kind == "INDEX" or (self.tokens[number - 1].kind in ("CALLED", "√") and self.texts[number - 1])
        return right in "([" and (_is_word(left) or left in ")]") and not its_own

    def replace(self, first: int, last: int, text: str) -> None:
        """One text in place of several tokens."""
        self.texts[first : last + 1] = [text, *[""] * (last - first)]
        self.gaps[first + 1 : last + 1] = [""] * (last - first)


def _is_word(letter: str) -> bool:
    return letter.isalnum() or letter == "_"


def named(written: Written, number: int, spell: Callable[[str], str], unit: Callable[[str], str]) -> str | None:
    """A name in another spelling, or None for what is none; `unit` spells words that are units: behind the colon of an input."""
    token = written.tokens[number]
    match token.kind:
        case "NAME" if "-" not in token.text[1:-1] and token.text not in ("in-degree", "out-degree"):
            as_unit = written.tokens[0].text == "input" and any(t.kind == ":" for t in written.tokens[:number])
            return unit(token.text) if is_unit(token.text) and (as_unit or not token.text[:2].isascii()) else spell(token.text)
        case "CALLED":
            return spell(token.text) + token.inner.replace("′", "'")
        case "DERIVATIVE":
            return f"d{spell(token.text[1:-3])}/dt"
        case _:
            return None


def number_parts(written: Written, number: int) -> tuple[str, str]:
    """The digits of a number, and the rest: blanks and its unit."""
    token = written.tokens[number]
    text = token.text
    return text, written.texts[number][len(text) :]
