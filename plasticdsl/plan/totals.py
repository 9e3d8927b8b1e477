"""Sums over the connections of a unit, taken out of the statements that read them.

`Σ body` in a statement becomes a `Total` before it: when every connection concerned has carried out the statements above, each adds its term to what its
post unit has, and the statement reads the result as `InPlan("total", name)`. A sum within a sum comes first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import dropwhile

from plasticdsl.model import Assign, AtMost, Role, Total, Variable
from plasticdsl.model.expr import Expr, InPlan, Ref, substitute, walk
from plasticdsl.model.inline import without_sums
from plasticdsl.model.owners import Whose
from plasticdsl.names import numbered
from plasticdsl.plan.events import Event, Remember
from plasticdsl.plan.plan import Placed


class Totals:
    """Names for the sums and remembered values of one projection; `kept`: variables that hold what a statement after a sum still reads."""

    def __init__(self, taken: Iterable[str]) -> None:
        self.kept: list[Placed] = []
        self._taken = set(taken)

    def taken_out(self, event: Event) -> tuple[Event, ...]:
        """The statement with its sums before it."""
        found: dict[Expr, str] = {}

        def name_of(body: Expr) -> Expr:
            found[body] = found.get(body) or self._free("sum")
            return InPlan("total", found[body])

        value = without_sums(event.value, name_of)
        totals = (Event(Total(name, body)) for body, name in found.items())
        return (*totals, event.with_value(value))

    def _free(self, wish: str) -> str:
        name = numbered(wish, self._taken)
        self._taken.add(name)
        return name

    def across(self, events: Sequence[Event]) -> tuple[Event, ...]:
        """A handler whose remembered values are variables where they are read on the other side of a sum: the walk over the connections ends there."""
        crossing = {e.statement.name for k, e in enumerate(events) if isinstance(e.statement, Remember) and _crosses(k, events)}
        names = {local: self._free(local) for local in sorted(crossing)}
        self.kept += [Placed(Variable(n, n, Role.STATE), derived=True, reason="kept over a sum") for n in names.values()]

        kept: dict[Expr, Expr] = {InPlan("remembered", local): Ref(Whose.OWN, name) for local, name in names.items()}

        def written(event: Event) -> Event:
            value = substitute(event.value, kept)
            if isinstance(event.statement, Remember) and event.statement.name in names:
                return Event(Assign(Ref(Whose.OWN, names[event.statement.name]), value))
            return event.with_value(value)

        return tuple(written(e) for e in events)


def _crosses(place: int, events: Sequence[Event]) -> bool:
    """Whether the value remembered at this place is read after a sum."""
    remembered = events[place].statement
    assert isinstance(remembered, Remember)
    after_sum = dropwhile(lambda e: not isinstance(e.statement, Total | AtMost), events[place + 1 :])
    return any(InPlan("remembered", remembered.name) in walk(e.value) for e in after_sum)


def stretches(events: Sequence[Event]) -> Iterator[tuple[tuple[Total, ...], tuple[Event, ...]]]:
    """The statements between sums, each group after the sums that it waits for. A sum that reads another one waits for it; the first group
    has none."""
    totals: list[Total] = []
    body: list[Event] = []
    if events and isinstance(events[0].statement, Total):
        yield (), ()
    for event in events:
        statement = event.statement
        if not isinstance(statement, Total):
            body.append(event)
            continue
        if body or any(InPlan("total", t.name) in walk(statement.value) for t in totals):
            yield tuple(totals), tuple(body)
            totals, body = [], []
        totals.append(statement)
    yield tuple(totals), tuple(body)
