"""Outlines and folds, of texts that are right and of texts that are not."""

from __future__ import annotations

from plasticdsl.editor.analysis import analyse
from plasticdsl.editor.structure import Symbol, folds, symbols
from plasticdsl.source import SourceFile

MODEL = '''"""A text
over two lines."""

use LIF from "neurons/lif"
use "synapses/receptors"

# A comment
# over two lines.
neuron Own like LIF:
    τ_m = 20 ms
    input I
    τ_m dV/dt = −V + 3 I
    V(0) = 1
    spike when V > 2:
        V → 0
    event burst when V > 1

function σ(a) = 1/(1 + exp(−a))

network Net:
    N = 5
    E = N Own, τ_m = 3 ms
    ξ = 3 random patterns of {0, 1} over E
    EE = E → E: Excitation,
         w = 1
    data d from "d.npz"

experiment Run on Net:
    dt = 1 ms
    phase learn for 1 s:
        E.I = 3
    record E.V as trace
'''


def flat(found: tuple[Symbol, ...], depth: int = 0) -> list[str]:
    return [line for s in found for line in ("  " * depth + f"{s.kind.value} {s.name}", *flat(s.inside, depth + 1))]


def named(text: str) -> list[str]:
    return flat(symbols(analyse(SourceFile("<text>", text))))


WANTED = [
    "neuron Own", "  quantity τ_m", "  input I", "  state V", "  event burst", "function σ", "network Net", "  quantity N", "  population E",
    "  patterns ξ", "  projection EE", "  data d", "experiment Run", "  quantity dt", "  phase learn", "  record trace",
]  # fmt: skip


def test_a_file_has_its_blocks_and_what_they_declare() -> None:
    assert named(MODEL) == WANTED


def test_names_stand_where_they_are() -> None:
    found = symbols(analyse(SourceFile("<text>", MODEL)))
    for one in (*found, *(inside for outer in found for inside in outer.inside)):
        assert MODEL[one.name_span.start : one.name_span.end] == one.name
        assert one.span.start <= one.name_span.start <= one.name_span.end <= one.span.end


def test_an_error_hides_no_other_statement() -> None:
    assert named(MODEL.replace("−V + 3 I", "−(V + 3 I")) == WANTED
    assert named(MODEL.replace("N = 5", "N = = 5")) == WANTED
    assert named(MODEL.replace("neuron Own like LIF:", "neuron Own like LIF")) == WANTED


def test_what_goes_over_several_lines_folds() -> None:
    lines = MODEL.splitlines()
    found = {(f.kind.value, lines[f.first].strip(), lines[f.last].strip()) for f in folds(analyse(SourceFile("<text>", MODEL)))}
    assert found == {
        ("comment", '"""A text', 'over two lines."""'),
        ("uses", 'use LIF from "neurons/lif"', 'use "synapses/receptors"'),
        ("comment", "# A comment", "# over two lines."),
        ("block", "neuron Own like LIF:", "event burst when V > 1"),
        ("block", "spike when V > 2:", "V → 0"),
        ("block", "network Net:", 'data d from "d.npz"'),
        ("block", "EE = E → E: Excitation,", "w = 1"),
        ("block", "experiment Run on Net:", "record E.V as trace"),
        ("block", "phase learn for 1 s:", "E.I = 3"),
    }
