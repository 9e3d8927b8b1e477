"""Hints for names that do not exist: the nearest one, else what there is."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from plasticdsl.syntax.names import canonical


def did_you_mean(text: str, candidates: Iterable[str], listing: str = "There is") -> str:
    """`Did you mean ‘x’?`, or the candidates after `listing`, or nothing where there are none."""
    names = list(dict.fromkeys(candidates))
    spelled = {canonical(n).lower(): n for n in reversed(names)}
    for wanted, known in ((text, {n: n for n in names}), (canonical(text).lower() if text else "", spelled)):
        near = difflib.get_close_matches(wanted, list(known), n=1, cutoff=0.6)
        if near:
            return f"Did you mean ‘{known[near[0]]}’?"
    return f"{listing}: {', '.join(names)}." if names else ""
