"""Triggers: `on pre:`, `on all pairs:`, `every …:`, `spike when …:` and jumps without a trigger → handlers and pair rules; and when a neuron fires and
what it is silent for: `spike when …`, `spike at rate …`, `refractory …`, `output …`.

Comes in: the triggers of a block. Goes out: model `Handler`s whose statements run top to bottom, `PairRule`s in terms of the lag t_post − t_pre.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Literal, cast

from plasticdsl.check.blocks.block_scope import BlockScope
from plasticdsl.check.blocks.chance import draw, with_chance
from plasticdsl.check.blocks.flows import settled
from plasticdsl.check.blocks.values import Values
from plasticdsl.check.report import Reporter
from plasticdsl.check.terms.context import Context, Typed
from plasticdsl.check.terms.expressions import case_branches, member_base, translate_as, translate_condition, translate_number, unknown_name
from plasticdsl.check.terms.mismatch import require_dimension, require_same
from plasticdsl.check.terms.scope import Declared, Scope, check_declarable
from plasticdsl.check.terms.unification import PURE, SECONDS, Dim
from plasticdsl.diagnostics.diagnostic import Hint, Label
from plasticdsl.graph import reached
from plasticdsl.model import AddTo, Assign, AtRate, Flow, Handler, NamedEvent, Pairing, PairRule, Refractory, Statement, Threshold, Trigger
from plasticdsl.model.expr import Binary, Choice, Compare, Expr, Negate, Number, Ref, Special, rebuild, refs, walk
from plasticdsl.model.mapping import expressions
from plasticdsl.model.owners import OfArgument, Owner, StandIn, Whose
from plasticdsl.source import Span
from plasticdsl.symbolic.algebra import ONE, ZERO, mul, neg
from plasticdsl.syntax import tree
from plasticdsl.syntax.walk import names_read, of_kind
from plasticdsl.units.dimension import FREQUENCY

_SIDES: Mapping[str, Owner] = {"pre": Whose.PRE, "post": Whose.POST}
_ADDING = ("+=", "-=", "Delta")


def handlers(scope: BlockScope) -> tuple[Handler, ...]:
    """The handlers of a block in the order written; jumps without a trigger come last, as one handler of every step."""
    found = [h for event in scope.contents.events if (h := _handler(event, scope)) is not None]
    if scope.contents.steps:
        steps = scope.contents.steps
        found.append(_make(Trigger.STEP, tuple(steps), steps[0].span.to(steps[-1].span), scope))
    return tuple(found)


def _handler(event: object, scope: BlockScope) -> Handler | None:
    match event:
        case tree.OnEvent(event=side, body=body, span=span, name=name):
            return _at_event(side, name, _make(Trigger.THIRD, body, span, scope), scope)
        case tree.SpikeWhen(body=body, span=span, name=name) if body:
            return replace(_make(Trigger.SPIKE, body, span, scope), event="" if name is None else name.name)
        case tree.SpikeAtRate(body=body, span=span) if body:
            return _make(Trigger.SPIKE, body, span, scope)
        case tree.Every(period=period, body=body, span=span):
            return _make(Trigger.EVERY, body, span, scope, translate_as(period, SECONDS, "A period", scope.context))
        case _:
            return None


def _at_event(side: tree.Name, name: tree.Name | None, handler: Handler, scope: BlockScope) -> Handler:
    """At spikes, or another event, of the pre- or the postsynaptic unit, or of one that is an argument."""
    handler = replace(handler, event="" if name is None else name.name)
    if side.name in _SIDES:
        return replace(handler, trigger=Trigger(side.name))
    if side.name not in {name.name for name in scope.block.parameters}:
        block = scope.block
        message = f"‘{side.text}’ is neither ‘pre’ nor ‘post’, nor anything that this {block.kind} takes as an argument."
        arguments = ", ".join((*(p.text for p in block.parameters), side.text))
        scope.context.report.error("undeclared-population", message, side.span, f"Write ‘{block.kind} {block.name.text}({arguments}):’.")
    return replace(handler, unit=OfArgument(side.name))


def _make(trigger: Trigger, body: tuple[tree.Statement, ...], span: Span, scope: BlockScope, period: Expr | None = None) -> Handler:
    return Handler(trigger, statements(body, scope), False, period, scope.source, scope.block.kind == "rule", span)


def statements(body: tuple[tree.Statement, ...], scope: BlockScope) -> tuple[Statement, ...]:
    """The statements of one trigger. A `name = …` among them is a value for the statements after it."""
    result: list[Statement] = []
    local: dict[str, Declared] = {}
    context = with_chance(scope, scope.context.inside(scope.context.scope.child(local)))
    for statement in body:
        if isinstance(statement, tree.Jump):
            _fresh_locals(statement, result, local, context)
            translated = jump(statement, scope, context)
            result.extend([translated] if translated is not None else [])
        elif isinstance(statement, tree.Draw):
            drawn = draw(statement, scope, context)
            result.extend([drawn] if drawn is not None else [])
        elif isinstance(statement, tree.Define) and isinstance(statement.target, tree.Name) and not statement.arguments:
            name = statement.target
            if _is_changed(statement, name, context.scope):
                declared = scope.context.scope.find(name.name) is not None and name.name not in scope.contents.states
                only_named(statement, name, name.text, context.report, can_change=not declared)
                continue
            scope.named.setdefault(name.name, statement)
            value = translate_number(statement.rhs, context)
            expr = settled(value.expr, statement.rhs, scope)
            local[name.name] = Declared(name.name, name.text, "a value of this event", expr, value.dim, span=statement.span)
        else:
            message = "Only jumps, such as ‘w += a’ or ‘V → V_r’, and draws, such as ‘u ~ Bernoulli(p)’, can stand under a trigger."
            context.report.error("misplaced-statement", message, statement.span)
    return tuple(result)


def only_named(statement: tree.Define, name: tree.Name, meant: str, report: Reporter, can_change: bool = True) -> None:
    """Reports `name = …` under a trigger where ‘meant’ was to change."""
    message = f"‘{name.text} = …’ only names a value; ‘{meant}’ does not change."
    report.error("only-named", message, statement.span, _change(statement, name, meant) if can_change else "")


def _change(statement: tree.Define, name: tree.Name, meant: str) -> Hint:
    """How the change is written; a right side that holds the old value is the new value."""
    read = {n.name for n in names_read(statement.rhs)}
    texts = (f"{meant} → ",) if name.name in read else (f"{meant} → ", f"{meant} += ") if name.text == meant else (f"Δ{meant} = ",)
    at = Span(name.span.start, statement.rhs.span.start, name.span.path)
    return Hint(f"To change it write {' or '.join(f'‘{text}…’' for text in texts)}.", texts, at)


def _is_changed(statement: tree.Define, name: tree.Name, scope: Scope) -> bool:
    """Whether a name already means something, so that `=` under a trigger would hide it: in the block, or where its own value reads it."""
    return scope.find(name) is not None or any(read.name == name.name for read in names_read(statement.rhs))


def _fresh_locals(statement: tree.Jump, before: list[Statement], local: dict[str, Declared], context: Context) -> None:
    """A value of the event is what it was where it is written: a later jump of something it reads would change it unnoticed."""
    for name in names_read(statement.rhs):
        found = local.get(name.name)
        if found is None or found.expr is None:
            continue
        read = refs(found.expr)
        for earlier in before:
            if isinstance(earlier, Assign) and earlier.target in read and earlier.span.start > found.span.start:
                message = f"‘{name.text}’ is read after a jump of ‘{earlier.target.name}’, which it depends on."
                hint = f"Move the jump below, or write out ‘{name.text}’ where it is read."
                labels = (Label(found.span, "its value"), Label(earlier.span, "the jump"))
                context.report.error("stale-value", message, name.span, hint, labels)
                break


# --- one jump --------------------------------------------------------------------------------------------------------


def jump(statement: tree.Jump, scope: BlockScope, context: Context) -> Statement | None:
    """`w += a` of the block's own variable, or `post.g += a`; None after reporting a target that the block does not own."""
    target = statement.target.whole if isinstance(statement.target, tree.Limit) else statement.target
    if isinstance(target, tree.Member):
        return _add_to(target, statement, scope, context)
    if not isinstance(target, tree.Name):
        context.report.error("bad-left-side", "Only a variable can jump.", target.span)
        return None
    if target.name in scope.contents.inputs:
        hint = "Synapses fill an input; a quantity of the neuron's own needs another name."
        context.report.error("not-owned", f"‘{target.text}’ is an input and cannot be set here.", target.span, hint)
        return None
    variable = context.scope.find(target)
    if variable is None or variable.dim is None:
        return None
    ref = Ref(Whose.OWN, target.name)
    value, dim = _right_side(statement, ref, scope, context)
    if statement.operator in ("*=", "/="):
        require_dimension(statement.rhs, dim, PURE, "A factor", context)
    else:
        require_same(target, variable.dim, statement.rhs, dim, context)
    return Assign(ref, _new_value(statement.operator, ref, value), statement.span)


