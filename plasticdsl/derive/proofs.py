"""Whether two expressions of a connection are the same, whatever the values of states, inputs from outside and parameters.

Comes in: a network and two expressions of one of its projections. Goes out: a verdict, with an example where they differ.

An example is looked for first, in the same network with one or two units per population. A proof writes definitions out, and of the inputs
those that stand on
one side alone; then Σ over the same units are compared term by term (Σ_k a_k = Σ_k b_k if a_k = b_k), and what is left is a question about
rational functions of opaque symbols and exponentials, for sympy.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from plasticdsl.derive.gradient_seeds import with_sums_named
from plasticdsl.derive.tiny_network import Key, Small
from plasticdsl.derive.written_out import Writer
from plasticdsl.model import Network, Projection
from plasticdsl.model.expr import At, Expr, Number, Ref, SumOver, children, rebuild, walk
from plasticdsl.model.owners import Owner, Whose
from plasticdsl.model.proofs import Verdict
from plasticdsl.symbolic.algebra import ZERO, add, extent, fold, is_number, mul, sub
from plasticdsl.symbolic.convert import vanishes
from plasticdsl.symbolic.equal import products_when_expanded
from plasticdsl.symbolic.linear import NotLinear, linear_form

DRAWS = 4
DEEPEST = 30
MOST_NODES = 1500
MOST_PRODUCTS = 2000

_SUM = "#sum"


def decide(network: Network, projection: Projection, left: Expr, right: Expr) -> tuple[Verdict, str]:
    """Whether `left = right` holds for every connection of `projection`; where it is refuted, with an example in words."""
    example = _counterexample(network, projection, left, right)
    if example is not None:
        return "refuted", example
    return "proved" if _is_proved(network, projection, left, right) else "not decided", ""


# --- examples --------------------------------------------------------------------------------------------------------


def _counterexample(network: Network, projection: Projection, left: Expr, right: Expr) -> str | None:
    """Values at which both sides differ, of a network as small as possible."""
    for units in (1, 2, 3):
        for seed in range(DRAWS):
            small = Small(network, units, seed)
            place = next(iter(small.connections(projection)), None)
            if place is None:
                break
            a, b = (small.value(side, projection.as_owner, place) for side in (left, right))
            if math.isfinite(a) and math.isfinite(b) and not math.isclose(a, b, rel_tol=1e-7, abs_tol=1e-12):
                return _in_words(network, units, small.used, a, b)
    return None


def _in_words(network: Network, units: int, used: Mapping[Key, float], left: float, right: float) -> str:
    parts: dict[Owner, str] = {p.as_owner: p.symbol for p in network.populations}
    parts |= {p.as_owner: p.symbol for p in network.projections}
    symbols = {Ref(owner, v.name): f"{parts[owner]}.{v.symbol}" for owner, block in network.blocks.items() for v in block.variables}
    symbols |= {Ref(Whose.NETWORK, v.name): v.symbol for v in network.variables}

    def text(key: Key, value: float) -> str:
        ref, place = key
        numbers = f"[{', '.join(str(k + 1) for k in place)}]" if units > 1 and place else ""
        return f"{symbols.get(ref, ref.name)}{numbers} = {value:g}".replace("-", "−")

    values = ", ".join(text(key, value) for key, value in sorted(used.items(), key=lambda u: (u[0][0].order, u[0][1])))
    size = "one unit" if units == 1 else f"{units} units"
    sides = f"left {left:.6g}, right {right:.6g}".replace("-", "−")
    return f"with {size} in each population, {values}: {sides}" if values else f"with {size} in each population: {sides}"


# --- proofs ----------------------------------------------------------------------------------------------------------


def _is_proved(network: Network, projection: Projection, left: Expr, right: Expr) -> bool:
    writer = Writer(network)
    a, b = (writer.written(side, projection.as_owner) for side in (left, right))
    for _ in range(DEEPEST):
        if extent(a).nodes + extent(b).nodes > MOST_NODES:
            return False
        if vanishing(sub(a, b)):
            return True
        of_left, of_right = writer.inputs(a), writer.inputs(b)
        one_sided = of_left ^ of_right or of_left | of_right
        if not one_sided:
            return False
        a, b = writer.expanded(a, one_sided), writer.expanded(b, one_sided)
    return False


def vanishing(expr: Expr) -> bool:
    """Whether an expression with sums over units is 0 for certain."""
    opaque, places = with_sums_named(fold(_canonical(expr)))
    if _surely_zero(opaque):
        return True
    if not places:
        return False
    try:
        form = linear_form(opaque, frozenset(places.values()))
    except NotLinear:
        return False
    if not _surely_zero(form.offset):
        return False
    by_set: dict[str, Expr] = {}
    for one, place in places.items():
        body = _renamed(one.body, one.indices[0], _SUM)
        by_set[one.sets[0]] = add(by_set.get(one.sets[0], ZERO), mul(form.coefficient(place), body))
    return all(vanishing(total) for total in by_set.values())


def _surely_zero(expr: Expr) -> bool:
    if is_number(expr, 0.0):
        return True
    if isinstance(expr, Number) or products_when_expanded(expr) > MOST_PRODUCTS:
        return False
    return vanishes(expr) is True


def _canonical(expr: Expr) -> Expr:
    """Sums that differ in the name of their letter alone become the same: a letter is named after how many sums stand inside."""
    inside = rebuild(expr, _canonical)
    if not isinstance(inside, SumOver):
        return inside
    letter = f"{_SUM}{_height(inside)}"
    return SumOver((letter,), inside.sets, _renamed(inside.body, inside.indices[0], letter), inside.where)


def _height(expr: Expr) -> int:
    return max((_height(c) for c in children(expr)), default=0) + (1 if isinstance(expr, SumOver) else 0)


def _renamed(expr: Expr, old: str, new: str) -> Expr:
    def read(node: Expr) -> Expr:
        match node:
            case At(ref, letters) if old in letters:
                return At(ref, tuple(new if k == old else k for k in letters))
            case SumOver(indices, sets, body, where):
                return SumOver(indices, tuple(" ".join(new if w == old else w for w in s.split(" ")) for s in sets), read(body), where)
            case _:
                return rebuild(node, read)

    return read(expr) if any(isinstance(n, At | SumOver) for n in walk(expr)) else expr
