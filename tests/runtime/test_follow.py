"""What is taken after each step is to the bit the same whether steps are done one by one or many at once."""

from __future__ import annotations

import numpy as np
import pytest

from plasticdsl import driver
from plasticdsl.diagnostics.render import rendered
from plasticdsl.options import CompileOptions, EngineName, Precision
from plasticdsl.runtime.play import follow, runner
from plasticdsl.runtime.play.experiment import Order, Run
from plasticdsl.runtime.play.progress import SILENT, Pace
from plasticdsl.source import SourceFile

TEXT = """
neuron Cell:
    τ = 10 ms
    I = 0.9
    τ dV/dt = I − V + g + 0.1 √τ ξ(t)
    5 ms dg/dt = −g
    u = exp(−V²) + g/2
    V(0) ~ U(0, 0.9)
    spike when V > 1:
        V → 0

synapse Wire:
    w = 0.3
    20 ms dc/dt = −c
    on pre:
        post.g += w
        c += 1
    on post:
        c += 2

network Net:
    k = 2
    E = 20 Cell, I = 0.9 if i ≤ 10, 1.1 otherwise
    one = 1 Cell
    EE = E → E: Wire, p = 0.3, axonal delay = 1 ms
    lone = E → one: Wire, w = 0.02
    total = Σ_i E.V_i

experiment Go on Net:
    dt = 0.5 ms
    phase first for 31 ms:
        record E.V as V1
    repeat 2 times:
        phase second for 20 ms:
            E.I = 1.2
            record mean(E.V) − one.V, EE.c every 4 ms
            expect max(E.V) < 1 over last 15 ms
    record E.V, one.g, E.u, E[3 to 5].V·k + E.I[2], lone.c[1, 7], max(E.V) − sd(E[1 to 9].u), k
    record total every 3 ms
    expect max(E.V) < 0.5 over last 20 ms
    expect min(E.u) − max(E.V[3]) > 0 over last 20 ms
    expect mean(E.V·E.I − one.g) > 2 over last 20 ms
    expect sd(EE.c) + sum(one.g) + norm(k) + count(E.V > 0.5) < 0 over last 20 ms
    expect fraction(E.V > mean(E.V)) < 0 over last 20 ms
    expect median(E.u) < 0 over last 20 ms
    expect correlation(E.V, E.g) > 2 over last 3 ms
    expect mean(E.V) < 0 every 0.5 ms over last 3 ms
"""


def ran(text: str, engine: EngineName = "compiled", precision: Precision = "double") -> Run:
    loaded = driver.load(SourceFile("<test>", text), None)
    options = CompileOptions(engine=engine, precision=precision)
    with rendered(loaded.sources):
        study, _ = driver.simulate(loaded, loaded.module.experiments[0], options, Order(seed=3), SILENT)
    return study.runs[0]


def taken(run: Run) -> dict[str, object]:
    found: dict[str, object] = {f"{s.name} {s.during}": (s.done.copy(), s.steps.copy()) for s in run.recorder.series}
    return found | {o.text: (o.value, o.passed, o.limit) for o in run.outcomes}


@pytest.fixture
def strides(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many steps were done at once."""
    found: list[int] = []

    def noted(observer: object, states: object, steps: int) -> object:
        found.append(steps)
        return follow.followed(observer, states, steps)  # type: ignore[arg-type]

    monkeypatch.setattr(runner, "followed", noted)
    return found


@pytest.mark.parametrize(("engine", "precision"), [("compiled", "double"), ("compiled", "single"), ("reference", "double")])
def test_nothing_depends_on_how_many_steps_are_done_at_once(
    engine: EngineName, precision: Precision, strides: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Pace, "chunk", lambda _: 7)
    monkeypatch.setattr(follow, "FEWEST", 2)
    monkeypatch.setattr(runner, "FEWEST", 2)
    many = taken(ran(TEXT, engine, precision))
    assert sum(strides) > 100 and max(strides) == 6
    strides.clear()
    monkeypatch.setattr(follow.Following, "ahead", lambda *_: None)
    single = taken(ran(TEXT, engine, precision))
    assert not strides and many.keys() == single.keys() and len(many) > 12
    for name, values in single.items():
        for one, other in zip(many[name], values, strict=True):  # type: ignore[call-overload]
            np.testing.assert_array_equal(one, other, err_msg=name)
