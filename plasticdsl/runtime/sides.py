"""What each name of a block or network is before the run: which default, value or setting counts.

Comes in: a block, the values its population or projection gives, and the user's settings. Goes out: name → right side, not yet computed.
The user's setting goes before the value given in the population or projection, that before the default of the block.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeGuard

import numpy as np
from numpy.typing import NDArray

from plasticdsl.model.expr import Expr, Number, Ref
from plasticdsl.model.model import Block, Network, Role, Value, Variable

#: What a name may be set to: an expression or distribution, a number, or one number per unit or connection. A matrix [post, pre], as in w_ij,
#: gives each connection its element.
Given = Value | float | NDArray[np.float64] | Sequence[float]

#: (population, projection or "network"; name) → value. A state is set in its initial value; (population, "") sets a size.
Settings = Mapping[tuple[str, str], Given]

#: The same, keyed by the places that `check.lookup` finds.
Placed = Mapping[Ref, Given]

Sides = dict[str, Given | None]

PARAMETERS = (Role.PARAMETER, Role.GIVEN)
STATES = (Role.STATE, Role.CLAMPED)


def by_name(settings: Settings | Placed) -> Settings:
    """Settings by (owner, name), whichever way they are keyed."""
    return {(key.owner, key.name) if isinstance(key, Ref) else key: value for key, value in settings.items()}


def right_sides(owner: str, block: Block, given: Sequence[tuple[str, Value]], settings: Settings) -> Sides:
    """The right side of every name of the block; None for a parameter without one."""
    own = dict(given)
    return {v.name: _side(owner, v, own, settings) for v in block.variables}


def network_sides(network: Network, settings: Settings) -> Sides:
    """The right side of every parameter of the network."""
    return {v.name: settings.get(("network", v.name), v.value) for v in network.variables if v.role in PARAMETERS}


def _side(owner: str, variable: Variable, own: Mapping[str, Value], settings: Settings) -> Given | None:
    name, at_start = variable.name, f"{variable.name}(0)"
    match variable.role:
        case Role.PARAMETER | Role.GIVEN:
            return _first(settings.get((owner, name)), own.get(name), variable.value)
        case Role.STATE | Role.CLAMPED:
            told = _first(settings.get((owner, name)), settings.get((owner, at_start)), own.get(at_start), own.get(name), variable.initial)
            return told if told is not None else Number(_nothing_said(variable))
        case Role.DEFINITION:
            return variable.value
        case Role.INPUT:
            return Number(0.0)


def _nothing_said(variable: Variable) -> float:
    """0; for a discrete variable the first of its values."""
    return variable.values[0] if variable.values else 0.0


def _first(*candidates: Given | None) -> Given | None:
    return next((c for c in candidates if c is not None), None)


def is_array(given: Given | None) -> bool:
    """Whether numbers were given one by one."""
    return isinstance(given, np.ndarray | list | tuple) and np.ndim(given) > 0


def is_expression(given: Given | None) -> TypeGuard[Expr]:
    """Whether this still has to be evaluated."""
    return isinstance(given, Expr)


def allowed_keys(network: Network) -> frozenset[tuple[str, str]]:
    """Everything that `Settings` may hold for this network."""
    keys = {("network", v.name) for v in network.variables if v.role in PARAMETERS}
    keys |= {(p.name, "") for p in network.populations}
    for owner, block in (*((p.name, p.block) for p in network.populations), *((p.name, p.connection) for p in network.projections)):
        for variable in block.variables:
            if variable.role in (*PARAMETERS, *STATES):
                keys.add((owner, variable.name))
            if variable.role in STATES:
                keys.add((owner, f"{variable.name}(0)"))
    return frozenset(keys)


def check_settings(network: Network, settings: Settings) -> None:
    """Raises KeyError for a name the network does not have, with what there is."""
    allowed = allowed_keys(network)
    for owner, name in settings:
        if (owner, name) not in allowed:
            names = sorted(n for o, n in allowed if o == owner and n and not n.endswith(")"))
            what = f"it has {', '.join(names)}" if names else f"there are {', '.join(sorted({o for o, _ in allowed}))}"
            raise KeyError(f"{owner} has no parameter {name}; {what}" if names else f"there is no {owner}; {what}")
