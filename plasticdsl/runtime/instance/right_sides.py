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
from plasticdsl.model.owners import OfPopulation, Owner, Whose, owner_text

#: What a name may be set to: an expression or distribution, a number, or one number per unit or connection. A matrix [post, pre], as in w_ij,
#: gives each connection its element.
Given = Value | float | NDArray[np.float64] | Sequence[float]

#: What names are set to. A state is set in its initial value (the name `V(0)` does the same), a population as such in its size.
Settings = Mapping[Ref, Given]

#: The same as Python programs may write it: (population, projection or "network"; name).
Written = Mapping[tuple[str, str], Given]

Sides = dict[str, Given | None]

PARAMETERS = (Role.PARAMETER, Role.GIVEN)
STATES = (Role.STATE, Role.CLAMPED)


def placed(settings: Settings | Written, network: Network) -> Settings:
    """Settings by variable, whichever way they are keyed; a population or projection that is called `network` is meant before the network."""
    owners: dict[str, Owner] = {"network": Whose.NETWORK}
    owners |= {p.name: p.as_owner for p in network.populations} | {p.name: p.as_owner for p in network.projections}
    found: dict[Ref, Given] = {}
    for key, value in settings.items():
        found[key if isinstance(key, Ref) else Ref(owners.get(key[0], OfPopulation(key[0])), key[1])] = value
    return found


def right_sides(owner: Owner, block: Block, given: Sequence[tuple[str, Value]], settings: Settings) -> Sides:
    """The right side of every name of the block; None for a parameter without one."""
    own = dict(given)
    return {v.name: _side(owner, v, own, settings) for v in block.variables}


def network_sides(network: Network, settings: Settings) -> Sides:
    """The right side of every parameter of the network."""
    return {v.name: settings.get(Ref(Whose.NETWORK, v.name), v.value) for v in network.variables if v.role in PARAMETERS}


def _side(owner: Owner, variable: Variable, own: Mapping[str, Value], settings: Settings) -> Given | None:
    name, at_start = variable.name, f"{variable.name}(0)"
    match variable.role:
        case Role.PARAMETER | Role.GIVEN:
            return _first(settings.get(Ref(owner, name)), own.get(name), variable.value)
        case Role.STATE | Role.CLAMPED:
            told = _first(
                settings.get(Ref(owner, name)), settings.get(Ref(owner, at_start)), own.get(at_start), own.get(name), variable.initial
            )
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


def allowed_keys(network: Network) -> frozenset[Ref]:
    """Everything that `Settings` may hold for this network."""
    keys = {Ref(Whose.NETWORK, v.name) for v in network.variables if v.role in PARAMETERS}
    keys |= {Ref(p.as_owner, "") for p in network.populations}
    for owner, block in network.blocks.items():
        for variable in block.variables:
            if variable.role in (*PARAMETERS, *STATES):
                keys.add(Ref(owner, variable.name))
            if variable.role in STATES:
                keys.add(Ref(owner, f"{variable.name}(0)"))
    return frozenset(keys)


def check_settings(network: Network, settings: Settings) -> None:
    """Raises KeyError for a name the network does not have, with what there is."""
    allowed = allowed_keys(network)
    for key in settings:
        if key not in allowed:
            owner = owner_text(key.owner)
            names = sorted(k.name for k in allowed if k.owner == key.owner and k.name and not k.name.endswith(")"))
            what = f"it has {', '.join(names)}" if names else f"there are {', '.join(sorted({owner_text(k.owner) for k in allowed}))}"
            raise KeyError(f"{owner} has no parameter {key.name}; {what}" if names else f"there is no {owner}; {what}")
