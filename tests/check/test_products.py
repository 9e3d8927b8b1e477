"""A word behind a number that is a unit and a name too: what it is, and what is said where it could be both."""

from __future__ import annotations

import pytest

from plasticdsl.diagnostics.diagnostic import Diagnostic
from plasticdsl.mending import mended
from plasticdsl.model.expr import Number
from plasticdsl.source import SourceFile
from tests.check.models import check_text


def found(text: str) -> tuple[Diagnostic, ...]:
    return check_text(text).diagnostics


def of_neuron(*lines: str) -> tuple[Diagnostic, ...]:
    return found("\nneuron Cell:\n" + "".join(f"    {line}\n" for line in lines))


def after_mending(*lines: str) -> str:
    text = "neuron Cell:\n" + "".join(f"    {line}\n" for line in lines)
    return mended(SourceFile("<text>", text), None).source.text


@pytest.mark.parametrize(
    "lines",
    [
        ("V = 2", "y = exp(−0.062 V)"),
        ("y = exp(−0.062 V)", "V = 2"),  # wherever it is declared
        ("F = 3 mV", "y = 1 mV + ½ F"),
        ("V = 3 mV", "y = 1 mV + ½ V"),  # nobody writes half a volt beside a V
        ("A = 5 mV", "y = 1 mV + 1.05 A"),
        ("A = 5 mV", "y = 1 mV² + 1.05 A²"),
        ("s(0) = 0", "10 ms ds/dt = 1 − 2 s"),
        ("N = 4", "y = 1 − 2 N"),
        ("s(x) = x²", "τ = 5 s", "τ dV/dt = −V + s(1)"),  # a function has no value
        ("V = 2 mV", "y = V/2 + 3 mV"),
        ("V(0) = −0.07 V", "10 ms dV/dt = −70 mV − V"),  # nothing has a value in the line that gives it one
        ("V(0) ~ U(−0.07 V, −0.06 V)", "10 ms dV/dt = −70 mV − V"),
        ("V = 2 V", "y = V + 1 mV"),
        ("F = ½ F", "y = F + 1 pF"),
    ],
    ids=" | ".join,
)
def test_a_name_behind_a_number_is_the_name(lines: tuple[str, ...]) -> None:
    assert not of_neuron(*lines)


@pytest.mark.parametrize(
    "lines",
    [
        ("V = 2 mV", "x = 3 V"),
        ("x = 3 V", "V = 2 mV"),
        ("10 ms dV/dt = −V", "x = 3 V"),  # nothing settles the unit of V
        ("V = 2", "y = 1/2 V"),
        ("V = 2", "g = 3 nS/V"),
        ("V = 2", "g = 3 V⁻¹"),
        ("f(V) = 3 V", "y = f(2 mV)"),
    ],
    ids=" | ".join,
)
def test_what_can_be_both_is_an_error_that_shows_both(lines: tuple[str, ...]) -> None:
    (one,) = of_neuron(*lines)
    assert one.code == "ambiguous-unit"
    assert "mV" in one.hint and any("mV" in fix.text for fix in one.fixes)


def test_what_was_written_elsewhere_never_makes_a_quantity_of_it() -> None:
    """Beside a V, `3 V` is a product or an error, whatever x needs."""
    for more in ("", "y = x + 1 mV", "y = x + 1"):
        codes = {d.code for d in of_neuron("V = 2 mV", "x = 3 V", *([more] if more else []))}
        assert "ambiguous-unit" in codes


def test_populations_projections_and_events_are_no_quantities() -> None:
    text = """
    network Net:
        A = 3 LIF
        V = 3 LIF
        s = A → V: Exc, p = 0.1, w = 0.1 V

    experiment Run on Net:
        dt = 0.1 ms
        phase one for 0.002 s
        expect max(A.V) < 1 V
    """
    unused = [f"No projection carries the rule ‘{rule}’, so it has no effect." for rule in ("STDP", "Hebb")]  # those of `CELLS`
    assert [d.message for d in found(text)] == unused


def test_a_size_may_be_a_share_of_a_parameter() -> None:
    checked = check_text("network Net:\n    N = 100\n    E = 0.8 N LIF\n")
    assert not checked.diagnostics and checked.module is not None
    (population,) = checked.module.networks[0].populations
    assert population.symbol == "E" and population.size != Number(0.8)


def test_a_quantity_that_became_a_product_is_shown_in_another_unit() -> None:
    (one,) = of_neuron("s(0) = 0", "10 ms ds/dt = 1 − s", "τ = 5 s", "τ dk/dt = 1 − k")
    assert one.code == "inconsistent-units" and "‘5000 ms’" in one.hint
    (other,) = of_neuron("h(0) = 0", "10 ms dh/dt = 1 − h", "refractory 1 h", "spike when h > 2")
    assert "‘60 min’" in other.hint


def test_the_name_stands_where_it_was_written() -> None:
    """Who renames it, or asks what it is, means its letters."""
    checked = check_text("neuron Cell:\n    A = 3\n    y = 1.5 A\n    z = ½ A² + 2 A^2\n")
    text = next(iter(checked.sources.values())).text
    read = [m.span for m in checked.mentions if m.name == "A"]
    assert len(read) >= 3 and {text[span.start : span.end] for span in read} == {"A"}


def test_the_reading_that_fits_is_written_by_itself_and_no_other() -> None:
    assert "τ = 5000 ms" in after_mending("s(0) = 0", "10 ms ds/dt = 1 − s", "τ = 5 s", "τ dk/dt = 1 − k")
    assert "y = 3 mV + x/2·V" in after_mending("V = 2 mV", "x = 1", "y = 3 mV + x/2 V")
    both = after_mending("V = 2 mV", "x = 3 V")
    assert "x = 3 V" in both  # both fit: only the author knows


def test_a_value_that_a_name_begins_with_cannot_read_it() -> None:
    (one,) = of_neuron("V(0) = 0.062·V", "10 ms dV/dt = −V")
    assert one.code == "definition-cycle"


def test_what_another_line_defines_is_a_product_there() -> None:
    assert [d.code for d in of_neuron("V(0) = −0.07 V", "10 ms dV/dt = −V", "y = 3 V")] == ["ambiguous-unit"]
