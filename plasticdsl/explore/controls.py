"""What can be moved on the page: the numbers that a file gives to parameters, as it writes them.

A checked model and one of its experiments come in; `Control`s go out, those of the network first, then those of the blocks that it is made of.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace

from plasticdsl.api import Model
from plasticdsl.model import Network, Value
from plasticdsl.model.experiments import SweepAxis
from plasticdsl.model.expr import Number, Ref
from plasticdsl.model.lookup import Setting, UnknownParameter, find_parameter
from plasticdsl.model.module import Module
from plasticdsl.syntax import tree
from plasticdsl.syntax.parser import parse
from plasticdsl.units.display import unit_text
from plasticdsl.units.table import parse_quantity

#: How far a slider goes: from this part of the value to this multiple of it. Not to 0, which is no time constant.
_LEAST, _MOST = 0.05, 3.0


@dataclass(frozen=True, slots=True)
class Control:
    """A parameter by the `name` that `--set` takes, whose it is, its unit as written, its value in it, and how far it can be moved."""

    name: str
    owner: str
    unit: str
    value: float
    low: float
    high: float

    @property
    def label(self) -> str:
        """What stands beside the slider."""
        return f"{self.name} ({self.unit})" if self.unit else self.name

    @property
    def step(self) -> float:
        """How far it moves at a time: by one where a number counts something, else by a hundredth of the way."""
        counts = not self.unit and self.value.is_integer() and self.value >= 10
        return 1.0 if counts else (self.high - self.low) / 100

    def setting(self, value: float) -> str:
        """A value as `--set` takes it."""
        return f"{value!r} {self.unit}".rstrip()


def controls(model: Model, experiment: str) -> tuple[Control, ...]:
    """Those that an experiment does not sweep, with the values that it gives them itself. What it fits can be moved between the ends of the search."""
    loaded = model.loaded
    found = next(e for e in loaded.module.experiments if e.name == experiment)
    network = next(n for n in loaded.module.networks if n.name == found.network)
    blocks = {
        block.name.name: block for source in loaded.sources.values() for block in parse(source).items if isinstance(block, tree.Block)
    }
    fixed = {one.text for axis in found.sweep for one in (axis, *axis.together)}
    ends = {axis.text: between for axis in (found.fit.searched if found.fit else ()) if (between := _ends(axis)) is not None}
    given = {place: value for text, value in found.settings for place in find_parameter(network, loaded.module, text).targets}
    moved: dict[str, Control] = {}
    for name in dict.fromkeys((network.name, *_parts(network))):
        for block in _lineage(name, blocks):
            for control in _of_block(name, block, network, loaded.module, given):
                moved.setdefault(control.name, control)
    left = (c for name, c in moved.items() if name not in fixed and name.rpartition(".")[2] not in fixed)
    return tuple(_within(c, ends.get(c.name) or ends.get(c.name.rpartition(".")[2])) for c in left)


def _ends(axis: SweepAxis) -> tuple[float, float, str] | None:
    """Between which values a parameter is searched, in the unit in which these are written; None where they are computed."""
    match axis:
        case SweepAxis(start=Number(value=first), stop=Number(value=last), scale=scale, unit=unit):
            return first / scale, last / scale, unit
        case _:
            return None


def _within(control: Control, ends: tuple[float, float, str] | None) -> Control:
    """The control with these ends and with its own value between them, where they have its unit."""
    if ends is None or ends[2] != control.unit:
        return control
    return replace(control, low=min(*ends[:2], control.value), high=max(*ends[:2], control.value))


def _lineage(name: str, blocks: Mapping[str, tree.Block]) -> Iterator[tree.Block]:
    """The block of that name, then those that it is like, which give what it does not say itself."""
    seen: set[str] = set()
    while name in blocks and name not in seen:
        seen.add(name)
        yield blocks[name]
        base = blocks[name].base
        name = base.name if base is not None else ""


def _parts(network: Network) -> Iterator[str]:
    """The names of the blocks that a network is made of: rules first, since they are what one plays with."""
    for projection in network.projections:
        yield from projection.rules
    for projection in network.projections:
        yield from (block for _, (block, _) in projection.origins)
    for population in network.populations:
        if population.source is None:
            yield population.block.name


def _of_block(owner: str, block: tree.Block, network: Network, module: Module, given: Mapping[Ref, Value]) -> Iterator[Control]:
    for statement in block.body:
        match statement:
            case tree.Define(target=tree.Name(text=text), arguments=(), rhs=written):
                number = _number(written)
                name = text if block.kind == "network" else f"{owner}.{text}"
                if number is None or not number[0]:
                    continue
                with suppress(UnknownParameter):
                    value = _in_experiment(find_parameter(network, module, name), number, given)
                    if value is not None:
                        low, high = sorted(((value or number[0]) * _LEAST, (value or number[0]) * _MOST))
                        yield Control(name, owner, number[1], value, min(low, value), max(high, value))
            case _:
                pass


def _in_experiment(setting: Setting, written: tuple[float, str], given: Mapping[Ref, Value]) -> float | None:
    """The value of a parameter in the unit in which its block has one: that of the experiment, where it gives one; None where these are several, or
    computed."""
    values = {given.get(place) for place in setting.targets}
    if values == {None}:
        return written[0]
    match values.pop():
        case Number(value=value) if not values:
            return float(f"{value / parse_quantity(f'1 {written[1]}')[0]:.12g}")
        case _:
            return None


def _number(written: tree.Expr) -> tuple[float, str] | None:
    """The value and unit of a number with a sign perhaps; None for anything else."""
    match written:
        case tree.Number(text=text, unit=unit):
            top, _, below = text.partition("/")
            return float(top) / float(below or 1), unit_text(unit)
        case tree.Unary(operator="-", operand=tree.Number() as number):
            found = _number(number)
            return None if found is None else (-found[0], found[1])
        case _:
            return None
