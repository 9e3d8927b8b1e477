"""Formulas of other programs as sums of products, in text: what a random number is multiplied by in one, and what stands beside it.

A text comes in, `−60*mV + (rand() − 0.5)*10*mV`; the products of its factors go out, each with its number: −65 mV, and 10 mV times the draw.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

from plasticdsl.syntax.foreign_texts import unit_word
from plasticdsl.syntax.words import RESERVED

#: The factors of a product, units with a blank before them; and the number of each product.
Sum = dict[tuple[str, ...], Fraction]
#: A uniform draw between 0 and 1, and a normal one of mean 0 and deviation 1, as factors.
UNIFORM, NORMAL = "uniform()", "normal()"
ONE: Sum = {(): Fraction(1)}

_TOKEN = re.compile(r"\s*((?:\d+\.?\d*|\.\d+)(?:[eE][-+−]?\d+)?|[^\W\d]\w*(?:\.[^\W\d]\w*)*|\*\*|[-−+*·×/^(),=])")
_BETWEEN = ("rand", "random", "uniform", "unifrnd")
_AROUND = ("randn", "gauss", "normal", "norm", "normrnd", "gaussian")
#: Which argument is called so.
_PLACES = {
    **dict.fromkeys(("low", "min", "a", "loc", "mean", "mu"), 0),
    **dict.fromkeys(("high", "max", "b", "scale", "sd", "std", "stdev", "sigma"), 1),
}
_HOW_MANY = ("size", "n", "N")
#: Products of a sum that is multiplied out.
_MOST = 16


def as_sum(text: str, is_name: Callable[[str], bool]) -> Sum | None:
    """The sum that a text is; None for what is none. `is_name`: whether a word that looks like a unit is a name where the text stands."""
    tokens, end = [], 0
    while text[end:].strip():
        match = _TOKEN.match(text, end)
        if match is None:
            return None
        tokens.append(match[1])
        end = match.end()
    reader = _Reader(tokens, is_name)
    try:
        found = reader.sum()
    except (_Unread, ZeroDivisionError):
        return None
    return found if reader.number == len(tokens) else None


class _Unread(Exception):
    """What is no sum of products, or too long a one."""


@dataclass(slots=True)
class _Reader:
    tokens: list[str]
    is_name: Callable[[str], bool]
    number: int = 0

    @property
    def next(self) -> str:
        return self.tokens[self.number] if self.number < len(self.tokens) else ""

    def take(self, *words: str) -> str:
        """The next token where it is one of these."""
        if self.next not in words or not self.next:
            return ""
        self.number += 1
        return self.tokens[self.number - 1]

    def sum(self) -> Sum:
        """Products with signs between."""
        total: Sum = {}
        sign = self.take("+", "-", "−") or "+"
        while sign:
            product = self.product()
            total = plus(total, product if sign == "+" else times(product, {(): Fraction(-1)}))
            sign = self.take("+", "-", "−")
        return total

    def product(self) -> Sum:
        """Factors with signs of products between, or with nothing before a name or bracket."""
        product = self.factor()
        while self.next and self.next not in "+-−),=":
            if self.take("/"):
                product = times(product, _inverse(self.factor()))
            else:
                self.take("*", "·", "×")
                product = times(product, self.factor())
        return product

    def factor(self) -> Sum:
        """A number, a name, a call or a sum in brackets."""
        if self.take("("):
            inner = self.sum()
            self.expect(")")
        elif self.next[:1].isdigit() or self.next[:1] == ".":
            inner = {(): Fraction(self.tokens[self.number].replace("−", "-"))}
            self.number += 1
        elif self.next[:1].isalpha():
            inner = self.name()
        else:
            raise _Unread
        if self.next in ("^", "**"):
            raise _Unread
        return inner

    def name(self) -> Sum:
        """A name, a unit, or a draw."""
        word = self.tokens[self.number]
        if word in RESERVED:
            raise _Unread
        self.number += 1
        last = word.rpartition(".")[2].lower()
        if self.take("("):
            arguments = list(self.arguments())
            drawn = {**dict.fromkeys(_BETWEEN, UNIFORM), **dict.fromkeys(_AROUND, NORMAL)}.get(last)
            if drawn is None:
                raise _Unread
            return _draw(drawn, arguments if last not in ("rand", "randn") else [])
        unit = None if "." in word or self.is_name(word) else unit_word(word)
        return {(f" {unit}" if unit else word,): Fraction(1)}

    def arguments(self) -> Iterator[Sum]:
        """Those that say where it lies, by place or by name; `size=10` and the like say how many are drawn."""
        given: list[Sum] = []
        named: dict[int, Sum] = {}
        while not self.take(")"):
            keyword = self.tokens[self.number] if self.tokens[self.number + 1 : self.number + 2] == ["="] else ""
            self.number += 2 if keyword else 0
            value = self.sum()
            if not keyword:
                given.append(value)
            elif keyword in _PLACES:
                named[_PLACES[keyword]] = value
            elif keyword not in _HOW_MANY:
                raise _Unread
            if not self.take(","):
                self.expect(")")
                break
        yield from given
        yield from (named[place] for place in range(len(given), 2) if place in named)

    def expect(self, sign: str) -> None:
        """Raises `_Unread` where it does not come."""
        if not self.take(sign):
            raise _Unread


def _draw(drawn: str, arguments: list[Sum]) -> Sum:
    """`uniform(a, b)` as a + (b − a) times a draw between 0 and 1, `normal(m, s)` as m + s times one of deviation 1."""
    draw: Sum = {(drawn,): Fraction(1)}
    if not arguments:
        return draw
    if len(arguments) < 2:
        raise _Unread
    first, second = arguments[:2]
    spread = plus(second, times(first, {(): Fraction(-1)})) if drawn == UNIFORM else second
    return plus(first, times(spread, draw))


def plus(left: Sum, right: Sum) -> Sum:
    """Two sums as one, without what takes itself away."""
    total = dict(left)
    for factors, number in right.items():
        total[factors] = total.get(factors, Fraction(0)) + number
    return {factors: number for factors, number in total.items() if number or all(f[0] == " " for f in factors)}  # ‘0 mV’ has a unit


def times(left: Sum, right: Sum) -> Sum:
    """Two sums multiplied out. Raises `_Unread` where that is long."""
    if len(left) * len(right) > _MOST:
        raise _Unread
    total: Sum = {}
    for one, number in left.items():
        for other, second in right.items():
            total = plus(total, {(*one, *other): number * second})
    return total


def _inverse(divisor: Sum) -> Sum:
    """One over a sum of one product."""
    if len(divisor) != 1:
        raise _Unread
    [(factors, number)] = divisor.items()
    if len(factors) > 1 or any(f[0] in " /" for f in factors):
        raise _Unread
    return {tuple(f"/{factor}" for factor in factors): 1 / number}


# --- as text ---------------------------------------------------------------------------------------------------------


def written(total: Sum) -> str | None:
    """The sum as it is written here; empty for none, None where a number has no end or units stand beside each other."""
    parts: list[str] = []
    for factors, number in total.items():
        if not number and len(total) > 1:
            continue
        text = _product(factors, abs(number))
        if text is None:
            return None
        sign = "−" if number < 0 else "+"
        parts.append(f"{sign} {text}" if parts else f"−{text}" if number < 0 else text)
    return " ".join(parts)


def _product(factors: tuple[str, ...], number: Fraction) -> str | None:
    units = [f[1:] for f in factors if f[0] == " "]
    over = [f for f in factors if f[0] == "/"]
    names = [f for f in factors if f[0] not in " /"]
    digits = decimal(number)
    if digits is None and not units and not names and not over:
        return f"{number.numerator}/{number.denominator}"
    if digits is None or len(units) > 1:
        return None
    first = [f"{digits} {units[0]}"] if units else [digits] if number != 1 or not names else []
    return "·".join((*first, *names)) + "".join(over)


def decimal(number: Fraction) -> str | None:
    """A number that ends, `0.5`; None for one that does not."""
    left = number.denominator
    for factor in (2, 5):
        while not left % factor:
            left //= factor
    if left != 1:
        return None
    whole = f"{float(number):.12g}"
    return whole if Fraction(whole) == number else None


def nothing_like(total: Mapping[tuple[str, ...], Fraction]) -> str:
    """Zero in the unit that a sum has."""
    unit = next((f for factors in total for f in factors if f[0] == " "), "")
    return f"0{unit}"