def _right_side(statement: tree.Jump, ref: Ref, scope: BlockScope, context: Context) -> tuple[Expr, Dim]:
    """The right side; where no case holds, nothing changes."""
    if not isinstance(statement.rhs, tree.Cases):
        value = translate_number(statement.rhs, context)
        return settled(value.expr, statement.rhs, scope), value.dim
    branches, otherwise, dim = case_branches(statement.rhs, context)
    if otherwise is None:
        unchanged: Mapping[str, Expr] = {"->": ref, "*=": ONE, "/=": ONE}
        otherwise = unchanged.get(statement.operator, ZERO)
    return settled(Choice(branches, otherwise) if branches else otherwise, statement.rhs, scope), dim


def _new_value(operator: str, ref: Ref, value: Expr) -> Expr:
    if operator == "->":
        return value
    sign = cast(Literal["+", "-", "*", "/"], {"+=": "+", "Delta": "+", "-=": "-", "*=": "*", "/=": "/"}[operator])
    return Binary(sign, ref, value)


def _add_to(target: tree.Member, statement: tree.Jump, scope: BlockScope, context: Context) -> Statement | None:
    """`post.g += a`, `pre.g −= a`: the only thing a block may do to another."""
    base = member_base(target, context)
    if base is None or base.members is None:
        if base is not None:
            context.report.error("not-owned", f"‘{base.symbol}’ has no variables.", target.span)
        return None
    side = _SIDES.get(base.name) or (OfArgument(base.name) if base.name in {p.name for p in scope.block.parameters} else None)
    if side is None or statement.operator not in ("+=", "-="):
        text = f"{base.symbol}.{target.attribute.text}"
        message = f"‘{text}’ belongs to {base.what}; a {scope.block.kind} can add to it but not set it."
        if side is None:
            message = f"‘{text}’ belongs to {base.what} and cannot be changed here."
        context.report.error("not-owned", message, target.span, f"Write ‘{text} += …’." if side is not None else "")
        return None
    found = base.members.lookup(target.attribute)
    if found is None or found.dim is None:
        return None
    ref = Ref(side, target.attribute.name)
    amount, dim = _right_side(statement, ref, scope, context)
    require_same(target, found.dim, statement.rhs, dim, context)
    return AddTo(ref, neg(amount) if statement.operator == "-=" else amount, statement.span)


