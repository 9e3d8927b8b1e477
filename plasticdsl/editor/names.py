"""Names of a text: where each is declared and where it is written, in this file and in those around it.

Comes in: the mentions that a check left (`check.mentions`) and the texts they are in. Goes out: `Names`, in which whatever is one thing for the compiler
is one `Thing`: a weight that a rule changes and the synapse that has it, a variable and what reads it from outside, a block and its uses.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from plasticdsl.check.mentions import Mention
from plasticdsl.names import NAME, canonical
from plasticdsl.source import SourceFile, Span

_NAME = re.compile(rf"{NAME}(?:_\{{[^}}\n]*\}})?")
#: What may stand on a name that belongs to it no more: index letters.
_INDICES = "₀₁₂₃₄₅₆₇₈₉ᵢⱼₖₗₘₙ_"


@dataclass(frozen=True, slots=True)
class Thing:
    """Everything that is written for one thing, `places`, by file and in the order of the text. `declared`: where; more than one place where one name
    stands for variables of several blocks. `what`: in words, as far as the check says."""

    places: tuple[Span, ...]
    declared: tuple[Span, ...]
    what: str = ""


@dataclass(frozen=True, slots=True)
class Names:
    """`things`: what each place belongs to. `targets`: where what is written at a place is declared. `others`: places where something stands for it that
    is no name of it, as `x` does for the output of a unit."""

    things: Mapping[Span, Thing] = field(default_factory=dict)
    targets: Mapping[Span, tuple[Span, ...]] = field(default_factory=dict)
    others: frozenset[Span] = frozenset()
    _starts: Mapping[str, tuple[Span, ...]] = field(default_factory=dict)

    def at(self, path: str, offset: int) -> Span | None:
        """The name at a place in a file, or one that ends there."""
        there = [s for s in self._starts.get(path, ()) if s.start <= offset <= s.end]
        return max(there, key=lambda s: (offset < s.end, -(s.end - s.start)), default=None)

    def in_file(self, path: str) -> tuple[Span, ...]:
        """All names of a file that are known, in the order of the text."""
        return self._starts.get(path, ())


def names(mentions: Iterable[Mention], sources: Mapping[str, SourceFile]) -> Names:
    """All that is known of names in these files."""
    places = _Places(sources)
    links: dict[Span, dict[Span, None]] = {}
    whats: dict[Span, str] = {}
    others: set[Span] = set()
    for mention in mentions:
        there, declared = places.of(mention.span, mention.name), places.of(mention.declared, mention.name)
        if there is None or declared is None:
            continue
        links.setdefault(there, {})[declared] = None
        links.setdefault(declared, {})
        if not spelt(places.text(there), mention.name):
            others.add(there)
        if mention.what:
            whats.setdefault(declared, mention.what)
    targets = {place: tuple(_ends(place, links)) for place in links}
    return Names(dict(_things(links, targets, whats)), targets, frozenset(others), _by_file(links))


def _by_file(places: Iterable[Span]) -> dict[str, tuple[Span, ...]]:
    found: dict[str, list[Span]] = {}
    for place in places:
        found.setdefault(place.path, []).append(place)
    return {path: tuple(sorted(spans, key=lambda s: (s.start, s.end))) for path, spans in found.items()}


def _ends(place: Span, links: Mapping[Span, Mapping[Span, None]]) -> Iterator[Span]:
    """Where the way from mention to declaration ends; a way that goes in a circle ends where it began."""
    waiting, seen = [place], {place}
    found = False
    while waiting:
        current = waiting.pop()
        further = [to for to in links.get(current, ()) if to != current]
        if not further:
            found = True
            yield current
        waiting.extend(to for to in further if to not in seen)
        seen.update(further)
    if not found:
        yield from links.get(place, ())


def _things(
    links: Mapping[Span, Mapping[Span, None]], targets: Mapping[Span, tuple[Span, ...]], whats: Mapping[Span, str]
) -> Iterator[tuple[Span, Thing]]:
    """Places that are connected, however indirectly, are of one thing."""
    root: dict[Span, Span] = {place: place for place in links}

    def find(place: Span) -> Span:
        while root[place] != place:
            root[place] = root[root[place]]
            place = root[place]
        return place

    for place, declared in links.items():
        for other in declared:
            root[find(place)] = find(other)
    groups: dict[Span, list[Span]] = {}
    for place in links:
        groups.setdefault(find(place), []).append(place)
    for group in groups.values():
        ordered = tuple(sorted(group, key=lambda s: (s.path, s.start, s.end)))
        ends = tuple(dict.fromkeys(end for place in ordered for end in targets[place]))
        what = next((whats[place] for place in (*ends, *ordered) if place in whats), "")
        thing = Thing(ordered, ends, what)
        yield from ((place, thing) for place in ordered)


@dataclass(slots=True)
class _Places:
    """Where names really stand: a place can be that of a whole statement, or have index letters on it."""

    sources: Mapping[str, SourceFile]
    known: dict[tuple[Span, str], Span | None] = field(default_factory=dict)

    def text(self, span: Span) -> str:
        """What is written there."""
        return self.sources[span.path].text[span.start : span.end]

    def of(self, span: Span, name: str) -> Span | None:
        """The name alone; None where it is not written."""
        key = span, name
        if key not in self.known:
            source = self.sources.get(span.path)
            self.known[key] = None if source is None else _written(source.text, span, name)
        return self.known[key]


def _written(text: str, span: Span, name: str) -> Span | None:
    first: Span | None = None
    for match in _NAME.finditer(text, span.start, span.end):
        length = spelt(match[0], name)
        if length:
            return Span(match.start(), match.start() + length, span.path)
        if first is None:
            first = Span(match.start(), match.end(), span.path)
    alone = first is not None and (first.start, first.end) == (span.start, span.end)
    return first if alone else None  # ‘x’ for an output of another name, ‘Cell’ for a block that is used under this name


def spelt(text: str, name: str) -> int:
    """How many letters of a word spell a name (in canonical spelling), where only index letters follow; 0 where they spell another."""
    if canonical(text) == name:
        return len(text)
    for length in range(len(text) - 1, 0, -1):
        if text[length] in _INDICES and canonical(text[:length]) == name:
            return length
    return 0


# --- renaming --------------------------------------------------------------------------------------------------------


def to_rename(known: Names, place: Span, sources: Mapping[str, SourceFile]) -> tuple[Span, ...]:
    """The places of the same thing that are spelt alike: not those that have it under another name, as after `use … as`."""
    thing = known.things.get(place)
    if thing is None or place in known.others:
        return ()
    name = canonical(_text(place, sources))
    return tuple(p for p in thing.places if p not in known.others and canonical(_text(p, sources)) == name)


def _text(place: Span, sources: Mapping[str, SourceFile]) -> str:
    source = sources.get(place.path)
    return source.text[place.start : place.end] if source is not None else ""
