"""Parameters, definitions, draws, initial values and bounds of one block, translated in an order in which each knows what it uses.

Comes in: a `BlockScope` and the working order. Goes out: the translated right sides by name. What is given with a unit is settled first, so that
a wrong unit shows in the equation that does not fit, not in the value it was compared with.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from plasticdsl.check.blocks.block_scope import BlockScope
from plasticdsl.check.blocks.flows import settled
from plasticdsl.check.likes import path_text, subject
from plasticdsl.check.terms.context import Context
from plasticdsl.check.terms.distributions import distribution, is_infinite, value_or_draw
from plasticdsl.check.terms.expressions import rational, translate_number
from plasticdsl.check.terms.mismatch import require_same
from plasticdsl.check.terms.scope import GETS_VALUE, Declared
from plasticdsl.check.terms.unification import PURE, Dim
from plasticdsl.check.terms.written_units import as_written, unit_of_number, unit_scale
from plasticdsl.model import Role, Value, Variable
from plasticdsl.model.expr import Expr, refs
from plasticdsl.model.owners import StandIn
from plasticdsl.syntax import tree
from plasticdsl.syntax.walk import names_read
from plasticdsl.units.display import display_unit


class Values:
    """Right sides by name. `order`: names as they depend on each other; `changing`: those that are not constants of the block."""

    def __init__(self, scope: BlockScope, order: tuple[str, ...], changing: frozenset[str]) -> None:
        self.scope = scope
        self.order = order
        self.changing = changing
        self.values: dict[str, Value] = {}
        self.initials: dict[str, Value] = {}
        self.low: dict[str, Expr] = {}
        self.high: dict[str, Expr] = {}
        self.allowed: dict[str, tuple[float, ...]] = {}
        self.units: dict[str, tuple[str, float]] = {}

    def translate(self) -> None:
        """Everything in turn: what is surest about units first, so that an error shows where an equation does not fit."""
        self._inputs()
        self._right_sides([name for name in self.order if name not in self.changing])
        self._anchors()
        for initial in self.scope.contents.initials.values():
            self._initial(initial)
        for name, bound in self.scope.contents.bounds.items():
            self._bound(name, bound)
        self._right_sides([name for name in self.order if name in self.changing])

    def _right_sides(self, names: list[str]) -> None:
        defines, draws = self.scope.contents.defines, self.scope.contents.draws
        for name in names:
            if name in draws:
                self._draw(name, draws[name])
            elif name in defines:
                self._define(name, defines[name])

    def _anchors(self) -> None:
        """`V > V_θ`, `V → V_r` and `V(0) = V_r` tell the unit of V; what does not fit is reported when its turn comes."""
        contents = self.scope.contents
        pairs: list[tuple[tree.Expr, tree.Expr]] = [(i.variable, i.rhs) for i in contents.initials.values()]
        for event in contents.events:
            if isinstance(event, tree.SpikeWhen) and isinstance(event.condition, tree.Compare):
                pairs.append((event.condition.operands[0], event.condition.operands[1]))
            pairs += [(s.target, s.rhs) for s in event.body if isinstance(s, tree.Jump) and s.operator == "->"]
        for left, right in pairs:
            if isinstance(left, tree.Name) and isinstance(right, tree.Name):
                first, second = self._own(left.name), self._own(right.name)
                if first is not None and second is not None and first.dim is not None and second.dim is not None:
                    self.scope.solver.unify(first.dim, second.dim, left.span.to(right.span))

    def _inputs(self) -> None:
        for name, statement in self.scope.contents.inputs.items():
            if statement.unit is not None:
                _, dim = unit_scale(statement.unit, statement, self.scope.context)
                self.scope.solver.unify(self.scope.dims[name], dim, statement.span)
                if (unit := as_written(statement.unit)) is not None:
                    self.units[name] = unit[:2]

    def _define(self, name: str, statement: tree.Define) -> None:
        reads = any(read.name == name for read in names_read(statement.rhs))  # as ‘x = c − ⟨x⟩_τ’ may
        value = translate_number(statement.rhs, self.scope.context if reads else self._before(name, statement.target))
        if any(isinstance(r.owner, StandIn) for r in refs(value.expr)):
            self.scope.replace(name, value)
        else:
            self._keep(self.values, statement.target, value.expr, statement.rhs, value.dim)

    def _draw(self, name: str, statement: tree.Draw) -> None:
        context, node = self.scope.context, statement.distribution
        if name in self.changing:
            symbol = self.scope.contents.symbols[name].text
            message = f"‘{symbol}’ is drawn once, before the run, but this depends on what changes during it."
            hint = "Under a trigger, for example ‘every 10 ms:’, it is drawn anew at each event."
            context.report.error("draw-not-constant", message, node.span, hint)
        drawn, dim = distribution(node, context)
        self._keep(self.values, statement.target, drawn, node, dim)

    def _initial(self, statement: tree.Initial) -> None:
        name, symbol = statement.variable.name, statement.variable.text
        if any(read.name == name for read in names_read(statement.rhs)):
            self.scope.context.report.circle([(f"{symbol}(0)", statement.span)] * 2)
            return
        value, dim = value_or_draw(statement.rhs, statement.drawn, self._before(name, statement.variable))
        start = settled(value, statement.rhs, self.scope) if isinstance(value, Expr) else value
        self._keep(self.initials, statement.variable, start, statement.rhs, dim)

    def _before(self, name: str, target: tree.Expr) -> Context:
        """Where the name on the left of a line has no value yet."""
        hidden = Declared(name, target.text if isinstance(target, tree.Name) else name, GETS_VALUE, span=target.span)
        return self.scope.context.inside(self.scope.context.scope.child({name: hidden}))

    def _keep(self, kept: dict[str, Value], target: tree.Expr, value: Value, rhs: tree.Expr, dim: Dim) -> None:
        """`rhs` is a value of the target: it has its dimension, and the unit it was written in is the one to show it in."""
        name = path_text(target)
        kept[name] = value
        if (unit := unit_of_number(rhs)) is not None:
            self.units.setdefault(name, unit)
        own = self._own(name)
        if own is not None and own.dim is not None:
            require_same(target, own.dim, rhs, dim, self.scope.context)

    def _own(self, name: str) -> Declared | None:
        return self.scope.context.scope.find(name)

    # --- bounds ------------------------------------------------------------------------------------------------------

    def _bound(self, name: str, bound: tree.Bound) -> None:
        target = subject(bound)
        assert isinstance(target, tree.Name)
        variable = self.scope.bounded(target)
        if variable is None or variable.dim is None:
            return
        follows = name in self.scope.contents.defines or name in self.scope.contents.inputs
        if follows and isinstance(bound.domain, tree.Interval):
            message = f"‘{target.text}’ follows from other quantities, so it cannot be kept within bounds."
            self.scope.context.report.error("not-owned", message, bound.span, "Use min(…) and max(…) in its definition.")
            return
        if isinstance(bound.domain, tree.Listing):
            self._set(name, bound.domain)
            self.scope.solver.unify(variable.dim, PURE, bound.span)
            return
        for node, kept in ((bound.domain.low, self.low), (bound.domain.high, self.high)):
            value = self._edge(node, target, variable)
            if value is not None:
                kept[name] = value

    def _edge(self, node: tree.Expr, target: tree.Name, variable: Declared) -> Expr | None:
        """One bound; ±∞ is none."""
        if is_infinite(node, self.scope.context):
            return None
        value = translate_number(node, self.scope.context)
        assert variable.dim is not None
        require_same(target, variable.dim, node, value.dim, self.scope.context, "be compared")
        return settled(value.expr, node, self.scope)

    def _set(self, name: str, domain: tree.Listing) -> None:
        values = [rational(item) for item in domain.items]
        if any(v is None for v in values):
            message = "The values that a variable may take are plain numbers."
            self.scope.context.report.error("not-a-constant", message, domain.span, "Write for example {−1, +1}.")
            return
        self.allowed[name] = tuple(float(v) for v in values if v is not None)


# --- the variables of the block --------------------------------------------------------------------------------------


def variables(scope: BlockScope, values: Values, dims: Mapping[str, Dim]) -> tuple[Variable, ...]:
    """Every variable of the block in working order: given, parameters, inputs, states, definitions."""
    contents = scope.contents
    worked_out = [name for name in values.order if name in values.values]
    constant = [name for name in worked_out if name not in values.changing or name in contents.draws]
    on_circles = contents.defines.keys() - set(values.order)
    following = [n for n in worked_out if n not in set(constant)] + [n for n in contents.defines if n in on_circles]
    by_role: dict[Role, Iterable[tree.Name]] = {
        Role.GIVEN: scope.given.values(),
        Role.PARAMETER: (contents.symbols[name] for name in constant),
        Role.INPUT: (contents.symbols[name] for name in contents.inputs),
        Role.STATE: (*contents.states.values(), *(average.name for average in scope.averages.values())),
        Role.DEFINITION: (contents.symbols[name] for name in following),
        Role.REFRACTORY: () if scope.refractory is None else (scope.refractory,),
    }
    return tuple(_variable(name, role, values, dims.get(name.name)) for role, names in by_role.items() for name in names)


def _variable(written: tree.Name, role: Role, values: Values, dim: Dim | None) -> Variable:
    name, known = written.name, None if dim is None else dim.known
    unit, scale = values.units.get(name) or (("", 1.0) if known is None else display_unit(known))
    return Variable(
        name=name,
        symbol=written.text,
        role=role,
        dimension=known,
        value=values.values.get(name),
        initial=values.initials.get(name),
        low=values.low.get(name),
        high=values.high.get(name),
        values=values.allowed.get(name, ()),
        unit=unit,
        scale=scale,
        span=written.span,
    )
