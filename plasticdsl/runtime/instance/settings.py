"""What users set: parameters and sizes by name, as numbers in SI or as text with a unit.

Comes in: a network of the checked model and names with values. Goes out: `sides.Settings`, a mapping from variables (for a size, the population as such)
to values, which `build.instantiate` uses instead of what the file says.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plasticdsl.model.expr import At, Expr, Number, Ref, Special
from plasticdsl.model.lookup import Setting, UnknownParameter, find_parameter
from plasticdsl.model.model import Network, Value
from plasticdsl.model.module import Module
from plasticdsl.model.owners import OfBlock, Whose
from plasticdsl.model.patterns import DataSet, RandomPatterns
from plasticdsl.model.right_sides import network_sides
from plasticdsl.names import canonical
from plasticdsl.runtime.instance.instance import Values
from plasticdsl.runtime.instance.settable import Given, Settings, is_expression
from plasticdsl.runtime.numbers.evaluate import evaluate
from plasticdsl.units.dimension import ONE, TIME, Dimension
from plasticdsl.units.display import display_unit, name_dimension
from plasticdsl.units.table import parse_quantity

#: Values of users by name: numbers and arrays in SI, or texts such as "10 mV".
Wishes = Mapping[str, Any]


def resolved(wishes: Wishes, network: Network, module: Module) -> dict[Ref, Given]:
    """Where each value of a user goes. Raises KeyError (with what there is) for an unknown name, ValueError for an unsuitable value."""
    found: dict[Ref, Given] = {}
    for name, value in wishes.items():
        setting = find_parameter(network, module, name)
        wanted = _array(name, value, setting) if np.ndim(value) else Number(_number(name, value, setting))
        found.update((target, wanted) for target in setting.targets)
    return found


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a user gives, sorted: `settings` of parameters and sizes, arrays of pattern sets and of data sets by their names."""

    settings: dict[Ref, Given]
    patterns: dict[str, Any]
    data: dict[str, Any]


def sorted_wishes(wishes: Wishes, network: Network, module: Module, data: Iterable[DataSet] = ()) -> Wanted:
    """The same as `resolved`, with arrays for pattern sets and data sets among the values. The parameter that counts the patterns of a set
    follows the array given for it."""
    sets = {s.name: s for s in network.patterns}
    names = {d.name for d in data}
    patterns = {canonical(n): v for n, v in wishes.items() if canonical(n) in sets}
    given = {canonical(n): v for n, v in wishes.items() if canonical(n) in names}
    rest = {n: v for n, v in wishes.items() if canonical(n) not in sets and canonical(n) not in names}
    try:
        settings = resolved(rest, network, module)
    except UnknownParameter as unknown:
        if not (sets or names):
            raise
        raise UnknownParameter(
            f"{str(unknown).rstrip('.')}; patterns and data: {', '.join((*sets, *sorted(names)))}", unknown.candidates
        ) from None
    for name, array in patterns.items():
        source = sets[name].source
        if isinstance(source, RandomPatterns) and isinstance(source.count, Ref) and source.count.owner is Whose.NETWORK:
            rows = np.shape(array)[0] if np.ndim(array) > 1 else 1
            settings.setdefault(source.count, Number(float(rows)))
    return Wanted(settings, patterns, given)


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
    if len(words) == 2 and words[1] in ("step", "steps"):
        return quantity(words[0], ONE, "the number of steps") * dt
    try:
        found = quantity(text, TIME, "a duration")
    except ValueError as error:
        raise ValueError(f"‘{text}’ is no duration; write for example ‘10 s’, ‘200 ms’ or ‘50 steps’") from error
    if found < 0.0:
        raise ValueError(f"a duration cannot be negative: ‘{text}’")
    return found


def _words(dimension: Dimension) -> str:
    return name_dimension(dimension).removeprefix("a ") or str(dimension)


def network_value(expr: Expr, network: Network, settings: Settings) -> Values:
    """The value of an expression in parameters of the network, before anything is built. Raises KeyError where it reads anything else."""
    sides = network_sides(network, settings)

    def look_up(node: Ref | Special | At) -> Values:
        side = sides.get(node.name) if isinstance(node, Ref) and node.owner in (Whose.NETWORK, Whose.OWN) else None
        if not is_expression(side):
            raise KeyError(f"{node} has no value before the network is built")
        return evaluate(side, look_up)

    return evaluate(expr, look_up)
