"""What synapses and rules take as arguments: which unit it is, and what is said where it is none."""

from __future__ import annotations

import pytest

from plasticdsl.model import Third
from plasticdsl.model.expr import Number
from plasticdsl.model.owners import OfArgument
from tests.check.models import check_text, network

RULE = """
rule Rewarded(reward):
    w(0) = 0
    on reward:
        w += reward.g·1 mV⁻¹
"""


def text(argument: str, before: str = RULE) -> str:
    return f"""{before}
network Net:
    n = 3
    pre  = 2 SpikeTimes([10 ms])
    post = n LIF
    one  = 1 LIF
    many = n LIF
    lot  = 7 LIF
    edge = lot[2 to 4]
    part = post[2 to 3]
    e = pre → post: Exc, w = 1 mV
    k = pre → post: {argument}
    p = pre → part: {argument}
"""


def third(argument: str, projection: str = "k") -> Third:
    found = next(p for p in network(text(f"Rewarded({argument})")).projections if p.name == projection)
    return found.thirds[0]


@pytest.mark.parametrize(
    ("argument", "population", "first", "each"),
    [
        ("reward = one", "one", 0.0, False),
        ("one", "one", 0.0, False),
        ("reward = many[2]", "many", 1.0, False),
        ("reward = lot[7]", "lot", 6.0, False),
    ],
)
def test_one_unit_serves_all_connections(argument: str, population: str, first: float, each: bool) -> None:
    for projection in "kp":
        found = third(argument, projection)
        assert (found.owner, found.population, found.first, found.each) == (OfArgument("reward"), population, Number(first), each)


def test_one_unit_for_each_postsynaptic_unit() -> None:
    found = network(text("Rewarded(reward = lot[2 to 3])").replace("k = pre → post", "k = pre → part"))
    for projection in found.projections[1:]:  # the second unit of `post` is the first of the part, and takes the second of `lot`
        assert projection.thirds[0].first == Number(0.0) and projection.thirds[0].each
    whole = network(text("Rewarded(reward = edge)").replace("p = pre → part", "p = pre → post")).projections[1].thirds[0]
    assert whole.first == Number(1.0) and whole.each


def test_two_blocks_may_call_different_units_alike() -> None:
    second = RULE.replace("Rewarded", "Other").replace(" w", " v")
    found = network(text("Rewarded(reward = one) with Other(reward = many)", RULE + second).replace("p = pre → part", "p = pre → post"))
    assert [(t.owner.name, t.population) for t in found.projections[1].thirds] == [("reward", "one"), ("reward_2", "many")]
    same = network(text("Rewarded(reward = one) with Other(reward = one)", RULE + second)).projections[1]
    assert len(same.thirds) == 1 and {h.unit for h in same.connection.handlers} == {OfArgument("reward")}


@pytest.mark.parametrize(
    ("argument", "said"),
    [
        ("reward = lot[1, 3, 5]", "‘reward’ has to be one unit, or units that follow one another, counted from the first."),
        ("reward = lot[−1]", "‘reward’ has to be one unit, or units that follow one another, counted from the first."),
        ("reward = lot[8]", "‘lot’ has the units 1 to 7, so there is no number 8."),
        ("reward = lot", "‘reward’ has 7 units, and ‘post’ has 3 here."),
        ("reward = 3", "This is no projection and no population; ‘Rewarded’ reads one as ‘reward’."),
    ],
)
def test_what_is_no_unit(argument: str, said: str) -> None:
    found = check_text(text(f"Rewarded({argument})"))
    assert found.diagnostics[0].message == said
    assert len(found.diagnostics) == 2  # once for each projection, and nothing that follows from it


@pytest.mark.parametrize(
    ("body", "code", "said"),
    [
        ("on vta:\n        w += 1", "undeclared-population", "‘vta’ is neither ‘pre’ nor ‘post’, nor anything that this rule takes as an argument."),
        ("on pre:\n        w += vta.g", "unknown-name", "‘vta’ is a value from outside and has nothing called ‘g’."),
        ("on reward:\n        w += Σ w", "not-here", "At spikes of ‘reward’ no sums over connections are taken in this version."),
        ("on reward:\n        reward.g → 1 mV", "not-owned", "‘reward.g’ belongs to what it takes as an argument; a rule can add to it but not set it."),
    ],
)  # fmt: skip
def test_what_a_block_cannot_do(body: str, code: str, said: str) -> None:
    rule = f"\nrule Rewarded(reward):\n    w(0) = 0\n    {body}\n    on reward:\n        w += 0\n"
    found = check_text(text("Rewarded(reward = one)", rule)).diagnostics
    assert (found[0].code, found[0].message) == (code, said)


@pytest.mark.parametrize(
    ("argument", "said"),
    [
        ("on pre:\n        reward.g += 1 nA", "inconsistent-units"),
        ("on pre:\n        reward.τ_m += 1 ms", "not-a-state"),
        ("on pre:\n        w += reward.nothing", "unknown-name"),
    ],
)
def test_what_a_unit_does_not_have(argument: str, said: str) -> None:
    rule = f"\nrule Rewarded(reward):\n    w(0) = 0\n    {argument}\n"
    assert said in {d.code for d in check_text(text("Rewarded(reward = one)", rule)).diagnostics}


def test_another_projection_is_not_changed() -> None:
    rule = "\nrule Rewarded(other):\n    v(0) = 0\n    on pre:\n        v += 1\n        other.w += 1 mV\n"
    found = check_text(text("Rewarded(other = e)", rule)).diagnostics
    assert found[0].message == "‘e.w’ belongs to another projection and cannot be changed here."
