"""Hints for names that do not exist: the nearest one, else what there is."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from plasticdsl.diagnostics.diagnostic import Hint
from plasticdsl.names import canonical
from plasticdsl.units.table import is_unit


def unit_hint(name: str) -> str:
    """For the name of a unit, that it lacks its number; nothing for any other, nor for a letter, which is hardly ever meant as a unit."""
    if len(name) == 1 or not is_unit(name):
        return ""
    return f"As a unit, ‘{name}’ stands directly after a number, without brackets: ‘3 {name}’, ‘3 nS/{name}/s’."


def did_you_mean(text: str, candidates: Iterable[str], listing: str = "There is") -> Hint:
    """`Did you mean ‘x’?`, or the candidates after `listing`, or nothing where there are none."""
    names = list(dict.fromkeys(candidates))
    spelled = {canonical(n).lower(): n for n in reversed(names)}
    for wanted, known in ((text, {n: n for n in names}), (canonical(text).lower() if text else "", spelled)):
        near = difflib.get_close_matches(wanted, list(known), n=1, cutoff=0.6)
        if near:
            return Hint(f"Did you mean ‘{known[near[0]]}’?", (known[near[0]],))
    return Hint(f"{listing}: {', '.join(names)}." if names else "")
