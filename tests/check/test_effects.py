"""What has no effect is said, once, where it is written; and nothing else is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import plasticdsl
from plasticdsl.check.module import Checked
from plasticdsl.diagnostics.diagnostic import Severity
from plasticdsl.driver import read
from plasticdsl.source import SourceFile

LIBRARY = sorted((Path(__file__).parents[2] / "models").rglob("*.plas"))

MODEL = """\
neuron C:
    output u
    10 ms dg/dt = −g
    10 ms du/dt = −u
    spike when g > 1:
        g → 0

synapse Exc:
    on pre: post.g += w

rule R:
    10 ms dr/dt = −r
    on pre: r += 1
    on post: {rule}

network N:
    a = 2 C
    b = 1 C
    ab = a → b: Exc with R, w = 0.3

experiment E on N:
    dt = 0.1 ms
    phase p for 1 ms
    record {record}
"""


def check(text: str) -> Checked:
    return read(SourceFile("model.plas", text))


def told(text: str) -> list[tuple[str, str, str]]:
    """(severity, code, the text at the place) of everything found."""
    return [(str(d.severity), d.code, text[d.span.start : d.span.end]) for d in check(text).diagnostics]


def model(rule: str = "w += r", record: str = "ab.w") -> str:
    return MODEL.format(rule=rule, record=record)


@pytest.mark.parametrize(
    ("statement", "code", "place"),
    [
        ("w = w + r", "only-named", "w = w + r"),
        ("w = clip(w + r, 0, 1)", "only-named", "w = clip(w + r, 0, 1)"),
        ("w = 0.01 r", "only-named", "w = 0.01 r"),
        ("dw = 0.01 r", "only-named", "dw = 0.01 r"),
        ("W += 0.01 r", "misspelt-target", "W"),
        ("W → r", "misspelt-target", "W"),
    ],
)
def test_a_change_that_misses_the_weight_is_an_error(statement: str, code: str, place: str) -> None:
    assert told(model(statement)) == [("error", code, place)]


def test_a_definition_that_looks_like_a_change_is_an_error() -> None:
    assert told(model().replace("    on post: w += r", "    dw = 0.01 r")) == [("error", "only-named", "dw")]


def test_a_second_variable_that_is_recorded_is_meant() -> None:
    assert told(model("W += 0.01 r", "ab.W")) == []


def test_values_of_an_event_that_are_read_are_fine() -> None:
    assert told(model("a = 2 r\n        w += a").replace("on post: a", "on post:\n        a")) == []


def test_a_value_of_an_event_hides_nothing_of_the_synapse() -> None:
    text = model("g = 2 r\n        w += g").replace("on post: g", "on post:\n        g").replace("post.g += w", "post.g += g w")
    assert told(text.replace("w = 0.3", "w = 0.3, g = 2")) == [("error", "only-named", "g = 2 r")]


def test_a_trace_that_nothing_reads() -> None:
    assert told(model("w += 0.01")) == [("warning", "no-effect", "r")]


def test_what_a_program_may_look_at_is_not_judged() -> None:
    assert told(model("w += 0.01").split("experiment")[0]) == []


def test_an_experiment_that_looks_at_nothing_leaves_it_to_a_program() -> None:
    assert told(model("w += 0.01").replace("    record ab.w\n", "")) == []


def test_a_synapse_that_reaches_nothing() -> None:
    found = check(model().replace("post.g", "g")).diagnostics
    assert [(d.code, d.hint) for d in found] == [("no-effect", "Did you mean ‘post.g’?")]


@pytest.mark.parametrize(
    ("line", "word", "hint"),
    [
        ("    refractory = 5 ms\n    output u", "refractory", "‘refractory 5 ms’"),
        ("    threshold = 1\n    output u", "threshold", "‘spike when V > threshold:’"),
        ("    V_reset = 1\n    output u", "V_reset", "‘V → V_reset’"),
    ],
)
def test_a_line_of_a_neuron_that_looks_like_a_setting(line: str, word: str, hint: str) -> None:
    text = model().replace("    output u", line).split("experiment")[0]
    (found,) = check(text).diagnostics
    assert (found.severity, found.code, text[found.span.start : found.span.end]) == (Severity.WARNING, "no-effect", word)
    assert hint in found.hint


@pytest.mark.parametrize(("line", "hint"), [("delay = 5 ms", "‘a → b: Exc, delay = 5 ms’"), ("p = 0.1", "‘a → b: Exc, p = 0.1’")])
def test_a_line_of_a_network_that_looks_like_a_setting(line: str, hint: str) -> None:
    (found,) = check(model().replace("    a = 2 C", f"    {line}\n    a = 2 C")).diagnostics
    assert (found.severity, found.code) == (Severity.WARNING, "no-effect")
    assert hint in found.hint


def test_a_network_parameter_that_an_experiment_reads() -> None:
    text = model().replace("    a = 2 C", "    T = 5 ms\n    a = 2 C")
    assert told(text) == [("warning", "no-effect", "T = 5 ms")]
    assert told(text.replace("for 1 ms", "for T")) == []


@pytest.mark.parametrize("reset", ["g → 0", "u += 1", "refractory"])
def test_a_threshold_without_reset(reset: str) -> None:
    text = model()
    match reset:
        case "refractory":
            text = text.replace(":\n        g → 0", "\n    refractory 2 ms, hold nothing")
        case _:
            text = text.replace("g → 0", reset)
    assert told(text) == ([("warning", "spikes-every-step", "spike when g > 1:\n        u += 1")] if reset == "u += 1" else [])
    assert told(text.replace(", hold nothing", "")) == (
        [("warning", "held-without-reset", "refractory 2 ms")] if reset == "refractory" else told(text)
    )


def test_a_jump_behind_the_condition_takes_a_threshold_back() -> None:
    assert told(model().replace("g → 0", "u += 1").replace("10 ms dg/dt = −g", "10 ms dg/dt = −g − u")) == []


@pytest.mark.parametrize("path", LIBRARY, ids=lambda p: p.stem)
def test_nothing_is_found_in_the_library(path: Path) -> None:
    assert read(SourceFile(str(path), path.read_text(encoding="utf-8")), path.parent).diagnostics == ()


@pytest.mark.parametrize(("given", "body"), [("S, w = 1", ""), ("S(w = 1)", ""), ("S, w = 1", "\n        post.g += w")])
def test_a_value_is_given_for_what_a_synapse_only_names(given: str, body: str) -> None:
    text = f"""\
