"""Draws as terms of a sum, `V_0 = −70*mV + rand()*10*mV`: the groups of the pattern come in, a line with its distribution goes out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal

from plasticdsl.names import NAME
from plasticdsl.syntax.foreign_texts import Where, plain, unit_word

_CALL = re.compile(r"(?<![\w.])(?:\w+\.)*(rand|random|randn|gauss)\(\s*\)")
#: What is set, and a right side up to the next comma in which a number is drawn.
DRAWN = rf"(?<![\w./])((?:{NAME}\.)?{NAME}(?:\(\s*0\s*\))?)\s*=(?!=)\s*((?:[^,()\n=]|\([^()]*\))*)"
_QUANTITY = re.compile(r"([-−]?)\s*((?:\d+\.?\d*|\.\d+))(?:\s+([^\W\d][\w/·^⁻¹²]*))?")
_NORMAL = ("randn", "gauss")


def drawn(groups: Sequence[str | None], where: Where) -> tuple[str, ...]:
    """`x = a + b*rand()` as `x ~ U(a, a + b)`, `x = a + b*randn()` as `x ~ N(a, b)`; nothing for what is no such sum."""
    target, right = (text or "" for text in groups)
    calls = _CALL.findall(right)
    terms = _terms(plain(right))
    if len(calls) != 1 or terms is None:
        return ()
    random = [(sign, term) for sign, term in terms if _CALL.search(term)]
    if len(random) != 1:
        return ()
    [(sign, term)] = random
    factor = _factor(term)
    if factor is None:
        return ()
    rest = [(s, t) for s, t in terms if not _CALL.search(t)]
    base = "".join(f" {s} {t}" if number else f"{'−' if s == '−' else ''}{t}" for number, (s, t) in enumerate(rest))
    nothing = _nothing_like(factor)
    if calls[0] in _NORMAL:
        return (f"{target} ~ N({base or nothing}, {factor})",)
    ends = (base or nothing, _sum(base, sign, factor)) if sign == "+" else (_sum(base, sign, factor), base or nothing)
    return (f"{target} ~ U({', '.join(ends)})",)


def _terms(text: str) -> list[tuple[str, str]] | None:
    """The terms of a sum with their signs; None where something is missing."""
    parts: list[list[str]] = [["+", ""]]
    depth = 0
    for place, letter in enumerate(text):
        depth += (letter in "([{") - (letter in ")]}")
        before = text[:place].rstrip()
        exponent = re.search(r"\d[eE]$", text[:place])
        if letter in "+-−" and not depth and not exponent and (not before or before[-1] not in "*·×/^("):
            sign = "+" if letter == "+" else "−"
            if before:
                parts.append([sign, ""])
            else:
                parts[-1][0] = sign
        else:
            parts[-1][1] += letter
    found = [(sign, term.strip()) for sign, term in parts]
    return found if all(term for _, term in found) else None


def _factor(term: str) -> str | None:
    """What a draw is multiplied by: `1` where it stands alone, `10 mV` of `rand()*10 mV` and of `rand()*10*mV`."""
    match = _CALL.search(term)
    assert match is not None, "the term was chosen because it has a draw"
    before, after = term[: match.start()].rstrip(), term[match.end() :].strip()
    if before.endswith("/") or before.count("(") != before.count(")"):
        return None
    before = before.rstrip("*·× ")
    if after.startswith("/"):
        return f"{before or '1'}{after}"
    after = after.lstrip("*·× ")
    if unit_word(after) and not before:
        return f"1 {unit_word(after)}"
    if unit_word(after) and re.fullmatch(r"[\d.]+", before):
        return f"{before} {unit_word(after)}"
    return "·".join(part for part in (before, after) if part) or "1"


def _nothing_like(factor: str) -> str:
    """Zero in the unit of a quantity."""
    match = _QUANTITY.fullmatch(factor)
    return f"0 {match[3]}" if match is not None and match[3] else "0"


def _sum(base: str, sign: str, factor: str) -> str:
    """`−70 mV` and `10 mV` as `−60 mV`, `V_r` and `(V_θ − V_r)` as `V_θ`, else as it is written."""
    if not base:
        return factor if sign == "+" else f"−{factor}"
    one, other = _QUANTITY.fullmatch(base), _QUANTITY.fullmatch(factor)
    if one is not None and other is not None and one[3] == other[3]:
        value = Decimal(f"{'-' if one[1] else ''}{one[2]}") + Decimal(f"{'-' if sign == '−' else ''}{other[2]}")
        return f"{value:f}".replace("-", "−") + (f" {one[3]}" if one[3] else "")
    span = re.fullmatch(rf"\(\s*(.+?)\s*[-−]\s*{re.escape(base)}\s*\)", factor)
    return span[1] if span is not None and sign == "+" else f"{base} {sign} {factor}"
