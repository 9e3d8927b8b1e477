"""The names in sight inside one neuron, synapse or rule, and what they turn out to need from outside.

Comes in: `Contents` and the scope of the file. Goes out: a `Context` in which the block's expressions are translated. While they are, this keeps
the dimension of each name, the names that other blocks must provide (`needs`) and the averages met.

What is not a value by itself (spike trains S_pre, S_post, noise ξ(t), times t_pre, t_post) stands in expressions as a `Ref` of a `StandIn` until the
statement around it has given it its meaning.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import count

from plasticdsl.check.blocks.declarations import Contents
from plasticdsl.check.blocks.past import past
from plasticdsl.check.blocks.sliding_rates import sliding_rate
from plasticdsl.check.likes import path_text
from plasticdsl.check.report import Reporter
from plasticdsl.check.terms.applications import is_of_time
from plasticdsl.check.terms.context import Context, Extension, Typed
from plasticdsl.check.terms.expressions import read_hold, translate_as, translate_number, unknown_name
from plasticdsl.check.terms.scope import EVENT, IN_SECTION, OUTSIDE, PRESENCE, REFRACTORY, Declared, Scope, UserFunction
from plasticdsl.check.terms.unification import PURE, SECONDS, Dim, Solver
from plasticdsl.model import Need
from plasticdsl.model.expr import Call, Expr, Incoming, Ref, Special
from plasticdsl.model.owners import Foreign, OfArgument, StandIn, Whose
from plasticdsl.model.presence import PRESENT
from plasticdsl.names import free_name
from plasticdsl.source import NOWHERE, Span
from plasticdsl.syntax import tree
from plasticdsl.syntax.walk import names_read, nodes, of_kind
from plasticdsl.units.dimension import FREQUENCY

#: In a synapse or rule, what `x` and `y` mean unless the block declares them: the outputs of the two units.
OUTPUT = "#output"
_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_OUTPUTS = {"x": Whose.PRE, "y": Whose.POST}


@dataclass(frozen=True, slots=True)
class Average:
    """⟨body⟩_τ: a state `name` that follows `body` with time constant `constant`."""

    name: tree.Name
    body: Typed
    constant: Expr


class BlockScope:
    """Names of one block; `context` is where its expressions are translated. `source`: the block's name in what a connection does; `given`: what it is
    given from outside; `named`: values that are named under triggers; `refractory`: the name that says whether the unit is refractory; `numbers`: of
    what is drawn at events; `rates`: the sliding rates, and the values of some time ago, met, with their places."""

    def __init__(
        self,
        block: tree.Block,
        contents: Contents,
        outside: Scope,
        report: Reporter,
        solver: Solver | None = None,
        extend: Extension | None = None,
    ) -> None:
        self.block = block
        self.contents = contents
        self.source = "" if block.kind == "neuron" else block.name.name
        self.solver = solver or Solver()
        self.dims: dict[str, Dim] = {}
        self.needs: dict[str, Need] = {}
        self.given: dict[str, tree.Name] = {}
        self.named: dict[str, tree.Define] = {}
        self.numbers: Iterator[int] = count(1)
        self.averages: dict[tuple[Expr, Expr], Average] = {}
        self.rates: list[tuple[Span, Call]] = []
        self.refractory: tree.Name | None = None
        self._names: dict[str, Declared] = {}
        around = outside if block.kind == "neuron" else outside.child(self._sides())
        scope = around.child(self._names, None if block.kind == "neuron" else self._undeclared)
        self.context = Context(scope, self.solver, report, extend).extended(self._extend)
        self._declare(scope)

    # --- declared names ----------------------------------------------------------------------------------------------

    def _declare(self, scope: Scope) -> None:
        contents = self.contents
        for name, symbol in contents.symbols.items():
            function = contents.functions.get(name)
            if function is not None:
                self._names[name] = UserFunction(symbol, function.arguments, function.rhs, scope, function.span).declared
            elif name in contents.inputs or name in contents.states:
                self.own(symbol, "an input" if name in contents.inputs else "a variable")
            elif name in contents.defines or name in contents.draws or name not in contents.bounds:
                self.own(symbol, "a quantity")
        for event in of_kind(contents.events, tree.SpikeWhen):
            if event.name is not None and event.name.name not in self._names:
                self._names[event.name.name] = Declared(event.name.name, event.name.text, EVENT, span=event.span)
        for parameter in self.block.parameters:
            self._parameter(parameter)
        if contents.refractory is not None:
            resting = tree.Name("refractory", "refractory", contents.refractory.span)
            if scope.find(resting) is None:
                self.own(resting, REFRACTORY)
                self.solver.unify(self.dims[resting.name], PURE, resting.span)
                self.refractory = resting

    def section(self, name: str, at: Span) -> None:
        """The parameter `name`, where it was made `at` that place, says whether the segment belongs to a section: 1 or 0, and a condition."""
        if name in self._names and self._names[name].span == at:
            self._names[name] = replace(self._names[name], what=IN_SECTION)
            self.solver.unify(self.dims[name], PURE)

    def own(self, written: tree.Name, what: str) -> Declared:
        """Declares a variable of the block, of unknown dimension."""
        name = written.name
        self.dims[name] = self.solver.fresh()
        self._names[name] = Declared(name, written.text, what, Ref(Whose.OWN, name), self.dims[name], span=written.span)
        return self._names[name]

    def replace(self, name: str, value: Typed) -> None:
        """From now on `name` stands for `value` wherever it is read: a definition that holds a pulse, noise or spike time."""
        self._names[name] = replace(self._names[name], expr=value.expr, dim=value.dim)
        self.dims.pop(name, None)

    def bounded(self, name: tree.Name) -> Declared | None:
        """The variable that a bound is about; in a synapse or rule one that only has bounds is given from outside."""
        found = self.context.scope.find(name)
        if found is not None:
            return found
        if self.block.kind != "neuron":
            return self._give(name)
        unknown_name(name, self.context)
        return None

    def _parameter(self, name: tree.Name) -> None:
        """`Transposed(forward)`: another projection, or the unit of another population, where the text writes `forward.w` or `on forward:`, else a value
        that the use must give."""
        members = (n.base for n in nodes(self.block) if isinstance(n, tree.Member))
        if any(one.name == name.name for one in (*of_kind(members, tree.Name), *(e.event for e in of_kind(self.block.body, tree.OnEvent)))):
            self._names[name.name] = self._side(OfArgument(name.name), name.name, name.text, "what it takes as an argument", name.span)
        elif name.name not in self._names:
            self._give(name)

    def _give(self, name: tree.Name) -> Declared:
        self.given[name.name] = name
        return self.own(name, OUTSIDE)

    # --- names from outside ------------------------------------------------------------------------------------------

    def _sides(self) -> dict[str, Declared]:
        """`pre`, `post`, the spike trains, the times of a pair and the unit counts."""
        found: dict[str, Declared] = {}
        for owner in (Whose.PRE, Whose.POST):
            side = owner.value
            found[side] = self._side(owner, side, side, f"the {side}synaptic unit")
            for name, expr, dim, what in (
                (f"S_{side}", Ref(StandIn.PULSE, side), Dim(FREQUENCY), "a spike train"),
                (f"t_{side}", Ref(StandIn.PAIR, side), SECONDS, "the time of a spike"),
                (f"N_{side}", Special("N_pre" if owner is Whose.PRE else "N_post"), PURE, "a number of units"),
            ):
                found[name] = Declared(name, name, what, expr, dim)
        return found

    def _side(self, owner: Foreign, name: str, symbol: str, what: str, span: Span = NOWHERE) -> Declared:
        """`pre`, `post` or an argument: every member is a need."""
        members = Scope(missing=lambda attribute: self.need(owner, attribute.name, attribute))
        return Declared(name, symbol, what, members=members, span=span)

    def need(self, owner: Foreign, name: str, written: tree.Name) -> Declared:
        """What another block must provide, one entry however often it is read."""
        need = Need(owner, name, written.text, written.span)
        key = need.key
        if key not in self.needs:
            self.needs[key] = need
            self.dims[key] = self.solver.fresh()
        what = REFRACTORY if name == "refractory" and owner in _OUTPUTS.values() else OUTSIDE
        what = PRESENCE if name == PRESENT and owner is Whose.OWN else what
        return Declared(name, written.text, what, Ref(owner, name), self.dims[key], span=self.needs[key].span)

    def _undeclared(self, name: tree.Name) -> Declared | None:
        """In a synapse an undeclared name is a value that the projection must give; in a rule something the synapse or the projection has."""
        if name.name in _OUTPUTS:
            return self.need(_OUTPUTS[name.name], OUTPUT, name)
        return self._give(name) if self.block.kind == "synapse" and name.name != PRESENT else self.need(Whose.OWN, name.name, name)

    # --- notation that has a meaning only inside a block -------------------------------------------------------------

    def _extend(self, node: tree.Expr, context: Context) -> Typed | None:
        match node:
            case tree.Average():
                return self._average(node, context)
            case tree.Apply() if (was := past(node, self.block.kind == "neuron", context)) is not None:
                if isinstance(was.expr, Call):
                    self.rates.append((node.span, was.expr))
                return was
            case tree.Apply(function=tree.Name() as function):
                return self._noise(node, function, context) or self._rate(node, context) or read_hold(node, context)
            case tree.Partial(of=of, by=by):
                above, below = translate_number(of, context), translate_number(by, context)
                return Typed(Call("partial", (above.expr, below.expr)), above.dim / below.dim)
            case tree.Sum() if self.block.kind != "neuron":
                return self._incoming(node, context)
            case tree.Transposed(operand=tree.Member() as operand):
                inside = translate_number(operand, context)
                return Typed(Call("transposed", (inside.expr,)), inside.dim)
            case _:
                return None

    def _incoming(self, node: tree.Sum, context: Context) -> Typed:
        """`Σ w²`: over the connections that reach the postsynaptic unit."""
        if node.indices or node.where is not None:
            message = "In a synapse or rule Σ runs over the connections that reach the postsynaptic unit, and over nothing else."
            hint = "For example ‘Σ w x’, ‘Σ_j w_ij x_j’ or ‘Σ_k w_ik x_k’; what belongs to one connection alone stands outside of it."
            context.report.error("not-here", message, node.span, hint)
        inside = translate_number(node.body, context)
        return Typed(Incoming(inside.expr), inside.dim)

    def _noise(self, node: tree.Apply, function: tree.Name, context: Context) -> Typed | None:
        """`ξ(t)`, `ξ_name(t)`: white noise, ⟨ξ(t) ξ(t′)⟩ = δ(t − t′), so of dimension 1/√time."""
        name = function.name
        if not (name == "xi" or name.startswith("xi_")) or context.scope.find(function) is not None:
            return None
        if not is_of_time(node):
            return None
        return Typed(Ref(StandIn.NOISE, name), Dim(FREQUENCY ** Fraction(1, 2)))

    def _rate(self, node: tree.Apply, context: Context) -> Typed | None:
        found = sliding_rate(node, self.block.kind == "neuron", context)
        if found is not None and isinstance(found.expr, Call):
            self.rates.append((node.span, found.expr))
        return found

    def _average(self, node: tree.Average, context: Context) -> Typed:
        if node.constant is None:
            hint = "Write the time constant of a running mean as a subscript: ⟨x⟩_τ, or avg(x, tau)."
            return context.refuse("average-without-constant", "Nothing says over which time this average is taken.", node.span, hint)
        body = translate_number(node.body, context)
        constant = translate_as(node.constant, SECONDS, "The time constant of an average", context)
        key = (body.expr, constant)
        if key not in self.averages:
            taken = self._names.keys() | {a.name.name for a in self.averages.values()}
            name = free_name("_".join(["mean", *_words(node.body), *_words(node.constant)]), taken)
            symbol = f"⟨{_symbol(node.body, name)}⟩_{_symbol(node.constant, name)}"
            self.averages[key] = Average(tree.Name(name, symbol, node.span), body, constant)
            self.own(self.averages[key].name, "a variable")
        found = self.averages[key].name.name
        self.solver.unify(self.dims[found], body.dim, node.span)
        return Typed(Ref(Whose.OWN, found), body.dim)


def _symbol(node: tree.Expr, otherwise: str) -> str:
    """How a name or a power of one is written; `otherwise` for anything longer."""
    match node:
        case tree.Number(text=digits, unit=()) if digits.isdigit():
            return digits
        case tree.Binary(operator="^", left=tree.Name(text=text), right=tree.Number(text=digits, unit=())) if digits.isdigit():
            return text + digits.translate(_RAISED)
        case _:
            return path_text(node, as_written=True) or otherwise


def _words(node: tree.Expr) -> list[str]:
    return list(dict.fromkeys(n.name for n in names_read(node)))
