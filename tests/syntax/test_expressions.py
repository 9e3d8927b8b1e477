"""How expressions are read: products, applications, sums over indices, and the signs of the papers."""

import pytest

from plasticdsl.syntax import tree
from tests.syntax.trees import bare, block, findings, first, parsed, places, value


def binary(operator: str, left: object, right: object) -> object:
    return ("Binary", operator, left, right)


@pytest.mark.parametrize(
    ("written", "the_same"),
    [
        ("η x y", "(η x) y"),
        ("a b / c", "(a b) / c"),
        ("a − b + c", "(a − b) + c"),
        ("a / b · c", "(a / b) · c"),
        ("−x²", "−(x²)"),
        ("−a b", "−(a b)"),
        ("a · −b", "a · (−b)"),
        ("2 x²", "2 (x²)"),
        ("a < b and b < c or not d", "((a < b) and (b < c)) or (not d)"),
        ("Σ w x + b", "(Σ w x) + b"),
        ("½ Σ_ij w_ij x_i / N", "½ (Σ_ij (w_ij x_i / N))"),
        ("Σ_i a_i · b_i", "Σ_i (a_i · b_i)"),
        ("a / Σ_i x_i y_i", "a / (Σ_i x_i y_i)"),
        ("η ∂E/∂w", "η (∂E/∂w)"),
        ("x^−2 y", "(x^(−2)) y"),
        ("[x + y]", "(x + y)"),
    ],
)
def test_precedence(written: str, the_same: str) -> None:
    assert without_groups(value(written)) == without_groups(value(the_same))


def without_groups(node: object) -> object:
    if not isinstance(node, tuple):
        return node
    if node[:1] == ("Group",):
        return without_groups(node[1])
    return tuple(without_groups(part) for part in node)


def test_a_blank_before_the_bracket_makes_a_product() -> None:
    assert value("g(x)") == ("Apply", "g", (("Argument", None, "x"),), 0)
    assert value("g (x)") == binary("*", "g", ("Group", "x", False))
    assert value("w[1]") == ("Indexed", "w", (("Number", "1", ()),))
    assert value("w [x]") == binary("*", "w", ("Group", "x", True))


@pytest.mark.parametrize("written", ["a / b c", "a/b c", "1/2 x", "a / −b c", "a / b Σ_i x_i", "a / (b) c", "a / b^2 c"])
def test_a_product_after_a_division_has_two_readings(written: str) -> None:
    (finding,) = findings(block(f"y = {written}"))
    assert finding.code == "ambiguous-product"


def test_both_readings_are_shown() -> None:
    (finding,) = findings(block("y = x + a / b c"))
    assert "‘(a / b) c’" in finding.hint and "‘a / (b c)’" in finding.hint


@pytest.mark.parametrize(("written", "code"), [("a^b^c", "ambiguous-power"), ("x 2", "number-after-value"), ("2 3", "number-after-value")])
def test_other_doubtful_products_and_powers(written: str, code: str) -> None:
    assert [finding.code for finding in findings(block(f"y = {written}"))] == [code]


@pytest.mark.parametrize(
    ("unicode", "ascii_text"),
    [
        ("∂E/∂w", "grad(E, w)"),
        ("⟨y²⟩_τ", "avg(y^2, tau)"),
        ("⟨y⟩", "avg(y)"),
        ("[x]₊", "pos(x)"),
        ("[x]₊", "[x]_+"),
        ("|x|", "abs(x)"),
        ("forward.wᵀ", "transpose(forward.w)"),
        ("Σ_ij w_ij", "Sum[i,j] w_ij"),
        ("Σ_{k ∈ digit} x_k", "Sum[k in digit] x_k"),
        ("Σ_{j≠i} x_j", "Sum[j != i] x_j"),
        ("Σ w x", "Sum w x"),
        ("Σᵢⱼ w", "Sum[i,j] w"),
        ("a ≤ b ≠ c ≥ d", "a <= b != c >= d"),
        ("a × b ⋅ c", "a*b*c"),
    ],
)
def test_ascii_spellings(unicode: str, ascii_text: str) -> None:
    assert value(unicode) == value(ascii_text)


def test_limits_and_powers_of_the_superscripts() -> None:
    assert value("r⁻") == ("Limit", "r", "before", "r_supminus")
    assert value("r₁⁺") == ("Limit", "r_1", "after", "r_1_supplus")
    assert value("V⁻¹") == binary("^", "V", ("Unary", "-", ("Number", "1", ())))
    assert value("x¹²") == binary("^", "x", ("Number", "12", ()))


def test_indices_of_sums() -> None:
    node = first("y = Σ_{i, j, i<j} a").rhs
    assert [index.name for index in node.indices] == ["i", "j"]
    assert bare(node.where) == ("Compare", ("i", "j"), ("<",))
    excluded = first("y = Σ_{j≠i} a").rhs
    assert [index.name for index in excluded.indices] == ["j"]
    assert [index.name for index in first("y = Σ_μi a").rhs.indices] == ["mu", "i"]


def test_bars() -> None:
    assert value("|x| |y|") == binary("*", ("Unary", "abs", "x"), ("Unary", "abs", "y"))
    assert [f.code for f in findings(block("y = |a |x||"))] == ["missing-bracket"]
    assert value("|(|x| − 1)|") == ("Unary", "abs", ("Group", binary("-", ("Unary", "abs", "x"), ("Number", "1", ())), False))


