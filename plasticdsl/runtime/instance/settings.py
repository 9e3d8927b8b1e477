"""What users set: parameters, initial values and sizes of a network.

Comes in: a network of the checked model, and names with values, as numbers in SI or as text with a unit. Goes out: `Settings`, a mapping from variables
(for a size, the population as such) to values, which `build.instantiate` uses instead of what the file says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plasticdsl.model import Network, Value
from plasticdsl.model.expr import Binary, Expr, Number, Ref, Special
from plasticdsl.model.lookup import Setting, UnknownParameter, find_parameter
from plasticdsl.model.module import Module
from plasticdsl.model.owners import OfBlock, OfTable, Owner, Whose, owner_text
from plasticdsl.model.patterns import DataSet, RandomPatterns
from plasticdsl.model.right_sides import PARAMETERS, STATES, all_sides
from plasticdsl.names import canonical
from plasticdsl.runtime.instance.instance import Values
from plasticdsl.runtime.numbers.evaluate import Name, evaluate
from plasticdsl.units.dimension import ONE, TIME, Dimension
from plasticdsl.units.display import display_unit, name_dimension
from plasticdsl.units.table import parse_quantity

#: What a name may be set to: an expression or distribution, a number, or one number per unit or connection. A matrix [post, pre], as in w_ij,
#: gives each connection its element.
Given = Value | float | NDArray[np.float64] | Sequence[float]

#: What names are set to. A state is set in its initial value (the name `V(0)` does the same), a population as such in its size.
Settings = Mapping[Ref, Given]

Sides = Mapping[str, Given | None]

_STEPS = ("step", "steps")


def check_settings(network: Network, settings: Settings) -> None:
    """Raises KeyError for a name the network does not have, with what there is."""
    own = [(owner, v) for owner, block in network.blocks.items() for v in block.variables]
    allowed = {Ref(Whose.NETWORK, v.name) for v in network.variables if v.role in PARAMETERS}
    allowed |= {Ref(p.as_owner, "") for p in network.populations}
    allowed |= {Ref(owner, v.name) for owner, v in own if v.role in (*PARAMETERS, *STATES)}
    allowed |= {Ref(owner, f"{v.name}(0)") for owner, v in own if v.role in STATES}
    for key in settings:
        if key not in allowed:
            owner = owner_text(key.owner)
            names = sorted(k.name for k in allowed if k.owner == key.owner and k.name and not k.name.endswith(")"))
            what = f"it has {', '.join(names)}" if names else f"there are {', '.join(sorted({owner_text(k.owner) for k in allowed}))}"
            raise KeyError(f"{owner} has no parameter {key.name}; {what}" if names else f"there is no {owner}; {what}")


#: Values of users by name: numbers and arrays in SI, or texts such as "10 mV".
Wishes = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a user gives, sorted: `settings` of parameters and sizes, arrays of pattern sets and of data sets by their names."""

    settings: dict[Ref, Given]
    patterns: dict[str, Any]
    data: dict[str, Any]


def sorted_wishes(wishes: Wishes, network: Network, module: Module, data: Iterable[DataSet] = ()) -> Wanted:
    """Where each value of a user goes. The parameter that counts the patterns of a set follows the array given for it. Raises KeyError (with what there
    is) for an unknown name, ValueError for an unsuitable value."""
    sets, names = {s.name: s.source for s in network.patterns}, sorted(d.name for d in data)
    wanted = Wanted({}, {}, {})
    for name, value in wishes.items():
        if canonical(name) in sets:
            wanted.patterns[canonical(name)] = value
        elif canonical(name) in names:
            wanted.data[canonical(name)] = value
        else:
            setting = _setting(name, network, module, (*sets, *names))
            given = _array(name, value, setting) if np.ndim(value) else _one(name, value, setting)
            wanted.settings.update(dict.fromkeys(setting.targets, given))
    for name, array in wanted.patterns.items():
        match sets[name]:
            case RandomPatterns(count=Ref(Whose.NETWORK) as count):
                wanted.settings.setdefault(count, Number(float(np.shape(array)[0] if np.ndim(array) > 1 else 1)))
    return wanted


def _setting(name: str, network: Network, module: Module, others: Sequence[str]) -> Setting:
    """The parameter of that name. Raises KeyError that tells what there is, with the patterns and data among it."""
    try:
        return find_parameter(network, module, name)
    except UnknownParameter as unknown:
        if not others:
            raise
        raise UnknownParameter(f"{str(unknown).rstrip('.')}; patterns and data: {', '.join(others)}", unknown.candidates) from None


def joined(settings: Mapping[Ref, Given], weights: Mapping[Ref, Given]) -> dict[Ref, Given]:
    """What is set and the weights that connections came with. Raises ValueError where both give the same."""
    for place in weights:
        if place in settings:
            raise ValueError(f"{place.path} is given twice, with the connections and as a parameter")
    return {**settings, **weights}


def from_experiment(settings: Iterable[tuple[str, Value]], network: Network, module: Module) -> dict[Ref, Given]:
    """Where the values that an experiment sets go."""
    return {target: value for name, value in settings for target in find_parameter(network, module, name).targets}


def places(target: Ref, network: Network, module: Module) -> tuple[Ref, ...]:
    """All places of a swept parameter; `target` may name a block that is used in several."""
    return find_parameter(network, module, target.path).targets if isinstance(target.owner, OfBlock) else (target,)


