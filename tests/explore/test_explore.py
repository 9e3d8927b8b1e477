"""The page with sliders: what can be moved, what rules and neurons look like, and a server that nobody else finds."""

import os
import shutil
import signal
import subprocess
import sys
import urllib.error
import urllib.request

import numpy as np
import pytest

import plasticdsl
from plasticdsl.explore.controls import controls
from plasticdsl.explore.drawing import as_svg, draw_plane, draw_window
from plasticdsl.explore.portraits import plane, plane_alone, rules_of, small_neurons
from plasticdsl.explore.unfitted import remark, said, without_fit
from plasticdsl.explore.windows import window

TEXT = """
neuron Cell:
    τ = 20 ms
    E = −70 mV
    I = 12 mV
    τ dV/dt = I − V + E
    V(0) = E
    spike when V > −60 mV:
        V → E

rule STDP:
    A = 0.01
    τ_w = 20 ms
    w ∈ [0, 1]
    on all pairs:
        Δw = F(t_post − t_pre)
    F(Δt) =  A exp(−Δt/τ_w)  if Δt > 0
            −A exp(Δt/τ_w)   otherwise

rule Faster like STDP:
    τ_w = 10 ms

synapse Kick:
    on pre:
        post.V += 1 mV

network One:
    ν = 10 Hz
    inputs = 10 Poisson(rate = ν)
    cell = 1 Cell
    ex = inputs → cell: Kick with Faster, w = 0.5

experiment Fire on One:
    dt = 0.1 ms
    sweep cell.I in [12 mV]
    phase run for 200 ms
    plot cell.V over time
    expect spike_count(cell) > 1
"""

OSCILLATOR = """
neuron Oscillator:
    ω = 100 Hz
    dx/dt = ω y
    dy/dt = −ω x
    x(0) = 1

network Alone:
    one = 1 Oscillator
"""

SPIKING = """
neuron Adapting:
    τ = 20 ms
    τ dV/dt = 15 mV − V − w
    5 τ dw/dt = −w
    w ∈ [0 mV, ∞]
    spike when V > 10 mV:
        V → 0 mV
        w += 1 mV

network Alone:
    one = 1 Adapting
"""


def test_what_the_file_gives_a_number_can_be_moved(tmp_path):
    path = tmp_path / "one.plas"
    path.write_text(TEXT, encoding="utf-8")
    found = {one.name: one for one in controls(plasticdsl.load(path), "Fire")}
    assert list(found) == ["ν", "Faster.τ_w", "Faster.A", "Cell.τ", "Cell.E", "Cell.I"]
    assert found["Cell.E"].value == -70.0 and found["Cell.E"].low == -210.0 < found["Cell.E"].high == -3.5
    assert found["Faster.τ_w"].setting(12.5) == "12.5 ms"
    assert found["ν"].label == "ν (Hz)"


def test_what_an_experiment_sets_is_where_its_slider_stands(tmp_path):
    path = tmp_path / "one.plas"
    path.write_text(f"{TEXT}\nexperiment Other like Fire:\n    ν = 0.02 kHz\n    cell.τ = 1 ms · 30\n    Faster.A = 0\n", encoding="utf-8")
    found = {one.name: one for one in controls(plasticdsl.load(path), "Other")}
    assert (found["ν"].value, found["ν"].unit, found["ν"].low, found["ν"].high) == (20.0, "Hz", 1.0, 60.0)
    assert "Cell.τ" not in found  # it is computed
    assert (found["Faster.A"].value, found["Faster.A"].low, found["Faster.A"].high) == (0.0, 0.0, 0.03)


def test_a_fit_is_left_to_who_moves_the_sliders(tmp_path):
    """τ dV/dt = I − V + E from V = E on: V − E = I (1 − exp(−1)) after τ = 20 ms, 7.59 mV for I = 12 mV; (7.5854 − 5)² = 6.6845."""
    line = (
        "    fit Cell.I in 1 mV … 20 mV, 16 trials to minimise (cell.V − cell.E − 5 mV)²\n    phase run for 20 ms\n    expect t > 19 ms\n"
    )
    path = tmp_path / "fitted.plas"
    path.write_text(f"{TEXT}\nexperiment Fitted on One:\n    dt = 0.1 ms\n    ν = 0 Hz\n{line}", encoding="utf-8")
    model = plasticdsl.load(path)
    experiment = model.find_experiment("Fitted")
    (current,) = (one for one in controls(model, "Fitted") if one.name == "Cell.I")
    assert (current.value, current.low, current.high) == (12.0, 1.0, 20.0)
    result = without_fit(model, experiment).run("Fitted")
    assert len(result.study.runs) == 1 and result.study.fitted is None
    passed, goal = said(experiment, result)
    assert passed.startswith("passed") and goal == "goal     (cell.V − cell.E − 5 mV)²  found 6.685e−06 V², and the fit wants the smallest"
    assert remark(experiment) == "The fit is left out: until you move it, what it would search (Cell.I) has the value of the file."
    assert without_fit(model, model.find_experiment("Fire")) is model and remark(model.find_experiment("Fire")) == ""


def test_windows_are_what_the_rule_says(tmp_path):
    path = tmp_path / "one.plas"
    path.write_text(TEXT, encoding="utf-8")
    model = plasticdsl.load(path)
    assert rules_of(model, model.loaded.module.networks[0]) == ("Faster",) and rules_of(model) == ("Faster", "STDP")
    found = window(model, "Faster", {"Faster.A": "0.02", "Cell.I": "0 mV"})
    assert found is not None and found.lag.size == 81
    expected = np.where(found.lag > 1e-9, 1.0, -1.0) * 0.02 * np.exp(-np.abs(found.lag) / 0.010)
    np.testing.assert_allclose(found.change, expected, atol=1e-9)
    assert as_svg(draw_window(found)).startswith("<svg")


