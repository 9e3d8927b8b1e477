"""What a population, a projection or an argument is called means nothing: every word is as good as any other, in the interpreter, in the kernels as
plain Python and in machine code."""

from __future__ import annotations

import pytest

from plasticdsl.api import parse
from plasticdsl.options import EngineName
from plasticdsl.runtime.watch.expectations import Outcome
from tests.runtime.experiments import carry_out

#: Words by which the language, the plan or the kernels call something of their own.
WORDS = (
    *("post", "network", "index", "item", "recorded", "own", "pulse", "noise", "argument", "held", "size", "sum", "pre"),
    *("local", "total", "scalar", "shadow", "forecast", "remembered", "spikes", "jump", "log", "sources", "units", "now"),
)

TEXT = """
neuron N:
    w = 7
    input h
    x = 1
    output y = h

synapse Fwd:
    post.h = Σ w pre.x

synapse Back({argument}):
    post.h = Σ {argument}.wᵀ pre.x

network Net:
    x = 3
    w = 5
    {population} = 2 N
    b = 3 N
    {projection} = {population} → b: Fwd, all to all, w = 0.5
    back = b → {population}: Back({argument} = {projection}), all to all
    ξ = patterns [(1, 1, 1), (0, 0, 0)] over shown
    shown = 3 Source
    M = Σ_{{k ∈ {population}}} {population}.x_k + w

experiment E on Net:
    phase go for each letter in ξ:
        shown = letter
        record mean({population}.x) as m
    expect mean(m) ≈ 1 ± 1e-9
    expect mean({population}.x) ≈ 1 ± 1e-9 at end
    expect mean({population}.w) ≈ 7 ± 1e-9 at end
    expect mean({projection}.w) ≈ 0.5 ± 1e-9 at end
    expect {population}.y[1] ≈ 1.5 ± 1e-9 at end
    expect M ≈ 7 ± 1e-9 at end
"""


def called(population: str, projection: str = "forward", argument: str = "other") -> str:
    """The model with these names. By hand: units are 1, their own w is 7; three connections of weight 0.5 come back to each; M is 2 + 5."""
    return TEXT.format(population=population, projection=projection, argument=argument)


#: Every word in every place; machine code takes its time, so there each word has one place, and most are tried among the slow tests.
PLACES = [
    (p, q, "other" if a in ("pre", "post") else a) for p, q, a in zip(WORDS, WORDS[1:] + WORDS[:1], WORDS[2:] + WORDS[:2], strict=True)
]


def wrong(outcomes: tuple[Outcome, ...]) -> list[tuple[str, float | None]]:
    assert len(outcomes) == 6
    return [(o.text, o.value) for o in outcomes if o.passed is not True]


@pytest.mark.parametrize(("population", "projection", "argument"), PLACES)
def test_a_name_means_nothing(population: str, projection: str, argument: str) -> None:
    assert wrong(carry_out(called(population, projection, argument)).runs[0].outcomes) == []
    assert wrong(parse(called(population, projection, argument)).run("E", engine="python").expectations) == []


@pytest.mark.parametrize(
    ("population", "projection", "argument"), [*PLACES[:1], *(pytest.param(*p, marks=pytest.mark.slow) for p in PLACES[2::2])]
)
def test_nor_does_it_in_machine_code(population: str, projection: str, argument: str) -> None:
    assert wrong(parse(called(population, projection, argument)).run("E").expectations) == []


@pytest.mark.parametrize("name", ["network", "item", "post"])
def test_what_is_set_from_python_is_the_units(name: str, kernels: EngineName) -> None:
    model = parse(called(name))
    net = model.build("Net", parameters={f"{name}.w": 2.0}, engine=kernels)
    net.run("2 steps")
    assert net[name].w == 2.0
