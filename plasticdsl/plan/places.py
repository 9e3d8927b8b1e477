"""Where variables live and how they are kept, and when in a step what happens to those of a projection does."""

from __future__ import annotations

from enum import StrEnum

from plasticdsl.model import Role, Variable


class Place(StrEnum):
    """The index space of a variable of a projection: one value per connection, per pre unit or per post unit."""

    CONNECTION = "connection"
    PRE = "pre"
    POST = "post"


class Slot(StrEnum):
    """When, within the events of one step, a statement of a projection runs; the order of the members is the order of execution.

    Everything of one slot runs, projection by projection, before the next slot begins. The late and early slots exist for ties: a jump
    that the other side must not see yet is made late, one that it asked to see (`r⁺`) early (`ties.py`).
    """

    POST_EARLY = "post early"
    PRE = "pre"
    POST = "post"
    PRE_LATE = "pre late"

    @property
    def side(self) -> Place:
        """Whose spikes trigger it."""
        return Place.PRE if self in (Slot.PRE, Slot.PRE_LATE) else Place.POST


class Kind(StrEnum):
    """How a variable is kept: a constant with one value for all, or with one for each unit or connection; a state; what a step evaluates."""

    SHARED = "shared"
    CONSTANT = "constant"
    STATE = "state"
    EVALUATED = "evaluated"


def kind_of(variable: Variable, differs: bool) -> Kind:
    """`differs`: it has one value per unit or connection."""
    match variable.role:
        case Role.PARAMETER | Role.GIVEN:
            return Kind.CONSTANT if differs else Kind.SHARED
        case Role.STATE | Role.CLAMPED:
            return Kind.STATE
        case Role.INPUT | Role.DEFINITION | Role.REFRACTORY:
            return Kind.EVALUATED
