"""What building a network takes: bytes for each connection, whatever the machine, and the connections that a seed has always given."""

from __future__ import annotations

import hashlib
import tracemalloc
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import plasticdsl
from plasticdsl.support import arrays, pairs, structure
from plasticdsl.support.connectivity import Pattern, connect
from plasticdsl.support.distributions import draw
from plasticdsl.support.pairs import mirrored
from plasticdsl.support.random import BulkUniforms, bulk_uniforms
from plasticdsl.support.structure import group_ends, sorting, sources_of

CELLS = """
neuron Cell:
    τ = 20 ms
    τ dV/dt = −V
    spike when V > 1:
        V → 0

synapse Kick:
    on pre:
        post.V += w

rule Pairs:
    w ∈ [0, 1]
    on all pairs:
        Δw = 0.001 exp(−|t_post − t_pre|/(20 ms))

rule Window:
    w ∈ [0, 1]
    on all pairs:
        Δw = F(t_post − t_pre)

    F(Δt) =  0.001 exp(−Δt/(20 ms))   if Δt > 0
            −0.001 exp(Δt/(20 ms))    otherwise

network Net:
    N = 2000
    P = N Cell
    J = P → P: Kick{rule}, p = 0.25, {w}
"""
N, CONNECTIONS = 2000, 1_000_000


def _taken(text: str, connections: int = CONNECTIONS, precision: str = "double") -> tuple[float, float]:
    """Bytes for each of a million connections: at rest, and while it is built. `connections`: how many there are, to 2 %."""
    build = partial(plasticdsl.parse(text).build, engine="python", dt=1e-3, precision=precision)
    build()  # what is made once, the kernels of large projections among it
    tracemalloc.start()
    try:
        net = build()
        rest, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(net["J"]) == pytest.approx(connections, rel=0.02)
    return rest / CONNECTIONS, peak / CONNECTIONS


# Its post unit is 2 bytes. A weight that changes takes another 8, and 8 more for what it was at first where it was drawn; connections in the order of
# post units, which postsynaptic changes need that do not wait, take 4, and their pre units 2.
@pytest.mark.parametrize(
    ("rule", "w", "precision", "most"),
    [
        ("", "w = 0.1", "double", 2.0),
        (" with Window", "w = 0.1, axonal delay = 1.5 ms", "double", 10.0),
        (" with Window", "w = 0.1, axonal delay = 1.5 ms", "single", 6.0),
        (" with Pairs", "w = 0.1", "double", 16.0),
        (" with Pairs", "w ~ U(0, 0.2)", "double", 24.0),
    ],
    ids=["one weight", "learns from one weight", "in 32 bits", "and at once at postsynaptic spikes", "from drawn weights"],
)
def test_bytes_for_each_connection(rule: str, w: str, precision: str, most: float) -> None:
    text = CELLS.replace("{rule}", rule).replace("{w}", w)
    beside, _ = _taken(text.replace("p = 0.25", "p = 0"), 0, precision)  # lists of spikes, and kernels
    assert beside < 1.5
    rest, peak = _taken(text, precision=precision)
    assert rest - beside < most + 0.5  # large networks have some more kernels, and more numbers for each unit
    assert peak < 1.3 * rest


def test_symmetric_weights_take_as_little_while_they_are_drawn() -> None:
    text = """
neuron Unit:
    input h
    output x
    x → 1 if h > 0
        0 otherwise

synapse Coupling:
    post.h = Σ w x

rule Hebb:
    Δw = x y

network Net:
    N = 1000
    P = N Unit
    J = P → P: Coupling with Hebb, all to all, w ~ N(0, 1), w_ij = w_ji
"""
    rest, peak = _taken(text)
    assert rest < 2.0 + 8.0 + 8.0 + 1.5
    assert peak < 1.3 * rest


def test_a_state_that_no_kernel_uses_is_kept_apart_from_what_it_was_at_first(tmp_path: Path) -> None:
    model = plasticdsl.parse("neuron Cell:\n    u(0) = 2\n    20 ms dV/dt = −V\n\nnetwork Net:\n    P = 4 Cell\n")
    for engine in ("reference", "python"):
        net = model.build(engine=engine, dt=1e-3)
        net.save(tmp_path / f"{engine}.npz")
        net["P"].u = [1.0, 2.0, 3.0, 4.0]
        net.run("5 ms")
        np.testing.assert_array_equal(net["P"].u, [1.0, 2.0, 3.0, 4.0])
        net.load(tmp_path / f"{engine}.npz")
        np.testing.assert_array_equal(net["P"].u, [2.0, 2.0, 2.0, 2.0])


# --- the same connections ----------------------------------------------------------------------------------------------


def _near(pre: NDArray[np.int64], post: NDArray[np.int64]) -> NDArray[np.bool_]:
    return abs(pre - post) < 40


SOME, OTHERS = np.arange(10, 90), np.arange(200, 260)
TURNED = {"pre": np.r_[50:90, 0:20], "post": np.r_[200:260, 3:9]}


