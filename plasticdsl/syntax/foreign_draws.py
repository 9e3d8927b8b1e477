"""Draws as other programs write them, `V_0 = −70*mV + rand()*10*mV`: the groups of the pattern come in, a line with its distribution goes out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction

from plasticdsl.diagnostics.diagnostic import Hint
from plasticdsl.names import NAME, canonical
from plasticdsl.syntax.foreign_lines import DYNAMICS, Shape
from plasticdsl.syntax.foreign_sums import NORMAL, UNIFORM, Sum, as_sum, nothing_like, plus, times, written
from plasticdsl.syntax.foreign_texts import Where, plain

_FUNCTIONS = "rand|random|randn|gauss|uniform|unifrnd|normal|normrnd|gaussian|norm"
_DRAW = re.compile(rf"(?<![\w.])(?:\w+\.)*(?:{_FUNCTIONS})\(", re.IGNORECASE)
#: What is set, and a right side up to the next comma in which a number is drawn.
DRAWN = rf"(?<![\w./])((?:{NAME}\.)?{NAME}(?:\(\s*0\s*\))?)\s*=(?!=)\s*((?:[^,()\n=]|\((?:[^()]|\([^()]*\))*\))*)"

#: Lines in which a number is drawn all the time.
FLOWING: tuple[Shape, ...] = (
    Shape(
        DYNAMICS,
        "…? FLOW = …? rand|random|uniform|unifrnd ( …",
        "A flow goes on all the time, and a number is drawn at an event.",
        hint="White noise in a flow is ‘σ √(2/τ) ξ(t)’; a number that is drawn again and again has lines of its own: ‘every 1 ms:’, below it "
        "‘u ~ U(0, 1)’.",
        codes=frozenset(("unknown-function",)),
    ),
)


def drawn(groups: Sequence[str | None], where: Where) -> tuple[str, ...] | Hint:
    """`x = a + b*rand()` as `x ~ U(a, a + b)`, `x = a + b*randn()` as `x ~ N(a, b)`; nothing for what is no such sum."""
    target, right = (text or "" for text in groups)
    if not _DRAW.search(right) or "/dt" in right:
        return ()
    total = as_sum(plain(right), lambda word: _is_declared(word, where))
    if total is None:
        return ()
    kind = next((kind for kind in (UNIFORM, NORMAL) for factors in total if kind in factors), "")
    base = {factors: number for factors, number in total.items() if not {UNIFORM, NORMAL} & set(factors)}
    factor: Sum = {_without(kind, factors): number for factors, number in total.items() if factors not in base}
    if not kind or any({UNIFORM, NORMAL} & set(factors) for factors in factor):
        return ()
    if next(iter(factor.values())) < 0:
        turned = times(factor, {(): Fraction(-1)})
        base, factor = (plus(base, factor), turned) if kind == UNIFORM else (base, turned)
    unit = where.units.get(canonical(target.partition("(")[0].rpartition(".")[2].strip()), "")
    bare = all(not factors for part in (base, factor) for factors in part)
    if unit and bare:
        one_unit: Sum = {(f" {unit}",): Fraction(1)}
        base, factor = times(base, one_unit), times(factor, one_unit)
    one = written(base)
    other = written(factor if kind == NORMAL else plus(base, factor))
    if one is None or other is None:
        return ()
    nothing = nothing_like(factor)
    text = f"{target} ~ {'N' if kind == NORMAL else 'U'}({one or nothing}, {other or nothing})"
    if unit and bare:
        return Hint(f"‘{target}’ has a unit, so its distribution has one too, for example ‘{text}’.")
    return (text,)


def _without(kind: str, factors: tuple[str, ...]) -> tuple[str, ...]:
    """The factors of a product but for one draw."""
    at = factors.index(kind)
    return factors[:at] + factors[at + 1 :]


def _is_declared(word: str, where: Where) -> bool:
    """Whether a word that looks like a unit is given a value somewhere in the file."""
    return re.search(rf"(?<![\w./]){re.escape(word)}\s*(?:\(\s*0\s*\)\s*)?[=~]|\bd{re.escape(word)}/dt", where.source.text) is not None
