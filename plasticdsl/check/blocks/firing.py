"""When a neuron fires and what else happens to it, and what it is silent for: `spike when …`, `spike at rate …`, `event …`, `refractory …`, `output …`."""

from __future__ import annotations

from collections.abc import Iterator

from plasticdsl.check.blocks.block_scope import BlockScope
from plasticdsl.check.blocks.flows import settled
from plasticdsl.check.blocks.values import Values
from plasticdsl.check.terms.expressions import translate_as, translate_condition, unknown_name
from plasticdsl.check.terms.scope import check_declarable
from plasticdsl.check.terms.unification import SECONDS, Dim
from plasticdsl.diagnostics.diagnostic import Hint
from plasticdsl.graph import reached
from plasticdsl.model import AtRate, Flow, NamedEvent, Refractory, Threshold
from plasticdsl.model.expr import Expr, Ref, Special, refs, walk
from plasticdsl.model.mapping import expressions
from plasticdsl.model.owners import Whose
from plasticdsl.source import Span
from plasticdsl.syntax import tree
from plasticdsl.syntax.walk import nodes, of_kind
from plasticdsl.units.dimension import FREQUENCY


def spike(scope: BlockScope) -> Threshold | AtRate | None:
    """The spike condition or rate; a neuron has at most one."""
    found = [e for e in scope.contents.events if isinstance(e, tree.SpikeAtRate) or (isinstance(e, tree.SpikeWhen) and e.name is None)]
    if len(found) > 1:
        scope.context.report.twice("A neuron has only one ‘spike’ statement.", found[1].span, found[0].span)
    match found[0] if found else None:
        case tree.SpikeWhen() as when:
            return _threshold(when, scope)
        case tree.SpikeAtRate(rate=rate, span=span):
            return AtRate(settled(translate_as(rate, Dim(FREQUENCY), "The rate of spikes", scope.context), rate, scope), span)
        case _:
            return None


def _threshold(when: tree.SpikeWhen, scope: BlockScope) -> Threshold:
    condition = settled(translate_condition(when.condition, scope.context), when.condition, scope)
    _check_reached(when, scope)
    return Threshold(condition, when.rising, when.span, when.located is not None)


def _check_reached(when: tree.SpikeWhen, scope: BlockScope) -> None:
    """Warns of `spike when V = V_θ` where V flows: at a step it hardly ever is exactly that."""
    flowing = {} if when.located is not None else scope.contents.flows  # what is looked for within a step has its own finding
    for compare in of_kind(nodes(when.condition), tree.Compare):
        sides = [(number, side) for number, side in enumerate(compare.operands) if isinstance(side, tree.Name) and side.name in flowing]
        if compare.operators == ("=",) and len(compare.operands) == 2 and sides:
            (number, side), other = sides[0], compare.operands[1 - sides[0][0]]
            message = f"‘{side.text}’ flows, and at a step it hardly ever is exactly this."
            at = (
                Span(side.span.end, other.span.start, side.span.path)
                if number == 0
                else Span(other.span.end, side.span.start, side.span.path)
            )
            hint = Hint("Write ‘≥’, or ‘rises above’ for the crossing.", (" ≥ " if number == 0 else " ≤ ",), at)
            scope.context.report.warning("exact-comparison", message, compare.span, hint)


def named_events(scope: BlockScope) -> tuple[NamedEvent, ...]:
    """What happens to a neuron beside spikes."""
    found: dict[str, NamedEvent] = {}
    for when in of_kind(scope.contents.events, tree.SpikeWhen):
        if (name := when.name) is not None:
            check_declarable(name, scope.context.report, in_block=True)
            known = found[name.name].when.span if name.name in found else None
            other = scope.contents.symbols[name.name].span if name.name in scope.contents.symbols else known
            if other is not None:
                scope.context.report.twice(f"‘{name.text}’ is declared twice.", name.span, other)
            found[name.name] = NamedEvent(name.name, name.text, _threshold(when, scope))
    return tuple(found.values())


def refractory(scope: BlockScope, firing: Threshold | AtRate | None, values: Values, flows: tuple[Flow, ...]) -> Refractory | None:
    """How long after a spike which variables are held: where the text names none, those of the spike condition that have flows, and none in a state that
    lasts while a condition holds."""
    statement = scope.contents.refractory
    if statement is None:
        return None
    duration = condition = None
    if statement.duration is not None:
        duration = settled(translate_as(statement.duration, SECONDS, "A refractory time", scope.context), statement.duration, scope)
    elif statement.condition is not None:
        condition = settled(translate_condition(statement.condition, scope.context), statement.condition, scope)
    if firing is None:
        scope.context.report.error("no-spike", "‘refractory’ needs a ‘spike when …’ or ‘spike at rate …’.", statement.span)
        return None
    default = duration is not None and not statement.held
    if default:
        read = _variables(firing.condition if isinstance(firing, Threshold) else firing.rate, values)
        held = tuple(f.variable for f in flows if f.variable in read)
    else:
        held = _named(statement.held, scope, frozenset(flow.variable for flow in flows))
    located = isinstance(firing, Threshold) and firing.located  # then it is not put on the grid
    at_spike = duration is not None and (located or any(_changes(node, values) for node in walk(duration)))
    return Refractory(duration, held, statement.span, condition, at_spike, default)


def _named(names: tuple[tree.Name, ...], scope: BlockScope, flowing: frozenset[str]) -> tuple[str, ...]:
    """What is held; ‘nothing’ is no name unless the block has one."""
    if [name.name for name in names] == ["nothing"] and scope.context.scope.find(names[0]) is None:
        return ()
    for name in names:
        found = scope.context.scope.find(name)
        if found is None:
            unknown_name(name, scope.context)
            continue
        scope.context.report.means(name, found.span, found.what)
        if name.name not in flowing:
            message = f"‘{name.text}’ has no flow that could be held."
            scope.context.report.error("not-a-flow", message, name.span)
    return tuple(n.name for n in names if n.name in flowing)


def _changes(node: Expr, values: Values) -> bool:
    """Whether it is not the same at every spike of a unit."""
    return node == Special("t") or (isinstance(node, Ref) and node.owner is Whose.OWN and node.name in values.changing)


def _variables(expr: Expr, values: Values) -> set[str]:
    """The block's variables that an expression reads, looking through definitions."""

    def own(part: object) -> Iterator[str]:
        return (r.name for e in expressions(part) for r in refs(e) if r.owner is Whose.OWN)

    return reached(own(expr), lambda name: own(values.values.get(name)))


def output_name(scope: BlockScope) -> str | None:
    """The variable that `x` and `y` of synapses mean."""
    if scope.contents.output is None:
        return None
    variable = scope.contents.output.variable
    found = scope.context.scope.find(variable)
    if found is None:
        unknown_name(variable, scope.context)
    else:
        scope.context.report.means(variable, found.span, found.what)
    return variable.name
