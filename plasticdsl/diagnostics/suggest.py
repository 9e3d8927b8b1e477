"""Nearest names: a misspelled name and the known ones come in, the one that may be meant goes out, as it was written."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from plasticdsl.diagnostics.diagnostic import Hint
from plasticdsl.names import canonical

SIMILAR = 0.6
#: Beyond this many names a suggestion is looked for among the likeliest alone: comparing is slow.
MANY = 200
#: From this many letters on a word may have two slips of the pen.
_LONG = 8


def nearest(name: str, known: Iterable[str], similar: float = SIMILAR) -> str | None:
    """The known name most like `name`: as both are written, else in their canonical spelling whatever the capitals.

    One with another letter in one place comes before one with a letter more or less. `similar`, from 0 to 1, is how alike they must be.
    """
    names = list(dict.fromkeys(other for other in known if other))
    if not name:
        return None
    if len(names) > MANY:
        names = [n for n in names if abs(len(n) - len(name)) <= 1 and n[0].lower() == name[0].lower()][:MANY]
    spelled = {canonical(other).lower(): other for other in reversed(names)}
    for wanted, texts in ((name, {other: other for other in names}), (canonical(name).lower(), spelled)):
        near = get_close_matches(wanted, texts, cutoff=similar)
        if near:
            return texts[min(near, key=lambda text: _letters_off(text, wanted))]
    return None


def _letters_off(text: str, wanted: str) -> int:
    """In how many places another letter stands: 0, 1, or 2 for anything else."""
    return min(sum(map(str.__ne__, text, wanted)), 2) if len(text) == len(wanted) else 2


def did_you_mean(name: str, known: Iterable[str], listing: str = "There is") -> Hint:
    """`Did you mean ‘x’?`; where nothing is near, all that is known after `listing`, if there is anything and `listing` is not empty."""
    names = list(dict.fromkeys(known))
    near = nearest(name, names)
    if near is not None:
        return Hint(f"Did you mean ‘{near}’?", (near,))
    return Hint(f"{listing}: {', '.join(names)}." if listing and names else "")


def slips(name: str, words: Iterable[str]) -> list[str]:
    """The words that are a slip of the pen away from a name, the likeliest first: two letters changed about, one more or less, another one; for long words
    twice."""
    lower, letters = name.lower(), set(name.lower())
    apart: dict[str, int] = {}
    for word in words:
        most = 2 if len(word) >= _LONG else 1
        unlike = letters.symmetric_difference(word)
        if word != name and abs(len(word) - len(name)) <= most and len(unlike) <= 2 * most and (len(word) > 2 or not unlike):
            apart[word] = _apart(lower, word)
    near = (word for word, number in apart.items() if number <= (2 if len(word) >= _LONG else 1))
    return sorted(near, key=lambda word: (apart[word], sorted(word) != sorted(lower)))


def _apart(first: str, second: str) -> int:
    """The slips between two words: the distance of Damerau (1964), in which no letters change between those that are changed about."""
    before: list[int] = []
    row = list(range(len(second) + 1))
    for i, letter in enumerate(first, 1):
        latest = [i]
        for j, other in enumerate(second, 1):
            cost = min(row[j] + 1, latest[-1] + 1, row[j - 1] + (letter != other))
            if i > 1 and j > 1 and letter == second[j - 2] and first[i - 2] == other:
                cost = min(cost, before[j - 2] + 1)
            latest.append(cost)
        before, row = row, latest
    return row[-1]
