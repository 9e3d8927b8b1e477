"""Traces that decay when somebody looks: they are what a program that moves all of them in each step says, whenever somebody looks, and looking changes
nothing."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import plasticdsl
from plasticdsl import driver
from plasticdsl.diagnostics.diagnostic import PlasError
from plasticdsl.library import find_file, read
from plasticdsl.options import A_FEW, CompileOptions, EngineName
from plasticdsl.plan.lower import lower
from plasticdsl.plan.passes.pipeline import optimise
from plasticdsl.runtime.engine.engine import Engine
from plasticdsl.source import SourceFile
from tests.semantics.agreement import Case
from tests.semantics.engines import in_python, reference
from tests.semantics.random_models import POST_TRACES, PRE_TRACES, STEPS, imposed_cases
from tests.semantics.test_compiled import tried
from tests.values import set_value, value_of

PRE, POST, LONG, DT = 4, 6, 900, 1e-3
TAU_R, TAU_Q, TAU_O, TAU_P = 0.02, 0.007, 0.03, 0.09

MODEL = """
rule Four:
    τ_r = 20 ms
    τ_q = 7 ms
    τ_o = 30 ms
    τ_p = 90 ms
    τ_r dr/dt = −r
    τ_q dq/dt = −q
    τ_o do/dt = −o
    τ_p dp/dt = −p
    on pre:
        w −= 0.01 o (1 + q)
        q → 0.5 q + 0.3
        r += 1
    on post:
        w += 0.01 r (1 + p)
        p += 0.4 o
        o += 1

network Net:
    a = 4 SpikeTimes(first)
    b = 6 SpikeTimes(second)
    ab = a → b: Four, w = 0.5MORE
