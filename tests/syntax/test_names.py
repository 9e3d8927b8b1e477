"""Unicode and ASCII spellings of a name are the same name."""

import pytest

from plasticdsl.names import canonical
from plasticdsl.syntax.words import RESERVED
from tests.syntax.trees import block, findings

SPELLINGS = {
    "τ_m": "tau_m",
    "A₊": "A_plus",
    "A₋": "A_minus",
    "A₂₊": "A_2plus",
    "A_+": "A_plus",
    "A_−": "A_minus",
    "Δw": "Delta_w",
    "∆w": "Delta_w",
    "Δ_T": "Delta_T",
    "Δ": "Delta",
    "Θ": "Theta",
    "θ": "theta",
    "w_ij": "w_ij",
    "w_{ij}": "w_ij",
    "r₁": "r_1",
    "Ca_∞": "Ca_inf",
    "x∞": "x_inf",
    "τₘ": "tau_m",
    "x̄": "x_bar",
    "ū₊": "u_bar_plus",
    "w̃": "w_tilde",
    "ḡ_ex": "g_bar_ex",
    "µ": "mu",
    "μ": "mu",
    "ϕ": "phi",
    "ϵ": "epsilon",
    "ξ_μi": "xi_mui",
}


@pytest.mark.parametrize(("written", "ascii_name"), SPELLINGS.items())
def test_canonical_spelling(written: str, ascii_name: str) -> None:
    assert canonical(written) == ascii_name
    assert canonical(ascii_name) == ascii_name


def test_composed_and_decomposed_accents_are_one_name() -> None:
    assert canonical("\u016b") == canonical("u\u0304") == "u_bar"


def test_fractions_and_subscripts_survive() -> None:
    """NFKC would turn `₊` into `+`; capital and small letters stay apart."""
    assert canonical("A₊") != canonical("A₋")
    assert canonical("Θ") != canonical("θ")


def test_every_canonical_name_is_an_ascii_identifier() -> None:
    for letter in (chr(code) for code in range(0x80, 0x3000)):
        if letter.isalpha():
            name = canonical("x" + letter)
            assert name.isascii() and name.isidentifier(), letter


@pytest.mark.parametrize("word", sorted(RESERVED - {"Sum", "else", "elif", "then"}))
def test_a_reserved_word_is_refused_as_a_name_with_the_list(word: str) -> None:
    (finding,) = findings(block(f"a = 3 + {word}"))
    if word in ("not",):  # `3 + not` ends too early instead
        return
    assert finding.code == "reserved-word"
    assert word in finding.message and "‘otherwise’" in finding.message


@pytest.mark.parametrize("word", ["phase", "record", "input", "output", "rate", "on", "data", "start", "end", "last", "like"])
def test_other_words_of_the_language_are_free_as_names(word: str) -> None:
    assert not findings(block(f"{word} = 3"))
    assert not findings(block(f"a = 3 {word} + 1"))
    assert not findings(block(f"{word} = 3 + {word}", "experiment"))