def test_slopes_in_the_plane_of_an_oscillator(tmp_path):
    path = tmp_path / "two.plas"
    path.write_text(OSCILLATOR, encoding="utf-8")
    model = plasticdsl.load(path)
    found = plane(model, model.loaded.module.networks[0], {"ω": "50 Hz"})
    assert found is not None and (found.population, found.x.name, found.y.name) == ("one", "x", "y")
    across, up = np.meshgrid(found.x.points, found.y.points)
    np.testing.assert_allclose(found.dx, 50.0 * up, atol=1e-4)
    np.testing.assert_allclose(found.dy, -50.0 * across, atol=1e-4)
    np.testing.assert_allclose(np.hypot(*found.path), 1.0, atol=1e-6)
    assert as_svg(draw_plane(found)).startswith("<svg")


def test_a_neuron_on_which_a_network_acts_has_its_plane_alone(tmp_path):
    path = tmp_path / "driven.plas"
    driven = OSCILLATOR.replace("    dx/dt = ω y\n", "    input J : Hz\n    dx/dt = ω y + J\n")
    synapse = "\nsynapse Push:\n    post.J = Σ pre.ω\n"
    text = driven.replace("network Alone", f"{synapse}\nnetwork Alone") + "    other = 1 Oscillator\n    one → other: Push\n"
    path.write_text(text, encoding="utf-8")
    model = plasticdsl.load(path)
    network = model.loaded.module.networks[0]
    assert small_neurons(model, network) == ("Oscillator",) == small_neurons(model)
    found = plane_alone(model, "Oscillator", {"Oscillator.ω": "50 Hz", "one.x": "2"})
    assert found is not None
    across, up = np.meshgrid(found.x.points, found.y.points)
    np.testing.assert_allclose(found.dx, 50.0 * up, atol=1e-4)
    np.testing.assert_allclose(found.dy, -50.0 * across, atol=1e-4)


def test_a_reset_is_no_slope_and_the_plane_ends_at_bounds(tmp_path):
    """τ dV/dt = 15 mV − V − w, 5 τ dw/dt = −w: known where there is no spike."""
    path = tmp_path / "spiking.plas"
    path.write_text(SPIKING, encoding="utf-8")
    model = plasticdsl.load(path)
    found = plane(model, model.loaded.module.networks[0], {})
    assert found is not None and (found.x.name, found.x.unit) == ("V", "mV") and found.y.points.min() == 0.0
    across, up = np.meshgrid(found.x.points, found.y.points)
    spikes = across > 10.0
    assert spikes.any() and np.array_equal(np.isnan(found.dx), spikes)
    np.testing.assert_allclose(found.dx[~spikes], (15.0 - across - up)[~spikes] / 0.02, atol=1e-3)
    np.testing.assert_allclose(found.dy[~spikes], -up[~spikes] / 0.1, atol=1e-3)


@pytest.fixture
def address(tmp_path):
    pytest.importorskip("panel")
    path = tmp_path / "one.plas"
    path.write_text(TEXT, encoding="utf-8")
    command = [sys.executable, "-m", "plasticdsl", "explore", str(path), "--no-open"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, "PYTHONUNBUFFERED": "1"}
    ) as server:
        try:
            yield server.stdout.readline().strip()
        finally:
            server.send_signal(signal.SIGINT)
            assert server.wait(timeout=60) == 130


def _status(address):
    try:
        with urllib.request.urlopen(address, timeout=120) as answer:
            return answer.status
    except urllib.error.HTTPError as refused:
        return refused.code


def test_the_page_is_behind_its_token_on_the_loopback_address(address):
    root, _, token = address.rpartition("/")
    assert root.startswith("http://127.0.0.1:") and len(token) > 16
    assert [_status(where) for where in (f"{root}/", f"{root}/{token[:-1]}", address)] == [404, 404, 200]


def test_a_text_that_check_refuses_is_not_shown(tmp_path):
    path = tmp_path / "bad.plas"
    path.write_text("neuron A:\n    dV/dt = U\n", encoding="utf-8")
    command = [sys.executable, "-m", "plasticdsl", "explore", str(path), "--no-open"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 1 and not done.stdout and "‘U’" in done.stderr


_ALL = """
const found = [];
const walk = (root) => {
  for (const e of root.querySelectorAll('*')) { if (e.matches(arguments[0])) found.push(e); if (e.shadowRoot) walk(e.shadowRoot); }
};
walk(document);
return found"""


@pytest.mark.slow
def test_a_slider_changes_what_a_browser_shows(address):
    """In headless Chromium, where it and Selenium are installed."""
    selenium = pytest.importorskip("selenium.webdriver")
    from selenium.common.exceptions import WebDriverException
    from selenium.webdriver.chrome.service import Service
    from selenium.webdriver.common.keys import Keys
    from selenium.webdriver.support.ui import WebDriverWait

    options = selenium.ChromeOptions()
    for flag in ("--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"):
        options.add_argument(flag)
    try:
        browser = selenium.Chrome(options=options, service=Service(shutil.which("chromedriver")))
    except (WebDriverException, ValueError) as missing:
        pytest.skip(str(missing))
    try:
        browser.get(address)

        def verdict(_):
            texts = browser.execute_script(_ALL + ".map(e => e.innerText)", "pre")
            return next((text for text in texts if text.startswith(("passed", "FAILED"))), "")

        before = WebDriverWait(browser, 120).until(verdict)
        handles = browser.execute_script(_ALL, ".noUi-handle")
        handles[3].send_keys(Keys.ARROW_LEFT * 30)  # Cell.τ
        WebDriverWait(browser, 120).until(lambda _: verdict(_) not in ("", before))
    finally:
        browser.quit()
