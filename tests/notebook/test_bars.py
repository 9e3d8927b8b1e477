"""Bars: when they appear, what they say, and that they go."""

from __future__ import annotations

import io
import subprocess
import sys
import time
from types import SimpleNamespace

import pytest

import plasticdsl
from plasticdsl import bars
from plasticdsl.runtime.play.progress import SILENT, TimeLeft

MODEL = """
neuron A:
    τ = 10 ms
    τ dV/dt = 20 mV − V

network Net:
    a = 3 A

experiment E on Net:
    dt = 0.1 ms
    phase first for 20 ms
    phase second for 20 ms
    sweep A.τ in [10 ms, 20 ms]
"""


class Told:
    """What is told of progress."""

    def __init__(self) -> None:
        self.said: list[tuple[float, str]] = []
        self.closed = False

    def show(self, done: float, what: str) -> None:
        self.said.append((done, what))

    update = show

    def close(self) -> None:
        self.closed = True


def test_every_stage_is_told() -> None:
    told = Told()
    plasticdsl.parse(MODEL).run("E", engine="python", progress=told)
    stages = [f"{stage}, {done} of 2 runs done" for done in (0, 1) for stage in ("building", "compiling")]
    assert [what for _, what in told.said if not what.startswith(("first", "second"))] == stages
    assert [done for done, what in told.said if what.startswith("building")] == [0.0, 0.5]
    assert [done for done, _ in told.said] == sorted(done for done, _ in told.said)


def test_building_and_running_a_network_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("plasticdsl.runtime.play.progress.TICK", 0.0)
    told = Told()
    net = plasticdsl.parse(MODEL).build(engine="python", progress=told)
    assert told.said == [(0.0, "building"), (0.0, "compiling")]
    net.run("50 ms", progress=told)
    assert told.said[-1][1] == "running"
    assert 0.0 < told.said[-1][0] <= 1.0


def test_the_time_left_is_that_of_what_was_done_since_it_runs() -> None:
    now = [100.0]
    left = TimeLeft(lambda: now[0])
    left.told(0.0)
    now[0] += 500.0  # compiling
    left.told(0.1)
    assert (left.seconds, left.text) == (None, "")
    now[0] += 4000.0  # one run of ten, on a cluster
    left.told(0.2)
    assert left.seconds == pytest.approx(32_000.0)
    assert left.text == "8:53:20"
    now[0] += 31_940.0
    assert left.text == "1:00"
    now[0] += 100.0
    assert left.text == "0:00"


def test_a_bar_appears_late_even_where_nothing_is_told_and_goes() -> None:
    bar = Told()
    late = bars.Late(lambda: bar, 0.05)
    late.show(0.0, "compiling")
    assert not bar.said
    deadline = time.monotonic() + 20.0
    while not bar.said and time.monotonic() < deadline:
        time.sleep(0.01)
    assert bar.said == [(0.0, "compiling")]
    late.show(0.5, "running")
    assert bar.said[-1] == (0.5, "running")
    late.close()
    late.show(1.0, "too late")
    assert bar.closed
    assert bar.said[-1] == (0.5, "running")


def test_what_is_quick_shows_none() -> None:
    bar = Told()
    late = bars.Late(lambda: bar, 30.0)
    late.show(0.5, "running")
    late.close()
    assert not bar.said


def test_where_bars_are_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    told = Told()
    with bars.shown(told) as found:
        assert found is told
    monkeypatch.setattr(sys, "stderr", SimpleNamespace(isatty=lambda: True))
    monkeypatch.setattr(bars, "is_notebook", lambda: False)
    for wanted, late in ((None, False), (False, False), (True, True)):
        with bars.shown(wanted) as found:
            assert (found is not SILENT) == late
    monkeypatch.setattr(bars, "is_notebook", lambda: True)
    for wanted, late in ((None, True), (False, False), (True, True)):
        with bars.shown(wanted) as found:
            assert (found is not SILENT) == late


def test_the_bar_of_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.StringIO()
    monkeypatch.setattr(sys, "stderr", out)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("FORCE_COLOR", "1")
    bar = bars.on_terminal()
    bar.update(0.25, "compiling")
    time.sleep(0.15)
    bar.close()
    assert "compiling" in out.getvalue()
    assert "25 %" in out.getvalue()


def test_the_bar_of_a_notebook(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("tqdm")
    out = io.StringIO()
    monkeypatch.setattr(sys, "stderr", out)
    monkeypatch.setattr(bars, "find_spec", lambda name: None)  # no widgets
    bar = bars.in_notebook()
    bar.update(0.25, "learning, run 1 of 2")
    bar.close()
    assert "learning, run 1 of 2:  25 %" in out.getvalue()


def test_nothing_of_bars_is_imported_where_none_is_shown() -> None:
    program = "import sys, plasticdsl.bars as b\nwith b.shown() as told: told.show(0.5, 'x')\nassert not {'tqdm', 'rich', 'IPython'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True)
