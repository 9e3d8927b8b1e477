"""Arrays as Python makes them, `np.ones(3)`, `linspace(0, 1, 11)*mV`: the groups of the pattern come in, what stands here in their place goes out."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from fractions import Fraction

from plasticdsl.diagnostics.diagnostic import Hint
from plasticdsl.syntax.foreign_texts import Where, plain, unit_word

_MODULE = r"(?<![\w.])(?:np\.|numpy\.)?"
_ARGUMENTS = r"\(((?:[^()\n]|\([^()\n]*\))*)\)"
_UNIT = r"(?:\s*\*\s*([^\W\d]\w*)(?![\w(.]))?"
_FACTOR = r"(?:(?<![\w.])((?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*\*\s*)?"
#: Numbers of so many digits are written by people.
_NUMBER = re.compile(r"-?(?:\d{1,9}\.?\d{0,9}|\.\d{1,9})(?:[eE][-+]?\d{1,2})?")
#: What they are called; nothing else is, in a model.
NAMES = frozenset(
    ("range", "zeros", "ones", "zeros_like", "ones_like", "full", "full_like", "eye", "identity", "linspace", "arange", "array")
)

#: A factor, the function, what it is applied to, and a unit.
EQUAL = rf"{_FACTOR}{_MODULE}(zeros|ones|full)(?:_like)?{_ARGUMENTS}{_UNIT}"
#: The list, and a unit.
LISTED = rf"{_MODULE}(?:array|asarray)\(\s*(\[[^()\n]*\])\s*\){_UNIT}"
IDENTITY = rf"{_MODULE}(?:eye|identity){_ARGUMENTS}"
#: The function, what it is applied to, and a unit.
SPACED = rf"{_MODULE}(linspace|arange|range){_ARGUMENTS}{_UNIT}"
SWEPT = rf"\bin\s+{SPACED}"


def equal(groups: Sequence[str | None], where: Where) -> tuple[str, ...] | Hint:
    """`0.5*ones(3)*mV` as 0.5 mV."""
    factor, kind, arguments, unit = groups
    items = _items(arguments)
    value = {"zeros": "0", "ones": factor or "1"}.get(kind or "", items[1] if len(items) == 2 and factor is None else "")
    return _with_unit(value, unit) if value else ()


def listed(groups: Sequence[str | None], where: Where) -> tuple[str, ...] | Hint:
    """`np.array([1, 2])*mV` as [1, 2] mV."""
    return _with_unit(plain(groups[0] or ""), groups[1])


def joined(groups: Sequence[str | None], where: Where) -> tuple[str, ...] | Hint:
    """`eye(n)`."""
    return Hint("For example ‘A → B: Excitation, one to one, w = 1’ joins unit k with unit k.")


def spaced(groups: Sequence[str | None], where: Where) -> tuple[str, ...] | Hint:
    """`linspace(0, 1, 11)` as a formula of the number of a unit."""
    found = _spacing(groups)
    unit = unit_word(groups[2]) if groups[2] else ""
    text = _of_unit(found[0], found[1], unit) if found is not None and unit is not None else ""
    if text and where.kind == "network" and _POPULATION.match(where.text):
        return (text,)
    return Hint(f"Units get values of their own in the network, for example ‘E = 11 LIF, V(0) = {text or '0.1·(i − 1)'}’.")


#: A line in which units get values: of how many of a kind, and behind a comma.
_POPULATION = re.compile(r"\s*\w+\s*=[^,→:>]+,[^→:>]*$")


def _of_unit(first: Fraction, step: Fraction, unit: str) -> str:
    """What unit i has, `(1 + 0.1·(i − 1))·1 mV`."""
    up = "i − 1" if step == 1 else f"{_shown(step)}·(i − 1)"
    formula = up if not first else f"{_shown(first)} {'+' if step > 0 else '−'} {up.removeprefix('−')}"
    return f"({formula})·1 {unit}" if unit else formula


def swept(groups: Sequence[str | None], where: Where) -> tuple[str, ...] | Hint:
    """`in linspace(0, 1, 11)` as ‘from 0 to 1 in 11 values’."""
    found = _spacing(groups)
    unit = unit_word(groups[2]) if groups[2] else ""
    if found is None or unit is None:
        return Hint("For example ‘sweep x from 0 to 1 in 11 values’.")
    first, step, number = found
    if number < 2:
        return ()
    ends = (_shown(end) + (f" {unit}" if unit else "") for end in (first, first + step * (number - 1)))
    return (f"from {' to '.join(ends)} in {number} values",)


def _spacing(groups: Sequence[str | None]) -> tuple[Fraction, Fraction, int] | None:
    """The first value, the step, and how many there are, where all are numbers."""
    kind, arguments, _ = groups
    items = _items(arguments)
    if not all(map(_NUMBER.fullmatch, items)):
        return None
    match kind, [Fraction(item) for item in items]:
        case "linspace", [first, last, number] if number.denominator == 1 and number > 1:
            return first, (last - first) / (number - 1), int(number)
        case "arange" | "range", [last]:
            first, step = Fraction(0), Fraction(1)
        case "arange" | "range", [first, last]:
            step = Fraction(1)
        case "arange" | "range", [first, last, step] if step:
            pass
        case _:
            return None
    return first, step, max(math.ceil((last - first) / step), 0)


def _items(arguments: str | None) -> list[str]:
    """What stands between the commas outside brackets, without what is given by name."""
    found, depth = [""], 0
    for letter in arguments or "":
        depth += (letter in "([") - (letter in ")]")
        if letter == "," and not depth:
            found.append("")
        else:
            found[-1] += letter
    return [item for item in (plain(item.replace("−", "-")) for item in found) if item and "=" not in item]


def _with_unit(value: str, unit: str | None) -> tuple[str, ...]:
    word = unit_word(unit) if unit else ""
    return () if word is None else (f"{value} {word}".rstrip(),)


def _shown(number: Fraction) -> str:
    return f"{float(number):.10g}".replace("-", "−")
