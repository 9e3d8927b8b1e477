"""What happens to a connection at an event."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from plasticdsl.model import AddTo, Assign, AtMost, Total
from plasticdsl.model.expr import Expr, Ref, refs
from plasticdsl.model.inline import map_refs
from plasticdsl.model.owners import Whose
from plasticdsl.source import NOWHERE, Span


@dataclass(frozen=True, slots=True)
class Remember:
    """A value kept under a local name during one event of one connection (or unit): read as `InPlan("remembered", name)`."""

    name: str
    value: Expr


@dataclass(frozen=True, slots=True)
class Foresee:
    """The jump of a variable of the connection made on its forecast, read as `InPlan("forecast", name)`."""

    name: str
    value: Expr
    span: Span = NOWHERE


@dataclass(frozen=True, slots=True)
class SumHistory:
    """`target += Σ value` over the spike times kept in `history`, then `target` is bounded once. In `value`, `Special("lag")` stands
    for the kept spike's time. `with_now`: a spike of this very step counts (a tie that belongs to this side), otherwise earlier ones alone."""

    history: str
    target: str
    value: Expr
    with_now: bool
    span: Span = NOWHERE


@dataclass(frozen=True, slots=True)
class Postpone:
    """`target += trace · value` at a postsynaptic spike, which its connections carry out at the next presynaptic one (`passes.lazy`). `trace`: a variable
    of the pre units."""

    target: str
    trace: str
    value: Expr
    span: Span = NOWHERE


@dataclass(frozen=True, slots=True)
class Note:
    """What the post unit keeps of a spike for its connections, which carry it out at the next presynaptic one (`passes.replay`): read as
    `InPlan("noted", name)`."""

    name: str
    value: Expr


#: A `Total` is taken when every connection that comes to its place has carried out the statements above, and read below as `InPlan("total", name)`; at
#: postsynaptic spikes it is that of the unit that spiked.
PlanStatement = Assign | AddTo | AtMost | Remember | Foresee | SumHistory | Postpone | Note | Total


@dataclass(frozen=True, slots=True)
class Event:
    """One statement at an event. `held`: it changes a weight and is skipped while rules are off. `once`: it remembers what is the same for all
    connections of the unit that spiked. `of`: the kind of event, where it is no spike."""

    statement: PlanStatement
    held: bool = False
    once: bool = False
    of: str = ""

    @property
    def value(self) -> Expr:
        """The right side of its statement."""
        return self.statement.value

    @property
    def assigned(self) -> str | None:
        """The own variable that it assigns."""
        match self.statement:
            case Assign(target) | AtMost(target):
                return target.name
            case Foresee(name) | SumHistory(target=name) | Postpone(target=name):
                return name
            case _:
                return None

    def reads(self, *limits: str) -> frozenset[str]:
        """The own variables that it reads with one of these limits, without what an assignment reads of its own target."""
        return frozenset(r.name for r in refs(self.value) if r.owner is Whose.OWN and r.limit in limits)

    def with_value(self, value: Expr) -> Event:
        """The same with another right side."""
        return self if value is self.value else replace(self, statement=replace(self.statement, value=value))

    def mapped(self, change: Callable[[Ref], Expr]) -> Event:
        """The same with every reference of its right side replaced by `change(reference)`."""
        return self.with_value(map_refs(self.value, change))
