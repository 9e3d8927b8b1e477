"""Colours: words are told apart, and nothing of a model is lost."""

from __future__ import annotations

import pytest
from pygments.token import Error, Keyword, Name, Number, String, Token

from plasticdsl.check.files import library_models
from plasticdsl.highlight import PlasLexer


def tokens(text: str) -> list[tuple[Token, str]]:
    return [(kind, part) for kind, part in PlasLexer().get_tokens(text) if part.strip()]


@pytest.mark.parametrize("name", library_models())
def test_the_library_has_colours(name: str) -> None:
    text = library_models()[name].read_text(encoding="utf-8")
    found = list(PlasLexer(stripnl=False, ensurenl=False).get_tokens(text))
    assert "".join(part for _, part in found) == text
    assert not [part for kind, part in found if kind in Error]


def test_words_are_told_apart() -> None:
    found = tokens('neuron LIF:\n    """About."""\n    τ_m = 20 ms\n    spike when V > V_θ:\n        V → E_L\n')
    assert found[:2] == [(Keyword.Declaration, "neuron"), (Name.Class, "LIF")]
    assert (Number, "20") in found
    assert (Keyword.Type, "ms") in found
    assert (Keyword, "spike") in found
    assert (Name, "τ_m") in found
    assert [kind for kind, part in found if "About" in part] == [String.Doc]


def test_a_unit_needs_its_number() -> None:
    assert (Name, "V") in tokens("neuron A:\n    x = V + 2·V\n")
    assert (Keyword.Type, "mV/ms") in tokens("neuron A:\n    x = 2 mV/ms\n")


def test_a_name_of_the_block_behind_a_number_is_no_unit() -> None:
    """`0.062 V` beside a V is a product; behind a division, and in another block, it is the quantity."""
    found = tokens(
        "function block(V) = 1/(1 + exp(−0.062 V)/3.57)\n\nneuron A:\n    20 ms dV/dt = −V² + ½ V² + x/10 V\n\nneuron B:\n    x = 3 V\n"
    )
    assert [kind for kind, part in found if part == "V"] == [*[Name] * 4, Keyword.Type, Keyword.Type]


def test_a_name_is_no_factor_where_it_gets_its_value() -> None:
    found = tokens("neuron A:\n    V(0) = −0.07 V\n    20 ms dV/dt = −2 V\n")
    assert [kind for kind, part in found if part == "V"] == [Name.Function, Keyword.Type, Name]
