"""Translation of expressions in a context that is not a block."""

from __future__ import annotations

import pytest

from plasticdsl.check.report import Reporter
from plasticdsl.check.terms.context import Context, Typed
from plasticdsl.check.terms.expressions import translate, translate_as, translate_condition
from plasticdsl.check.terms.scope import Declared, Scope, constants
from plasticdsl.check.terms.unification import PURE, SECONDS, Dim, Solver
from plasticdsl.model.expr import Binary, Call, Compare, Logic, Number, Ref
from plasticdsl.model.owners import OfProjection, Whose
from plasticdsl.source import SourceFile
from plasticdsl.syntax import tree
from plasticdsl.syntax.parser import parse
from plasticdsl.units.dimension import VOLTAGE


def expression(text: str) -> tree.Expr:
    """The tree of one expression."""
    block = parse(SourceFile("<text>", f"neuron N:\n    q = {text}")).items[0]
    assert isinstance(block, tree.Block) and isinstance(block.body[0], tree.Define)
    return block.body[0].rhs


def context(**names: Dim) -> Context:
    """A context in which the given names are values."""
    members = Scope({"w": Declared("w", "w", "a weight", Ref(OfProjection("ex"), "w"), PURE)})
    declared = {n: Declared(n, n, "a value", Ref(Whose.OWN, n), d) for n, d in names.items()}
    declared["ex"] = Declared("ex", "ex", "a projection", members=members)
    declared["digits"] = Declared("digits", "digits", "a data set")
    return Context(constants().child(declared), Solver(), Reporter())


def test_members_of_a_name() -> None:
    found = context()
    assert translate(expression("2·ex.w"), found) == Typed(Binary("*", Number(2.0), Ref(OfProjection("ex"), "w")), PURE)
    translate(expression("ex.v"), found)
    translate(expression("ex + digits"), found)
    assert [d.code for d in found.report.diagnostics] == ["not-a-value", "unknown-name", "not-a-value"]


def test_an_extension_is_asked_first() -> None:
    def extend(node: tree.Expr, inner: Context) -> Typed | None:
        return Typed(Number(7.0), PURE) if isinstance(node, tree.Sum) else None

    found = context(x=PURE).extended(extend)
    assert translate(expression("1 + Σ_i x"), found).expr == Binary("+", Number(1.0), Number(7.0))
    assert not found.report.failed


def test_names_from_nowhere_may_be_declared_on_the_way() -> None:
    made: list[str] = []

    def missing(name: tree.Name) -> Declared:
        made.append(name.name)
        return Declared(name.name, name.text, "a value", Ref(Whose.OWN, name.name), PURE)

    base = context()
    inner = base.inside(base.scope.child({}, missing))
    assert translate(expression("α + π"), inner).expr == Binary("+", Ref(Whose.OWN, "alpha"), Number(3.141592653589793))
    assert made == ["alpha"]


def test_chained_comparisons() -> None:
    found = context(a=PURE, b=PURE, c=PURE)
    a, b, c = (Ref(Whose.OWN, n) for n in "abc")
    expr = translate_condition(expression("a ≤ b < c"), found)
    assert expr == Logic("and", (Compare("<=", a, b), Compare("<", b, c)))


def test_a_value_of_a_wanted_dimension() -> None:
    found = context(V=Dim(VOLTAGE))
    assert translate_as(expression("20 ms"), SECONDS, "A delay", found) == Number(0.02)
    translate_as(expression("V"), SECONDS, "A delay", found)
    (finding,) = found.report.diagnostics
    assert finding.code == "inconsistent-units" and finding.message.startswith("A delay must be")


def test_a_mistake_is_reported_once() -> None:
    found = context(V=Dim(VOLTAGE))
    translate(expression("(V + z) (V − z) + sqrt(V)"), found)
    assert sum(d.code == "unknown-name" for d in found.report.diagnostics) == 2
    assert sum(d.code == "inconsistent-units" for d in found.report.diagnostics) == 1


@pytest.mark.parametrize(("text", "near"), [("E_l", "E_L"), ("tau_n", "τ_m"), ("v_theta", "V_θ")])
def test_the_nearest_name_is_suggested(text: str, near: str) -> None:
    names = {n: Declared(n, s, "a value", Ref(Whose.OWN, n), PURE) for n, s in (("E_L", "E_L"), ("tau_m", "τ_m"), ("V_theta", "V_θ"))}
    found = Context(constants().child(names), Solver(), Reporter())
    translate(expression(text), found)
    assert f"‘{near}’" in found.report.diagnostics[0].hint


@pytest.mark.parametrize(("text", "says"), [("3 nS/(mV·ms)", "‘3 nS/mV/s’"), ("3/Hz", "‘3 Hz’"), ("V/A", "")])
def test_a_unit_without_its_number(text: str, says: str) -> None:
    found = context(V=PURE)
    translate(expression(text), found)
    assert {d.code for d in found.report.diagnostics} == {"unknown-name"}
    hint = found.report.diagnostics[0].hint
    assert says in hint if says else hint == ""


def test_functions_of_two() -> None:
    found = context(a=PURE)
    assert translate(expression("mod(a, 3)"), found).expr == Call("mod", (Ref(Whose.OWN, "a"), Number(3.0)))
