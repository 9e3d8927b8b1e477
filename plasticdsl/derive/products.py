"""Products of variables that decay, in the rates of connections: `dw/dt = c reward.D`, integrated in closed form.

Comes in: a projection whose blocks have their integrators. Goes out: the same, where an `ExponentialEuler` step of a connection that would hold such
products counts each with what it is over the step instead; and a warning where that cannot be.

Let first w′ = a w + Σ k Π vᵢ with a constant a, and vᵢ′ = λᵢ vᵢ + bᵢ, each by itself exact, bᵢ constant during the step. Then vᵢ = (vᵢ + bᵢ/λᵢ) − bᵢ/λᵢ is
a part that decays with λᵢ and one that stays, and a product of such parts decays with the sum λ of their rates, so that over a step it gives ∫₀^dt e^{a
(dt − s)} e^{λ s} ds = dt e^{a dt} φ₁((λ − a) dt) times its value at t_n, φ₁(z) = (eᶻ − 1)/z. Held, it would give dt φ₁(a dt). The ratio is a constant, a
parameter of the connection with which the product is multiplied. So the step is that of the exponential of the joint system, which is linear in w and in
the products of the vᵢ. A weight that a rule lets flow decays only while rules are on and its connection is there: else it is a constant too, in a as
in b.

Where a is such a sum of products too, `dw/dt = post.y (1 − w)`, the step takes the means of a and b over the step, dt φ₁(λ dt) for a rate of decay λ. It
is exact where b is a constant times a, else of second order: w(t + dt) = e^{∫a} w + ∫ e^{∫ₛ a} b ds, of which means leave out what a and b vary together
(the second term of Magnus 1954).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import product

from plasticdsl.diagnostics.diagnostic import Diagnostic, Severity
from plasticdsl.model import Block, Network, Population, Projection, Role, Variable
from plasticdsl.model.dependencies import flowing_names
from plasticdsl.model.expr import Binary, Call, Expr, Negate, Number, Ref, Special, refs, walk
from plasticdsl.model.inline import Scope, as_owner, inline, scope_of
from plasticdsl.model.owners import OfPopulation, Owner, Whose
from plasticdsl.model.schemes import Exact, ExponentialEuler, Scheme
from plasticdsl.model.weights import flowing_weights
from plasticdsl.names import numbered
from plasticdsl.symbolic.algebra import ONE, ZERO, add, div, mul, neg, sub
from plasticdsl.symbolic.block_contents import is_constant

BY_MEANS = "what is multiplied in its rate decays by itself, so that its mean over the step is known"
IN_CLOSED_FORM = "what is multiplied in its rate decays by itself, so that the product over a step is exact"
_MOST_TERMS = 32

#: Of what decays by itself: λ and b.
Decays = Mapping[Ref, tuple[Expr, Expr]]


class _NotClosed(Exception):  # it ends the attempt
    """The rate is no sum of products of variables that decay."""


@dataclass
class _Factors:
    """The constants by which products are multiplied: new parameters of the connection, one for each rate of decay."""

    variable: str
    slope: Expr
    taken: set[str]
    found: dict[tuple[Ref, ...], Variable] = field(default_factory=dict)

    def of(self, parts: tuple[Ref, ...], decays: Decays) -> Expr:
        """For the product of the decaying parts of these variables; 1 for what stays."""
        if not parts:
            return ONE
        if parts not in self.found:
            name = numbered(f"{self.variable}_counts", self.taken)
            self.taken.add(name)
            rate: Expr = ZERO
            for part in parts:
                rate = add(rate, decays[part][0])
            self.found[parts] = Variable(name, name, Role.PARAMETER, value=self._ratio(rate))
        return Ref(Whose.OWN, self.found[parts].name)

    def _ratio(self, rate: Expr) -> Expr:
        dt = Special("dt")
        own = Call("expm1_over_x", (mul(sub(rate, self.slope), dt),))
        if self.slope == ZERO:
            return own
        return div(mul(Call("exp", (mul(self.slope, dt),)), own), Call("expm1_over_x", (mul(self.slope, dt),)))


def with_products(projection: Projection, populations: Mapping[str, Population], flowing: frozenset[Ref]) -> Projection:
    """The projection with closed forms where there are some. A named `method:` is what was asked for."""
    block = projection.connection
    if block.methods or not any(isinstance(s, ExponentialEuler) for s in block.schemes):
        return projection
    decays = _decays(block, Whose.OWN)
    for owner, name in projection.ends.items():
        if populations[name].step is None:  # else it stands still over a step of the connection
            decays |= _decays(populations[name].block, owner)
    moving, scope = _moving(projection, flowing), _of_units(projection, populations)
    resting = {Ref(Whose.OWN, v) for v in flowing_weights(projection)}
    schemes, new = list[Scheme](), list[Variable]()
    for scheme in block.schemes:
        if isinstance(scheme, ExponentialEuler):
            steady, taken = is_constant(scheme.slope, block), {v.name for v in (*block.variables, *new)}
            factors = _Factors(scheme.variable, scheme.slope if steady else ZERO, taken)
            slope, offset = inline(scheme.slope, scope), inline(scheme.offset, scope)
            of_units = any(r.owner is not Whose.OWN and r in moving for r in refs(slope) | refs(offset))
            if of_units or not resting.isdisjoint(refs(slope)):
                try:
                    stands = not resting.isdisjoint(refs(slope) | refs(offset))
                    (a, b), *others = (
                        (scheme.slope if steady else _counted(slope, decays, those, factors), _counted(offset, decays, those, factors))
                        for those in (moving, *([moving - resting] if stands else []))
                    )
                    reason, at_rest = IN_CLOSED_FORM if steady else BY_MEANS, others[0] if others else None
                    scheme = replace(scheme, slope=a, offset=b, reason=reason, closed=steady, means=not steady, at_rest=at_rest)
                except _NotClosed:
                    factors.found.clear()
            new += factors.found.values()
        schemes.append(scheme)
    return replace(projection, connection=replace(block, schemes=tuple(schemes), variables=(*new, *block.variables)))


def _symbol(block: Block, name: str) -> str:
    variable = block.variable(name)
    return name if variable is None else variable.symbol


def _moving(projection: Projection, flowing: frozenset[Ref]) -> set[Ref]:
    """What of the connection and of its units flows."""
    own = {Ref(Whose.OWN, f.variable) for f in projection.connection.flows}
    return own | {Ref(o, r.name) for o, p in projection.ends.items() for r in flowing if r.owner == OfPopulation(p)}


def _of_units(projection: Projection, populations: Mapping[str, Population]) -> Scope:
    return {o: d for o, d in scope_of(projection, populations).items() if o is not Whose.OWN}


def held_products(network: Network) -> Iterator[Diagnostic]:
    """A warning for each product of a variable of the connection and one of a unit, both flowing, that a step holds as it is at t_n. The variable whose
    rate it is counts where it does not alone decide the rate: in `G (1 − x)`, not in `G x`, in which G is how fast x grows, mostly slowly."""
    flowing, populations = flowing_names(network), {p.name: p for p in network.populations}
    for projection in network.projections:
        block = projection.connection
        closed = {s.variable for s in block.schemes if isinstance(s, ExponentialEuler) and (s.closed or s.means)}
        moving, scope = _moving(projection, flowing), _of_units(projection, populations)
        pushing = {s.variable: refs(inline(s.offset, scope)) for s in block.schemes if isinstance(s, ExponentialEuler)}
        for f in () if block.methods else block.flows:
            rate, own = inline(f.rate, {**scope, Whose.OWN: block.definitions}), Ref(Whose.OWN, f.variable)
            others = next(_held(rate, moving - {own}), None) if f.variable not in closed else None
            itself = next((r for r in _held(rate, moving) if r in pushing.get(f.variable, ())), None) if f.variable not in closed else None
            held = others or itself
            if held is not None:
                message = (
                    f"A step holds ‘{held.path}’ as it is at its beginning, so that ‘{_symbol(block, f.variable)}’ is of first order in dt."
                )
                hint = "Products are exact where each factor decays by itself, linearly; else choose dt well below its time constant."
                if others is None:
                    hint = f"It multiplies ‘{_symbol(block, f.variable)}’ itself; choose dt well below the time constants of both."
                yield Diagnostic("first-order", message, f.span, hint, severity=Severity.WARNING)


def _held(rate: Expr, moving: set[Ref]) -> Iterator[Ref]:
    """What of units is multiplied by something of the connection's own."""
    for node in walk(rate):
        if isinstance(node, Binary) and node.operator == "*":
            one, two = (sorted(refs(side) & moving, key=lambda r: r.order) for side in (node.left, node.right))
            for mine, theirs in ((one, two), (two, one)):
                if any(r.owner is Whose.OWN for r in mine):
                    yield from (r for r in theirs if r.owner is not Whose.OWN)


