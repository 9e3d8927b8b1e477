"""Indentation: blocks, continuation lines, cases, and what goes wrong with them."""

import pytest

from plasticdsl.source import SourceFile
from plasticdsl.syntax.layout import layout
from plasticdsl.syntax.parser import reading
from tests.syntax.trees import bare, block, findings, first, parsed


def lines(text: str) -> list[str]:
    """The statements of the first block, continuation lines joined with ` ¦ `."""
    source = SourceFile("x", text)
    (top,) = layout(source).lines
    return [" ¦ ".join(text[start:end] for start, end in line.stretches) for line in top.body]


def test_a_deeper_line_continues_and_a_comment_does_not_matter() -> None:
    text = "rule A:\n    a = 1  # one\n        # between\n      + 2   # two\n\n         − 3\n    b = 2\n"
    assert lines(text) == ["a = 1 ¦ + 2 ¦ − 3", "b = 2"]


def test_brackets_may_close_at_the_depth_of_the_first_line() -> None:
    assert lines("rule A:\n    a = [\n        1,\n        2\n    ]\n    b = 1\n") == ["a = [ ¦ 1, ¦ 2 ¦ ]", "b = 1"]


def test_cases_end_with_their_line() -> None:
    """Without the layout, `if Δt > 0 ⏎ −A` would be a subtraction."""
    node = first("F(x) = a if x > 0\n        −b otherwise")
    assert len(node.rhs.cases) == 2
    assert bare(node.rhs.cases[0].condition) == ("Compare", ("x", ("Number", "0", ())), (">",))


def test_a_case_may_begin_on_the_line_below() -> None:
    node = first("F(x) =\n        a if x > 0\n        b\n          + c otherwise")
    assert [bare(case.value) for case in node.rhs.cases] == ["a", ("Binary", "+", "b", "c")]


@pytest.mark.parametrize(
    ("text", "code", "place"),
    [
        ("rule A:\n\ta = 1\n", "tab-indentation", "\t"),
        ("rule A:\n \u00a0  a = 1\n", "tab-indentation", "\u00a0"),
        ("rule A:\n    a = 1\n  b = 1\n", "bad-indentation", "  "),
        ("  rule A:\n    a = 1\n", "bad-indentation", "  "),
        ("rule A:\n    on pre\n        w += 1\n", "missing-colon", "e"),
        ("rule A\n    w = 1\n", "missing-colon", "A"),
        ('rule A\n    """Doc."""\n    w = 1\n', "missing-colon", "A"),
        ("rule A\n    on pre:\n        w += 1\n", "missing-colon", "A"),
        ("neuron A\n    spike when V > 1:\n        V → 0\n", "missing-colon", "A"),
        ("experiment A on N\n    phase p for 3 s:\n        rules off\n", "missing-colon", "N"),
        ("experiment A:\n    phase p for 3 s\n        rules off\n", "missing-colon", "s"),
        ("rule A:\n", "empty-block", "rule A:"),
        ("rule A:\n    on pre:\n    b = 1\n", "empty-block", "on pre:"),
        ('rule A:\n    """abc\n    b = 1\n', "open-docstring", '"""'),
        ('rule A:\n    a = 1\n    """abc"""\n', "misplaced-docstring", '"""abc"""'),
        ('rule A:\n    """abc""" b\n    a = 1\n', "misplaced-docstring", "b"),
    ],
)
def test_mistakes_of_layout(text: str, code: str, place: str) -> None:
    found = findings(text)
    assert [f.code for f in found] == [code]
    assert text[found[0].span.start : found[0].span.end] == place


def test_a_long_phase_may_be_continued() -> None:
    text = "experiment A:\n    phase p for each (a, b) in d\n        where c = 1, shuffled:\n        x = a\n"
    assert not findings(text)


def test_a_block_that_restates_another_may_be_empty() -> None:
    assert parsed("network A like B\nexperiment C like D on A\n").items
    assert [f.code for f in findings("network A\n")] == ["empty-block"]


def test_body_below_a_plain_statement() -> None:
    assert findings(block("a = 1:\n        b = 2"))


#: What stands between words and ends no line.
BLANKS = [c for c in map(chr, range(0x10000)) if (c.isspace() or c in "\u200b\ufeff") and c not in "\n\r\x0b\x0c\x1c\x1d\x1e\x1f\x85"]


@pytest.mark.parametrize("blank", BLANKS, ids=ascii)
def test_what_is_a_blank_between_words_is_none_at_the_margin(blank: str) -> None:
    """A line of nothing else is empty, whatever stands below it; before a statement only spaces are blanks."""
    for below in ("    y = 2\n", "    on pre:\n        w += 1\n"):
        assert reading(SourceFile("<text>", f"rule A:\n    {blank}\n{below}")).findings == ()
    found = [d.code for d in reading(SourceFile("<text>", f"rule A:\n    {blank}y = 2\n")).findings]
    assert found == ([] if blank == " " else ["tab-indentation"])


def test_the_network_of_an_experiment_may_stand_below_its_name() -> None:
    experiment = parsed("experiment A\n    on N:\n    dt = 1 ms\n").items[0]
    assert experiment.on.name == "N"
    assert len(experiment.body) == 1
