"""What the sizes, scalars and arrays of a loop program begin with in a module that runs by itself, as NumPy text.

Comes in: how things are called, and the texts of the values that are set up before (`setup_values`). Goes out: one expression for each. It is the twin of
`runtime.engine.binding`, which does the same for an instance.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import assert_never

from plasticdsl.kernels.identifiers import Group, Part, of_population, of_projection
from plasticdsl.kernels.program import (
    Array,
    Constant,
    OfCounterpart,
    OfExpression,
    OfHazard,
    OfParameter,
    OfPropagator,
    OfRefractory,
    OfSource,
    OfState,
    OfStream,
    OfStructure,
    Scalar,
    Size,
)
from plasticdsl.kernels.setup_values import Owner, Places
from plasticdsl.model.expr import Expr
from plasticdsl.model.model import Network
from plasticdsl.support.random import stream_of

Matrix = tuple[tuple[Expr, ...], ...]


@dataclass(frozen=True, slots=True)
class Fills:
    """`matrices`: the number under which the exponential of each is known; `given`: populations whose spikes are known beforehand."""

    network: Network
    places: Places
    owners: Mapping[Group, Owner]
    matrices: Mapping[tuple[Group, Matrix], int]
    given: frozenset[str]

    def size(self, size: Size) -> str:
        """A length."""
        group, part = size.name.group, size.name.part
        match part:
            case Part.CONNECTIONS:
                return f"len({self._at(group, Part.TARGETS)})"
            case Part.ROW_ENDS:
                return f"{self._pre_units(group)} + 1"
            case Part.COLUMN_ENDS:
                return f"{self._post_units(group)} + 1"
            case Part.AXONAL_SLOTS:
                return self._slots(group, Part.AXONAL)
            case Part.DENDRITIC_SLOTS:
                return self._slots(group, Part.DENDRITIC)
            case Part.DELAYED_ROW_ENDS:
                return f"{self._pre_units(group)} * ({self._slots(group, Part.AXONAL)}) + 1"
            case Part.DELAYED_COLUMN_ENDS:
                return f"{self._post_units(group)} * ({self._slots(group, Part.DENDRITIC)}) + 1"
            case Part.SLOTS:
                return f"max([{', '.join(['0', *self._delays(group)])}]) + 1"
            case Part.CAPACITY:
                return self._at_once(group)
            case Part.LOG:
                return f"max(65536, 4 * {self._at_once(group)})"
            case Part.GIVEN:
                return f"len({self._at(group, Part.GIVEN_STEPS)})"
            case Part.HISTORY_LENGTH:
                assert size.value is not None
                return f"2 * largest(whole_steps({self.owners[group].text(size.value)}, a.dt)) + 4"
            case _:
                return "1"

    def array(self, array: Array) -> tuple[str, ...]:
        """The statements that make an array: `made[…] = …`."""
        shape = "".join(f"{self.places.at(s)}, " for s in array.shape)
        shape = f"({shape.removesuffix(' ') if len(array.shape) == 1 else shape.removesuffix(', ')})"
        target = f'made["{self.places.names[array.name]}"]'
        match array:
            case Array(per="pre" | "post" as side, fill=OfState(owner)):
                units = self._at(owner, Part.SOURCES if side == "pre" else Part.TARGETS)
                return f'{target} = each(0.0, {shape}, "{array.dtype}")', f"{target}[{units}] = {self.fill(array)}"
            case _:
                return (f'{target} = each({self.fill(array)}, {shape}, "{array.dtype}")',)

    def scalar(self, scalar: Scalar) -> str:
        """The statement that makes a scalar. Switches are on."""
        value = "1" if scalar.fill is None else f"{'int' if scalar.dtype == 'int64' else 'float'}({self.fill(scalar)})"
        return f'made["{self.places.names[scalar.name]}"] = {value}'

    def fill(self, argument: Array | Scalar) -> str:
        """What an argument begins with."""
        match argument.fill:
            case None:
                raise ValueError(f"{argument.name} is set by the run")
            case Constant(value):
                return str(value)
            case OfState(owner, name) | OfParameter(owner, name):
                return self.places.at(owner.variable(name))
            case OfPropagator(owner, matrix, part, row, column):
                return f"{part.lower()}{self.matrices[owner, matrix]}[..., {row}, {column}]"
            case OfExpression(owner, value, steps):
                text = self.owners[owner].text(value)
                return f"whole_steps({text}, a.dt)" if steps else text
            case OfSource(population, what):
                return self._at(of_population(population), Part.GIVEN_STEPS if what == "steps" else Part.GIVEN_UNITS)
            case OfStream(owner, purpose):
                return str(stream_of(owner.name, *purpose))
            case OfHazard(population):
                p = of_population(population)
                return f"[exponential(seed, {stream_of(population)}, i, 0) for i in range({self._at(p, Part.UNITS)})]"
            case OfRefractory(population):
                return self._at(of_population(population), Part.REFRACTORY_STEPS)
            case OfCounterpart(projection, other, transposed):
                return self._counterparts(of_projection(projection), of_projection(other), transposed)
            case OfStructure(projection, part):
                return self._structure(of_projection(projection), part)
            case _:
                assert_never(argument.fill)

    # --- connectivity ---

    def _structure(self, p: Group, part: Part) -> str:
        match part:
            case Part.COLUMNS:
                return f"group_ends({self._at(p, Part.TARGETS)}, {self._post_units(p)})"
            case Part.COLUMN_CONNECTIONS:
                return f"sorting({self._at(p, Part.TARGETS)})"
            case Part.COLUMN_SOURCES:
                return f"{self._at(p, Part.SOURCES)}[sorting({self._at(p, Part.TARGETS)})]"
            case Part.DELAYED_ROWS:
                return f"group_ends({self._by_delay(p, Part.SOURCES, Part.AXONAL)}, {self._pre_units(p)} * ({self._slots(p, Part.AXONAL)}))"
            case Part.DELAYED_ROW_CONNECTIONS:
                return f"sorting({self._by_delay(p, Part.SOURCES, Part.AXONAL)})"
            case Part.DELAYED_COLUMNS:
                groups = f"{self._post_units(p)} * ({self._slots(p, Part.DENDRITIC)})"
                return f"group_ends({self._by_delay(p, Part.TARGETS, Part.DENDRITIC)}, {groups})"
            case Part.DELAYED_COLUMN_CONNECTIONS:
                return f"sorting({self._by_delay(p, Part.TARGETS, Part.DENDRITIC)})"
            case Part.DELAYED_COLUMN_SOURCES:
                return f"{self._at(p, Part.SOURCES)}[sorting({self._by_delay(p, Part.TARGETS, Part.DENDRITIC)})]"
            case _:
                return self._at(p, part)

    def _by_delay(self, p: Group, units: Part, delay: Part) -> str:
        return f"{self._at(p, units)}.astype(np.int64) * ({self._slots(p, delay)}) + {self._at(p, delay)}"

    def _counterparts(self, p: Group, other: Group, transposed: bool) -> str:
        ends = [self._at(p, Part.SOURCES), self._at(p, Part.TARGETS)]
        first, second = reversed(ends) if transposed else ends
        return f"counterparts({first}, {second}, {self._at(other, Part.SOURCES)}, {self._at(other, Part.TARGETS)})"

    # --- parts ---

    def _at(self, group: Group, part: Part) -> str:
        return self.places.at(group.field(part))

    def _slots(self, p: Group, delay: Part) -> str:
        return f"largest({self._at(p, delay)}) + 1"

    def _pre_units(self, p: Group) -> str:
        return self._at(of_population(next(q.pre for q in self.network.projections if q.name == p.name)), Part.UNITS)

    def _post_units(self, p: Group) -> str:
        return self._at(of_population(next(q.post for q in self.network.projections if q.name == p.name)), Part.UNITS)

    def _delays(self, population: Group) -> Sequence[str]:
        """The largest delays of a population's projections on its side."""
        found = [of_projection(p.name).field(Part.AXONAL) for p in self.network.projections if p.pre == population.name]
        found += [of_projection(p.name).field(Part.DENDRITIC) for p in self.network.projections if p.post == population.name]
        return [f"largest({self.places.at(field)})" for field in found]

    def _at_once(self, population: Group) -> str:
        known = self._at(population, Part.GIVEN_STEPS) if population.name in self.given else "()"
        return f"most_at_once({known}, {self._at(population, Part.UNITS)})"