neuron N:
    10 ms dg/dt = −g
    spike when g > 1:
        g → 0

synapse S:
    on pre:
        w = 2{body}
        post.g += 1

network Two:
    n = 2 N
    n → n: {given}
"""
    (found,) = check(text).diagnostics
    assert (found.code, found.message) == ("only-named", "‘w = …’ only names a value; ‘w’ does not change.")
    assert text[found.span.start : found.span.end] == "w = 2" and "‘w → …’" in found.hint


WAITING = """\
neuron Halving:
    k(0) = 8
    k → floor(k/2)

network N:
    a = 2 Halving

experiment E on N:
    {waits}
    expect t > 0 at end
"""


@pytest.mark.parametrize(
    ("waits", "found"),
    [
        ("phase p for 1 step", ["k"]),
        ("phase p until stable", []),
        ("repeat until stable, at most 9 times:\n        phase p for 1 step", []),
        ("repeat until t > 3 steps, at most 9 times:\n        phase p for 1 step", ["k"]),
    ],
)
def test_what_is_waited_for_reads_all_states(waits: str, found: list[str]) -> None:
    assert [place for _, _, place in told(WAITING.format(waits=waits))] == found


#: A learning window as papers print it, and what is said to write instead; pairs 10 ms apart change a weight by 0.1 e^(−1/2), as F says.
PRINTED = """rule Printed:
    τ = 20 ms
    w(0) = 0
    Δw(Δt) = 0.1 exp(−Δt/τ)  if Δt > 0
             0               otherwise

network Pair:
    a = 1 SpikeTimes([10 ms])
    b = 1 SpikeTimes([20 ms])
    ab = a → b: Printed
