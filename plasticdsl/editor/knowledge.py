"""Everything that is known of a text with a model: an `Analysis` comes in, its names and what the model says of each go out.

When a text is broken, the last one of which a model is known answers for it: `carried` says where its places are now.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from plasticdsl.editor.analysis import Analysis
from plasticdsl.editor.catalogue import Catalogue, Entry, Sort, catalogue, sort_of_words
from plasticdsl.editor.declarations import mentions
from plasticdsl.editor.names import Names, Thing, names
from plasticdsl.editor.text import Shift, shift
from plasticdsl.model.module import Module
from plasticdsl.source import SourceFile, Span


@dataclass(frozen=True)
class Knowledge:
    """`analysis`: of the text that was understood. `moved`: what has been edited since then in it."""

    analysis: Analysis
    names: Names
    catalogue: Catalogue
    moved: Shift

    @property
    def path(self) -> str:
        """The file."""
        return self.analysis.source.path

    @property
    def module(self) -> Module | None:
        """The model, as far as it could be made."""
        return self.analysis.checked.known

    @property
    def sources(self) -> Mapping[str, SourceFile]:
        """The texts that were read."""
        return self.analysis.checked.sources

    def at(self, offset: int) -> Span | None:
        """The name at a place of the text as it is now, where it was when it was understood."""
        found = self.names.at(self.path, self.moved.back(offset))
        now = None if found is None else self.now(found)
        return found if now is not None and now.start <= offset <= now.end else None

    def now(self, span: Span) -> Span | None:
        """Where that is in the text as it is now; None where it has been edited."""
        return self.moved.forward(span) if span.path == self.path else span

    def thing(self, place: Span) -> Thing | None:
        """What the name at a place stands for."""
        return self.names.things.get(place)

    def entries(self, place: Span) -> tuple[Entry, ...]:
        """What the model says of it: of where it is declared, else of all that it is together with."""
        thing = self.names.things.get(place)
        if thing is None:
            return self.catalogue.get(place, ())
        declared = self.names.targets.get(place, ())
        for places in (declared, thing.declared, thing.places):
            found = tuple(dict.fromkeys(e for p in places for e in self.catalogue.get(p, ())))
            if found:
                return found
        return ()

    def sort(self, place: Span) -> Sort:
        """What it is."""
        entries = self.entries(place)
        if entries:
            states = [e for e in entries if e.sort is Sort.STATE]
            return (states or list(entries))[0].sort
        thing = self.names.things.get(place)
        return sort_of_words(thing.what) if thing is not None else Sort.OTHER

    def text_of(self, span: Span) -> str:
        """What is written there."""
        source = self.sources.get(span.path)
        return source.text[span.start : span.end] if source is not None else ""

    def is_declaration(self, place: Span) -> bool:
        """Whether it is declared where it stands."""
        thing = self.names.things.get(place)
        return thing is not None and place in thing.declared


def knowledge(analysis: Analysis, text: str) -> Knowledge:
    """`text`: what the text of the analysis has become."""
    sources, module = analysis.checked.sources, analysis.checked.known
    entries = catalogue(module, sources) if module is not None else {}
    return Knowledge(analysis, names(mentions(analysis), sources), entries, shift(analysis.source.text, text))