"""


@pytest.fixture(autouse=True)
def _no_network_is_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driver, "FOR_LARGE", {})


Trains = tuple[list[tuple[int, int]], list[tuple[int, int]]]


def spikes(seed: int) -> Trains:
    """(step, unit) of both sides, many of them together, one unit that is silent for several frames, some at the ends of frames."""
    random = np.random.default_rng(seed)
    a = [(int(random.integers(LONG)), int(random.integers(PRE - 1))) for _ in range(40)]
    b = [(int(random.integers(LONG)), int(random.integers(POST))) for _ in range(60)]
    return sorted([*a, (7, PRE - 1), (34, 0), (35, 0), (36, 1), *((s, 1) for s, _ in b[::7])]), sorted([*b, (35, 2), (70, 2), (71, 2)])


def built(trains: Trains, more: str = "", engine: EngineName = "python", without: tuple[str, ...] = (), **how: str) -> plasticdsl.Net:
    """The network with these spikes; `more`: how its connections are made."""
    times = {
        name: (np.array([s for s, _ in m]) * DT, np.array([u for _, u in m], dtype=int))
        for name, m in zip(("first", "second"), trains, strict=True)
    }
    made = plasticdsl.parse(MODEL.replace("MORE", more))
    return made.build(dt="1 ms", spikes=times, engine=engine, without=without, **how)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Disturbed:
    """What happens to a run from outside: at step `written` r is set to −0.7 and p to 2; from `later` on τ_r and τ_p are others; `off`: no rules."""

    written: int = -1
    later: int = LONG
    off: range = range(0)


def by_hand(trains: Trains, stops: list[int], delay: int = 0, how: Disturbed = Disturbed()) -> list[dict[str, np.ndarray]]:
    """w and all traces before the steps `stops`, moved in each step."""
    a, b = trains
    w, r, q, o, p = np.full((PRE, POST), 0.5), np.zeros(PRE), np.zeros(PRE), np.zeros(POST), np.zeros(POST)
    found = []
    for n in range(LONG + 1):
        if n == how.written:
            r[:], p[:] = -0.7, 2.0
        if n in stops:
            across = [np.broadcast_to(x, (PRE, POST)).copy() for x in (r[:, None], q[:, None], o, p)]
            found.append(dict(zip("wrqop", (w.copy(), *across), strict=True)))
        on = n not in how.off
        pre, post = [u for t, u in a if t + delay == n], [u for t, u in b if t == n]
        r_then, o_then = r.copy(), o.copy()  # before the step
        for j in pre:
            w[j] -= 0.01 * o_then * (1 + q[j]) if on else 0.0
            q[j] = 0.5 * q[j] + 0.3
            r[j] += 1.0
        for i in post:
            w[:, i] += 0.01 * r_then * (1 + p[i]) if on else 0.0
            p[i] += 0.4 * o[i]
            o[i] += 1.0
        tau_r, tau_p = (TAU_R, TAU_P) if n < how.later else (0.05, 0.011)
        r, q, o, p = r * math.exp(-DT / tau_r), q * math.exp(-DT / TAU_Q), o * math.exp(-DT / TAU_O), p * math.exp(-DT / tau_p)
    return found


def values(net: plasticdsl.Net) -> dict[str, np.ndarray]:
    return {name: np.array(getattr(net["ab"], name)).reshape(PRE, POST) for name in "wrqop"}


def assert_same(net: plasticdsl.Net, expected: dict[str, np.ndarray], rtol: float = 1e-12, atol: float = 1e-13) -> None:
    for name, found in values(net).items():
        np.testing.assert_allclose(found, expected[name], rtol=rtol, atol=atol, err_msg=name)


def explained(model: str) -> str:
    return driver.explain(driver.load(SourceFile("<test>", model), None), CompileOptions())


@pytest.mark.parametrize("without", [(), ("lazy",), ("frames",)])
@pytest.mark.parametrize(("more", "delay"), [("", 0), (", where i ≤ 6, axonal delay = 3 ms", 3)])
def test_traces_are_those_of_step_by_step(more: str, delay: int, without: tuple[str, ...]) -> None:
    """Numbered and listed connections, without and with a delay."""
    trains, stops = spikes(delay), [3, 11, 35, 36, 333, 700, LONG]
    net = built(trains, more, without=without)
    for stop, expected in zip(stops, by_hand(trains, stops, delay), strict=True):
        net.run(steps=stop - net.step)
        assert_same(net, expected)


def test_a_closed_form() -> None:
    """Spikes at steps 5 and 8 and one of the other side at 20: Δw = 0.01 (e^(−15/20) + e^(−12/20)); what is left after 33 frames is 0."""
    net = built(([(5, 0), (8, 0)], [(20, 0)]))
    net.run(steps=500)
    assert values(net)["w"][0, 0] == pytest.approx(0.5 + 0.01 * (math.exp(-15 / 20) + math.exp(-12 / 20)), rel=1e-14)
    assert values(net)["r"][0, 3] == pytest.approx(math.exp(-495 / 20) + math.exp(-492 / 20), rel=1e-13)
    assert values(net)["q"][0, 0] == pytest.approx((0.5 * 0.3 * math.exp(-3 / 7) + 0.3) * math.exp(-492 / 7), rel=1e-13)
    net.run(steps=4800)
    assert 0.0 < values(net)["r"][0, 0] == pytest.approx(math.exp(-5295 / 20) + math.exp(-5292 / 20), rel=1e-12)
    assert values(net)["q"][0, 0] == 0.0  # e^−756 times 0.4 is below any normal number


FAST_AND_GROWING = """
rule Both:
    τ = 1 μs
    1 μs dr/dt = −r
    τ dq/dt = −q
    20 ms ds/dt = s
    30 ms do/dt = −o
    on pre:
        r += 1
        q += 1
        s += 1
        w += 0.1 o
    on post:
        o += 1
        w += r + s

network Net:
    a = 1 SpikeTimes([3 ms, 300 ms])
    b = 1 SpikeTimes([4 ms, 300 ms, 301 ms])
    ab = a → b: Both, w = 0