def _decays(block: Block, owner: Owner) -> dict[Ref, tuple[Expr, Expr]]:
    """What decays by itself, exactly, whatever happens to the unit."""
    held = () if block.refractory is None else block.refractory.held
    alone = (
        s for s in block.schemes if isinstance(s, Exact) and len(s.variables) == 1 and s.matrix[0][0] != ZERO and s.variables[0] not in held
    )
    return {Ref(owner, s.variables[0]): (as_owner(s.matrix[0][0], owner), as_owner(s.offset[0], owner)) for s in alone}


def _counted(offset: Expr, decays: Decays, moving: set[Ref], factors: _Factors) -> Expr:
    """The offset with every product multiplied by what it counts."""
    total: Expr = ZERO
    terms = list(_terms(offset, decays, moving))
    if len(terms) > _MOST_TERMS:
        raise _NotClosed
    for coefficient, variables in terms:
        for chosen in product(*(_parts(v, decays) for v in variables)):
            value, decaying = coefficient, tuple(sorted((v for v, _, is_decaying in chosen if is_decaying), key=lambda r: r.order))
            for _, part, _ in chosen:
                value = mul(value, part)
            total = add(total, mul(value, factors.of(decaying, decays)))
    return total


def _parts(variable: Ref, decays: Decays) -> Iterator[tuple[Ref, Expr, bool]]:
    """What of a variable decays (True), and what stays."""
    rate, push = decays[variable]
    rest = div(push, rate)
    yield variable, add(variable, rest), True
    if rest != ZERO:
        yield variable, neg(rest), False


def _terms(expr: Expr, decays: Decays, moving: set[Ref]) -> list[tuple[Expr, tuple[Ref, ...]]]:
    """A sum of products: (what is constant during the step, variables that decay)."""
    if moving.isdisjoint(refs(expr)):
        return [(expr, ())]
    match expr:
        case Ref() if expr in decays:
            return [(ONE, (expr,))]
        case Negate(operand):
            return [(neg(c), v) for c, v in _terms(operand, decays, moving)]
        case Binary("+" | "-" as sign, left, right):
            return _terms(left, decays, moving) + _terms(expr.right if sign == "+" else Negate(right), decays, moving)
        case Binary("*", left, right):
            pairs = product(_terms(left, decays, moving), _terms(right, decays, moving))
            return [(mul(c, d), (*v, *u)) for (c, v), (d, u) in pairs]
        case Binary("/", left, right) if moving.isdisjoint(refs(right)):
            return [(div(c, right), v) for c, v in _terms(left, decays, moving)]
        case Binary("^", left, Number(2.0)):
            return _terms(Binary("*", left, left), decays, moving)
        case _:
            raise _NotClosed
