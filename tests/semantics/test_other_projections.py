"""Synapses and rules that read another projection: both engines look up the same connections."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from plasticdsl.diagnostics.diagnostic import PlasError
from plasticdsl.driver import prepared, read
from plasticdsl.kernels.identifiers import Part
from plasticdsl.model import ClampedSource, Connectivity, Network, Projection, SumInto, Trigger
from plasticdsl.plan.lower import lower
from plasticdsl.runtime.instance.build import instantiate
from plasticdsl.runtime.instance.dependence import per_unit
from plasticdsl.runtime.instance.partners import counterparts
from plasticdsl.source import SourceFile
from tests.reference.nets import Net, connection, definition, e, input_, neuron, on, parameter, state
from tests.semantics.agreement import Case, assert_agree
from tests.semantics.engines import LEVELS, in_machine_code, in_python, program_of, reference
from tests.semantics.test_feeds import SOURCE

HIDDEN, OUT = 4, 3
SOME = [(0, 0), (0, 2), (1, 1), (2, 0), (2, 1), (2, 2), (3, 1)]  # hidden → out


def net(back: Sequence[str], pairs: Sequence[tuple[int, int]] | None = None, *rules: str) -> Net:
    """image → hidden → out and `back` from out to hidden, which reads `forward`."""
    made = Net(dt=1.0)
    made.population("image", 2, SOURCE, ClampedSource(), states={"x": [0.3, -0.7]})
    hidden = neuron("Hidden", variables=(input_("a"), input_("phi"), definition("y", "tanh(a)"), definition("delta", "phi * (1 - y * y)")))
    out = neuron("Out", variables=(input_("a"), definition("y", "tanh(a)"), definition("delta", "0.5 - y")))
    made.population("hidden", HIDDEN, hidden)
    made.population("out", OUT, out)
    delta = on(Trigger.STEP, "w += eta * pre.y * post.delta")
    learning = connection(
        variables=(state("w"), parameter("eta"), definition("doubled", "2 * w * pre.y")),
        handlers=(delta,),
        sums=(SumInto("a", e("w * pre.y")),),
    )
    first = connection(variables=(state("w"),), sums=(SumInto("a", e("w * pre.x")),))
    random = np.random.default_rng(2)
    made.projection("first", "image", "hidden", first, states={"w": random.normal(0, 1, 2 * HIDDEN).tolist()})
    count = len(pairs) if pairs is not None else HIDDEN * OUT
    made.projection("forward", "hidden", "out", learning, pairs, parameters={"eta": 0.2}, states={"w": random.normal(0, 1, count).tolist()})
    reversed_ = None if pairs is None else [(i, j) for j, i in pairs]
    carried = connection(
        variables=(state("b"), parameter("g")),
        sums=tuple(SumInto("phi", e(body)) for body in back),
        handlers=tuple(on(Trigger.STEP, line) for line in rules),
    )
    own = {"b": random.normal(0, 1, count).tolist()}
    made.projection("back", "out", "hidden", carried, reversed_, given=("b",), parameters={"g": 0.3}, states=own)
    return made


def everything(network: Network) -> Network:
    """With forward and back all to all by the text."""
    return replace(network, projections=tuple(replace(p, connectivity=Connectivity("all")) for p in network.projections))


def case(made: Net, network: Network | None = None) -> Case:
    return Case(network or made.network(), made.instance, made.per_unit(), 6)


BODIES = {
    "the weights backwards": ("forward.w * pre.delta",),
    "with weights of its own": ("(forward.w + g * b) * pre.delta", "0.1 * b"),
    "a definition of the other": ("forward.doubled * pre.delta",),
    "a parameter of the other": ("forward.eta * forward.w * pre.delta + 0.1 * N_pre",),
}


@pytest.mark.parametrize("level", (LEVELS[0], LEVELS[-1]))
@pytest.mark.parametrize("name", BODIES)
@pytest.mark.parametrize("pairs", [None, SOME])
def test_sums_over_the_transpose(name: str, pairs: Sequence[tuple[int, int]] | None, level: int) -> None:
    made = net(BODIES[name], pairs)
    assert assert_agree(case(made), in_python(level), reference) == 6


@pytest.mark.parametrize("level", (LEVELS[0], LEVELS[-1]))
@pytest.mark.parametrize("name", BODIES)
def test_all_to_all_and_back_runs_along_the_rows_of_the_other(name: str, level: int) -> None:
    made = net(BODIES[name])
    network = everything(made.network())
    assert assert_agree(case(made, network), in_python(level), reference) == 6
    maps = [a for a in program_of(network, made.per_unit(), level).arrays if a.name.part is Part.COUNTERPART]
    assert bool(maps) == (name == "with weights of its own")


def test_machine_code() -> None:
    for made in (net(BODIES["the weights backwards"], SOME), net(("forward.w * pre.delta",), None, "b += 0.1 * (forward.w - b)")):
        assert assert_agree(case(made), in_machine_code(2), reference) == 6


@pytest.mark.parametrize("pairs", [None, SOME])
def test_a_rule_reads_the_weight_between_the_same_units(pairs: Sequence[tuple[int, int]] | None) -> None:
    """`b` follows the forward weights, as in weight mirrors."""
    made = net(("b * pre.delta",), pairs, "b += 0.1 * (forward.w - b)")
    assert assert_agree(case(made), in_python(1), reference) == 6


def test_a_projection_reads_a_parallel_one() -> None:
    made = net(("b * pre.delta",))
    parallel = connection(
        variables=(state("m"),), sums=(SumInto("a", e("m * pre.y")),), handlers=(on(Trigger.STEP, "m += 0.1 * (forward.w - m)"),)
    )
    made.projection("slow", "hidden", "out", parallel, [(j, i) for j, i in SOME], given=("m",))
    assert assert_agree(case(made), in_python(1), reference) == 6


def test_a_connection_without_counterpart_is_named() -> None:
    made = net(BODIES["the weights backwards"], SOME)
    instance = made.instance()
    assert counterparts(instance.projections["back"], instance.projections["forward"], True).tolist() == [0, 3, 2, 4, 6, 1, 5]
    fewer = net(BODIES["the weights backwards"], SOME[1:]).instance()
    with pytest.raises(ValueError, match="forward does not connect unit 1 of hidden to unit 1 of out"):
        counterparts(instance.projections["back"], fewer.projections["forward"], True)


def test_projections_between_other_populations_cannot_be_read() -> None:
    made = net(("first.w * pre.delta",))
    with pytest.raises(PlasError) as error:
        lower(made.network(), made.per_unit())
    assert error.value.diagnostics[0].message == "‘back’ reads a value of ‘first’, but the two do not connect the same populations."


def test_projections_that_change_by_each_other_are_refused() -> None:
    made = net(("b * pre.delta",), None, "b += 0.1 * (forward.w - b)")
    forward = made.projections[1]
    circle = on(Trigger.STEP, "w += 0.1 * back.b")
    made.projections[1] = replace(forward, connection=replace(forward.connection, handlers=(circle,)))
    with pytest.raises(PlasError) as error:
        lower(made.network(), made.per_unit())
    assert "in turn read ‘forward’" in error.value.diagnostics[0].message


MODEL = """
neuron Cell:
    input a
    input φ
    output y = a + 1
    δ = φ − y