"""


def test_traces_that_are_gone_in_a_step_and_traces_that_grow() -> None:
    """e^−1000 of r is left after a step, and s grows e-fold in 20 ms: post spikes at 4, 300 and 301 ms find e^(1/20), e^(297/20), before the pre spike
    of that step, and e^(298/20) + e^(1/20)."""
    net = plasticdsl.parse(FAST_AND_GROWING).build(dt="1 ms", engine="python")
    net.run(steps=4)
    assert net["ab"].r[0] == net["ab"].q[0] == 0.0
    net.run(steps=296)
    assert net["ab"].w[0] == pytest.approx(math.exp(1 / 20), rel=1e-14)
    net.run(steps=1)
    assert net["ab"].s[0] == pytest.approx(math.exp(298 / 20) + math.exp(1 / 20), rel=1e-13)
    net.run(steps=1)
    post = math.exp(1 / 20) + math.exp(297 / 20) + math.exp(298 / 20) + math.exp(1 / 20)
    assert net["ab"].w[0] == pytest.approx(post + 0.1 * math.exp(-296 / 30), rel=1e-13)
    net["ab"].tau = 0.02
    net["ab"].q = 3.0
    net.run(steps=7)
    assert net["ab"].q[0] == pytest.approx(3.0 * math.exp(-7 / 20), rel=1e-13)


def test_looking_changes_no_bit(tmp_path: Path) -> None:
    trains = spikes(2)
    seen, unseen, saved = (built(trains) for _ in range(3))
    unseen.run(steps=800)
    for _ in range(16):
        seen.run(steps=50)
        values(seen)
    saved.run(steps=371)
    saved.save(tmp_path / "state")
    again = built(trains)
    again.load(tmp_path / "state")
    assert_same(again, by_hand(trains, [371])[0])
    again.run(steps=429)
    for name, found in values(unseen).items():
        np.testing.assert_array_equal(values(seen)[name], found)
        np.testing.assert_array_equal(values(again)[name], found)


@pytest.mark.parametrize("more", ["", ", where i ≤ 6"])
def test_what_happens_from_outside(more: str) -> None:
    """Traces are written, also below 0, parameters change, and rules are off and on again, in the middle of frames."""
    trains, how = spikes(3), Disturbed(217, 503, range(300, 353))
    net = built(trains, more)
    net.run(steps=217)
    net["ab"].r, net["ab"].p = -0.7, 2.0
    assert (values(net)["r"] == -0.7).all()
    net.run(steps=83)
    net.rules(False)
    net.run(steps=53)
    net.rules(True)
    net.run(steps=150)
    net["ab"].tau_r, net["ab"].tau_p = 0.05, 0.011
    (then, expected) = by_hand(trains, [503, 803], how=how)
    assert_same(net, then)
    net.run(steps=300)
    assert_same(net, expected)


def test_a_state_continues_with_other_parameters(tmp_path: Path) -> None:
    """What was kept for the factors of then is carried over to those of now."""
    trains = spikes(5)
    net, changed = built(trains), built(trains)
    for one in (net, changed):
        one.run(steps=217)
    changed["ab"].tau_r, changed["ab"].tau_p = 0.05, 0.011
    changed.run(steps=300)
    (expected,) = by_hand(trains, [517], how=Disturbed(later=217))
    assert_same(changed, expected)
    net["ab"].tau_r = 0.05
    net["ab"].tau_r = 0.02
    net.run(steps=300)
    assert_same(net, by_hand(trains, [517])[0])


def test_single_precision() -> None:
    """A trace is rounded three times where something happens to it, and twice at each of 25 ends of frames, by 2⁻²⁴ of itself each time; of what is left
    of a trace after 900 steps, that is at most 10⁻⁵."""
    trains = spikes(4)
    net = built(trains, precision="single")
    net.run(steps=LONG)
    (expected,) = by_hand(trains, [LONG])
    for name, found in values(net).items():
        np.testing.assert_allclose(
            found, expected[name], rtol=0 if name == "w" else 1e-5, atol=2e-6 if name == "w" else 1e-30, err_msg=name
        )


# --- random models ---------------------------------------------------------------------------------------------------


def frames_of(case: Case) -> int:
    plan = optimise(lower(case.network, case.per_unit), 1)
    return sum(len(p.framed) for p in plan.projections)


def changed_on_the_way(case: Case, engines: list[Engine], writes: dict[int, tuple[str, float]], stops: list[int]) -> None:
    """Traces are written between two steps, and all is put aside and taken up again by a new engine."""
    two = reference(case.network, case.numbers(), case.per_unit, case.asked)
    for step in range(case.steps):
        for engine in (*engines, two):
            engine.switch_rules(case.switches.get(step, {}))
            if step in writes:
                set_value(engine, "c", *writes[step])
        if step in stops:
            for place, engine in enumerate(engines):
                state = engine.snapshot()
                engines[place] = in_python(1)(case.network, case.numbers(), case.per_unit, case.asked)
                engines[place].restore(state)
        for engine in (*engines, two):
            engine.advance(1)
        for engine in engines:
            for name in (*PRE_TRACES, *POST_TRACES, "w", "s"):
                left, right = value_of(engine, "c", name), value_of(two, "c", name)
                np.testing.assert_allclose(left, right, rtol=1e-9, atol=1e-12, err_msg=f"{name} after {step + 1} steps")


def compare(examples: int) -> int:
    """How many traces of random models were kept so."""
    found = []

    @tried(examples)
    @given(imposed_cases(), st.data())
    def run(case: Case, data: st.DataObject) -> None:
        try:
            one = frames_of(case)
        except PlasError:  # what the compiler refuses is tested elsewhere
            assume(False)
        steps, names = st.integers(1, STEPS - 1), st.sampled_from((*PRE_TRACES, *POST_TRACES))
        writes = data.draw(st.dictionaries(steps, st.tuples(names, st.sampled_from([0.3, -0.4, 2.0])), max_size=3))
        engine = in_python(1)(case.network, case.numbers(), case.per_unit, case.asked)
        changed_on_the_way(case, [engine], writes, data.draw(st.lists(steps, max_size=3)))
        found.append(one)

    run()
    return sum(found)


def test_random_models() -> None:
    """Against the interpreter; more of them in `test_compiled`, where nothing is changed on the way."""
    assert compare(6) > 1


@pytest.mark.slow
def test_many_random_models() -> None:
    assert compare(500) > 60


# --- what is taken ---------------------------------------------------------------------------------------------------

OTHERS = """
neuron N:
    20 ms dg/dt = −g
    spike when g > 1:
        g → 0