def test_arguments() -> None:
    node = first("y = f(rate = 2 kHz, a < b, (1, 2), [3, 4])").rhs
    keyword, comparison, pair, listing = node.arguments
    assert keyword.keyword.name == "rate" and comparison.keyword is None
    assert isinstance(comparison.value, tree.Compare)
    assert isinstance(pair.value, tree.Listing) and isinstance(listing.value, tree.Listing)
    assert first("y = σ''(a)").rhs.primes == 2
    assert bare(first("y = post.f(x)").rhs)[1] == ("Member", "post", "f")


def test_cases_and_continuation() -> None:
    node = first("F(x) =  a + 1   if x > 0\n            −b      if x < −1 and\n                    y > 0\n             0      otherwise")
    assert node.arguments[0].name == "x"
    assert [bare(case.condition) is None for case in node.rhs.cases] == [False, False, True]
    assert bare(node.rhs.cases[1].value) == ("Unary", "-", "b")
    joined = first("y = a\n      − b")
    assert bare(joined.rhs) == binary("-", "a", "b")


def test_every_node_knows_its_place() -> None:
    text = "y = a b² + f(x, [c]₊)/⟨z⟩_τ − Σ_ij w_ij |v|"
    source = block(text)
    for node, span in places(first(text)):
        if isinstance(node, tree.Name):
            assert source[span.start : span.end] == node.text
        if isinstance(node, tree.Apply):
            assert source[span.start : span.end] == "f(x, [c]₊)"
        if isinstance(node, tree.Average):
            assert source[span.start : span.end] == "⟨z⟩_τ"
        if isinstance(node, tree.Sum):
            assert source[span.start : span.end] == "Σ_ij w_ij |v|"


def test_derivatives_stand_on_the_left_only() -> None:
    flow = first("τ_m dV/dt = −V")
    assert (flow.coefficient.name, flow.variable.name, flow.variable.text) == ("tau_m", "V", "V")
    assert first("dr₁/dt = 1").variable.name == "r_1"
    assert bare(first("C/g · dV/dt = 1").coefficient) == binary("/", "C", "g")
    assert [f.code for f in findings(block("C/g dV/dt = 1"))] == ["ambiguous-product"]
    assert "‘dV/dt’" in findings(block("τ_m d V/dt = 3"))[0].hint


@pytest.mark.parametrize(
    ("written", "the_same"),
    [
        ("√x", "sqrt(x)"),
        ("√(x + y)", "sqrt(x + y)"),
        ("√ (x)", "sqrt(x)"),
        ("√2", "sqrt(2)"),
        ("√2 ms", "sqrt(2 ms)"),
        ("√√x", "sqrt(sqrt(x))"),
        ("√2 x", "sqrt(2) x"),
        ("√x y", "sqrt(x) y"),
        ("2√x", "2 sqrt(x)"),
        ("σ √(2/τ) ξ(t)", "σ sqrt(2/τ) ξ(t)"),
        ("−√x / √y", "−sqrt(x) / sqrt(y)"),
        ("√w_ij + √post.V", "sqrt(w_ij) + sqrt(post.V)"),
        ("√exp(x)", "sqrt(exp(x))"),
        ("√|x|", "sqrt(|x|)"),
    ],
)
def test_roots(written: str, the_same: str) -> None:
    assert value(written) == value(the_same)


@pytest.mark.parametrize("written", ["√x²", "√x^2", "√2²", "√(x)²", "√√x²"])
def test_a_power_of_a_root_has_two_readings(written: str) -> None:
    (finding,) = findings(block(f"y = {written}"))
    assert finding.code == "ambiguous-power"
    assert "√" in finding.hint


@pytest.mark.parametrize(("written", "meant"), [("∂L/∂w²", "(∂L/∂w)²"), ("−η ∂L/∂w⁻¹", "−η (∂L/∂w)⁻¹"), ("a + ∂L/∂w^b", "a + (∂L/∂w)^b")])
def test_a_power_of_a_derivative_is_one_of_the_whole(written: str, meant: str) -> None:
    (finding,) = findings(block(f"Δw = {written}"))
    assert finding.code == "ambiguous-power"
    assert f"Write ‘{meant[meant.index('(') :]}’." == finding.hint
    assert not findings(block(f"Δw = {meant}"))


@pytest.mark.parametrize("written", ["⟨x⟩_{τ}", "⟨x⟩_τ", "avg(x, τ)"])
def test_an_average_with_its_constant_in_braces(written: str) -> None:
    assert value(written) == value("⟨x⟩_τ")


def test_the_place_of_a_constant_in_braces() -> None:
    text = block("y = ⟨x⟩_{τ_m} + 1")
    assert "τ_m" in [text[span.start : span.end] for node, span in places(parsed(text)) if isinstance(node, tree.Name)]
    assert value("⟨x²⟩_{τ_m} y") == value("⟨x²⟩_τ_m y")


def test_the_constant_of_an_average_is_one_name() -> None:
    (finding,) = findings(block("y = ⟨x⟩_{2 τ}"))
    assert finding.code == "unexpected-character"
    assert "⟨x⟩_τ" in finding.hint