# Digests of rows and targets for three seeds, as version 0.1.0 made them when each block of a million draws was computed at once and sorted.
@pytest.mark.parametrize(
    ("pattern", "same", "digests"),
    [
        (Pattern("probability", 300, 200, 0.1), False, "53a5d9579765417d 8998bf19f4b8c96d e56f0748d6b88231"),
        (Pattern("probability", 2000, 1100, 0.7), False, "7d46f9a6b7bb0bca c4e868a26062c9bf 37f1e505e1ca431b"),
        (Pattern("probability", 250, 250, 0.3, self_connections=False), True, "a6a27b1cea8a85f7 9dd062d5026d784a 88d2a76905745610"),
        (Pattern("probability", 250, 250, 0.3, allowed=_near), True, "8a6a359e3660553a bd8ea465427c157f 5f622b777be20149"),
        (Pattern("probability", 150, 120, lambda i, j: 1 / (1 + abs(i - j))), False, "0b4ec69a3b0e62fd 082eb6988f1dd02c 4db9007e7dd6d00a"),
        (
            Pattern("probability", 200, 200, 0.2, mirrored=True, self_connections=False),
            True,
            "984a82316eb07eeb dd1d93cc00ab4db8 3df524d730b40799",
        ),
        (Pattern("probability", 300, 300, 0.2, pre=SOME, post=OTHERS), True, "ca1e32ea9f25c872 515458efb6f02e09 8c5ed21e97a0848f"),
        (Pattern("probability", 300, 300, 0.2, **TURNED), True, "30dfcafd26663f6d 0320ff6cc3a79ea3 64aaf987562db690"),
        (Pattern("all", 100, 100, self_connections=False), True, "ecab8cf3731084df ecab8cf3731084df ecab8cf3731084df"),
        (Pattern("all", 100, 100, allowed=_near), True, "b7cb53df81172f8a b7cb53df81172f8a b7cb53df81172f8a"),
        (Pattern("in-degree", 300, 200, 30.0), False, "4ecede1c0f857233 ee68cb7d4a629416 8f8d551e60ecdeed"),
        (Pattern("out-degree", 300, 300, 160.0, self_connections=False), True, "dfda9bb61ab0c8e0 e1c2786187eb6831 550e2177dd99d231"),
        (Pattern("in-degree", 300, 300, 9.0, allowed=_near), True, "1045727ef8aca729 1569c4a7353bf9ec 27a1808debf889ca"),
        (Pattern("probability", 3000, 2000, 1e-9), False, "f0d35ba1fd5c9f39 f0d35ba1fd5c9f39 f0d35ba1fd5c9f39"),
    ],
)
def test_a_seed_gives_the_connections_that_it_has_always_given(pattern: Pattern, same: bool, digests: str) -> None:
    def digest(seed: int) -> str:
        found = connect(pattern, same, seed, 77)
        return hashlib.blake2b(found.rows.astype("<i8").tobytes() + found.targets.astype("<i4").tobytes(), digest_size=8).hexdigest()

    assert [digest(seed) for seed in (1, 2, 2**64 - 1)] == digests.split()


def test_numbers_in_sequence_are_those_of_the_stream_in_bits() -> None:
    words = np.random.Philox(key=np.array([3, 9], dtype=np.uint64)).random_raw(1000)
    expected = [(2 * (int(word) >> 12) + 1) / 2**53 for word in words]
    sequence = BulkUniforms(3, 9)
    assert [*sequence.uniforms(7), *sequence.uniforms(0), *sequence.uniforms(993)] == expected
    assert bulk_uniforms(3, 9, 500, 500).tolist() == expected[500:]


def test_values_are_those_of_the_stream_in_order() -> None:
    count = 3 * arrays.CACHED + 5
    first, second = bulk_uniforms(5, 6, 2 * count).reshape(-1, 2).T
    normal = 1.0 + 2.0 * np.sqrt(-2.0 * np.log(first)) * np.cos(2.0 * np.pi * second)
    np.testing.assert_allclose(draw("N", (1.0, 2.0), count, 5, 6), normal, rtol=0.0, atol=1e-13)
    own = np.linspace(1.0, 2.0, count)
    np.testing.assert_array_equal(draw("U", (0.0, own), count, 5, 6), own * bulk_uniforms(5, 6, count))


@pytest.mark.parametrize("selves", [True, False])
def test_values_are_mirrored_in_blocks_of_any_size(selves: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    found = connect(Pattern("probability", 40, 40, 0.3, mirrored=True, self_connections=selves), True, 3, 4)
    pre, values = sources_of(found.rows), np.arange(len(found.targets)) + 0.5
    at = dict(zip(zip(pre.tolist(), found.targets.tolist(), strict=True), values.tolist(), strict=True))
    expected = [at[max(pair), min(pair)] for pair in at]
    assert mirrored(values, pre, found.targets).tolist() == expected
    monkeypatch.setattr(pairs, "CACHED", 7)
    assert mirrored(values, pre, found.targets).tolist() == expected
    assert values.tolist() == list(at.values())


# --- orders ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("below", [1, 7, 2**31])
def test_an_order_keeps_equal_keys_in_order(below: int) -> None:
    keys = np.random.default_rng(5).integers(0, below, 500)
    for typed in (keys, keys.astype(np.int32)):
        order = sorting(typed)
        assert order.dtype == np.int32 and order.tolist() == sorted(range(500), key=lambda k: keys[k])


@pytest.mark.parametrize("below", [1, 7, 2**16])
@pytest.mark.parametrize("part", [3, 1000])
def test_an_order_of_narrow_keys_is_the_same(below: int, part: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(structure, "PART", part)
    keys = np.random.default_rng(6).integers(0, below, 500).astype(np.uint16)
    assert sorting(keys).tolist() == np.argsort(keys, kind="stable").tolist()
    assert sorting(keys).dtype == np.int32 and sorting(keys[:0]).tolist() == []


def test_groups_end_where_they_end_in_blocks_of_any_size(monkeypatch: pytest.MonkeyPatch) -> None:
    keys = np.array([3, 0, 3, 5, 0, 3, 1])
    expected = [0, 2, 3, 3, 6, 6, 7, 7]
    assert group_ends(keys, 8).tolist() == expected
    monkeypatch.setattr(arrays, "BLOCK", 2)
    assert group_ends(keys, 8).tolist() == expected
