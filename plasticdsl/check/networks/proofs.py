"""What a network says of itself: `expect second.Δw = −η ∂L/∂second.w`.

Comes in: the `expect` lines of a network. Goes out: equations of one connection of a projection, and once the network is known, whether
each holds: proved,
refuted with an example (an error), or not decided (a warning). `P.Δw` is what the connection of projection P adds to w in one step, before
its bounds; a name
of P may stand without P.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from plasticdsl.check.experiments.readings import Sources, text_of
from plasticdsl.check.networks.gradients import Gradients
from plasticdsl.check.report import Reporter
from plasticdsl.check.terms.context import Context, Typed
from plasticdsl.check.terms.expressions import translate_number
from plasticdsl.check.terms.mismatch import require_same
from plasticdsl.check.terms.scope import Scope
from plasticdsl.derive.gradients import extended
from plasticdsl.diagnostics.diagnostic import Diagnostic, Severity
from plasticdsl.model import Assign, Network, Projection, Trigger
from plasticdsl.model.expr import Binary, Call, Expr, Number, Ref, rebuild, refs
from plasticdsl.model.inline import at_this_moment
from plasticdsl.model.mapping import mapped
from plasticdsl.model.owners import Whose
from plasticdsl.model.proofs import Proof
from plasticdsl.source import Span
from plasticdsl.symbolic.derivative import without_holds
from plasticdsl.syntax import tree
from plasticdsl.syntax.walk import nodes

_CHANGE = "change"
_PREFIX = "Delta_"


@dataclass(frozen=True, slots=True)
class Equation:
    """`left = right` for every connection of `projection`; `Call("change", (Ref(projection, w),))` is its Δw."""

    projection: str
    left: Expr
    right: Expr
    text: str
    span: Span


def equation(statement: tree.Expect, projections: Mapping[str, Projection], sources: Sources, context: Context) -> Equation | None:
    """The equation that a line says, or None after reporting what is wrong with it."""
    sides, hint = statement.left, "Write for example ‘expect first.Δw = −η ∂L/∂first.w’."
    if statement.relation != "holds" or not isinstance(sides, tree.Compare) or sides.operators != ("=",) or statement.moment is not None:
        message = "A network says of itself what holds at every step: an equation."
        context.report.error("not-here", message, statement.span, hint)
        return None
    members = [n.base.name for n in nodes(sides) if isinstance(n, tree.Member) and isinstance(n.base, tree.Name)]
    named = [name for name in dict.fromkeys(members) if name in projections]
    if len(named) != 1:
        message = f"An equation of a network is about the connections of one projection, and this names {' and '.join(named) or 'none'}."
        context.report.error("not-here", message, statement.span, hint)
        return None
    inside = _context(projections[named[0]], context)
    before = context.report.count
    left, right = (translate_number(side, inside) for side in sides.operands)
    require_same(sides.operands[0], left.dim, sides.operands[1], right.dim, context)
    if context.report.count != before:
        return None
    return Equation(named[0], left.expr, right.expr, text_of(sides.span, sources), statement.span)


def _context(projection: Projection, context: Context) -> Context:
    """Names of the projection stand for themselves where the network has no such name."""
    declared = context.scope.find(projection.name)
    members = declared.members if declared is not None and declared.members is not None else Scope()

    def extend(node: tree.Expr, inner: Context) -> Typed | None:
        match node:
            case tree.Member(base=tree.Name(name=owner), attribute=tree.Name(name=name)) if owner == projection.name:
                return _change(name, members, projection, node, inner)
            case tree.Name(name=name) as bare if inner.scope.find(bare) is None:
                found = members.find(name)
                if found is not None:
                    inner.report.means(bare, found.span, found.what)
                return Typed(found.expr, found.dim) if found is not None and found.expr is not None and found.dim is not None else None
            case tree.Partial(of=of, by=by):
                return _partial(of, by, node, inner)
            case _:
                return None

    return context.extended(extend)


def _change(name: str, members: Scope, projection: Projection, node: tree.Member, context: Context) -> Typed | None:
    if not name.startswith(_PREFIX) or members.find(name) is not None:
        return None
    changed = members.find(name.removeprefix(_PREFIX))
    if changed is None or changed.dim is None:
        return None
    if isinstance(node.base, tree.Name):
        context.report.means(node.base, projection.span, "a projection")
    written, place = node.attribute.text, node.attribute.span
    bare = Span(place.start + (1 if written[0] in "Δ∆" else len(_PREFIX)), place.end, place.path)
    context.report.means(tree.Name(changed.name, changed.symbol, bare), changed.span, changed.what)
    if _added(projection, changed.name) is None:
        message = f"‘{projection.symbol}.{changed.symbol}’ does not change at every step, so it has no Δ."
        return context.refuse("not-a-state", message, node.span, "A rule that says ‘Δw = …’ without a trigger changes it at every step.")
    return Typed(Call(_CHANGE, (Ref(projection.as_owner, changed.name),)), changed.dim)


def _partial(of: tree.Expr, by: tree.Expr, node: tree.Partial, context: Context) -> Typed:
    above, below = translate_number(of, context), translate_number(by, context)
    match above.expr, below.expr:
        case Ref(Whose.NETWORK), Ref():
            return Typed(Call("partial", (above.expr, below.expr)), above.dim / below.dim)
        case _:
            message = "Here a derivative is that of an observable of the network by a variable of a projection."
            return context.refuse("no-derivative", message, node.span, "Write for example ‘∂L/∂first.w’.")


def _added(projection: Projection, name: str) -> Expr | None:
    """What one step adds to a variable of the connection; None where nothing at a step changes it."""
    now: dict[Ref, Expr] = {}
    values = projection.connection.definitions
    own = Ref(Whose.OWN, name)
    for handler in projection.connection.handlers:
        if handler.trigger is not Trigger.STEP:
            continue
        before = dict(now)
        for statement in handler.statements:
            if isinstance(statement, Assign):
                now[statement.target] = at_this_moment(statement.value, before if handler.simultaneous else now, values)
    match now.get(own):
        case None:
            return None
        case Binary("+", left, right) if left == own:
            return right
        case value:
            return Binary("-", value, own)


# --- deciding --------------------------------------------------------------------------------------------------------


def with_proofs(network: Network, equations: tuple[Equation, ...], report: Reporter) -> Network:
    """The network with what became of its equations; what is refuted is an error, what is not decided a warning."""
    proofs = tuple(_decided(network, e, report) for e in equations)
    return replace(network, proofs=proofs) if proofs else network


def _decided(network: Network, equation: Equation, report: Reporter) -> Proof:
    from plasticdsl.derive.proofs import decide

    projection = next(p for p in network.projections if p.name == equation.projection)
    gradients = Gradients(network, report)
    reads = tuple(sorted(refs(equation.left) | refs(equation.right), key=lambda r: r.order))
    before = report.count
    left, right = (_resolved(side, projection, gradients, equation.span) for side in (equation.left, equation.right))
    if report.count != before:
        return Proof(equation.text, "not decided", "", equation.span, reads)
    plain = mapped(extended(network, gradients.found()), without_holds)
    own = next(p for p in plain.projections if p.name == projection.name)
    outcome, example = decide(plain, own, without_holds(left), without_holds(right))
    proof = Proof(equation.text, outcome, example, equation.span, reads)
    if outcome == "refuted":
        report.error("proof-refuted", f"This does not hold: {example}.", equation.span)
    elif outcome == "not decided":
        message = "This could be neither proved nor refuted: both sides agree wherever they were compared."
        hint = "Write both sides in the same functions, with no |x|, max or cases where they are not needed."
        report.add(Diagnostic("proof-not-decided", message, equation.span, hint, severity=Severity.WARNING))
    return proof


def _resolved(expr: Expr, projection: Projection, gradients: Gradients, span: Span) -> Expr:
    """In terms of the connection: its own names, what a step adds, and derivatives."""

    def read(node: Expr) -> Expr:
        match node:
            case Call("change", (Ref(_, name),)):
                return _added(projection, name) or Number(0.0)
            case Call("partial", (Ref(Whose.NETWORK, name), Ref(owner, by))):
                return gradients.derivative(name, projection, Ref(Whose.OWN if owner == projection.as_owner else owner, by), span)
            case Ref(owner, name, limit) if owner == projection.as_owner:
                return Ref(Whose.OWN, name, limit)
            case _:
                return rebuild(node, read)

    return read(expr)
