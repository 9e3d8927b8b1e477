"""The formatter: one layout, nothing lost."""

from pathlib import Path

import pytest

from plasticdsl.source import SourceFile
from plasticdsl.syntax.parser import parse
from plasticdsl.syntax.printer import format_file
from tests.syntax.trees import SAMPLES, bare


def formatted(text: str) -> str:
    source = SourceFile("test.plas", text)
    parse(source)
    return format_file(source)


def check_round_trip(text: str) -> None:
    result = formatted(text)
    before, after = parse(SourceFile("a", text)), parse(SourceFile("a", result))
    assert bare(before, True) == bare(after, True)
    assert formatted(result) == result


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_samples_and_library_models_keep_their_tree(path: Path) -> None:
    check_round_trip(path.read_text(encoding="utf-8"))


def test_a_file_in_good_order_is_left_alone() -> None:
    text = (Path(__file__).parent / "samples/everything.plas").read_text(encoding="utf-8")
    assert formatted(text) == text


BEFORE = '''

"""Text."""
# about A
rule A :
  # about a
  a=1   # one
  long_name  = -2     # two


  c   ->  x^ 2*( b+c )/d  if a>1  and b<2
      −  y otherwise
  on pre :
       w+=g (V−E)+g(V−E)
       # end of on
  # end of A
function f(x)=-x
use "b"
network N like M
'''


def test_layout() -> None:
    result = formatted(BEFORE)
    assert result == EXPECTED
    check_round_trip(BEFORE)


EXPECTED = '''"""Text."""

# about A
rule A:
    # about a
    a = 1           # one
    long_name = -2  # two

    c ->  x^2*(b + c)/d  if a > 1 and b < 2
         −y              otherwise
    on pre:
        w += g (V − E) + g(V − E)
        # end of on
    # end of A

function f(x) = -x
use "b"
network N like M
'''


def test_columns_of_equals_are_shared_only_where_the_author_did() -> None:
    aligned = "rule A:\n    a   = 1\n    bcd = 2\n"
    plain = "rule A:\n    a = 1\n    bcd = 2\n"
    assert formatted(aligned) == aligned
    assert formatted(plain) == plain
    assert formatted("rule A:\n    a      = 1\n    bcd    = 2\n") == aligned


def test_blanks_with_a_meaning_stay() -> None:
    for text in ("g (x)", "g(x)", "10 mV/x", "0.04v²", "2(x)", "10 mV ^ 2", "a · b", "a·b", "Σ_{k ∈ d} x", "Σ_{j≠i} x", "-2 - -x^-1", "5%"):
        statement = f"rule A:\n    a = {text}\n"
        assert formatted(statement) == statement


def test_signs_stay_with_what_they_belong_to() -> None:
    """Also after words that could be names."""
    for line in ("expect −E.V < 1 mV", "record −E.V, 1 − E.V", "plot −mean(E.V) over time"):
        text = f"experiment A on B:\n    {line}\n"
        assert format_file(SourceFile("a", text)) == text
    text = "neuron A:\n    spike when V rises above −20 mV\n    event low when V falls below +1 mV:\n        above → below − 1 mV\n"
    assert format_file(SourceFile("a", text)) == text


def test_docstrings_keep_their_lines() -> None:
    text = 'rule A:\n    """First.\n\n    Second\n      deeper.\n    """\n    a = 1\n'
    assert formatted(text) == text
    assert formatted('rule A:\n    """\n       One line.   \n    """\n    a = 1\n') == 'rule A:\n    """One line."""\n    a = 1\n'
    check_round_trip('rule A:\n    """ "quoted" """\n    a = 1\n')


def test_comments_between_lines_of_a_statement() -> None:
    text = "rule A:\n    a = 1\n        # between\n        + 2  # last\n    b = 1\n"
    assert formatted(text) == text