# --- pairs -----------------------------------------------------------------------------------------------------------


def pair_rules(scope: BlockScope) -> tuple[PairRule, ...]:
    """One rule for each statement under `on … pairs:`."""
    events = of_kind(scope.contents.events, tree.OnPairs)
    found = [_pair_rule(event, statement, scope) for event in events for statement in event.body]
    _unused_truncations(events, scope)
    return tuple(rule for rule in found if rule is not None)


def _pair_rule(event: tree.OnPairs, statement: tree.Statement, scope: BlockScope) -> PairRule | None:
    context = scope.context
    if not isinstance(statement, tree.Jump) or statement.operator not in _ADDING or not isinstance(statement.target, tree.Name):
        hint = "Write for example ‘Δw = F(t_post − t_pre)’."
        context.report.error(
            "pair-not-a-sum", "What pairs of spikes do can only be added to a variable of this block.", statement.span, hint
        )
        return None
    target = statement.target
    variable = context.scope.find(target)
    if variable is None or variable.dim is None:
        return None
    before = context.report.count
    if isinstance(statement.rhs, tree.Cases):
        branches, otherwise, dim = case_branches(statement.rhs, context)
        value = Typed(Choice(branches, otherwise if otherwise is not None else Number(0.0)), dim)
    else:
        value = translate_number(statement.rhs, context)
    require_same(target, variable.dim, statement.rhs, value.dim, context)
    lagged = in_terms_of_lag(value.expr)
    if any(r.owner is StandIn.PAIR for r in refs(lagged)):
        if context.report.count != before:
            return None  # a product of times, for example, has a unit that fits nowhere
        message = "A pair of spikes counts by the time between them: ‘t_pre’ and ‘t_post’ can only stand as a difference."
        context.report.error("pair-time-outside", message, statement.rhs.span, "For example ‘t_post − t_pre’.")
        return None
    increment = settled(lagged, statement.rhs, scope)
    increment = mul(Number(-1.0), increment) if statement.operator == "-=" else increment
    truncate = _truncation(statement, scope)
    return PairRule(Pairing(event.pairing), Ref(Whose.OWN, target.name), increment, truncate, scope.block.name.name, statement.span)