def _array(name: str, values: Any, setting: Setting) -> NDArray[np.float64]:
    if setting.kind == "size":
        raise ValueError(f"{name} is the size of a population and must be a whole number of at least 1, not {np.ndim(values)}-dimensional")
    try:
        return np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise ValueError(f"{name} must be a number, a text such as '10 mV', or an array of numbers in SI, not {values!r}") from None


def _one(name: str, value: Any, setting: Setting) -> Expr:
    """A number in SI; `"50 steps"` are so many dt, whatever that is."""
    words = value.split() if isinstance(value, str) else []
    if len(words) < 2 or words[-1] not in _STEPS:
        return Number(_number(name, value, setting))
    if setting.dimension not in (TIME, None):
        raise ValueError(f"{name} is a {_words(setting.dimension)}, but ‘{value}’ is a time; the units do not fit")
    return Binary("*", Number(quantity(" ".join(words[:-1]), ONE, name)), Special("dt"))


def _number(name: str, value: Any, setting: Setting) -> float:
    if isinstance(value, str):
        number = quantity(value, setting.dimension, name)
    elif isinstance(value, bool) or not isinstance(value, (int, float, np.integer, np.floating)):
        raise ValueError(f"{name} must be a number or a text such as '10 mV', not {value!r}")
    else:
        number = float(value)
    if setting.kind == "size" and (number < 1 or not number.is_integer()):
        raise ValueError(f"{name} is the size of a population and must be a whole number of at least 1, not {number:g}")
    return number


def quantity(text: str, wanted: Dimension | None, name: str) -> float:
    """`"10 mV"` in SI. Raises ValueError where it is no quantity or has the wrong dimension (None: any)."""
    number, dimension = parse_quantity(text)
    if wanted is None or dimension == wanted:
        return number
    if wanted.is_one:
        raise ValueError(f"{name} is a pure number, but ‘{text}’ is a {_words(dimension)}")
    example = f"write for example ‘{name}={text.strip()} {display_unit(wanted)[0]}’" if dimension.is_one else "the units do not fit"
    got = "has no unit" if dimension.is_one else f"is a {_words(dimension)}"
    raise ValueError(f"{name} is a {_words(wanted)}, but ‘{text}’ {got}; {example}")


def duration(text: str | float, dt: float) -> float:
    """`"10 s"`, `"200 steps"`, or seconds. Raises ValueError for anything else."""
    if not isinstance(text, str):
        if isinstance(text, bool) or not isinstance(text, (int, float, np.integer, np.floating)):
            raise ValueError(f"a duration is a number of seconds or a text such as '10 s', not {text!r}")
        return float(text)
    words = text.split()
    if len(words) == 2 and words[1] in _STEPS:
        return quantity(words[0], ONE, "the number of steps") * dt
    try:
        found = quantity(text, TIME, "a duration")
    except ValueError as error:
        raise ValueError(f"‘{text}’ is no duration; write for example ‘10 s’, ‘200 ms’ or ‘50 steps’") from error
    if found < 0.0:
        raise ValueError(f"a duration cannot be negative: ‘{text}’")
    return found


def on_the_clock(text: str | float) -> float:
    """`"5 min"`, or seconds, that go by for whoever waits. Raises ValueError for anything else."""
    if isinstance(text, str) and text.split()[1:] and text.split()[1] in _STEPS:
        raise ValueError(f"‘{text}’ is no time on the clock; write for example ‘30 s’ or ‘5 min’")
    found = duration(text, 1.0)
    if not found >= 0.0:
        raise ValueError(f"a time on the clock is not {found:g} s; write for example ‘30 s’ or ‘5 min’")
    return found


def _words(dimension: Dimension) -> str:
    return name_dimension(dimension).removeprefix("a ") or str(dimension)


def value_of(
    expr: Expr, sides: Mapping[Ref, Given | None], own: Owner = Whose.NETWORK, table: Callable[[Ref], Values] | None = None
) -> Values:
    """The value of an expression of `own` in names with these right sides, and in numbers of files that `table` gives. Raises KeyError where it reads
    anything that is no expression."""

    def look_up(node: Name) -> Values:
        if isinstance(node, Ref) and isinstance(node.owner, OfTable) and table is not None:
            return table(node)
        place = Ref(own, node.name) if isinstance(node, Ref) and node.owner is Whose.OWN else node
        side = sides.get(place) if isinstance(place, Ref) else None
        if not isinstance(place, Ref) or not isinstance(side, Expr):
            raise KeyError(f"{node} has no value before the network is built")
        return value_of(side, sides, place.owner, table)

    return evaluate(expr, look_up)


def defaults(network: Network) -> dict[Ref, float]:
    """The default (in SI) of each parameter that has one, neither drawn nor different from unit to unit; those that follow from others included."""
    sides: dict[Ref, Value | None] = all_sides(network, {})
    own = {Ref(owner, v.name) for owner, block in network.blocks.items() for v in block.variables if v.role in PARAMETERS}
    found: dict[Ref, float] = {}
    for ref in (r for r in sides if r.owner is Whose.NETWORK or r in own):
        with suppress(KeyError, ValueError):  # drawn, different from unit to unit, or not given
            found[ref] = float(value_of(ref, sides))
    return found
