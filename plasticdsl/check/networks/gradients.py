"""∂E/∂w where a projection is composed and, once the network is known, of its observables.

Comes in: a composed block with `Call("partial", (E, w))`. Goes out: the block without those of what the rule defines itself, and findings. What is left is
`Call("partial", (Ref(Whose.NETWORK, E), w))`; of the checked network it is worked out too, and what carries the derivatives back (`derive.gradients`)
is added.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from plasticdsl.check.networks.building import Ends
from plasticdsl.check.networks.evaluation_order import evaluation_order
from plasticdsl.check.report import Reporter
from plasticdsl.check.terms.context import Context
from plasticdsl.check.terms.unification import Dim
from plasticdsl.derive.gradient_seeds import NotLocal
from plasticdsl.derive.gradients import Backwards, extended, formula_of
from plasticdsl.derive.local_gradient import Local, partials
from plasticdsl.derive.reach import first_in_time
from plasticdsl.diagnostics.diagnostic import Label
from plasticdsl.model import Block, Network, Projection, Role, Variable
from plasticdsl.model.expr import Call, Expr, Number, Ref, rebuild, walk
from plasticdsl.model.mapping import expressions, mapped
from plasticdsl.model.owners import Whose
from plasticdsl.source import Span
from plasticdsl.symbolic.algebra import is_number
from plasticdsl.symbolic.derivative import NotDifferentiable


def local_gradients(block: Block, ends: Ends, dims: dict[str, Dim], span: Span, context: Context) -> Block:
    """The block with every derivative of its own definitions written out; the dimensions of states that this needs are added to `dims`."""
    if not any(partials(e) for e in expressions(block)):
        return block
    local = Local(block, ends.post.block, ends.delayed)
    read = _reader(local, ends.observables, span, context)
    written_out = mapped(block, read)
    for average in local.averages:
        above = dims if average.of.owner is Whose.OWN else ends.post.dims
        if average.of.name in above and average.by.name in dims:
            dims[average.variable.name] = above[average.of.name] / dims[average.by.name]
    return local.with_averages(written_out)


def _reader(local: Local, observables: Mapping[str, Dim], span: Span, context: Context) -> Callable[[Expr], Expr]:
    def read(expr: Expr) -> Expr:
        match expr:
            case Call("partial", (Ref(Whose.NETWORK, name), Ref())) if name in observables:
                return expr
            case Call("partial", (of, by)):
                return worked_out(of, by)
            case _:
                return rebuild(expr, read)

    def worked_out(of: Expr, by: Expr) -> Expr:
        if not isinstance(by, Ref):
            context.report.error("no-derivative", "A derivative is taken by a variable.", span, "Write for example ‘∂E/∂w’.")
            return Number(0.0)
        try:
            found = local.derivative(of, by)
        except NotDifferentiable as problem:
            text = f"∂{_name(local.block, of)}/∂{_name(local.block, by)}"
            _report_none(text, problem, _place(local.block, of, span), (Label(span, "in this projection"),), context.report)
            return Number(0.0)
        if is_number(found, 0.0) and not _is_missing(local.block, of) and not _is_missing(local.block, by):
            _report_zero(local, of, by, span, context)
        return found

    return read


def _own(block: Block, expr: Expr) -> Variable | None:
    """The variable of the connection that it is, if it is one."""
    return block.variable(expr.name) if isinstance(expr, Ref) and expr.owner is Whose.OWN else None


def _is_missing(block: Block, expr: Expr) -> bool:
    """Whether nothing declares it or gives it a value, which is reported where the rule asks for it."""
    if not isinstance(expr, Ref) or expr.owner is not Whose.OWN:
        return False
    found = block.variable(expr.name)
    return found is None or (found.role is Role.PARAMETER and found.value is None)


def _place(block: Block, of: Expr, span: Span) -> Span:
    """Where the differentiated quantity is defined, if it has a name."""
    variable = _own(block, of)
    return span if variable is None else variable.span


def _report_none(text: str, problem: NotDifferentiable, place: Span, labels: tuple[Label, ...], report: Reporter) -> None:
    """A step, a comparison or the like stands between."""
    hint = "Use a smooth function such as 1/(1 + exp(−a)), or enclose what is to be constant in hold(…)."
    report.error("no-derivative", f"{text} does not exist. {problem}", place, hint, labels)


def _report_zero(local: Local, of: Expr, by: Ref, span: Span, context: Context) -> None:
    block = local.block
    message = f"∂{_name(block, of)}/∂{_name(block, by)} is 0: {_name(block, of)} does not reach {_name(block, by)} through definitions."
    hint = ""
    constant = sorted(_outputs(local, of))
    if local.delayed and constant:
        hint = "The sum of this projection is delayed, so what arrives now was sent earlier: nothing of it is reached at one moment."
    elif constant:
        hint = f"‘{constant[0]}’ is constant in a gradient: it is a state, or no definition of the postsynaptic unit leads to a sum over w."
    context.report.error("zero-gradient", message, _place(block, of, span), hint, (Label(span, "in this projection"),))


def _outputs(local: Local, of: Expr) -> set[str]:
    """The names of the postsynaptic unit that an expression reads, through the definitions of the connection."""
    return {ref.name for ref in local.block.read_through([of]) if ref.owner is Whose.POST}


def _name(block: Block, expr: Expr) -> str:
    variable = _own(block, expr)
    return variable.symbol if variable is not None else expr.name if isinstance(expr, Ref) else "E"


def reads_observable(block: Block, observables: Mapping[str, Dim]) -> str | None:
    """An observable of the network that is read as a value: no connection knows it."""
    for expr in expressions(block) if observables else ():
        inside = {node.arguments[0] for node in partials(expr)}
        for node in walk(expr):
            if isinstance(node, Ref) and node.owner is Whose.NETWORK and node.name in observables and node not in inside:
                return node.name
    return None


# --- of the network --------------------------------------------------------------------------------------------------


def with_gradients(network: Network, report: Reporter) -> Network:
    """The network with every derivative of its observables worked out; the network itself where none is asked for."""
    if not any(partials(e) for p in network.projections for e in expressions(p.connection)):
        return network
    gradients = Gradients(network, report)
    projections = tuple(gradients.resolved(p) for p in network.projections)
    made = extended(replace(network, projections=projections), gradients.found())
    order, _ = evaluation_order(made.populations, made.projections, made.variables)
    return replace(made, order=order)


class Gradients:
    """The derivatives asked for in one network, each observable followed back once."""

    def __init__(self, network: Network, report: Reporter) -> None:
        self.network = network
        self.report = report
        self._by_observable: dict[str, Backwards] = {}
        self._taken = {p.name: {v.name for v in p.block.variables} for p in network.populations}

    def found(self) -> tuple[Backwards, ...]:
        """What has been followed back so far."""
        return tuple(self._by_observable.values())

    def resolved(self, projection: Projection) -> Projection:
        """The projection with its derivatives in terms of what its units know."""
        block, known = projection.connection, dict[Expr, Expr]()
        place = (*block.statements(), *block.flows, projection)[0].span

        def read(expr: Expr) -> Expr:
            match expr:
                case Call("partial", (Ref(Whose.NETWORK, name), Ref() as by)):
                    if expr not in known:
                        known[expr] = self.derivative(name, projection, by, place)
                    return known[expr]
                case _:
                    return rebuild(expr, read)

        return replace(projection, connection=mapped(block, read))

    def derivative(self, name: str, projection: Projection, by: Ref, place: Span) -> Expr:
        """∂name/∂by as a connection of the projection works it out; 0 after reporting that there is none."""
        observable = next(v for v in self.network.variables if v.name == name)
        text = f"∂{observable.symbol}/∂{_text(projection, by)}"
        labels = (Label(observable.span, f"‘{observable.symbol}’"), Label(projection.span, "in this projection"))
        if observable.indices:
            message = f"{text}: ‘{observable.symbol}’ has an index, and a derivative is that of one number."
            self.report.error("not-local", message, place, "Sum over the index.", labels)
            return Number(0.0)
        try:
            found = self._found(observable, projection, by)
        except NotLocal as problem:
            self.report.error("not-local", f"{text} cannot be worked out where it is needed. {problem}", place, problem.hint, labels)
            return Number(0.0)
        except NotDifferentiable as problem:
            _report_none(text, problem, place, labels, self.report)
            return Number(0.0)
        if is_number(found, 0.0):
            self._report_zero(observable, projection, by, text, place, labels)
        return found

    def _found(self, observable: Variable, projection: Projection, by: Ref) -> Expr:
        backwards = self._by_observable.get(observable.name)
        if backwards is None:
            backwards = Backwards(self.network, observable, self._taken, formula_of(self.network, observable.name))
            self._by_observable[observable.name] = backwards
        if by.owner is Whose.OWN:
            return backwards.by_connection(projection, by.name)
        name = backwards.by_unit(projection.from_outside(by))
        return Number(0.0) if name is None else Ref(by.owner, name)

    def _report_zero(
        self, observable: Variable, projection: Projection, by: Ref, text: str, place: Span, labels: tuple[Label, ...]
    ) -> None:
        moving = first_in_time(self.network, projection.from_outside(by), formula_of(self.network, observable.name))
        if moving is None:
            message = f"{text} is 0: nothing that ‘{observable.symbol}’ is made of depends on ‘{_text(projection, by)}’."
            self.report.error("zero-gradient", message, place, "", labels)
            return
        message = f"{text} cannot be worked out at one moment: the way from ‘{_text(projection, by)}’ to ‘{observable.symbol}’ leads through {moving}."
        hint = (
            "Gradients follow definitions and sums without delay. Write an output as a definition, or a rule with a trace that remembers."
        )
        self.report.error("not-local", message, place, hint, labels)


def _text(projection: Projection, by: Ref) -> str:
    if by.owner is not Whose.OWN:
        return by.path
    variable = projection.connection.variable(by.name)
    return f"{projection.symbol}.{variable.symbol if variable is not None else by.name}"
