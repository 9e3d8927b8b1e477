"""Units that advance in shares, by several steps at a time and on several threads: the bits of a program that takes one step after the other."""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain
from pathlib import Path

import numpy as np
import pytest

import plasticdsl
from plasticdsl import driver
from plasticdsl.options import CompileOptions, EngineName
from plasticdsl.runtime.engine import load
from plasticdsl.source import SourceFile
from plasticdsl.support import structure

MODEL = """
neuron Cell:
    τ = 20 ms
    τ dV/dt = −V + g + 0.1 √τ step(g − 0.4) ξ(t)
    5 ms dg/dt = −g
    V(0) ~ U(0, 0.9)
    spike when V > 1:
        V → 0
    refractory 2 ms

synapse Kick:
    on pre:
        post.g += w

rule STDP:
    A₊ = 0.03
    A₋ = 0.032
    w_max = 1
    w ∈ [0, w_max]
    on all pairs:
        Δw = F(t_post − t_pre)
    F(Δt) =  A₊ exp(−Δt/(20 ms))  if Δt > 0
            −A₋ exp(Δt/(15 ms))   otherwise

rule Balance:
    η = 0.02
    w ∈ [0, 2]
    20 ms dx/dt = −x
    20 ms dy/dt = −y
    on pre:
        x += 1
        w −= η (y − 0.4)
    on post:
        y += 1
        w −= η x

rule Soft:
    20 ms dx/dt = −x
    20 ms dy/dt = −y
    w ∈ [0.01, 0.3]
    on pre:
        w −= 0.2 w y
        x += 1
    on post:
        w += 0.3 x (0.4 − w) post.g
        y += 1

network Net:
    E = 23 Cell
    I = 9 Cell
    fast = Poisson(rate = 600 Hz) → E: Kick, w = 0.5
    slow = Poisson(rate = 30 Hz) → I: Kick, w = 1.5
    EE = E → E: Kick with STDP, p = 0.5, w ~ U(0, 1), axonal delay = 4 ms
    EI = E → I: Kick, p = 0.6, w = 0.4, axonal delay = 3 ms
    IE = I → E: Kick with Balance, p = 0.7, w = 0.5, axonal delay = 5 ms
    II = I → I: Kick with Soft, p = 0.7, w = 0.1, axonal delay = 4 ms
"""


@pytest.fixture(autouse=True)
def _in_small_shares(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driver, "FOR_LARGE", {})
    monkeypatch.setattr(driver, "FOR_THREADS", frozenset())
    monkeypatch.setattr(structure, "UNITS_OF_SHARE", 8)
    monkeypatch.setattr(structure, "SHARE_MULTIPLE", 4)


def built(engine: EngineName = "python", *without: str, text: str = MODEL) -> plasticdsl.Net:
    return plasticdsl.parse(text).build("Net", dt="1 ms", seed=3, engine=engine, without=without)


def found(net: plasticdsl.Net) -> dict[str, np.ndarray]:
    names = {"E": ("V", "g"), "I": ("V", "g"), "EE": ("w",), "IE": ("w",), "II": ("w",)}
    values = {f"{owner}.{v}": np.array(getattr(net[owner], v)) for owner, many in names.items() for v in many}
    return values | {p: np.array([net.spike_count(p)]) for p in ("E", "I")}


def assert_alike(one: plasticdsl.Net, other: plasticdsl.Net) -> None:
    for (name, values), others in zip(found(one).items(), found(other).values(), strict=True):
        np.testing.assert_array_equal(values, others, err_msg=name)


def test_the_pass_takes_this_network() -> None:
    text = driver.explain(driver.load(SourceFile("<test>", MODEL), None), CompileOptions())
    assert "pass windows: units advance in shares, by as many steps as the smallest delay" in text
    assert "spikes, share by share: E, I" in text


@pytest.mark.parametrize(
    "change",
    [
        ("EI = E → I: Kick, p = 0.6, w = 0.4, axonal delay = 3 ms", "EI = E → I: Kick, p = 0.6, w = 0.4"),
        ("EI = E → I: Kick, p = 0.6, w = 0.4, axonal delay = 3 ms", "EI = E → I: Kick, p = 0.6, w = 0.4, axonal delay ~ U(2 ms, 3 ms)"),
        ("w −= η (y − 0.4)", "w −= η (y − 0.4 pre.V)"),
        ("        y += 1\n        w −= η x\n", "        y += 1\n        w −= η (x − pre.V w)\n"),
    ],
    ids=["no delay", "delays of their own", "what the pre unit is when its spike arrives", "connections at postsynaptic spikes"],
)
def test_the_pass_leaves_others(change: tuple[str, str]) -> None:
    assert change[0] in MODEL
    text = driver.explain(driver.load(SourceFile("<test>", MODEL.replace(*change)), None), CompileOptions())
    assert "pass windows" not in text


def test_shares_do_what_all_units_do_and_what_the_interpreter_does() -> None:
    shares, steps, meaning = built(), built("python", "windows"), built("reference")
    for net in (shares, steps, meaning):
        net.run(steps=240)
    assert_alike(shares, steps)
    values = found(meaning)
    assert values["E"][0] > 100 and values["I"][0] > 30
    assert values["EE.w"].max() == 1.0  # at their bound
    for name, value in found(shares).items():
        np.testing.assert_allclose(value, values[name], rtol=1e-9, atol=1e-12, err_msg=name)


def _outside(net: plasticdsl.Net) -> None:
    net["EE"].w[:] = 1.5  # nothing waits for these until something has happened to all of them


