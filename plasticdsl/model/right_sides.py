"""What each name of a block or network is before the run: which default, value or setting counts.

Comes in: a block, the values its population or projection gives, and settings of a user, in whatever form he gave them. Goes out: name → right side, not
yet computed. The user's setting goes before the value given in the population or projection, that before the default of the block.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

from plasticdsl.model import Block, Network, Role, Value, Variable
from plasticdsl.model.expr import Number, Ref
from plasticdsl.model.owners import Owner, Whose

PARAMETERS = (Role.PARAMETER, Role.GIVEN)
STATES = (Role.STATE, Role.CLAMPED)

T = TypeVar("T")


def right_sides(owner: Owner, block: Block, given: Sequence[tuple[str, Value]], settings: Mapping[Ref, T]) -> dict[str, Value | T | None]:
    """The right side of every name of the block; None for a parameter without one."""
    own = dict(given)
    return {v.name: _side(owner, v, own, settings) for v in block.variables}


def network_sides(network: Network, settings: Mapping[Ref, T]) -> dict[str, Value | T | None]:
    """The right side of every parameter of the network."""
    return {v.name: settings.get(Ref(Whose.NETWORK, v.name), v.value) for v in network.variables if v.role in PARAMETERS}


def all_sides(network: Network, settings: Mapping[Ref, T]) -> dict[Ref, Value | T | None]:
    """The right side of every parameter of the network and of every name of its populations and projections."""
    found: dict[Ref, Value | T | None] = {Ref(Whose.NETWORK, name): side for name, side in network_sides(network, settings).items()}
    values: dict[Owner, Sequence[tuple[str, Value]]] = {p.as_owner: p.values for p in network.populations}
    values |= {p.as_owner: p.values for p in network.projections}
    for owner, block in network.blocks.items():
        found |= {Ref(owner, name): side for name, side in right_sides(owner, block, values[owner], settings).items()}
    return found


def _side(owner: Owner, variable: Variable, own: Mapping[str, Value], settings: Mapping[Ref, T]) -> Value | T | None:
    name, at_start = variable.name, f"{variable.name}(0)"
    match variable.role:
        case Role.PARAMETER | Role.GIVEN:
            return _first(settings.get(Ref(owner, name)), own.get(name), variable.value)
        case Role.STATE | Role.CLAMPED:
            told = _first(
                settings.get(Ref(owner, name)), settings.get(Ref(owner, at_start)), own.get(at_start), own.get(name), variable.initial
            )
            return told if told is not None else Number(variable.values[0] if variable.values else 0.0)
        case Role.DEFINITION:
            return variable.value
        case Role.INPUT | Role.REFRACTORY:
            return Number(0.0)


def _first(*candidates: Value | T | None) -> Value | T | None:
    return next((c for c in candidates if c is not None), None)
