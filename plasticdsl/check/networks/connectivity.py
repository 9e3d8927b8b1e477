"""Which connections a projection has, and their delays.

Comes in: the clauses after the colon. Goes out: `model.Connectivity` and `model.Delays`. Without a clause every unit is connected with every unit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from plasticdsl.check.networks.building import Building, Side
from plasticdsl.check.networks.from_data import listed
from plasticdsl.check.networks.matrices import matrices_of_pairs
from plasticdsl.check.networks.parts import membership
from plasticdsl.check.networks.positions import distance
from plasticdsl.check.terms.amounts import COUNT_OR_NONE, NOT_NEGATIVE, SHARE, Values, amount, constant
from plasticdsl.check.terms.context import Context, Typed
from plasticdsl.check.terms.distributions import distribution
from plasticdsl.check.terms.expressions import translate_condition
from plasticdsl.check.terms.mismatch import require_dimension
from plasticdsl.check.terms.scope import Declared, Scope, entries
from plasticdsl.check.terms.unification import PURE, Dim
from plasticdsl.diagnostics.diagnostic import Hint, Label
from plasticdsl.model import Connectivity, Delays, Role, Value
from plasticdsl.model.expr import Expr, Special, joined
from plasticdsl.model.owners import Whose
from plasticdsl.source import Span
from plasticdsl.syntax import tree

_KINDS = {
    "all to all": "all",
    "one to one": "one",
    "probability": "probability",
    "in-degree": "in-degree",
    "out-degree": "out-degree",
    "connections from": "listed",
}


_NUMBERS = {
    name: Declared(name, name, what, Special(name), PURE)  # type: ignore[arg-type]
    for name, what in (
        ("i", "the number of the postsynaptic unit"),
        ("j", "the number of the presynaptic unit"),
        ("N_pre", "a number of units"),
        ("N_post", "a number of units"),
    )
}  # fmt: skip


def unit_numbers(context: Context) -> Context:
    """The same context with i and j (both the number of the unit, from 1) and N_pre, N_post (both how many there are) in sight, where nothing else has
    these names: for the values of a population."""
    own = {**_NUMBERS, "j": replace(_NUMBERS["j"], what="the number of the unit", expr=Special("i"))}
    return context.inside(context.scope.child({}, missing=lambda name: own.get(name.name)))


def pair_names(context: Context, pre: Side, post: Side, constants: Values) -> Context:
    """The same context with what can be told of two units before the run: their numbers, parameters of theirs as `pre.X` and `post.X`, their
    distance, and matrices with an entry for each two."""

    def known(name: tree.Name) -> Declared | None:
        match name.name:
            case "distance":
                return distance((pre.population, pre.space), (post.population, post.space), name, context)
            case "pre":
                return _of_side(Whose.PRE, pre)
            case "post":
                return _of_side(Whose.POST, post)
            case _:
                return _NUMBERS.get(name.name)

    members = membership({"pre": pre, "j": pre, "post": post, "i": post})
    matrices = matrices_of_pairs(pre, post, constants)

    def extend(node: tree.Expr, inside: Context) -> Typed | None:
        match node:
            case tree.Apply(function=tree.Name(name="distance")) if inside.scope.find("distance") is None:
                hint = Hint("Write ‘distance’.", ("distance",), node.span)
                return inside.refuse("unknown-function", "The distance of the two units is a name, without brackets.", node.span, hint)
            case _:
                return members(node, inside) or matrices(node, inside)

    return context.inside(context.scope.child({}, missing=known)).extended(extend)


def _of_side(owner: Whose, side: Side) -> Declared:
    fixed = (v for v in side.block.variables if v.role in (Role.PARAMETER, Role.GIVEN))
    own = entries(fixed, side.dims, owner)
    return Declared(owner.value, owner.value, "a unit", members=Scope(own), span=side.population.span)


def connectivity(clauses: Sequence[tree.Connectivity], pre: Side, post: Side, span: Span, building: Building) -> Connectivity:
    """The rule by which pairs of units are connected."""
    context, values = building.context, building.constants
    of_pairs = pair_names(context, pre, post, values)
    bases = [c for c in clauses if c.kind in _KINDS]
    if len(bases) > 1:
        labels = (Label(bases[0].span, "the first"),)
        message = "A projection is connected in one way; this is a second."
        context.report.error("two-connectivities", message, bases[1].span, "Write two projections.", labels)
    conditions = [translate_condition(c.value, of_pairs) for c in clauses if c.kind == "where" and c.value is not None]
    also = joined("and", conditions) if conditions else None
    words = {c.kind for c in clauses}
    if not bases:
        return Connectivity(
            "all" if also is None else "where", also, None, "except self" not in words, False, span, pre=pre.units, post=post.units
        )
    base = bases[0]
    kind = _KINDS[base.kind]
    if kind == "listed" and base.value is not None:
        if len(clauses) > 1:
            other = next(c for c in clauses if c is not base)
            context.report.error("unknown-option", "Connections from a file are those in it, with nothing beside them.", other.span)
        return Connectivity(kind, span=base.span, pre=pre.units, post=post.units, data=listed(base.value, pre, post, building))
    how_many = _amount(base, pre, post, "with repeats" in words, of_pairs, values)
    is_degree = kind in ("in-degree", "out-degree")
    _fitting_sizes(base, pre, post, context, values)
    itself = "with self" in words if is_degree else "except self" not in words
    return Connectivity(kind, how_many, also, itself, "with repeats" in words, base.span, pre=pre.units, post=post.units)


def _amount(clause: tree.Connectivity, pre: Side, post: Side, repeats: bool, context: Context, values: Values) -> Expr | None:
    """The probability or degree."""
    if clause.value is None:
        return None
    if clause.kind == "probability":
        return amount(clause.value, SHARE, "A probability", context, values)
    degree = amount(clause.value, COUNT_OR_NONE, "A degree", context, values)
    other = pre if clause.kind == "in-degree" else post
    value, available = constant(degree, values), constant(other.count, values)
    if value is not None and available is not None and value > available and not repeats:
        message = f"‘{other.population.symbol}’ has {available:g} units, so {value:g} different ones cannot be drawn."
        at = Span(clause.value.span.end, clause.value.span.end, clause.value.span.path)
        repeated = Hint("To draw some of them repeatedly, write ‘with repeats’.", (" with repeats",), at)
        context.report.error("out-of-range", message, clause.value.span, repeated)
    return degree


def _fitting_sizes(clause: tree.Connectivity, pre: Side, post: Side, context: Context, values: Values) -> None:
    if clause.kind != "one to one":
        return
    first, second = constant(pre.count, values), constant(post.count, values)
    if first is not None and second is not None and first != second:
        message = f"‘one to one’ needs as many units on both sides; ‘{pre.population.symbol}’ has {first:g} and ‘{post.population.symbol}’ {second:g}."
        labels = (Label(pre.population.span, f"{first:g} units"), Label(post.population.span, f"{second:g} units"))
        context.report.error("sizes-differ", message, clause.span, "Connect them ‘all to all’, or change a size.", labels)


# --- delays ----------------------------------------------------------------------------------------------------------


def delays(clauses: Sequence[tree.Delay], plastic: bool, time: Dim, of_pairs: Context, values: Values) -> Delays:
    """Axonal and dendritic delay; `plastic`: whether the projection carries a rule. `of_pairs`: see `pair_names`."""
    found: dict[str, Value | None] = {}
    for clause in clauses:
        side = clause.side or "axonal"
        if clause.side == "" and plastic:
            message = "A projection with a rule must say where its delay is: simulators read the bare word differently."
            hint = "‘axonal delay’: the spike reaches the synapse late; ‘dendritic delay’: its effect reaches the neuron late."
            of_pairs.report.error("bare-delay", message, clause.span, hint)
        if side in found:
            of_pairs.report.error("duplicate-definition", f"The {side} delay is given twice.", clause.span)
        found[side] = _delay(clause, time, of_pairs, values)
    return Delays(found.get("axonal"), found.get("dendritic"))


def _delay(clause: tree.Delay, time: Dim, of_pairs: Context, values: Values) -> Value | None:
    """The delay; None for a number that is 0. A parameter is a delay whatever its value, since runs may change it."""
    if clause.drawn:
        drawn, dim = distribution(clause.value, of_pairs)
        require_dimension(clause.value, dim, time, "A delay", of_pairs)
        return drawn
    delay = amount(clause.value, NOT_NEGATIVE, "A delay", of_pairs, values, time)
    return None if constant(delay, {}) == 0.0 else delay
