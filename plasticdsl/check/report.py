"""Collects what is wrong while a file is checked, so that all errors of a file are reported at once."""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise

from plasticdsl.check.mentions import Mention
from plasticdsl.diagnostics.diagnostic import Diagnostic, Hint, Label, Severity, diagnostic
from plasticdsl.source import Span
from plasticdsl.syntax import tree
from plasticdsl.syntax.limits import shown

#: Of a longer circle only the beginning is shown.
LONGEST_CIRCLE = 12


class Reporter:
    """The findings so far, in the order found; the same finding at the same place is kept once."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, Span], Diagnostic] = {}
        self._doubtful: dict[str, list[tuple[int, int]]] = {}
        self._withheld = 0
        self._mentions: list[Mention] = []

    def means(self, name: tree.Name, declared: Span, what: str = "") -> None:
        """Remembers what a name stands for: for those who ask where it is declared, and where else it is written."""
        self._mentions.append(Mention(name.span, name.name, declared, what))

    @property
    def mentions(self) -> tuple[Mention, ...]:
        """What names stand for, each time that they have been looked up."""
        return tuple(self._mentions)

    def doubt(self, spans: Iterable[Span]) -> None:
        """From now on nothing is reported of these statements (which do not overlap): it could be a mere consequence of what has been found."""
        for span in spans:
            insort(self._doubtful.setdefault(span.path, []), (span.start, span.end))

    def error(self, code: str, message: str, span: Span, hint: Hint | str = "", labels: tuple[Label, ...] = ()) -> None:
        """Adds an error."""
        self.add(diagnostic(code, message, span, hint, labels))

    def twice(self, message: str, span: Span, first: Span, hint: str = "") -> None:
        """Adds an error about a second definition of what has one at `first`."""
        self.error("duplicate-definition", message, span, hint, (Label(first, "the first"),))

    def circle(self, steps: Sequence[tuple[str, Span]], hint: str = "", place: Span | None = None) -> None:
        """Adds an error about definitions that depend on each other: what each is called and where it stands, the first again at the end."""
        names = [text for text, _ in steps]
        labels = tuple(Label(span, f"uses ‘{then}’") for (_, span), (then, _) in pairwise(steps[1:]))
        if len(steps) > LONGEST_CIRCLE:
            names, labels = [*names[: LONGEST_CIRCLE - 2], "…", names[-1]], labels[: LONGEST_CIRCLE - 3]
        message = f"These definitions depend on each other: {' → '.join(names)}."
        self.error("definition-cycle", message, steps[0][1] if place is None else place, hint, labels)

    def warning(self, code: str, message: str, span: Span, hint: Hint | str = "", labels: tuple[Label, ...] = ()) -> None:
        """Adds a warning."""
        self.add(diagnostic(code, message, span, hint, labels, Severity.WARNING))

    def add(self, found: Diagnostic) -> None:
        """Adds a finding made elsewhere."""
        if found.severity is Severity.ERROR and self._is_doubtful(found.span):
            self._withheld += 1
            return
        self._found.setdefault((found.code, found.span), found)

    def take(self, other: Reporter) -> None:
        """Adds all that another one has found."""
        for found in other._found.values():
            self.add(found)
        self._mentions += other._mentions

    def revise(self, new: Callable[[Diagnostic], Diagnostic]) -> None:
        """Every finding so far becomes what `new` makes of it."""
        self._found = {place: new(found) for place, found in self._found.items()}

    def _is_doubtful(self, span: Span) -> bool:
        places = self._doubtful.get(span.path, [])
        number = bisect_right(places, (span.start, span.end)) - 1
        near = places[max(number, 0) : number + 2]
        return any(start <= span.start and span.end <= end for start, end in near)

    @property
    def count(self) -> int:
        """How many findings there are by now, withheld ones too; the same before and after a translation means that it is sound."""
        return len(self._found) + self._withheld

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """Everything found, as it is shown."""
        return shown(self._found.values())

    @property
    def failed(self) -> bool:
        """Whether there is an error among the findings."""
        return any(d.severity is Severity.ERROR for d in self._found.values())
