"""Where the way back begins: the derivative of a network's observable by the variables that stand in it.

Comes in: the formula of an observable, `½ Σ_{k ∈ digit} (target_k − y_k)²`, other observables written out. Goes out: for a variable of a population or
projection its `Share`s: what one unit, one connection, or each connection of a unit contributes.

A derivative is of use only where a unit or connection can compute it from what reaches it. So the observable is a linear function of sums; each sum is
over the units of one population, or over the connections of one projection. Anything else raises `NotLocal`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from plasticdsl.model import Network, Projection
from plasticdsl.model.expr import At, Binary, Choice, Expr, Negate, Number, Ref, SumOver, children, is_of_file, rebuild, substitute, walk
from plasticdsl.model.owners import OfTable, StandIn, Whose, owner_text
from plasticdsl.symbolic.algebra import ZERO, is_number, mul
from plasticdsl.symbolic.derivative import differentiate

Through = Literal["unit", "connection", "post", "pre"]


class NotLocal(Exception):
    """`str()` is a sentence that says why; `hint` what to write instead."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Share:
    """One part of a derivative. `through`: `unit`: `value` is in terms of the unit itself; `connection`: of a connection of `projection` and its two
    units; `post` (`pre`): the sum of such values over all connections of `projection` for which the unit is the post (pre) unit."""

    through: Through
    value: Expr
    projection: str = ""


@dataclass(frozen=True, slots=True)
class _Flat:
    """A sum over `indices` together, without another inside; over none, the body itself."""

    indices: tuple[str, ...]
    body: Expr


def shares(formula: Expr, of: Ref, network: Network) -> tuple[Share, ...]:
    """∂formula/∂of for each unit (connection) of `of.owner`. Raises `NotLocal`, `NotDifferentiable`."""
    skeleton, places = with_sums_named(formula)
    found = list(_of_single_units(skeleton, of, network))
    for one, place in places.items():
        if _mentions(one, of):
            factor = differentiate(skeleton, place)
            _require_known(factor)
            found += [s for flat in _flat(one) for s in _of_sum(flat, factor, of, network)]
    return tuple(s for s in found if not is_number(s.value, 0.0))


def with_sums_named(expr: Expr) -> tuple[Expr, dict[SumOver, Ref]]:
    """The expression with a name in the place of each outermost sum, and these names."""
    places = {one: Ref(StandIn.SUM, str(number)) for number, one in enumerate(dict.fromkeys(_outermost(expr)))}
    return substitute(expr, dict(places.items())), places


def _outermost(expr: Expr) -> Iterator[SumOver]:
    if isinstance(expr, SumOver):
        yield expr
        return
    for child in children(expr):
        yield from _outermost(child)


def _mentions(expr: Expr, of: Ref) -> bool:
    return any(n == of or (isinstance(n, At) and n.ref == of) for n in walk(expr))


def _require_known(factor: Expr) -> None:
    """What multiplies a sum's derivative must be the same number everywhere, and known without looking at the units."""
    known = (Whose.OWN, Whose.NETWORK)
    if any(isinstance(n, At) or (isinstance(n, Ref) and n.owner not in known and not is_of_file(n)) for n in walk(factor)):
        message = "It is not linear in its sums over units, so its derivatives hold a sum that no unit knows."
        raise NotLocal(message, "Let a population of one unit compute that sum, and send it back to the units that need it.")


def _of_single_units(skeleton: Expr, of: Ref, network: Network) -> Iterator[Share]:
    """`dog.y` outside every sum."""
    for node in dict.fromkeys(n for n in walk(skeleton) if n == of or (isinstance(n, At) and n.ref == of)):
        population = next((p for p in network.populations if p.as_owner == of.owner), None)
        if population is None or population.size != Number(1.0):
            owner = owner_text(of.owner)
            hint = f"Write a sum, for example Σ_{{k ∈ {owner}}} …"
            raise NotLocal(f"‘{of.path}’ stands outside any sum, but ‘{owner}’ has several units or connections.", hint)
        value = differentiate(skeleton, node)
        own: dict[Expr, Expr] = {n: Ref(Whose.OWN, n.name) for n in walk(value) if isinstance(n, Ref) and n.owner == of.owner}
        own |= {n: Ref(Whose.OWN, n.ref.name) for n in walk(value) if isinstance(n, At) and n.ref.owner == of.owner}
        value = substitute(value, own)
        _require_known(value)
        yield Share("unit", value)


# --- sums ------------------------------------------------------------------------------------------------------------