"""


def test_a_change_that_is_defined_as_a_function() -> None:
    (found,) = check(PRINTED).diagnostics
    assert (found.code, found.hint) == (
        "only-named",
        "Write ‘F(Δt) = …’, and below a line ‘on all pairs:’ the change ‘Δw = F(t_post − t_pre)’.",
    )
    followed = PRINTED.replace("    Δw(Δt)", "    on all pairs:\n        Δw = F(t_post − t_pre)\n    F(Δt)")
    assert not check(followed).diagnostics
    net = plasticdsl.parse(followed).build(dt="0.1 ms")
    net.run("30 ms")
    assert net["ab"].w[0] == pytest.approx(0.1 * np.exp(-0.5))


def test_a_change_that_is_defined_as_a_function_and_made() -> None:
    text = PRINTED.replace("    w(0) = 0", "    w(0) = 0\n    on all pairs:\n        Δw = Δw(t_post − t_pre)")
    assert not check(text).diagnostics


#: The same window as what others are like, which make the change for different pairs, and pairs for each.
BASE = PRINTED.partition("network")[0].replace("Printed", "Base")
HEIRS = """
rule AllPairs like Base:
    on all pairs:
        Δw = Δw(t_post − t_pre)

rule Nearest like Base:
    on nearest pairs:
        Δw = Δw(t_post − t_pre)
"""
PAIRS = """
network Pairs:
    a = 1 SpikeTimes([10 ms])
    b = 1 SpikeTimes([20 ms])
    all = a → b: AllPairs
    nearest = a → b: Nearest
"""


def test_a_window_that_is_applied_by_those_that_are_like_its_rule(tmp_path: Path) -> None:
    assert not check(BASE + HEIRS + PAIRS).diagnostics
    base = tmp_path / "base.plas"
    base.write_text(BASE, encoding="utf-8")
    using = 'use Base from "base"\n' + HEIRS + PAIRS
    assert not read(SourceFile("model.plas", using), tmp_path).diagnostics
    net = plasticdsl.parse(BASE + HEIRS + PAIRS).build(dt="0.1 ms")
    net.run("30 ms")
    assert [net[name].w[0] for name in ("all", "nearest")] == pytest.approx([0.1 * np.exp(-0.5)] * 2)


@pytest.mark.parametrize(
    ("heirs", "told"),
    [
        ("", True),
        ("\nrule Same like Base:\n    τ = 10 ms\n", True),
        ("\nrule Own like Base:\n    Δw(Δt) = 0.2\n    on all pairs:\n        Δw = Δw(t_post − t_pre)\n", True),  # Base’s is replaced
        (HEIRS + PAIRS.replace("Nearest", "Base"), True),  # used as it is
        (HEIRS + "\nrule Third like Base:\n    on post: w += 0.1\n" + PAIRS.replace("Nearest", "Third"), False),  # w changes otherwise
        (HEIRS + "\nrule Third like Base:\n    τ = 10 ms\n" + PAIRS.replace("Nearest", "Third"), True),
    ],
)
def test_a_window_that_nobody_applies_where_it_is_used(heirs: str, told: bool) -> None:
    found = check(BASE + heirs).diagnostics
    assert [(d.code, BASE[d.span.start : d.span.end].partition("=")[0]) for d in found] == [("only-named", "Δw(Δt) ")] * told


def test_a_function_of_a_neuron_that_is_called_as_a_change() -> None:
    text = "neuron N:\n    V(0) = 1\n    ΔV(x) = 2 x\n    ΔT(x) = 2 x\n    10 ms dV/dt = −V\n"
    assert [(d.code, d.hint) for d in check(text).diagnostics] == [
        ("only-named", "A change is written ‘ΔV = …’, below what it happens at.")
    ]


@pytest.mark.parametrize(("name", "symbol"), [("V̇", "V̇"), ("dVdt", "dVdt"), ("V_dot", "V_dot")])
def test_what_is_called_like_a_derivative_and_is_none(name: str, symbol: str) -> None:
    text = f"neuron A:\n    V(0) = 1\n    {name} = −V/(10 ms)\n    spike when V > 3: V → 0\n\nnetwork N:\n    a = 2 A\n"
    [found] = check(text).diagnostics
    assert (found.code, found.message) == ("only-named", f"‘{symbol} = …’ only names a value; ‘V’ does not change.")
    assert [fix.text for fix in found.fixes] == ["dV/dt"]


@pytest.mark.parametrize(("reset", "wrong"), [("V → 2", True), ("V → V_r", True), ("V → 0", False), ("V −= 1", False)])
def test_a_reset_above_the_threshold(reset: str, wrong: bool) -> None:
    head = f"neuron A:\n    V_r = 5\n    10 ms dV/dt = V_r − V\n    refractory 2 ms\n    spike when V > 1: {reset}\n"
    found = check(head + "\nnetwork N:\n    a = 2 A\n").diagnostics
    assert [d.code for d in found] == ["spikes-every-step"] * wrong
    assert not check(head + "\nnetwork N:\n    a = 2 A, V_r = 0\n").diagnostics or reset == "V → 2"


def test_a_rule_that_is_forgotten() -> None:
    text = model().replace("Exc with R,", "Exc,").replace("record ab.w", "record b.u")
    assert ("warning", "no-effect", "R") in told(text)
    assert ("warning", "no-effect", "R") not in told(model())


def test_a_threshold_that_is_met_exactly() -> None:
    [found] = check("neuron A:\n    10 ms dV/dt = 2 − V\n    spike when V = 1: V → 0\n").diagnostics
    assert (found.code, found.severity) == ("exact-comparison", Severity.WARNING)
    assert [fix.text for fix in found.fixes] == [" ≥ "]


def test_a_rule_that_others_are_like_need_not_be_carried_itself() -> None:
    text = (
        model("w += η r")
        .replace("rule R:", "rule Base:\n    η = 0.1\n\nrule R like Base:")
        .replace("experiment", "    b → a: Exc, w = 1\n\nexperiment")
    )
    assert told(text) == []
    (found,) = check(text.replace("Exc with R", "Exc").replace("record ab.w", "record a.u")).diagnostics  # Base’s heir is carried by nobody
    assert found.message == "No projection carries the rule ‘R’, so it has no effect."


OPEN = """neuron C:
    input h_E, h_I
    10 ms dV/dt = −V + h_E − h_I
    spike when V > 1:
        V → 0

