"""∂E/∂w within one connection: everything that E reaches through definitions, and nothing else.

Comes in: the block of a connection whose expressions hold `Call("partial", (E, w))`, and the block of the unit behind it. Goes out: the same block with
the derivatives written out. w reaches E through the connection's own definitions and through the postsynaptic unit's: its output, what that is
defined by, and the input that this connection's sum fills (`post.a = Σ w x`: ∂a/∂w is x). All else is constant: states, the presynaptic unit, what
`hold(…)` encloses. An average is differentiated as an average: ∂⟨f⟩/∂w is the mean of ∂f/∂w, a state of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from plasticdsl.model import Block, Flow, Role, Variable
from plasticdsl.model.expr import Binary, Call, Expr, Ref, refs, walk
from plasticdsl.model.inline import as_owner
from plasticdsl.model.owners import Whose
from plasticdsl.names import free_name
from plasticdsl.symbolic.algebra import ONE, ZERO, add, is_number, mul
from plasticdsl.symbolic.derivative import depends, differentiate, without_holds

PARTIAL = "partial"


@dataclass(frozen=True, slots=True)
class Average:
    """A derived state with its flow: the derivative of the average `of` by `by`."""

    variable: Variable
    flow: Flow
    of: Ref
    by: Ref


@dataclass(slots=True)
class Local:
    """The derivatives asked for in one connection. `averages`: the states they need so far. `delayed`: the sums of this connection read earlier
    values, so that nothing passes through them at one moment."""

    block: Block
    post: Block
    delayed: bool = False
    averages: list[Average] = field(default_factory=list)

    def derivative(self, of: Expr, by: Ref) -> Expr:
        """∂of/∂by; 0 where `of` does not reach it. Raises `NotDifferentiable`."""
        return self._total(of, by, {})

    def _total(self, expr: Expr, by: Ref, known: dict[Ref, Expr]) -> Expr:
        total: Expr = ZERO
        for ref in sorted((r for r in refs(expr) if depends(expr, r)), key=lambda r: r.order):
            inner = self._of(ref, by, known)
            if not is_number(inner, 0.0):
                total = add(total, mul(differentiate(expr, ref), inner))
        return without_holds(total)

    def _of(self, ref: Ref, by: Ref, known: dict[Ref, Expr]) -> Expr:
        """∂ref/∂by."""
        if ref == by:
            return ONE
        if ref not in known:
            known[ref] = ZERO  # on a circle it is constant; circles are reported elsewhere
            known[ref] = self._through(ref, by, known)
        return known[ref]

    def _through(self, ref: Ref, by: Ref, known: dict[Ref, Expr]) -> Expr:
        if ref.limit or ref.owner not in (Whose.OWN, Whose.POST):
            return ZERO
        block = self.block if ref.owner is Whose.OWN else self.post
        variable = block.variable(ref.name)
        if variable is None:
            return ZERO
        if variable.formula is not None:
            return self._total(as_owner(variable.formula, ref.owner), by, known)
        if variable.role is Role.INPUT and ref.owner is Whose.POST and not self.delayed:
            total: Expr = ZERO
            for one in self.block.sums:
                if one.target == ref.name:
                    total = add(total, self._total(one.body, by, known))
            return total
        found = averaged(variable, block)
        return ZERO if found is None else self._mean(ref, variable, found, by, known)

    def _mean(self, ref: Ref, variable: Variable, average: tuple[Expr, Expr], by: Ref, known: dict[Ref, Expr]) -> Expr:
        """The average of the derivative, as a state of the connection; one for all expressions that ask for it."""
        made = next((a for a in self.averages if (a.of, a.by) == (ref, by)), None)
        if made is not None:
            return Ref(Whose.OWN, made.variable.name)
        body, constant = (as_owner(e, ref.owner) for e in average)
        slope = self._total(body, by, known)
        if is_number(slope, 0.0):
            return ZERO
        taken = {v.name for v in self.block.variables} | {a.variable.name for a in self.averages}
        name = free_name(f"d{variable.name}_d{by.name}", taken)
        symbol = f"∂{variable.symbol}/∂{_symbol(self.block, by)}"
        rate = Binary("/", Binary("-", slope, Ref(Whose.OWN, name)), constant)
        state = Variable(name, symbol, Role.STATE, span=variable.span)
        flow = Flow(name, rate, source=self.block.name, span=variable.span)
        for above in self.block.flows:
            if ref == Ref(Whose.OWN, above.variable):
                flow = replace(flow, source=above.source, is_rule=above.is_rule)
        self.averages.append(Average(state, flow, ref, by))
        return Ref(Whose.OWN, name)

    def with_averages(self, block: Block) -> Block:
        """A block with the states that the derivatives need."""
        variables, flows = (a.variable for a in self.averages), (a.flow for a in self.averages)
        return replace(block, variables=(*block.variables, *variables), flows=(*block.flows, *flows))


def averaged(variable: Variable, block: Block, marks: tuple[str, ...] = ("⟨",)) -> tuple[Expr, Expr] | None:
    """What a running mean ⟨body⟩_τ is of, and its time constant; None for any other variable. `marks`: what the symbols of means begin with."""
    if variable.role is not Role.STATE or not variable.symbol.startswith(marks):
        return None
    flow = next((f for f in block.flows if f.variable == variable.name), None)
    match flow.rate if flow is not None else None:
        case Binary("/", Binary("-", body, Ref(Whose.OWN, name)), constant) if name == variable.name:
            return body, constant
        case _:
            return None


def _symbol(block: Block, ref: Ref) -> str:
    variable = block.variable(ref.name) if ref.owner is Whose.OWN else None
    return variable.symbol if variable is not None else ref.name


def partials(expr: Expr) -> tuple[Call, ...]:
    """Every derivative asked for in an expression."""
    return tuple(n for n in walk(expr) if isinstance(n, Call) and n.function == PARTIAL)
