"""What becomes of the parts of a foreign line: units, changes, sides of a synapse, lines in quotes. Text comes in, text of this language goes out."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from textwrap import dedent

from plasticdsl.names import NAME
from plasticdsl.source import SourceFile, Span
from plasticdsl.syntax.layout import Line
from plasticdsl.units.table import is_unit, unit_words


@dataclass(frozen=True, slots=True)
class Where:
    """A statement in its file: in a block of which kind, how deep in it (1: directly), and the statements beside it; and the units of variables as far as
    they are known, by their ASCII names."""

    source: SourceFile
    kind: str
    line: Line
    siblings: Sequence[Line]
    level: int
    units: Mapping[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """As it is written, without comments at the ends of its lines."""
        return "\n".join(self.source.text[start:end] for start, end in self.line.stretches)

    @property
    def indent(self) -> str:
        """What stands before it."""
        return " " * self.line.indent

    @property
    def whole(self) -> Span:
        """With the block below it."""
        last = self.line
        while last.body:
            last = last.body[-1]
        return Span(self.line.start, last.end, self.source.path)

    @property
    def body(self) -> str:
        """The text of the block below it, from the margin of its lines."""
        if not self.line.body:
            return ""
        start = self.source.text.rfind("\n", 0, self.line.body[0].start) + 1
        return dedent(self.source.text[start : self.whole.end])


Converter = Callable[[str, Where], "str | None"]

_SIGNS = {
    "→": "->", "Σ": "Sum", "ξ": "xi", "−": "-", "≠": "!=", "≈": "~=", "∈": "in", "·": "*", "≤": "<=", "≥": ">=", "∞": "inf", "±": "+-",
    "²": "^2", "τ": "tau", "√": "sqrt", "×": "*",
}  # fmt: skip


def in_ascii(text: str) -> str:
    """What is shown to somebody whose file is in ASCII."""
    return "".join(_SIGNS.get(letter, letter) for letter in text)


# --- units -----------------------------------------------------------------------------------------------------------

_WORDS: Mapping[str, str] = {
    "volt": "V", "amp": "A", "ampere": "A", "second": "s", "seconds": "s", "sec": "s", "secs": "s", "siemens": "S", "farad": "F", "hertz": "Hz",
    "metre": "m", "meter": "m", "ohm": "ohm", "molar": "M", "kelvin": "K", "coulomb": "C", "joule": "J", "newton": "N", "gram": "g",
    "minute": "min", "minutes": "min", "hour": "h", "hours": "h",
}  # fmt: skip
_PREFIXES: Mapping[str, str] = {
    "milli": "m", "micro": "u", "nano": "n", "pico": "p", "femto": "f", "kilo": "k", "mega": "M", "giga": "G", "centi": "c",
}  # fmt: skip


def unit_word(word: str) -> str | None:
    """A unit as other programs spell it: `mvolt`, `millivolt`, `Volts`, `msec`; None for what is none. A first M is mega and a first m milli."""
    if is_unit(word):
        return word
    spelled = word[:1] + word[1:].lower()
    for stem in dict.fromkeys(stem for text in (word, spelled, _small(word)) for stem in (text, text.removesuffix("s"))):
        found = _stem(stem)
        if found is not None and is_unit(found):
            return found
    return None


def _small(word: str) -> str:
    """All in small letters, as long as that makes no `Mohm` a `mohm`."""
    small = word.lower()
    return small if word[:1] != "M" or small[1:].removesuffix("s") not in _WORDS else word


def _stem(stem: str) -> str | None:
    if stem in _WORDS:
        return _WORDS[stem]
    long = next(((long, short) for long, short in _PREFIXES.items() if stem.startswith(long) and stem[len(long) :] in _WORDS), None)
    if long is not None:
        return long[1] + _WORDS[stem[len(long[0]) :]]
    return stem[0] + _WORDS[stem[1:]] if stem[:1] in tuple("munpfkMG") and stem[1:] in _WORDS else None


@cache
def _by_small_letters() -> Mapping[str, tuple[str, ...]]:
    """Units of several letters by how they look in small ones."""
    found: dict[str, tuple[str, ...]] = {}
    for word in unit_words():
        if len(word) > 1 and word.isascii():
            found[word.lower()] = (*found.get(word.lower(), ()), word)
    return found


def units_like(word: str) -> tuple[str, ...]:
    """The units that a word is but for capitals or a letter that stands twice, those with the fewest other letters: `hz`, `PA` (pA, Pa), `mss`.

    A first M may be mega or milli.
    """
    for text in dict.fromkeys((word, re.sub(r"(.)\1+", r"\1", word))):
        known = (text,) if is_unit(text) and len(text) > 1 else _by_small_letters().get(text.lower(), ())
        apart = {unit: number for unit in known if (number := sum(map(str.__ne__, unit, text))) < len(text)}
        if apart:
            return tuple(unit for unit, number in apart.items() if text[0] == "M" or number == min(apart.values()))
    return ()


def _unit(text: str, where: Where) -> str | None:
    """`nsiemens/farad` as `nS/F`; pure numbers have no unit."""
    words = re.findall(r"[^\W\d]+", text)
    found = {word: unit_word(word) for word in words}
    if not words or any(unit is None for unit in found.values()):
        return None
    return re.sub(r"[^\W\d]+", lambda m: found[m[0]] or "", text.replace("**", "^"))


def _power(text: str, where: Where) -> str | None:
    """A unit with its exponent, `mM⁻¹`."""
    word = re.match(r"[A-Za-zµμΩ]+", text)
    unit = None if word is None else unit_word(word[0])
    return None if word is None or unit is None else f"{unit}{text[word.end() :]}"


_FACTOR = re.compile(r"(?<![\w.])((?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*\*\s*([^\W\d]\w*)(?![\w(.])")


def quantities(text: str) -> str:
    """`10*mV` as `10 mV`."""
    return _FACTOR.sub(lambda m: f"{m[1]} {unit_word(m[2])}" if unit_word(m[2]) else m[0], text)


def _celsius(text: str, where: Where) -> str:
    return f"{round(float(text.replace('−', '-')) + 273.15, 10):g}"


# --- statements ------------------------------------------------------------------------------------------------------

_SET = re.compile(rf"({NAME}(?:\.{NAME})?)\s*=(?!=)\s*(.+)", re.DOTALL)
_SIDE = re.compile(r"(?<![\w.])([^\W\d]\w*?)_(pre|post|target)\b")


def plain(text: str) -> str:
    """One expression: without quotes, with units and signs as here."""
    return " ".join(quantities(text.strip().strip("\"'")).replace("**", "^").replace("==", "=").split())


def sides(text: str, where: Where) -> str:
    """`v_post` is post.v, `x_pre` is pre.x."""
    return _SIDE.sub(lambda m: f"{'pre' if m[2] == 'pre' else 'post'}.{m[1]}", plain(text))


def statements(text: str) -> list[str]:
    """What stands on several lines, or before and after semicolons."""
    return [part.strip() for part in re.split(r"[;\n]", text.strip().strip("\"'")) if part.strip()]


def _change(statement: str) -> str:
    match = _SET.fullmatch(statement)
    return f"{match[1]} → {match[2]}" if match else statement


def changes(text: str, where: Where) -> str | None:
    """Assignments as changes, one below the other, deeper than what they belong to."""
    made = [_change(plain(part)) for part in statements(text) if not part.startswith("emit_spike")]
    return "\n".join(f"    {line}" for line in made) if made else None


def changes_of_units(text: str, where: Where) -> str | None:
    """The same in a synapse."""
    made = [_change(sides(part, where)) for part in statements(text)]
    return "\n".join(f"    {line}" for line in made) if made else None


def _lines(text: str, where: Where) -> str | None:
    """The lines of a text in quotes, or of a block below a heading."""
    inner = dedent(text.rstrip()) if text.startswith(" ") else dedent("\n".join(line for line in text.split("\n") if line.strip()))
    return inner.strip("\n") or None


def _deeper(text: str, where: Where) -> str | None:
    """A block as it stands, four blanks deeper."""
    return "\n".join(f"    {line}" if line.strip() else "" for line in text.rstrip().split("\n")) or None


def _subtracted(text: str, where: Where) -> str:
    """What is brought to the other side of an equation."""
    return text.strip() if re.fullmatch(r"[\w.()*/·\s]+", text) else f"({text.strip()})"


def _factor(text: str, where: Where) -> str:
    return f"{text.strip().rstrip('*').strip()} " if text.strip() else ""


def _length(text: str, where: Where) -> str:
    """How long the phase above lasts, or a second where there is none."""
    source, start = where.source.text, where.line.start
    known = re.findall(r"^\s*phase\s+\w+\s+for\s+([^:\n]+)", source[:start], re.MULTILINE)
    return known[-1].strip() if known else "1 s"


def _target(text: str, where: Where) -> str:
    """The input that the neurons of the file have, or a usual name of one."""
    known = re.findall(r"^\s+input\s+([^\W\d]\w*)", where.source.text, re.MULTILINE)
    return known[0] if len(set(known)) == 1 else "I"


_METHODS = {
    "euler": "Euler", "forward_euler": "Euler", "exponential_euler": "exponential Euler", "exponential": "exponential Euler", "rk2": "midpoint",
    "midpoint": "midpoint", "rk4": "RK4", "heun": "Heun", "milstein": "Milstein",
}  # fmt: skip


def _method(text: str, where: Where) -> str | None:
    return _METHODS.get(text.strip().lower())


def _listed(text: str, where: Where) -> str | None:
    """`['V', 'u']` as V, u."""
    names = re.findall(r"[^\W\d]\w*", text)
    return ", ".join(names) or None


def _per(text: str, where: Where) -> str | None:
    """` /second` behind a quantity as `/s`."""
    unit = unit_word(text) if text else ""
    return None if unit is None else f"/{unit}" if unit else ""


def _once(text: str, where: Where) -> str:
    """When a number is drawn that is no initial value and stands below no trigger."""
    return " once, before the run," if where.kind in ("neuron", "synapse", "rule") and where.level == 1 and "(" not in text else ""


CONVERTERS: Mapping[str, Converter] = {
    "per": _per,
    "once": _once,
    "plain": lambda text, where: plain(text),
    "unit": _unit,
    "power": _power,
    "celsius": _celsius,
    "sides": sides,
    "changes": changes,
    "changes_of_units": changes_of_units,
    "lines": _lines,
    "deeper": _deeper,
    "indented": lambda text, where: _deeper(_deeper(text, where) or "", where),
    "subtracted": _subtracted,
    "factor": _factor,
    "length": _length,
    "target": _target,
    "method": _method,
    "listed": _listed,
}