def in_terms_of_lag(expr: Expr) -> Expr:
    """t_post − t_pre → lag, t_pre − t_post → −lag, and comparisons of the two likewise."""
    pre, post, lag = Ref(StandIn.PAIR, "pre"), Ref(StandIn.PAIR, "post"), Special("lag")
    match expr:
        case Binary("-", left, right) if (left, right) == (post, pre):
            return lag
        case Binary("-", left, right) if (left, right) == (pre, post):
            return Negate(lag)
        case Compare(operator, left, right) if (left, right) == (post, pre):
            return Compare(operator, lag, Number(0.0))
        case Compare(operator, left, right) if (left, right) == (pre, post):
            return Compare(operator, Number(0.0), lag)
        case _:
            return rebuild(expr, in_terms_of_lag)


def _truncation(statement: tree.Jump, scope: BlockScope) -> Expr | None:
    """The longest lag that counts, where `truncate F at T` names a function that this statement applies."""
    read = {n.name for n in names_read(statement.rhs)}
    found = [t for t in scope.contents.truncations if t.function.name in read]
    lags = [translate_as(t.at, SECONDS, "The lag at which a window is cut off", scope.context) for t in found]
    if len(set(lags)) > 1:
        message = "This statement uses two functions that are truncated at different lags."
        labels = tuple(Label(t.span, "truncated here") for t in found)
        scope.context.report.error("two-truncations", message, statement.span, "Write one statement for each function.", labels)
    return lags[0] if lags else None


def _unused_truncations(events: Sequence[tree.OnPairs], scope: BlockScope) -> None:
    used = {n.name for event in events for n in names_read(event.body)}
    for truncation in scope.contents.truncations:
        if truncation.function.name not in used:
            message = f"‘{truncation.function.text}’ is not applied to the time between two spikes in this block."
            scope.context.report.error("unknown-function", message, truncation.function.span)


# --- firing ----------------------------------------------------------------------------------------------------------


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
    return Threshold(condition, when.rising, when.span)


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
    at_spike = duration is not None and any(_changes(node, values) for node in walk(duration))
    return Refractory(duration, held, statement.span, condition, at_spike, default)


def _named(names: tuple[tree.Name, ...], scope: BlockScope, flowing: frozenset[str]) -> tuple[str, ...]:
    """What is held; ‘nothing’ is no name unless the block has one."""
    if [name.name for name in names] == ["nothing"] and scope.context.scope.find(names[0]) is None:
        return ()
    for name in names:
        if scope.context.scope.find(name) is None:
            unknown_name(name, scope.context)
        elif name.name not in flowing:
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
    if scope.context.scope.find(variable) is None:
        unknown_name(variable, scope.context)
    return variable.name
