"""Processes that share a network: the bits of one process, for any number of them. Here they are threads; `test_mpiexec` starts real ones."""

from __future__ import annotations

import numpy as np
import pytest

import plasticdsl
from plasticdsl import driver
from plasticdsl.diagnostics.diagnostic import PlasError
from plasticdsl.kernels.identifiers import RUN as OF_RUN
from plasticdsl.kernels.identifiers import Part
from plasticdsl.model.parts import Emitted
from plasticdsl.options import CompileOptions
from plasticdsl.results.result import Result
from plasticdsl.runtime.engine import telling
from plasticdsl.runtime.engine.engine import TOO_MANY_SPIKES, Engine
from plasticdsl.runtime.engine.ranks import SharedEngine
from tests.mpi.rooms import Seat, together

CELLS = """
neuron Cell:
    τ = 20 ms
    τ dV/dt = −V + g + 0.1 √τ ξ(t)
    5 ms dg/dt = −g
    V(0) ~ U(0, 0.9)
    spike when V > 1:
        V → 0
    refractory 2 ms

synapse Kick:
    on pre:
        post.g += w
"""
DELAYED = """
rule STDP:
    A₊ = 0.03
    A₋ = 0.032
    w_max = 1
    w ∈ [0, w_max]
    on all pairs:
        Δw = F(t_post − t_pre)
    F(Δt) =  A₊ exp(−Δt/(20 ms))  if Δt > 0
            −A₋ exp(Δt/(15 ms))   otherwise

synapse Held:
    w = 0.5

rule Jumpy:
    w ∈ [0, 3]
    on pre:
        r ~ U(0, 0.1)
        w += r − 0.04

network Net:
    E = 37 Cell
    I = 9 Cell
    fast = Poisson(rate = 600 Hz) → E: Kick, w = 0.5
    slow = Poisson(rate = 30 Hz) → I: Kick, w = 1.5
    EE = E → E: Kick with STDP, p = 0.5, w ~ U(0, 1), axonal delay = 4 ms
    EI = E → I: Kick with Jumpy, p = 0.6, w = 0.4, axonal delay = 3 ms
    IE = I → E: Kick, all to all, w = −0.5, axonal delay = 3 ms
    beats = 40 Regular(rate = 100 Hz)
    EB = E → beats: Held with STDP, p = 0.3, w ~ U(0, 1), axonal delay = 5 ms
"""
AT_ONCE = """
rule Reads:
    w ∈ [0, 2]
    20 ms dy/dt = −y
    on pre:
        w −= 0.02 (y − 0.4 pre.V) w
    on post:
        y += 1
        w += 0.01 pre.V

network Net:
    E = 37 Cell
    I = 9 Cell
    fast = Poisson(rate = 600 Hz) → E: Kick, w = 0.5
    slow = Poisson(rate = 30 Hz) → I: Kick, w = 1.5
    EE = E → E: Kick with Reads, p = 0.5, w ~ U(0, 1)
    EI = E → I: Kick, p = 0.6, w = 0.4, dendritic delay = 3 ms
    IE = I → E: Kick, all to all, w = −0.5
"""
RUN = """
experiment Look on Net:
    dt = 1 ms
    phase run for 200 ms
    record spikes(E), spikes(I)
    record E.V every 10 ms
    record EE.w every 50 ms
    record mean(EE.w), sum(EE.w) every 5 ms
"""
RATES = """
neuron Rate:
    input h
    10 ms dx/dt = −x + h + 0.1 √(10 ms) ξ(t)
    r = tanh(x)
    x(0) ~ U(−1, 1)

synapse Adds:
    post.h = Σ w pre.r

rule Hebb:
    w ∈ [−3, 3]
    100 ms dw/dt = post.r pre.r − w

network Net:
    E = 30 Rate
    EE = E → E: Adds with Hebb, all to all except self, w ~ N(0, 0.3)

experiment Look on Net:
    dt = 1 ms
    phase run for 100 ms
    record E.x every 10 ms
    record EE.w every 50 ms
"""
NETWORKS = {"delayed": CELLS + DELAYED + RUN, "at once": CELLS + AT_ONCE + RUN, "rates": RATES}


