"""Triggers: `on pre:`, `every …:`, `spike when …:` and jumps without a trigger → model `Handler`s whose statements run top to bottom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal, cast

from plasticdsl.check.blocks.block_scope import BlockScope
from plasticdsl.check.blocks.chance import draw, with_chance
from plasticdsl.check.blocks.flows import settled
from plasticdsl.check.report import Reporter
from plasticdsl.check.terms.context import Context
from plasticdsl.check.terms.expressions import case_branches, member_base, translate_as, translate_number
from plasticdsl.check.terms.mismatch import require_dimension, require_same
from plasticdsl.check.terms.scope import Declared, Scope
from plasticdsl.check.terms.unification import PURE, SECONDS, Dim
from plasticdsl.diagnostics.diagnostic import Hint, Label
from plasticdsl.diagnostics.suggest import slips
from plasticdsl.model import AddTo, Assign, Handler, Statement, Trigger
from plasticdsl.model.expr import Binary, Choice, Expr, Ref, refs
from plasticdsl.model.owners import OfArgument, Owner, Whose
from plasticdsl.source import Span
from plasticdsl.symbolic.algebra import ONE, ZERO, neg
from plasticdsl.syntax import tree
from plasticdsl.syntax.walk import names_read

_SIDES: Mapping[str, Owner] = {"pre": Whose.PRE, "post": Whose.POST}


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
    for parameter in (p for p in scope.block.parameters if p.name == side.name):
        scope.context.report.means(side, parameter.span)
    if side.name not in {name.name for name in scope.block.parameters}:
        block = scope.block
        message = f"‘{side.text}’ is neither ‘pre’ nor ‘post’, nor anything that this {block.kind} takes as an argument."
        arguments = ", ".join((*(p.text for p in block.parameters), side.text))
        near = slips(side.text, ("pre", "post", *(p.text for p in block.parameters)))
        hint = Hint(f"Did you mean ‘{near[0]}’?", (near[0],)) if near else Hint(f"Write ‘{block.kind} {block.name.text}({arguments}):’.")
        scope.context.report.error("undeclared-population", message, side.span, hint)
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
                own, changes = scope.contents, {*scope.contents.states, *scope.contents.bounds}
                fixed = name.name in {*own.defines, *own.functions, *own.draws, *own.inputs}
                declared = fixed or (scope.context.scope.find(name.name) is not None and name.name not in changes)
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
    context.report.means(target, variable.span, variable.what)
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
    context.report.means(target.attribute, found.span, found.what)
    ref = Ref(side, target.attribute.name)
    amount, dim = _right_side(statement, ref, scope, context)
    require_same(target, found.dim, statement.rhs, dim, context)
    return AddTo(ref, neg(amount) if statement.operator == "-=" else amount, statement.span)