synapse Forward:
    post.a = Σ w x

synapse Back(forward):
    post.φ = Σ forward.wᵀ pre.δ

network Loop:
    source = 5 Source
    one = 6 Cell
    two = 7 Cell
    feed = source → one: Forward, w = 0.1
    up = one → two: Forward, CONNECTED, w ~ N(0, 1)
    down = two → one: Back(forward = up), CONNECTED
"""


def loop(connected: str, back: str | None = None) -> Network:
    text = MODEL.replace("CONNECTED", connected, 1).replace("CONNECTED", back or connected)
    module = prepared(read(SourceFile("loop", text)))
    return module.networks[0]


def _with(network: Network, name: str, connectivity: Connectivity) -> Network:
    def changed(p: Projection) -> Projection:
        return replace(p, connectivity=connectivity) if p.name == name else p

    return replace(network, projections=tuple(changed(p) for p in network.projections))


def agree(network: Network) -> None:
    instance = instantiate(network, dt=1.0, seed=4)
    found = Case(network, lambda: instance, per_unit(network), 3, writes={("source", "x"): 0.5})
    assert assert_agree(found, in_python(2), reference) == 3


def test_written_models() -> None:
    agree(loop("all to all"))


def test_derived_projections_have_the_connections_of_the_other_backwards() -> None:
    network = _with(loop("p = 0.5"), "down", Connectivity("transposed", of="up"))
    instance = instantiate(network, dt=1.0, seed=4)
    up, down = instance.projections["up"], instance.projections["down"]
    assert sorted(zip(up.targets, up.sources(), strict=True)) == list(zip(down.sources(), down.targets, strict=True))
    agree(network)


def test_independent_draws_are_refused_before_the_run() -> None:
    with pytest.raises(PlasError, match="up does not connect unit"):
        instantiate(loop("p = 0.5"), dt=1.0, seed=4)


SHARED = """
neuron Cell:
    input a
    input b
    input φ
    output y = a + b

synapse Forward:
    post.a = Σ w x

synapse Same(other):
    post.b = Σ other.w x

synapse Back(other):
    post.φ = Σ other.wᵀ (1 − pre.y)

rule Descent:
    Δw = −∂L/∂w

network Net:
    below = 3 Cell
    above = 2 Cell
    up = below → above: Forward with Descent, w = 1
    peek = PEEK
    L = ½ Σ_{k ∈ above} y_k² + ½ Σ_{k ∈ below} φ_k²
"""


@pytest.mark.parametrize("peek", ["below → above: Same(other = up)", "above → below: Back(other = up)"])
@pytest.mark.parametrize("only", ["", ", where i ≤ 1"])
def test_gradients_follow_weights_that_are_all_used(peek: str, only: str) -> None:
    """Where one weight is not used, the gradient by it would have a part too many."""
    (network,) = prepared(read(SourceFile("<test>", SHARED.replace("PEEK", peek + only)))).networks
    if not only:
        assert instantiate(network, dt=1.0, seed=1).projections["peek"].count == 6
        return
    with pytest.raises(PlasError, match=r"follows weights of ‘up’ through ‘peek’, which uses [23] of their 6"):
        instantiate(network, dt=1.0, seed=1)