rule R:
    RULE
    on pre:
        r += 1
        w −= r

network Net:
    a = 1 Poisson(rate = 10 Hz)
    b = 1 N
    ab = a → b: R, w = 1
"""


@pytest.mark.parametrize(
    ("rule", "taken"),
    [
        (("20 ms dr/dt = −r",), True),
        (("τ = 20 ms", "dr/dt = −2 r/τ"), True),
        (("every 1 s:", "    w += r", "20 ms dr/dt = −r"), True),
        (("r ∈ [0, 1]", "20 ms dr/dt = −r"), False),
        (("20 ms dr/dt = 1 − r",), False),
        (("20 ms dr/dt = −r²",), False),
        (("20 ms dr/dt = −r", "20 ms dq/dt = r − q"), False),
        (("20 ms dr/dt = −r", "w ∈ [0, 1 + r]"), False),
        (("every dt:", "    w += r", "20 ms dr/dt = −r"), False),
        (("τ ~ U(1 ms, 2 ms)", "τ dr/dt = −r"), False),
    ],
)
def test_which_traces_are_kept_so(rule: tuple[str, ...], taken: bool) -> None:
    text = explained(OTHERS.replace("RULE", "\n    ".join(rule)))
    assert ("pass frames: ab: r: what is left of traces is worked out when events read them" in text) == taken


def test_traces_of_triplets() -> None:
    text = explained(read(find_file("triplet")).text)
    assert f"what is left of traces is worked out when events read them, in networks with {A_FEW} connections\n" in text
