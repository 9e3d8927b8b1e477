"""Random files: whatever parses survives formatting, and whatever does not gives `PlasError` and nothing else."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from plasticdsl.diagnostics.diagnostic import PlasError
from tests.syntax.test_printer import check_round_trip
from tests.syntax.trees import SAMPLES, block, parsed

PIECES = [
    piece for path in SAMPLES for piece in path.read_text(encoding="utf-8").split("\n\n") if len(piece) < 1500
]  # fmt: skip
SNIPPETS = [
    *"abxVw dτΔ₊₋²⁻_.,:;()[]{}|'\"#=<>+-*/^~→·−∈Σ∂⟨⟩ᵀ½%019\n\t ∞",
    "    ", "\n    ", "\n        ", " if ", " otherwise", " in ", " at ", "for ", "each ", "dV/dt", " ms", " = ", "\u0304", "\r\n",
    "#c\n", '"""', "Σ_ij ", "on pre:\n", "where ", "Sum[", "10 mV", "g (", "^2", "->", "<=",
]  # fmt: skip

names = st.sampled_from(["a", "V", "τ_m", "A₂₊", "x̄", "w_ij", "Ca_∞", "Δt", "h", "phase"])
numbers = st.sampled_from(["1", "0.5", "½", "20 ms", "0.2 µM⁻¹·ms⁻¹", "5 %", "1e-3", "2 m"])


def _combine(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    blank = st.sampled_from([" ", "", "  "])
    return st.one_of(
        st.tuples(inner, blank, st.sampled_from(["+", "-", "−", "*", "·", "/", "^"]), blank, inner).map("".join),
        st.tuples(names, st.sampled_from(["", " "]), st.just("("), blank, inner, blank, st.just(")")).map("".join),
        st.tuples(inner, st.just(" "), names).map("".join),
        inner.map("({})".format),
        inner.map("[{}]₊".format),
        inner.map("⟨{}⟩_τ".format),
        inner.map("|{}|".format),
        inner.map("−{}".format),
        inner.map("Σ_ij {}".format),
        inner.map("Σ_{{k ∈ d, k≠j}} {}".format),
        names.map("{}²".format),
        names.map("{}⁻".format),
        st.tuples(names, names).map(lambda pair: f"∂{pair[0]}/∂post.{pair[1]}"),
        st.lists(inner, min_size=1, max_size=3).map(lambda items: f"f'({', '.join(items)})"),
    )


expressions = st.recursive(names | numbers, _combine, max_leaves=8)
comparisons = st.tuples(expressions, st.sampled_from([" < ", "≥", " ≠ ", " = "]), expressions).map("".join)


@st.composite
def statements(draw: st.DrawFn) -> str:
    value = draw(expressions)
    match draw(st.integers(0, 4)):
        case 0:
            return f"y  = {value}"
        case 1:
            return f"τ dV/dt = {value}\n      + {draw(expressions)}  # comment"
        case 2:
            return f"F(x) =   {value} if {draw(comparisons)}\n       {draw(expressions)}   otherwise"
        case 3:
            return f"on pre:\n          w += {value}"
        case _:
            return f"spike when {draw(comparisons)} and not {draw(comparisons)}:\n      V -> {value}"


def answered(text: str) -> bool:
    """Whether the text parses; anything but `PlasError` fails the test."""
    try:
        parsed(text)
    except PlasError as error:
        assert error.diagnostics and str(error)
        return False
    return True


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(statements(), min_size=1, max_size=3))
def test_generated_statements_survive_formatting(generated: list[str]) -> None:
    text = block("\n    ".join(generated))
    if answered(text):
        check_round_trip(text)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_edited_samples_survive_formatting_or_are_refused(data: st.DataObject) -> None:
    text = data.draw(st.sampled_from(PIECES))
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(text)))
        removed = data.draw(st.sampled_from([0, 0, 1, 2, 6]))
        text = text[:place] + data.draw(st.sampled_from(["", *SNIPPETS])) + text[place + removed :]
    if answered(text):
        check_round_trip(text)


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=200) | st.binary(max_size=200).map(lambda raw: raw.decode("utf-8", errors="replace")))
def test_random_text_is_answered(text: str) -> None:
    answered(text)
    answered("rule A:\n    " + text)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(SNIPPETS), max_size=30).map("".join))
def test_random_words_are_answered(text: str) -> None:
    answered("network A:\n    " + text)
    answered("experiment A:\n    expect " + text)