synapse Exc:
    post.h_E = Σ w x

synapse Inh:
    post.h_I = Σ w x

neuron S:
    output r
    5 ms dr/dt = 1 − r

network N:
    a = 2 S
    b = 1 S
    cells = 3 C
    a → cells: Exc, w = 0.3
    ba = b → cells: Exc, w = 0.1

experiment E on N:
    dt = 0.1 ms
    phase p for 1 ms
    record cells.V
"""


def test_an_input_whose_synapse_has_been_forgotten() -> None:
    (found,) = check(OPEN).diagnostics
    assert (found.severity, found.code, OPEN[found.span.start : found.span.end]) == (Severity.WARNING, "no-effect", "Inh")
    assert found.message == "No projection uses the synapse ‘Inh’, so nothing fills ‘h_I’ of ‘cells’: it stays 0."
    assert [OPEN[label.span.start : label.span.end] for label in found.labels] == ["cells = 3 C"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("ba = b → cells: Exc", "ba = b → cells: Inh"),
        ("cells = 3 C", "cells = 3 C, h_I(t) = 0"),
        ("    phase p for 1 ms", "    phase p for 1 ms:\n        cells.h_I = 0.1"),
        ("    record cells.V\n", ""),  # a program may set it, and look
        (" − h_I", ""),
        ("synapse Inh:\n    post.h_I = Σ w x\n\n", ""),  # nothing says that it was to be filled
        (
            "experiment E",
            "synapse Weak like Inh:\n    post.h_I = Σ 0.1 w x\n\nnetwork M:\n    s = 1 S\n    c = 1 C\n    s → c: Weak, w = 1\n\nexperiment E",
        ),
        ("experiment E", "network Whole like N:\n    ba = b → cells: Inh, w = 0.1\n\nexperiment E"),
    ],
)
def test_an_input_that_is_open_on_purpose(old: str, new: str) -> None:
    assert check(OPEN.replace(old, new)).diagnostics == ()
