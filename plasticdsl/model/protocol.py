"""What a phase does step by step: items shown one after the other, where units start, in which order they update, and when it ends."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from plasticdsl.model.expr import Expr, Ref
from plasticdsl.model.owners import OfPopulation
from plasticdsl.model.parts import Units
from plasticdsl.source import NOWHERE, Span


@dataclass(frozen=True, slots=True)
class ForEach:
    """`for each (pixels, label) in digits where not test, shuffled, 5 epochs, for 100 ms each, pause 50 ms, again until CONDITION`.

    `source`: a pattern set or data set; `names`: what one item's parts are called in the phase, read as `Ref(Whose.ITEM, name)`;
    `arrays`: the array of the data set each stands for (empty for patterns). `where` reads `Ref(source, array)`, one value per item.
    Shuffled anew in each epoch. `each_for`: how long each item stays (s; None: one step).
    `pause`: how long nothing is held after each (s). `again`: an item is shown again until the condition holds at the end of a showing.
    """

    source: str
    names: tuple[str, ...]
    arrays: tuple[str, ...] = ()
    where: Expr | None = None
    shuffled: bool = False
    epochs: Expr | None = None
    each_for: Expr | None = None
    pause: Expr | None = None
    again: Until | None = None
    span: Span = NOWHERE


@dataclass(frozen=True, slots=True)
class Until:
    """`until stable within tol, up to N steps` (`condition` None) or `until CONDITION`, looked at after each step; its statistics of
    spikes are of the phase so far.

    Stable: in the last step no unit's variable that jumps at each step changed, and (with `within`) no unit's flowing variable changed by more
    than `within` times its largest absolute value over the units. `at_most` (s, as durations; None: 1000 steps) ends it all the same, and says so.
    Of what is repeated, or shown again, a round takes the place of a step.
    """

    condition: Expr | None = None
    within: Expr | None = None
    at_most: Expr | None = None
    span: Span = NOWHERE


@dataclass(frozen=True, slots=True)
class Repeat:
    """`repeat 60 times:`, or `repeat until …, at most 100 times:` (`times` None; `until.at_most` then counts rounds, it is looked at after each of
    them, and what it says is of that round). `body`: names of phases, and other repeats."""

    body: tuple[str | Repeat, ...]
    times: Expr | None = None
    until: Until | None = None
    span: Span = NOWHERE


#: What is carried out one after the other: phases by name, and repeats.
Course = tuple[str | Repeat, ...]


#: What the times that an item is shown, and those that something is repeated, are counted by.
SHOWING, ROUND = "showing", "round"


def round_names(rounds: Sequence[int]) -> tuple[str, ...]:
    """What the rounds of the repeats around a phase are counted by, the outermost first."""
    return tuple(f"{ROUND}_{number}" if number > 1 else ROUND for number in range(1, len(rounds) + 1))


def awaited(course: Course) -> Iterator[Until]:
    """What its repeats wait for."""
    for part in course:
        if isinstance(part, Repeat):
            yield from () if part.until is None else (part.until,)
            yield from awaited(part.body)


@dataclass(frozen=True, slots=True)
class Begin:
    """`start from end of Training`: an experiment begins with the network as it is at the end of this other one."""

    experiment: str
    span: Span = NOWHERE


@dataclass(frozen=True, slots=True)
class Start:
    """`start units.x from ξ_1 with 20 % flipped`: sets `target`, of a population or projection, once, when the phase begins;
    of a part only its `units`.

    `flipped`: the fraction of units, drawn without repeats and rounded to a whole number, that get the other of the variable's two allowed
    values; `redrawn`: the fraction that get a new draw from the distribution of the patterns that `value` names.
    """

    target: Ref
    value: Expr
    flipped: Expr | None = None
    redrawn: Expr | None = None
    span: Span = NOWHERE
    units: Units = ()


#: `update asynchronously (in random order)`, `update asynchronously in fixed order`; None is synchronous.
Order = Literal["random", "fixed"]


@dataclass(frozen=True, slots=True)
class Asked:
    """What experiments ask of a network: variables of populations that some phase takes from patterns or data, item by item (`fed`), populations
    that some phase updates unit by unit (`one_by_one`), parameters that have one value per unit or connection in some phase (`spread`), variables
    of populations that are kept at each spike of these (`at_spikes`), and data sets of the network (`files`). It only tells which kernels and files are
    needed."""

    fed: tuple[Ref, ...] = ()
    one_by_one: tuple[str, ...] = ()
    spread: tuple[Ref, ...] = ()
    at_spikes: tuple[Ref, ...] = ()
    files: tuple[str, ...] = ()

    def kept_of(self, population: str) -> tuple[str, ...]:
        """The variables that are kept at its spikes."""
        return tuple(ref.name for ref in self.at_spikes if ref.owner == OfPopulation(population))


NOTHING_ASKED = Asked()
