"""Nearest names: a misspelled name and the known ones come in, the few that may be meant go out, as they were written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches

from plasticdsl.diagnostics.diagnostic import Hint

SIMILAR = 0.6


def nearest(name: str, known: Mapping[str, str] | Iterable[str], limit: int = 3, similar: float = SIMILAR) -> tuple[str, ...]:
    """The known names most like `name`, best first.

    Names are compared in their canonical spelling; `known` may map these to the spelling that is to be shown. A
    difference of capitals alone always counts as near; `similar`, from 0 to 1, is how alike the others must be.
    """
    shown = known if isinstance(known, Mapping) else {other: other for other in known}
    same = [other for other in shown if other.lower() == name.lower() and other != name]
    close = get_close_matches(name, list(shown), n=limit + 1, cutoff=similar)
    found = dict.fromkeys([*same, *(other for other in close if other != name)])
    return tuple(shown[other] for other in list(found)[:limit])


def did_you_mean(name: str, known: Mapping[str, str] | Iterable[str], limit: int = 3) -> Hint:
    """`Did you mean ‘a’ or ‘b’?`, or the empty hint where nothing is near."""
    texts = nearest(name, known, limit)
    names = [f"‘{other}’" for other in texts]
    if not names:
        return Hint("")
    return Hint("Did you mean " + (names[0] if len(names) == 1 else ", ".join(names[:-1]) + " or " + names[-1]) + "?", texts)