def _limit(net: plasticdsl.Net) -> None:
    net["EE"].w_max = 0.4


def _off_and_on(net: plasticdsl.Net) -> None:
    net.rules(False)
    net.run(steps=25)
    net.rules(True)


def _faster(net: plasticdsl.Net) -> None:
    net["EE"].A_plus = 0.1
    net["IE"].eta = 0.05


@pytest.mark.parametrize("change", [_outside, _limit, _off_and_on, _faster])
def test_what_is_changed_between_windows(change: Callable[[plasticdsl.Net], None]) -> None:
    shares, steps, meaning = built(), built("python", "windows"), built("reference")
    for net in (shares, steps, meaning):
        net.run(steps=50)
        change(net)
        net.run(steps=101)
    assert_alike(shares, steps)
    for name, value in found(shares).items():
        np.testing.assert_allclose(value, found(meaning)[name], rtol=1e-9, atol=1e-12, err_msg=name)


def test_looking_at_every_step_and_saving_change_no_bit(tmp_path: Path) -> None:
    seen, unseen, again = built(), built(), built()
    unseen.run(steps=90)
    for step in range(90):
        seen.run(steps=1)
        found(seen)
        if step == 40:
            seen.save(tmp_path / "state")
    again.load(tmp_path / "state")
    again.run(steps=49)
    assert_alike(seen, unseen)
    assert_alike(again, unseen)


def test_a_delay_of_no_step_takes_step_after_step() -> None:
    short = MODEL.replace("axonal delay = 3 ms", "axonal delay = 0.2 ms")
    shares, steps = built(text=short), built("python", "windows", text=short)
    for net in (shares, steps):
        net.run(steps=60)
    assert_alike(shares, steps)


def test_threads_give_the_same_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load, "LEAST_IN_A_WINDOW", 0)
    monkeypatch.setattr(load, "LEAST_STEPS_FOR_THREADS", 1)
    model, plain = plasticdsl.parse(MODEL), built("python", "windows")
    plain.run(steps=300)
    for threads in (1, 2, 3):
        net = model.build("Net", dt="1 ms", seed=3, threads=threads)
        for steps in (7, 200, 93):
            net.run(steps=steps)
        assert_alike(net, plain)


def test_short_histories_give_the_same_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Connections carry out what post units have kept at other times, share by share and step by step."""
    long = built()
    monkeypatch.setattr(structure, "LEAST_KEPT", 4)
    shares, steps = built(), built("python", "windows")
    for net in (long, shares, steps):
        net.run(steps=240)
    assert [net._engine.snapshot()["II/spiked"].shape[1] for net in (long, shares, steps)] == [32, 12, 4]
    assert_alike(shares, steps)
    assert_alike(shares, long)


def test_small_networks_say_that_one_thread_computes(caplog: pytest.LogCaptureFixture) -> None:
    load._tell_short.cache_clear()
    with caplog.at_level("WARNING"):
        plasticdsl.parse(MODEL).build("Net", dt="1 ms", seed=3, threads=2)
    assert "one thread computes: 64 units go on for 3 steps without hearing of each other, 192 steps of a unit" in caplog.text


# --- shares ----------------------------------------------------------------------------------------------------------


def test_shares_begin_at_multiples_and_have_all_units() -> None:
    assert structure.begins_of_shares(23, 4).tolist() == [0, 4, 8, 16, 23]
    assert structure.begins_of_shares(3, 2).tolist() == [0, 0, 3]
    assert [structure.shares_of(n, 0) for n in (3, 9, 20, 50)] == [1, 2, 2, 6]


def test_a_window_is_the_smallest_delay_and_not_too_long() -> None:
    assert (structure.window_of(5, 3), structure.window_of(1), structure.window_of(1000)) == (3, 1, structure.MOST_STEPS)


@pytest.mark.parametrize("part", [1, 5, 1000])
def test_rows_are_cut_where_shares_begin(part: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Units without connections, and shares without units, too."""
    monkeypatch.setattr(structure, "PART", part)
    targets = [[0, 3, 4, 9], [], [4], [9, 9, 10], []]
    rows = np.cumsum([0, *map(len, targets)])
    begins = np.array([0, 4, 4, 9, 11], dtype=np.uint32)
    cuts = structure.cuts_of(rows, np.array([*chain.from_iterable(targets)], dtype=np.uint16), begins)
    expected = [[rows[j] + sum(t < b for t in row) for b in begins] for j, row in enumerate(targets)]
    assert cuts.tolist() == expected


def test_segments_of_one_neuron_stay_together() -> None:
    """What flows along a cable joins the units of a population in each step, so that no share of them may go ahead."""
    text = """
neuron Cell:
    soma = sphere(diameter 20 µm)
    SECTION
    V(0) = 0 mV
    1 µF/cm² dV/dt = −0.1 mS/cm² V + CURRENT
    spike when V > 1 mV:
        V → 0 mV

synapse Kick:
    on pre:
        post.V += w

network Net:
    cells = 4 Cell
    cells → cells: Kick, p = 0.5, w = 0.1 mV, axonal delay = 2 ms
"""

    def is_windowed(section: str, current: str) -> bool:
        written = text.replace("    SECTION\n", section).replace("CURRENT", current)
        (network,) = driver.load(SourceFile("shape.plas", written), None).module.networks
        return driver.plan_of(network, frozenset(), CompileOptions(threads=2)).windowed

    assert is_windowed("", "0.2 µA/cm²")
    assert not is_windowed("    axon = cylinder(diameter 1 µm, length 100 µm, 5 segments) from soma\n", "axial(V, 100 Ω·cm)")