def _flat(expr: Expr) -> Iterator[_Flat]:
    """Σ_i c_i Σ_j b_ij is Σ_ij c_i b_ij; a sum inside a function is refused."""
    match expr:
        case _ if not _has_sums(expr):
            yield _Flat((), expr)
        case SumOver(outer, _, body, where):
            for indices, one in ((f.indices, f.body) for f in _flat(body)):
                if set(indices) & set(outer):
                    raise NotLocal("Two sums, one inside the other, use the same letter.", "Use different letters.")
                yield _Flat((*outer, *indices), one if where is None else Choice(((where, one),), ZERO))
        case Negate(operand):
            yield from (_Flat(f.indices, Negate(f.body)) for f in _flat(operand))
        case Binary("+", left, right):
            yield from (*_flat(left), *_flat(right))
        case Binary("-", left, right):
            yield from (*_flat(left), *_flat(Negate(right)))
        case Binary("*", left, right) if not _has_sums(left):
            yield from (_Flat(f.indices, mul(left, f.body)) for f in _flat(right))
        case Binary("*" | "/" as operator, left, right) if not _has_sums(right):
            yield from (_Flat(f.indices, Binary(operator, f.body, right)) for f in _flat(left))
        case _:
            message = "A sum stands inside a function in another sum, so its derivatives need a value that no unit has."
            raise NotLocal(message, "Let the neuron compute the inner sum: an input that a synapse fills, read by name in the observable.")


def _has_sums(expr: Expr) -> bool:
    return any(isinstance(n, SumOver) for n in walk(expr))


def _of_sum(one: _Flat, factor: Expr, of: Ref, network: Network) -> Iterator[Share]:
    projection = _led(one.body, network)
    for node in dict.fromkeys(n for n in walk(one.body) if isinstance(n, At) and n.ref == of):
        value = mul(factor, differentiate(one.body, node))
        if projection is None:
            yield Share("unit", _at_unit(value, one, of))
        else:
            post, pre = _ends(projection, one)
            through: Through = "connection" if len(node.indices) == 2 else "post" if node.indices == (post,) else "pre"
            yield Share(through, _placed(value, {post: Whose.POST, pre: Whose.PRE}), projection.name)


def _led(body: Expr, network: Network) -> Projection | None:
    """The projection whose connections the sum runs over."""
    owners = {n.ref.owner for n in walk(body) if isinstance(n, At)}
    found = [p for p in network.projections if p.as_owner in owners]
    if len(found) > 1:
        message = f"A sum runs over the connections of {' and '.join(p.symbol for p in found)} at once."
        raise NotLocal(message, "Split it into one sum for each projection.")
    return found[0] if found else None


def _at_unit(value: Expr, one: _Flat, of: Ref) -> Expr:
    """In terms of the unit, where the sum has one index."""
    if len(one.indices) != 1 or any(isinstance(n, At) and (n.indices != one.indices or n.ref.owner != of.owner) for n in walk(value)):
        message = (
            "A sum runs over pairs of units that no projection connects, so what one contributes depends on units it does not hear of."
        )
        raise NotLocal(message, "Sum over the variables of a projection (Σ_ij w_ij …), or over the units of one population.")
    return _placed(value, {one.indices[0]: Whose.OWN})


def _ends(projection: Projection, one: _Flat) -> tuple[str, str]:
    """The letters of the post and pre unit; every variable of the projection must stand at these, and there must be no other letter."""
    found = {n.indices for n in walk(one.body) if isinstance(n, At) and n.ref.owner == projection.as_owner}
    letters = next(iter(found))
    if len(found) != 1 or set(letters) != set(one.indices) or len(set(letters)) != 2:
        message = f"A sum reads ‘{projection.symbol}’ for more than one pair of units at once."
        raise NotLocal(message, "A gradient can follow sums in which each term belongs to one connection.")
    return letters[0], letters[1]


def _placed(value: Expr, owners: dict[str, Whose]) -> Expr:
    """Variables at letters as the unit or connection itself sees them."""

    def read(expr: Expr) -> Expr:
        match expr:
            case At(Ref(OfTable())):
                message = "It reads numbers of a file that belong to no unit or connection of this sum."
                raise NotLocal(message, "Let them be a parameter of the units or connections.")
            case At(ref, indices) if len(indices) == 2:
                return Ref(Whose.OWN, ref.name)
            case At(ref, (letter,)) if letter in owners:
                return Ref(owners[letter], ref.name)
            case At():
                raise NotLocal("It reads a single unit by its number.", "Give that unit a population of its own.")
            case Ref(Whose.INDEX, _):
                raise NotLocal("It depends on the number of a unit.", "Give the units a parameter that says how they differ.")
            case _:
                return rebuild(expr, read)

    return read(value)