def assert_alike(one: Result, other: Result) -> None:
    """All that was recorded, to the bit."""
    for run, same in zip(one.study.runs, other.study.runs, strict=True):
        assert run.counts == same.counts
        for key, train in run.spikes.items():
            for values, others in zip(train, same.spikes[key], strict=True):
                np.testing.assert_array_equal(values, others)
        for series, others in zip(run.recorder.series, same.recorder.series, strict=True):
            np.testing.assert_array_equal(series.done, others.done, err_msg=series.name)


@pytest.mark.parametrize("name", NETWORKS)
def test_any_number_of_processes_give_the_bits_of_one(name: str) -> None:
    model = plasticdsl.parse(NETWORKS[name])
    one = model.run()
    if name != "rates":
        assert one.study.runs[0].counts["E"] > 200
    for size in (2, 3):
        for found in together(size, lambda seat: model.run(communicator=seat)):
            assert_alike(one, found)


def refused(text: str) -> str:
    """Why a network cannot be divided."""
    model = plasticdsl.parse(text)
    with pytest.raises(PlasError) as caught:
        together(2, lambda seat: model.run(communicator=seat))
    assert [d.code for d in caught.value.diagnostics] == ["not-divisible"]
    return caught.value.diagnostics[0].message


@pytest.mark.parametrize(
    ("before", "after", "why"),
    [
        ("w = 0.4, axonal delay = 3 ms", "w = 0.4, axonal delay ~ U(2 ms, 3 ms)", "‘EI’ has delays that differ between connections"),
    ],
    ids=["delays"],
)
def test_a_network_that_cannot_be_divided_is_refused_with_the_reason(before: str, after: str, why: str) -> None:
    text = CELLS + DELAYED + RUN
    assert before in text
    assert why in refused(text.replace(before, after))


@pytest.mark.parametrize("name", ["delayed", "at once"])
def test_values_at_spikes_come_from_the_processes_that_have_the_units(name: str) -> None:
    model = plasticdsl.parse(NETWORKS[name].replace("    record E.V every 10 ms\n", "    record E.V at spikes as V_at\n"))
    one = model.run()
    values = one["V_at"].to_numpy()
    assert len(values) > 200 and (values > 1.0).all()
    for size in (2, 3):
        for found in together(size, lambda seat: model.run(communicator=seat)):
            assert_alike(one, found)
            np.testing.assert_array_equal(found["V_at"].to_numpy(), values)


def test_parameters_of_phases_change_on_all() -> None:
    phases = "    phase one for 80 ms\n    phase two for 80 ms:\n        E.τ = 15 ms\n        EE.A₊ = 0.05\n    phase three for 40 ms\n"
    text = NETWORKS["delayed"].replace("    phase run for 200 ms\n", phases)
    model = plasticdsl.parse(text)
    one = model.run()
    assert one.study.runs[0].counts != plasticdsl.parse(text.replace("15 ms\n", "20 ms\n")).run().study.runs[0].counts
    for size in (2, 3):
        for found in together(size, lambda seat: model.run(communicator=seat)):
            assert_alike(one, found)


@pytest.mark.parametrize("delay", [1, 2, 3, 5])
def test_stretches_between_exchanges_are_as_long_as_delays_allow(delay: int) -> None:
    """Of one step (then nobody goes on before the others have told), of one and one, of one and two, and of two and three."""
    text = NETWORKS["delayed"].replace("delay = 3 ms", f"delay = {delay} ms").replace("delay = 4 ms", f"delay = {delay} ms")
    model = plasticdsl.parse(text.replace("delay = 5 ms", "delay = 6 ms"))
    one = model.run()
    for found in together(3, lambda seat: model.run(communicator=seat)):
        assert_alike(one, found)


