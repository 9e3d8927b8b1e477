"""The list of a block's variables: parameters, inputs, states and definitions with their values, bounds and units to show.

Comes in: translated values and resolved dimensions. Goes out: model `Variable`s; parameters and definitions come after what they depend on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction

from plasticdsl.check.blocks.block_scope import BlockScope
from plasticdsl.check.blocks.values import Values, scale_of
from plasticdsl.check.terms.unification import Dim
from plasticdsl.model.model import Role, Variable
from plasticdsl.source import Span
from plasticdsl.units.display import display_unit, unit_text


def variables(scope: BlockScope, values: Values, dims: Mapping[str, Dim]) -> tuple[Variable, ...]:
    """Every variable of the block in working order: given, parameters, inputs, states, definitions."""
    made = [_variable(name, symbol, span, role, scope, values, dims) for name, symbol, span, role in _listed(scope, values)]
    return tuple(made)


def _listed(scope: BlockScope, values: Values) -> Iterator[tuple[str, str, Span, Role]]:
    contents = scope.contents
    worked_out = [name for name in values.order if name in values.values]
    ordered = frozenset(values.order)
    on_circles = [name for name in contents.defines if name not in ordered]
    for name, written in scope.given.items():
        yield name, written.text, written.span, Role.GIVEN
    for name in worked_out:
        if name not in values.changing or name in contents.draws:
            yield name, contents.symbols[name].text, contents.symbols[name].span, Role.PARAMETER
    for name in contents.inputs:
        yield name, contents.symbols[name].text, contents.symbols[name].span, Role.INPUT
    for name, written in contents.states.items():
        yield name, written.text, written.span, Role.STATE
    for average in scope.averages.values():
        yield average.name, average.symbol, average.span, Role.STATE
    for name in (*(n for n in worked_out if n in values.changing and n not in contents.draws), *on_circles):
        yield name, contents.symbols[name].text, contents.symbols[name].span, Role.DEFINITION


def _variable(name: str, symbol: str, span: Span, role: Role, scope: BlockScope, values: Values, dims: Mapping[str, Dim]) -> Variable:
    dim = dims.get(name)
    known = None if dim is None else dim.known
    unit, scale = ("", 1.0) if known is None else display_unit(known)
    if name in values.units:
        written = values.units[name]
        unit, scale = unit_text([(u.unit, Fraction(*u.exponent)) for u in written]), scale_of(written)
    return Variable(
        name=name,
        symbol=symbol,
        role=role,
        dimension=known,
        value=values.values.get(name),
        initial=values.initials.get(name),
        low=values.low.get(name),
        high=values.high.get(name),
        values=values.allowed.get(name, ()),
        unit=unit,
        scale=scale,
        span=span,
    )
