"""∂L/∂w of a network's observables, once the network is known.

Comes in: a checked network whose rules hold `Call("partial", (Ref(Whose.NETWORK, L), w))`. Goes out: the network with what carries the derivatives back
(`derive.gradients`), and findings where there is no such derivative.
"""

from __future__ import annotations

from dataclasses import replace

from plasticdsl.check.networks.evaluation_order import evaluation_order
from plasticdsl.check.report import Reporter
from plasticdsl.derive.gradient_seeds import NotLocal
from plasticdsl.derive.gradients import Backwards, extended, formula_of
from plasticdsl.derive.local_gradient import partials
from plasticdsl.derive.reach import first_in_time
from plasticdsl.diagnostics.diagnostic import Label
from plasticdsl.model.expr import Call, Expr, Number, Ref, rebuild
from plasticdsl.model.mapping import expressions, mapped
from plasticdsl.model.model import Network, Projection, Variable
from plasticdsl.model.owners import Whose
from plasticdsl.source import Span
from plasticdsl.symbolic.algebra import is_number
from plasticdsl.symbolic.derivative import NotDifferentiable


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
            hint = "Use a smooth function, such as 1/(1 + exp(−a)) for Θ(a)."
            self.report.error("no-derivative", f"{text} does not exist. {problem}", place, hint, labels)
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
        name = backwards.by_unit(projection.ends[by.owner], by.name)
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
