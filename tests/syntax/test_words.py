"""Words of the language: reserved ones are refused wherever a name is declared, all others are names wherever one can stand."""

from __future__ import annotations

import re

import pytest

from plasticdsl.check.module import checked
from plasticdsl.source import SourceFile
from plasticdsl.syntax.parse_tables import tables
from plasticdsl.syntax.parser import parse, reading
from plasticdsl.syntax.reading import Reading
from plasticdsl.syntax.words import FIRST_WORDS, FOREIGN, INSIDE, RESERVED
from tests.runtime.experiments import carry_out

#: These begin or join values, so that something else is wrong first in some places.
_OPERATORS = ("in", "not", "Sum")
ORDINARY = sorted(w for w in set(tables().keywords) - RESERVED if "-" not in w)

#: Where a name is declared. `@` is the name.
DECLARATIONS = {
    "parameter": "neuron A:\n    @ = 1\n",
    "draw": "neuron A:\n    @ ~ U(0, 1)\n",
    "state": "neuron A:\n    10 ms d@/dt = −1\n",
    "initial value": "neuron A:\n    @(0) = 1\n",
    "jump": "neuron A:\n    @ → 1\n",
    "change": "rule A:\n    on pre: Δ@ = 1\n",
    "bound": "neuron A:\n    @ ∈ [0, 1]\n",
    "input": "neuron A:\n    input @\n",
    "output": "neuron A:\n    output @ = 1\n",
    "local function": "neuron A:\n    @(a) = a\n",
    "argument of a local function": "neuron A:\n    F(@) = 1\n",
    "species": "neuron A:\n    reactions:\n        @ → B : 1 ms⁻¹\n",
    "neuron": "neuron @:\n    x = 1\n",
    "synapse": "synapse @:\n    on pre: post.g += w\n",
    "rule with parameters": "rule @(other):\n    Δw = other.w\n",
    "parameter of a synapse": "synapse S(@):\n    on pre: post.g += 1\n",
    "network": "network @:\n    p = 1\n",
    "experiment": "experiment @ on N:\n    phase p for 1 steps\n",
    "function": "function @(a) = a\n",
    "argument of a function": "function f(@) = 1\n",
    "other name of what is used": 'use LIF as @ from "neurons/lif"\n',
    "population": "network N:\n    @ = 3 Source\n",
    "population with values": "network N:\n    @ = 3 Poisson(rate = 1 Hz), x = 1\n",
    "projection": "network N:\n    @ = a → b: S\n",
    "network parameter": "network N:\n    @ = 3\n",
    "patterns": "network N:\n    @ = 2 random patterns of {0, 1} over a\n",
    "index letter": "network N:\n    M = Σ_{@ ∈ a} a.x\n",
    "phase": "experiment E on N:\n    phase @ for 1 s\n",
    "alias": "experiment E on N:\n    record a.x as @\n",
    "data": "experiment E on N:\n    data @\n",
    "item of a loop": "experiment E on N:\n    phase p for each @ in d\n",
    "part of an item": "experiment E on N:\n    phase p for each (a, @) in d\n",
}


def codes(text: str) -> set[str]:
    source = SourceFile("<text>", text)
    return {d.code for d in checked(reading(source), source).diagnostics}


@pytest.mark.parametrize("text", DECLARATIONS.values(), ids=DECLARATIONS)
@pytest.mark.parametrize("word", sorted(RESERVED))
def test_a_reserved_word_is_no_name(word: str, text: str) -> None:
    found = codes(text.replace("@", word))
    if word in _OPERATORS or text == DECLARATIONS["index letter"]:
        assert found
    else:
        assert found & {"reserved-word", "no-else"}


def test_one_table_has_every_word_of_the_grammar() -> None:
    first = {word for words in FIRST_WORDS.values() for word in words}
    assert set(tables().keywords) == (RESERVED - {"Sum", *FOREIGN}) | first | INSIDE


@pytest.mark.parametrize("word", ["t", "dt"])
@pytest.mark.parametrize("place", ["population", "projection", "network parameter", "patterns", "state", "species", "parameter"])
def test_the_time_is_no_name(word: str, place: str) -> None:
    assert "reserved-word" in codes(DECLARATIONS[place].replace("@", word))


@pytest.mark.parametrize("word", ["pre", "post"])
def test_the_two_sides_are_no_names_in_a_block(word: str) -> None:
    for place in ("parameter", "draw", "state", "input", "local function", "parameter of a synapse"):
        assert "reserved-word" in codes(DECLARATIONS[place].replace("@", word))


