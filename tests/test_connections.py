"""Connections, weights and numbers that Python programs give: what is taken, and what is said about the rest."""

import numpy as np
import pytest
import scipy.sparse

import plasticdsl
from plasticdsl.options import EngineName

TEXT = """
neuron Cell:
    τ = 20 ms
    τ dV/dt = −V
    spike when V > 1000:
        V → 0

synapse Jump:
    on pre:
        post.V += w

synapse Growing:
    10 ms du/dt = −u
    on pre:
        u += w
        post.V += u

rule Decay:
    1 s dw/dt = −w

network Small:
    inputs = 3 Regular(rate = 100 Hz, count = 1)
    cell = 2 Cell
    other = 2 Cell
    ex = inputs → cell: Jump, w = 1
    changing = inputs → other: Jump with Decay, w = 1
    growing = inputs → other: Growing, w = 1
    ring = cell → cell: Jump, w_ij = w_ji, w = 0
"""

#: [post, pre]
MATRIX = np.array([[0.0, 5.0, 0.0], [7.0, 0.0, 2.0]])


@pytest.fixture(scope="module")
def model():
    return plasticdsl.parse(TEXT)


@pytest.mark.parametrize(
    "given",
    [
        ([0, 1, 2], [1, 0, 1], [7.0, 5.0, 2.0]),
        (np.array([2, 1, 0]), np.array([1, 0, 1]), np.array([2.0, 5.0, 7.0])),
        MATRIX,
        scipy.sparse.csr_matrix(MATRIX),
        scipy.sparse.coo_array(([1.0, 6.0, 5.0, 2.0], ([1, 1, 0, 1], [0, 0, 1, 2])), shape=(2, 3)),
    ],
)
@pytest.mark.parametrize("projection", ["ex", "changing"])
def test_connections_come_with_their_weights(model, given, projection: str, kernels: EngineName):
    net = model.build(dt="1 ms", connections={projection: given}, engine=kernels)
    part = net[projection]
    assert (part.pre.tolist(), part.post.tolist(), part.w.tolist()) == ([0, 1, 2], [1, 0, 1], [7.0, 5.0, 2.0])


def test_weights_that_were_given_act(model):
    net = model.build(dt="1 ms", connections={"ex": MATRIX})
    net.run("1 ms")
    assert pytest.approx(MATRIX.sum(axis=1) * np.exp(-1.0 / 20.0)) == net["cell"].V


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (
            MATRIX.T,
            r"shape \(3, 2\), but needs a row for each of the 2 units of cell \(post\).*column.*3 units of inputs \(pre\); it is the other way",
        ),
        (np.ones((4, 4)), r"shape \(4, 4\), but needs a row"),
        (([0], [0], [1.0, 2.0]), "weights of ex are one number for each of its 1 connections"),
        (([0], [0], ["a"]), "weights of ex are one number"),
        (([0.5], [0]), "pre units of connections must be .* whole numbers"),
        (([0, 1], [0]), "2 pre and 1 post units"),
        ("all", "with a row for each post unit and a column for each pre unit; what was given is of type str"),
        (3, "what was given is of type int"),
        (([0], [0], [1.0], [2.0]), "what was given is a tuple of 4"),
        (np.zeros(3), r"an array of float64 of shape \(3,\)"),
    ],
)
def test_what_is_no_connections_gets_a_sentence(model, given, words: str):
    with pytest.raises(ValueError, match=words):
        model.build(dt="1 ms", connections={"ex": given})


def test_weights_are_given_once(model):
    with pytest.raises(ValueError, match=r"ex\.w is given twice"):
        model.build(dt="1 ms", connections={"ex": MATRIX}, parameters={"ex.w": [1.0, 1.0, 1.0]})


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"seed": 1.5}, "seed is 1.5, but must be a whole number"),
        ({"seed": "x"}, "seed is 'x', but must be a whole number"),
        ({"seed": True}, "seed is True, but must be a whole number"),
        ({"cell": float("nan")}, "cell is the size of a population and must be a whole number of at least 1, not nan"),
        ({"cell": float("inf")}, "cell is the size of a population"),
        ({"cell": [1, 2]}, "cell is the size of a population"),
        ({"tau": ["a"]}, "tau must be a number, a text such as '10 mV', or an array"),
        ({"dt": [1]}, "a duration is a number of seconds or a text"),
        ({"threads": 1.5}, "threads is 1.5, but must be a whole number"),
        ({"connections": [1]}, "connections are given as a mapping"),
        ({"spikes": 3}, "is a mapping by name, not 3"),
    ],
)
def test_unsuitable_numbers_get_a_sentence(model, given, words: str):
    with pytest.raises(ValueError, match=words):
        model.build(**{"dt": "1 ms", **given})


def test_steps_are_whole(model):
    with pytest.raises(ValueError, match=r"steps is 1\.5, but must be a whole number"):
        model.build(dt="1 ms", engine="python").run(steps=1.5)


# --- weights that nothing changes ------------------------------------------------------------------------------------


def test_weights_without_a_rule_can_be_written(model):
    net = model.build(dt="1 ms")
    before = net["ex"].w
    net["ex"].w[:] = MATRIX.T.ravel()  # connections are sorted by pre unit, then post unit
    net.run("1 ms")
    assert pytest.approx(MATRIX.sum(axis=1) * np.exp(-1.0 / 20.0)) == net["cell"].V
    assert before.tolist() == net["ex"].w.tolist() == MATRIX.T.ravel().tolist()
    net["ex"].w = 2.0
    assert net["ex"].w.tolist() == [2.0] * 6
    assert net.step == 1, "and the network goes on from where it was"


def test_a_network_with_written_weights_runs_as_one_built_with_them(model):
    written, built = model.build(dt="1 ms"), model.build(dt="1 ms", parameters={"ex.w": MATRIX})
    written["ex"].w = MATRIX.T.ravel()
    for net in (written, built):
        net.run("50 ms")
    assert written["cell"].V.tobytes() == built["cell"].V.tobytes()


def test_weights_that_cannot_be_written_say_why(model, kernels: EngineName):
    net = model.build(dt="1 ms", engine=kernels)
    with pytest.raises(ValueError, match=r"one value for all connections when the network was built.*growing\.w"):
        net["growing"].w = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
    assert net["growing"].w.tolist() == [1.0] * 6
    with pytest.raises(plasticdsl.PlasError, match="not-symmetric"):
        net["ring"].w = [0.0, 1.0, 2.0, 0.0]
    with pytest.raises(ValueError, match="has 6 values"):
        net["ex"].w = [1.0, 2.0]
    net.run("5 ms")


@pytest.mark.parametrize("value", [None, "1 mV", 1j])
def test_what_is_no_number_cannot_be_written(model, value):
    net = model.build(dt="1 ms", engine="python")
    with pytest.raises(ValueError, match=r"changing\.w is set to numbers in SI, not to"):
        net["changing"].w = value
