"""What bad input gets: a code, the exact place, a sentence and a hint, for every error of a file."""

import pytest

from plasticdsl.diagnostics.codes import CODES
from tests.syntax.trees import block, findings

# block kind, statement, code, the text underlined, something the hint or message says
MISTAKES = [
    ("neuron", "V = (3 + 2", "missing-bracket", "(", "‘)’"),
    ("neuron", "V = 3 + 2)", "missing-bracket", ")", "opens"),
    ("neuron", "V = [3 + 2)", "missing-bracket", ")", "‘]’"),
    ("neuron", "V = |a", "missing-bracket", "|", "‘|’"),
    ("neuron", "V = 3 +", "missing-value", "+", "after ‘+’"),
    ("neuron", "V = 3 + * 2", "missing-value", "*", "between ‘+’ and ‘*’"),
    ("neuron", "V = , 3", "missing-value", ",", "‘=’ and ‘,’"),
    ("neuron", "x +=", "missing-value", "+=", "after ‘+=’"),
    ("neuron", "V == 3", "foreign-sign", "==", "‘=’"),
    ("neuron", "x = V'", "misplaced-prime", "V'", "dV/dt"),
    ("neuron", "x = \\tau", "unexpected-character", "\\", "τ"),
    ("neuron", "x = \\frac{a}{b}", "unexpected-character", "\\", "‘(a/b)’"),
    ("neuron", "V_{\\text{rest}} = 3", "unexpected-character", "\\", "‘rest’"),
    ("neuron", "x = a ＊ b", "unexpected-character", "＊", "write ‘*’"),
    ("neuron", "x = [1; 2]", "unexpected-character", ";", "commas"),
    ("neuron", "x = 3 ms % a time", "unexpected-character", "%", "begins with ‘#’"),
    ("neuron", "'''A cell.'''", "unexpected-character", "'", "double quotes"),
    ("neuron", "V <- V_r", "comparison-statement", "<", "V -> …"),
    ("neuron", "x = a – b", "unexpected-character", "–", "en dash"),
    ("neuron", "at = 3", "reserved-word", "at", "‘otherwise’"),
    ("neuron", "Σw = 3", "reserved-word", "Σw", "‘Sigma_w’"),
    ("neuron", "Σ_w = 3", "reserved-word", "Σ_w", "‘Sigma_w’"),
    ("neuron", "∑w(0) ~ U(0, 1)", "reserved-word", "∑w(0)", "‘Sigma_w’"),
    ("neuron", "τ dΣw/dt = −1", "reserved-word", "Σw/dt", "‘Sigma_w’"),
    ("neuron", "w_Σ = 3", "reserved-word", "w_Σ", "‘w_Sigma’"),
    ("neuron", "input Σ_I : pA", "reserved-word", "Σ_I", "‘Sigma_I’"),
    ("network", "Σn = 4", "reserved-word", "Σn", "‘Sigma_n’"),
    ("experiment", "record V as Σr", "reserved-word", "Σr", "‘Sigma_r’"),
    ("neuron", "if V > 3: V → 2", "condition-first", "if", "value first"),
    ("neuron", "V = 1 if x > 2 else 3", "foreign-line", "V = 1 if x > 2 else 3", "otherwise"),
    ("neuron", "V = 1 if x > 2 else", "no-else", "else", "otherwise"),
    ("neuron", "V = 1 if x > 2\n      3", "incomplete-case", "3", "if"),
    ("neuron", "x = 1 otherwise", "incomplete-case", "otherwise", "if"),
    ("neuron", "a b = 3", "bad-left-side", "a b", "one name"),
    ("neuron", "f (x) = 3", "bad-left-side", "f (x)", "without a blank"),
    ("neuron", "V(x + 1) = 3", "bad-left-side", "V(x + 1", "V(0) = 1"),
    ("neuron", "x < 3", "comparison-statement", "<", "∈ [0, w_max]"),
    ("neuron", "x", "incomplete", "x", "τ = 20 ms"),
    ("neuron", '"a text"', "unexpected", '"a text"', "three quotes"),
    ("neuron", "x = a = b", "two-equals", "a = b", "two lines"),
    ("neuron", "x ~ 3", "not-a-distribution", "3", "N(mean, sd)"),
    ("neuron", "input I : 3 + 2", "not-a-unit", "3 + 2", "pA"),
    ("neuron", "input I = 3", "foreign-line", "input I = 3", "Write ‘I = 3’"),
    ("neuron", "spikes when V > 3", "unknown-statement", "spikes", "‘spike when"),
    ("neuron", "phase x for 3 s", "misplaced-statement", "phase", "experiment"),
    ("rule", "record V", "misplaced-statement", "record", "experiment"),
    ("network", "A → B Exc", "unexpected", "Exc", "‘:’"),
    ("network", "A → B: Exc p = 0.1", "unexpected", "p", "‘,’"),
    ("network", "x = 3, 4", "missing-value", None, ""),
    ("network", "A = 2·3 C², X = 2", "not-a-population", "2·3 C²", "E = 8000 LIF"),
    ("experiment", "expect x = 3 ± 2", "misplaced-tolerance", "±", "≈"),
    ("experiment", "expect x ≈ 3", "missing-tolerance", "x ≈ 3", "±"),
    ("experiment", "phase learning 3 s", "unexpected", "3 s", "‘for’ or ‘until’"),
    ("experiment", "recrod V", "unknown-statement", "recrod", "record V"),
    ("experiment", "phase p for each x in d, shuffled, shuffled", "twice", ", shuffled", "one of them"),
    ("experiment", "sweep a in [1, 2], logarithmic", "unknown-option", "logarithmic", "from"),
]


@pytest.mark.parametrize(("kind", "statement", "code", "place", "said"), MISTAKES, ids=lambda value: str(value)[:30])
def test_one_mistake(kind: str, statement: str, code: str, place: str | None, said: str) -> None:
    text = block(statement, kind)
    found = findings(text)
    assert len(found) == 1
    finding = found[0]
    if code == "missing-value" and place is None:
        assert finding.code in CODES
        return
    assert finding.code == code
    assert text[finding.span.start : finding.span.end] == place
    assert said in finding.message + finding.hint


def test_all_mistakes_of_a_file_are_reported_in_order() -> None:
    text = "nueron A:\n    V == 1\nneuron B:\n    x = (\n    y = 1\n    on prr prr:\n        z = a / b c\n"
    assert [f.code for f in findings(text)] == ["unknown-block", "foreign-sign", "missing-bracket", "unexpected", "ambiguous-product"]


def test_the_nearest_block_is_named() -> None:
    (finding,) = findings("synapes A:\n    a = 1\n")
    assert finding.code == "unknown-block" and "‘synapse’" in finding.hint


def test_statements_at_the_margin() -> None:
    assert [f.code for f in findings("V = 3\n")] == ["outside-block"]
    assert [f.code for f in findings("on pre:\n    w += 1\n")] == ["outside-block"]
    assert [f.code for f in findings("neuron A:\n    neuron B:\n        a = 1\n")] == ["nested-block"]


def test_every_code_in_the_table_is_registered() -> None:
    assert {code for _, _, code, _, _ in MISTAKES} <= set(CODES)