#: `@` is the word. Right: x = 3·4 = 12, y = 2·4 = 8, z = 12 + 4·4 − 2 = 26 with @ = 4; o = [4 − 1]₊ = 3; h = Σ w @ o = 2 connections · 2·3·3 = 36.
MODEL = """
neuron A:
    @ = 2
    g = 3
    input h
    x = g @
    y = 2 @
    z = g @ + max(@, 1)·@ − @/2
    10 ms ds/dt = @ − s
    s(0) = @
    spike when s > 100 @:
        s → @
    output o = [@ − 1]₊ if @ > 1
               @ otherwise

neuron @:
    k = 3

synapse S(@):
    post.h = Σ w @ pre.o

synapse Keep:
    10 ms d@/dt = w − @
    @(0) = 1
    on pre: Δ@ = w @

network N:
    a = 2 A(@ = 4)
    b = 2 A, @ = 4
    c = a → b: S(@ = 3), w = 2
    e = a → a: Keep, w = 1
    f = 5 @
    l = 5 @, k = 4
    M = Σ_i a.@_i
    q = 2 M

experiment E on N:
    dt = 1 ms
    phase @ for 2 steps
    record a.@ as one
    record b.@, a.x every 1 ms
    expect a.x = 12
    expect a.y = 8 at end
    expect a.z = 26
    expect b.h = 36
    expect b.@ = 4
    expect mean(a.@) + 1 = 5 over last 1 ms
    expect M = 8
    expect sum(f.k) + sum(l.k) = 35
"""

#: `@` as a population, a projection, a set of patterns and an alias. Right: y = 2, and of the units that they reach 2 + 3·2 = 8.
OWNERS = """
neuron A:
    input h
    k = @(1)
    output y = h + k

function @(a) = 2 a

synapse S:
    post.h = Σ w pre.y

network First:
    @ = 3 A
    b = 2 A
    c = @ → b: S, all to all, w = 1
    m = Σ_i @.y_i

network Second:
    a = 3 A
    b = 2 A
    @ = a → b: S, all to all, w = 1

network Third:
    a = 3 A
    @ = patterns [(1, 1, 1)] over a

network Fourth:
    a = 3 A
    @ = 3
    p = 2 @

experiment E on First:
    phase p for 2 steps
    record mean(@.y) as @
    expect b.y = 8
    expect @.y = 2
    expect mean(@.k) = 2
    expect m = 6

experiment F on Second:
    phase p for 2 steps
    expect b.y = 8
    expect sum(@.w) = 6

experiment G on Third:
    phase p for each x in @:
        a.h = x
    expect a.y = 3

experiment H on Fourth:
    phase p for 1 steps
    expect p = 6
"""


def _with(word: str, text: str) -> str:
    """The text with the word as a name; one that is a unit too, as in ‘100 steps’, needs a sign behind a number, unless neurons are counted."""
    return (re.sub(r"\b(100|2) @", r"\1·@", text) if word == "step" else text).replace("@", word)


@pytest.mark.parametrize("word", sorted({*ORDINARY} - {"pre", "post"}))
def test_any_other_word_is_a_name(word: str) -> None:
    text = _with(word, MODEL)
    source = SourceFile("<text>", text)
    found = checked(Reading(parse(source)), source)
    assert found.module is not None, found.diagnostics
    results = carry_out(text, "E").runs[0].outcomes
    assert [o.text for o in results if o.passed is not True] == []


@pytest.mark.parametrize("word", ORDINARY)
def test_any_other_word_is_the_name_of_a_population_or_projection(word: str) -> None:
    text = _with(word, OWNERS)
    for experiment in "EFGH":
        results = carry_out(text, experiment).runs[0].outcomes
        assert [(o.text, o.value) for o in results if o.passed is not True] == []


@pytest.mark.parametrize(("rule", "word"), sorted((rule, word) for rule, words in FIRST_WORDS.items() for word in words))
def test_a_first_word_that_is_misspelt_gets_an_example(rule: str, word: str) -> None:
    """Each of them, with a letter left out, where it begins a statement."""
    headers = {"dynamics": "neuron A:\n    ", "network": "network A:\n    ", "procedure": "experiment A:\n    "}
    text = f"{headers.get(rule, '')}{word[:1]}{word[2:]} a b c d\n"
    assert reading(SourceFile("<text>", text)).findings


def test_a_degree_is_a_difference_of_names_where_no_connections_are_meant() -> None:
    neuron = "neuron A:\n    out = 5\n    degree = 2\n    x = out-degree\n"
    text = f"{neuron}\nnetwork N:\n    a = 1 A\n\nexperiment E:\n    phase p for 1 steps\n    expect a.x = 3\n"
    assert carry_out(text, "E").runs[0].outcomes[0].passed
