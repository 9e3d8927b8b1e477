"""Pattern sets: drawn, written, from files and from Python."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from plasticdsl.diagnostics.diagnostic import PlasError
from plasticdsl.model import Block, Network, Role, Variable
from plasticdsl.model.expr import At, Binary, Call, Number, Ref, SumOver
from plasticdsl.model.owners import OfPatterns, OfPopulation, Whose
from plasticdsl.model.patterns import PatternFile, PatternSet, RandomPatterns, WrittenPatterns
from plasticdsl.runtime.instance.build import instantiate
from plasticdsl.runtime.watch.observer import Observer
from tests.runtime.handmade import parameter, population, state

UNITS = 40
SIGNS = (Number(-1.0), Number(1.0))


def network(source, *variables: Variable) -> Network:
    cells = population("units", UNITS, Block("neuron", "Cell", variables=(state("x"),)))
    shared = (parameter("P", 7.0), *variables)
    return Network("Net", "", shared, (cells,), (), patterns=(PatternSet("xi", "ξ", "units", source),))


def patterns(source, seed=1, settings=None, given=None):
    return instantiate(network(source), dt=1.0, seed=seed, settings=settings, patterns=given).patterns["xi"]


def test_random_patterns_have_the_values_and_depend_on_the_seed_alone():
    source = RandomPatterns(Ref(Whose.NETWORK, "P"), SIGNS)
    found = patterns(source)
    assert found.shape == (7, UNITS)
    assert set(np.unique(found)) == {-1.0, 1.0}
    assert abs(found.mean()) < 4 / np.sqrt(found.size)
    assert np.array_equal(found, patterns(source))
    assert not np.array_equal(found, patterns(source, seed=2))


def test_more_patterns_leave_the_first_ones_alone():
    source = RandomPatterns(Ref(Whose.NETWORK, "P"), SIGNS)
    more = patterns(source, settings={Ref(Whose.NETWORK, "P"): Number(9.0)})
    assert more.shape == (9, UNITS)
    assert np.array_equal(more[:7], patterns(source))


def test_probability_and_active_fraction():
    drawn = patterns(RandomPatterns(Number(200.0), (Number(0.0), Number(1.0)), probability=Number(0.1)))
    assert drawn.mean() == pytest.approx(0.1, abs=4 * np.sqrt(0.09 / drawn.size))
    exact = patterns(RandomPatterns(Number(5.0), (Number(0.0), Number(1.0)), active=Number(0.1)))
    assert (exact.sum(axis=1) == 4).all()
    assert len({tuple(row) for row in exact}) == 5


def test_patterns_of_a_distribution():
    found = patterns(RandomPatterns(Number(100.0), distribution=("N", (Number(2.0), Number(0.5)))))
    assert found.shape == (100, UNITS)
    assert found.mean() == pytest.approx(2.0, abs=0.05)
    assert found.std() == pytest.approx(0.5, abs=0.05)


def test_written_patterns_and_their_shape():
    rows = tuple(tuple(Number(float(k * UNITS + i)) for i in range(UNITS)) for k in range(2))
    assert np.array_equal(patterns(WrittenPatterns(rows)), np.arange(2.0 * UNITS).reshape(2, UNITS))
    with pytest.raises(PlasError, match=r"‘ξ’ is an array of shape \(2, 39\), but \(2, 40\) is needed"):
        patterns(WrittenPatterns((rows[0], rows[1][:-1])))


def test_patterns_from_files(tmp_path):
    wanted = np.arange(3.0 * UNITS).reshape(3, UNITS)
    np.savez(tmp_path / "one.npz", ξ=wanted, other=np.zeros(2))
    assert np.array_equal(patterns(PatternFile(str(tmp_path / "one.npz"))), wanted)
    np.savez(tmp_path / "letters.npz", a=wanted.reshape(3, 5, 8))
    assert np.array_equal(patterns(PatternFile(str(tmp_path / "letters.npz"))), wanted)
    np.savez(tmp_path / "wrong.npz", a=wanted[:, :-1])
    with pytest.raises(PlasError, match=r"‘ξ’ is an array of shape \(3, 39\)"):
        patterns(PatternFile(str(tmp_path / "wrong.npz")))
    with pytest.raises(PlasError, match="cannot be read: No such file"):
        patterns(PatternFile(str(tmp_path / "none.npz")))
    (tmp_path / "bad.npz").write_text("nothing")
    with pytest.raises(PlasError, match=r"bad\.npz is no NumPy file"):
        patterns(PatternFile(str(tmp_path / "bad.npz")))


def test_patterns_from_python():
    source = RandomPatterns(Ref(Whose.NETWORK, "P"), SIGNS)
    wanted = np.ones((7, UNITS))
    assert np.array_equal(patterns(source, given={"xi": wanted}), wanted)
    with pytest.raises(ValueError, match=r"‘ξ’ is an array of shape \(6, 40\), but \(7, 40\) is needed"):
        patterns(source, given={"xi": wanted[1:]})
    with pytest.raises(KeyError, match="no set of patterns zeta; there is xi"):
        patterns(source, given={"zeta": wanted})


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (RandomPatterns(Number(2.5), SIGNS), "must be a whole number of at least 1, not 2.5"),
        (RandomPatterns(Number(2.0), SIGNS, probability=Number(1.5)), "must be between 0 and 1, not 1.5"),
        (RandomPatterns(Number(2.0), distribution=("N", (Number(0.0), Number(-1.0)))), "cannot be drawn: N"),
    ],
)
def test_numbers_that_are_not_allowed(source, message):
    with pytest.raises(PlasError, match=message):
        patterns(source)


class Still:
    """An engine that stands still."""

    step = 0

    def __init__(self, instance):
        self.instance = instance

    def read(self, target):
        return self.instance.part(target.owner).states[target.name]


def test_observables_of_patterns():
    overlap = Binary(
        "/",
        SumOver(("i",), ("units",), Binary("*", At(Ref(OfPatterns("xi"), ""), ("mu", "i")), At(Ref(OfPopulation("units"), "x"), ("i",)))),
        Number(40.0),
    )
    m = Variable("m", "m", Role.DEFINITION, value=overlap, indices=(("mu", "xi"),))
    made = network(RandomPatterns(Ref(Whose.NETWORK, "P"), SIGNS), m)
    instance = instantiate(made, dt=1.0, seed=1)
    instance.populations["units"].states["x"] = instance.patterns["xi"][2]
    observer = Observer(made, Still(instance), in_steps=True)
    found = observer.value(Ref(Whose.NETWORK, "m"))
    assert found.shape == (7,)
    assert found == pytest.approx(instance.patterns["xi"] @ instance.patterns["xi"][2] / 40)
    assert np.array_equal(observer.value(Call("pattern", (Ref(OfPatterns("xi"), ""), Number(3.0)))), instance.patterns["xi"][2])
    with pytest.raises(ValueError, match="‘xi’ has the patterns 1 to 7, so there is no pattern 8"):
        observer.value(Call("pattern", (Ref(OfPatterns("xi"), ""), Number(8.0))))
    assert replace(m).indices == observer.axes("m")