def test_messages_grow_where_there_is_more_to_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telling, "ROOM", 2)
    monkeypatch.setattr(telling, "LEAST", 1)
    model = plasticdsl.parse(NETWORKS["delayed"])
    one = model.run()
    for found in together(2, lambda seat: model.run(communicator=seat)):
        assert_alike(one, found)


def engine_of(name: str, seat: Seat | None) -> Engine:
    """An engine for a network, alone or of a company."""
    loaded = plasticdsl.parse(NETWORKS[name]).loaded
    options = CompileOptions(processes=1 if seat is None else seat.size)
    workshop, _ = driver.workshop_of(loaded, loaded.module.networks[0], options, company=seat)
    return workshop.engine(workshop.instantiate(1e-3, 5, {}), {})


def test_a_stretch_goes_on_where_a_message_is_full() -> None:
    recorded = (Emitted("E", ""), Emitted("I", ""))
    alone = engine_of("delayed", None)
    alone.log_spikes(recorded)
    alone.advance(300)
    spikes = {name: alone.drain(name) for name in ("E", "I")}

    def work(seat: Seat) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        engine = engine_of("delayed", seat)
        assert isinstance(engine, SharedEngine) and engine._telling is not None
        bound, length, message = engine._own.bound, OF_RUN.field(Part.MESSAGE_LENGTH), OF_RUN.field(Part.MESSAGE)
        bound.sizes[length] = sum(n for field, n in bound.sizes.items() if field.part is Part.CAPACITY) + 2  # one step, and one spike
        bound.arrays[message] = engine._telling._message = np.zeros(bound.sizes[length], dtype=np.int64)
        engine._own.bind_anew()
        engine.log_spikes(recorded)
        engine.advance(300)
        return {name: engine.drain(name) for name in ("E", "I")}

    assert len(spikes["E"][0]) > 300
    for found in together(2, work):
        for name, pair in spikes.items():
            for values, others in zip(pair, found[name], strict=True):
                np.testing.assert_array_equal(values, others)


def test_what_goes_wrong_in_one_process_is_said_by_all() -> None:
    def work(seat: Seat) -> str:
        engine = engine_of("delayed", seat)
        assert isinstance(engine, SharedEngine)
        engine.advance(10)
        if seat.rank == 1:
            engine._own.some_steps = lambda most: "too many"  # type: ignore[method-assign]
        with pytest.raises(RuntimeError) as caught:
            engine.advance(30)
        return str(caught.value)

    assert together(3, work) == [TOO_MANY_SPIKES, "too many", TOO_MANY_SPIKES]


def test_what_is_read_elsewhere_while_it_changes_is_refused() -> None:
    text = CELLS + AT_ONCE + RUN
    assert "‘EE’ reads ‘E.g’ of presynaptic units while it changes it" in refused(text.replace("0.4 pre.V", "0.4 pre.g"))


def state_of(name: str, size: int, steps: int, before: dict[str, np.ndarray] | None = None) -> list[dict[str, np.ndarray]]:
    """The state after so many steps from a beginning, as each of so many processes sees it."""

    def work(seat: Seat | None) -> dict[str, np.ndarray]:
        engine = engine_of(name, seat)
        if before is not None:
            engine.restore(before)
        engine.advance(steps)
        return engine.snapshot()

    return [work(None)] if size == 1 else together(size, work)


@pytest.mark.parametrize("name", NETWORKS)
def test_what_three_have_saved_two_load_and_one(name: str) -> None:
    whole = state_of(name, 1, 150)[0]
    middle = state_of(name, 3, 70)[0]
    for size in (1, 2, 3):
        for found in state_of(name, size, 80, middle):
            assert found.keys() == whole.keys()
            for key, values in whole.items():
                np.testing.assert_array_equal(found[key], values, err_msg=key)
