"""Whose a name is: the owner of every variable that an expression reads.

An owner is a value, so that what a user calls a population, projection or parameter never meets what the language means by `pre` or `network`.
`match` over the union `Owner`: the owners that every model has are members of `Whose`, those with a name of the user's are classes.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Whose(Enum):
    """Owners without a name of their own.

    OWN: the block itself (unit or connection). PRE, POST: the unit on that side of a connection. NETWORK: parameters and observables of the network.
    INDEX: the number (from 1) that an index letter stands for. ITEM: what `for each` shows now. ROUND: for how many times it is shown (`showing`), or
    something is repeated (`round`, `round_2`). RECORDED: everything recorded so far under that name (`mean(correct)`). PHASE: a phase.
    """

    OWN = ""
    PRE = "pre"
    POST = "post"
    NETWORK = "network"
    INDEX = "index"
    ITEM = "item"
    ROUND = "round"
    RECORDED = "recorded"
    PHASE = "phase"

    __hash__ = object.__hash__


class StandIn(Enum):
    """What stands in the place of something else while one stage works on an expression, and never leaves it.

    PULSE: a spike train S_pre, S_post. NOISE: white noise ξ(t). PAIR: the times t_pre, t_post of a pair of spikes. ARGUMENT: what a function
    is differentiated by. SUM: a sum. SIZE: the number of units of a population.
    """

    PULSE = "pulse"
    NOISE = "noise"
    PAIR = "pair"
    ARGUMENT = "argument"
    SUM = "sum"
    SIZE = "size"

    __hash__ = object.__hash__


@dataclass(frozen=True, slots=True)
class OfPopulation:
    """A population of the network."""

    name: str


@dataclass(frozen=True, slots=True)
class OfProjection:
    """A projection of the network, connection by connection."""

    name: str


@dataclass(frozen=True, slots=True)
class OfOpposite:
    """A projection of the network, at the connection the other way round."""

    name: str


@dataclass(frozen=True, slots=True)
class OfArgument:
    """What a synapse or rule takes as an argument: a projection, not known yet (`forward` of `Back(forward)`), or the unit of a third population
    (`reward` of `RSTDP(reward)`; which one says `model.Third`)."""

    name: str


@dataclass(frozen=True, slots=True)
class OfPatterns:
    """A set of patterns; as a whole, its references have no name."""

    name: str


@dataclass(frozen=True, slots=True)
class OfData:
    """A data set; the names of its references are those of its arrays, which have a number for each unit or connection of what the value is for."""

    name: str


@dataclass(frozen=True, slots=True)
class OfTable:
    """A data set whose arrays stand for themselves: they have these `axes`, each of as many entries as there are units of a population, or patterns of a
    set, of this name (None: any number). Without axes it is a single number."""

    name: str
    axes: tuple[str | None, ...] = ()


@dataclass(frozen=True, slots=True)
class OfSeries:
    """A data set whose arrays are samples over time, one row for each."""

    name: str


@dataclass(frozen=True, slots=True)
class OfBlock:
    """A block, wherever a network uses it."""

    name: str


#: What a block needs without declaring it: a name that another block may have, or one of a unit or of a projection that is its argument.
Foreign = Whose | OfArgument
#: What has variables with one value per unit or connection.
Part = OfPopulation | OfProjection
Owner = Whose | StandIn | Part | OfOpposite | OfArgument | OfPatterns | OfData | OfTable | OfSeries | OfBlock


def owner_text(owner: Owner) -> str:
    """The owner as people write it before the dot; empty for the block itself."""
    return owner.value if isinstance(owner, Whose | StandIn) else owner.name
