"""Hints for names that do not exist: the nearest one, else what there is."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def did_you_mean(text: str, candidates: Iterable[str], listing: str = "There is") -> str:
    """`Did you mean ‘x’?`, or the candidates after `listing`, or nothing where there are none."""
    names = list(dict.fromkeys(candidates))
    near = difflib.get_close_matches(text, names, n=1, cutoff=0.6) or [n for n in names if n.lower() == text.lower()]
    if near:
        return f"Did you mean ‘{near[0]}’?"
    return f"{listing}: {', '.join(names)}." if names else ""
