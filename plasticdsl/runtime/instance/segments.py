"""Whether the segments of neurons with a shape are short enough.

Comes in: a population with integrators and its values. Goes out: warnings (`long-segments`) about sections whose segments are longer than `LONGEST`.

A space constant λ is how far a steady voltage falls to 1/e: (l/λ)² = R_a G for a piece that is l long, with the resistance R_a along it and the
conductance G of its membrane, −∂(current)/∂V at the initial values; for a cylinder that is λ = √(R_m d/(4 R_i)) (Rall 1959). On segments of h space
constants a steady voltage falls by a factor e^(−1 + h²/24) for each λ, up to terms in h⁴: x_(n−1) − (2 + h²) x_n + x_(n+1) = 0.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import numpy as np

from plasticdsl.diagnostics.diagnostic import Diagnostic, Severity
from plasticdsl.model import Population
from plasticdsl.model.expr import Expr, Ref, Special
from plasticdsl.model.geometry import Measure, Section, first_segments
from plasticdsl.model.owners import Whose
from plasticdsl.model.schemes import Cables, Coupled
from plasticdsl.runtime.instance.instance import Floats, PopulationInstance, Values
from plasticdsl.runtime.numbers.evaluate import Name, evaluate

#: In space constants; the attenuation over one of them is then 0.4 % too small.
LONGEST = 0.3


def long_segments(population: Population, made: PopulationInstance, parameters: Mapping[str, Values], dt: float) -> Iterator[Diagnostic]:
    """A warning for each section and variable that is coupled along it."""
    sections = population.block.sections
    for one in (c for scheme in population.block.schemes if isinstance(scheme, Cables) for c in scheme.coupled):
        lengths = _in_space_constants(one, made, parameters, dt).reshape(-1, made.size // sum(s.segments for s in sections))
        for section, first in zip(sections, first_segments(sections), strict=True):
            longest = float(lengths[first : first + section.segments].max())
            if longest > LONGEST:
                yield _warning(population, one, section, longest)


def _in_space_constants(one: Coupled, made: PopulationInstance, parameters: Mapping[str, Values], dt: float) -> Floats:
    """How long each segment is: √(R_a G)."""

    def look_up(node: Name) -> Values:
        match node:
            case Ref(Whose.NETWORK, name):
                return parameters[name]
            case Ref(_, name):
                known = made.states if name in made.states else made.parameters
                return known.get(name, 0.0)  # inputs are 0 before the run
            case Special("i"):
                return np.arange(1.0, made.size + 1.0)
            case Special("dt"):
                return dt
            case _:
                return 0.0

    def each(expr: Expr) -> Floats:
        return np.broadcast_to(evaluate(expr, look_up), (made.size,))

    with np.errstate(all="ignore"):
        along = 2.0 * each(Ref(Whose.OWN, Measure.HALF.value)) * each(one.resistivity)
        squared = along * -each(one.slope) / each(one.weight)
    return np.sqrt(np.where(squared > 0.0, squared, 0.0))


def _warning(population: Population, one: Coupled, section: Section, longest: float) -> Diagnostic:
    variable = population.block.variable(one.variable)
    symbol = one.variable if variable is None else variable.symbol
    message = f"Segments of ‘{section.symbol}’ in ‘{population.symbol}’ are up to {longest:.2g} space constants of {symbol} long."
    hint = "Give a shorter length to the file’s segments."
    if not section.pieces:
        enough = math.ceil(section.segments * longest / LONGEST)
        hint = (
            f"With {enough} segments they are below {LONGEST:g}, and what falls along the cable is right to 0.4 % for each space constant."
        )
    return Diagnostic("long-segments", message, section.span, hint, severity=Severity.WARNING)
