"""`w_ij = w_ji`: connections, values and changes are alike in both directions, or the model is refused."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from numpy.typing import NDArray

import plasticdsl
from plasticdsl.check.module import checked
from plasticdsl.diagnostics.diagnostic import PlasError
from plasticdsl.driver import prepared, read
from plasticdsl.model import Network
from plasticdsl.model.expr import Ref
from plasticdsl.model.owners import OfProjection
from plasticdsl.reference.interpreter import ReferenceEngine
from plasticdsl.runtime.instance.build import instantiate
from plasticdsl.runtime.instance.instance import Instance
from plasticdsl.source import SourceFile
from plasticdsl.syntax.parser import parse
from plasticdsl.syntax.reading import Reading
from tests.values import value_of

MODEL = """
neuron Unit:
    input h
    x → +1 if h > 0
        −1 otherwise
    output x ∈ {−1, +1}
    X = 0

neuron Rate:
    τ = 10 ms
    input h
    τ dx/dt = −x + h
    output x

synapse Coupling:
    post.h = Σ w x

rule Learning:
    RULE

network Net:
    N = 30
    units = N KIND, VALUES
    J = units → units: Coupling with Learning, PROJECTION
    E = −½ Σ_ij w_ij x_i x_j
"""


def text(projection: str, rule: str = "Δw = 0.1 x y", kind: str = "Unit", values: str = "X = 0") -> str:
    lines = rule.replace("\n", "\n    ")
    return MODEL.replace("RULE", lines).replace("KIND", kind).replace("VALUES", values).replace("PROJECTION", projection)


def network(*parts: str, **more: str) -> Network:
    module = prepared(read(SourceFile("model.plas", text(*parts, **more))))
    return module.networks[0]


def findings(*parts: str, **more: str) -> list[tuple[str, str]]:
    source = SourceFile("model.plas", text(*parts, **more))
    return [(d.code, d.message) for d in checked(Reading(parse(source)), source).diagnostics]


def matrix(instance: Instance, values: NDArray[np.float64] | None = None) -> NDArray[np.float64]:
    """w[i, j], NaN where there is no connection."""
    made = instance.projections["J"]
    found = np.full((30, 30), np.nan)
    found[made.targets, made.sources()] = made.states["w"] if values is None else values
    return found


def built(projection: str, seed: int = 1, **more: str) -> NDArray[np.float64]:
    return matrix(instantiate(network(projection, **more), dt=1.0, seed=seed))


# --- connections and values ------------------------------------------------------------------------------------------

CONNECTED = ("all to all except self", "all to all", "p = 0.2", "p = 0.3, except self", "p = exp(−|i − j|/5)", "where |i − j| < 4")


@pytest.mark.parametrize("connected", CONNECTED)
@pytest.mark.parametrize("value", ["w ~ N(0, 1/√N)", "w ~ Gamma(2, 0.1)", "w = 0.1", "w = 0.1 exp(−|i − j|/3)", "w = 0.01 (i + j)"])
def test_values_and_connections_are_alike(connected: str, value: str) -> None:
    w = built(f"{connected}, {value}, w_ij = w_ji")
    np.testing.assert_array_equal(w, w.T)


def test_every_pair_is_drawn_once() -> None:
    """A share p of the pairs, and as many different values as pairs."""
    w = built("p = 0.3, except self, w ~ N(0, 1), w_ij = w_ji")
    pairs = w[np.triu_indices(30, 1)]
    existing = pairs[~np.isnan(pairs)]
    assert len(np.unique(existing)) == len(existing)
    assert abs(len(existing) - 0.3 * 435) < 4 * np.sqrt(435 * 0.3 * 0.7)
    assert existing.std() == pytest.approx(1.0, abs=4 / np.sqrt(2 * len(existing)))


def test_a_unit_is_connected_to_itself_like_to_any_other_or_not_at_all() -> None:
    drawn = "p = 0.3KIND, w ~ N(0, 1), w_ij = w_ji"
    assert np.isnan(np.diag(built(drawn.replace("KIND", ", except self")))).all()
    loops = [np.count_nonzero(~np.isnan(np.diag(built(drawn.replace("KIND", ""), seed)))) for seed in range(1, 11)]
    assert abs(sum(loops) - 0.3 * 300) < 4 * np.sqrt(300 * 0.3 * 0.7)


@pytest.mark.parametrize("kind", ["", ", except self"])
def test_random_connections_for_i_below_j_count(kind: str) -> None:
    """The half with i ≤ j is that of the projection without the equation, and the other half is its mirror image."""
    there, alike = (~np.isnan(built(f"p = 0.3{kind}, w = 1{equation}")) for equation in ("", ", w_ij = w_ji"))
    np.testing.assert_array_equal(alike, np.triu(there) | np.triu(there).T)


def test_the_values_for_i_below_j_count() -> None:
    """What is drawn for w_ij with i < j is what the projection without the equation has there."""
    plain, alike = built("all to all, w ~ N(0, 1)"), built("all to all, w ~ N(0, 1), w_ij = w_ji")
    upper = np.triu_indices(30)
    np.testing.assert_array_equal(plain[upper], alike[upper])
    assert not np.array_equal(plain, plain.T)


@pytest.mark.parametrize("equation", ["w_ij = w_ji", "w_ji = w_ij", "w[i, j] = w[j, i]"])
def test_ways_to_write_it(equation: str) -> None:
    w = built(f"all to all, w ~ N(0, 1), {equation}")
    np.testing.assert_array_equal(w, w.T)


def refused(projection: str, **more: str) -> str:
    with pytest.raises(PlasError) as error:
        built(projection, **more)
    [found] = error.value.diagnostics
    assert found.code == "not-symmetric"
    return found.message


def test_what_is_not_alike_is_refused_when_it_is_built() -> None:
    assert refused("all to all, w = 0.1 i, w_ij = w_ji") == (
        "‘J.w’ is 0.2 from 1 to 2 and 0.1 from 2 to 1, so that ‘w_ij = w_ji’ cannot hold."
    )
    assert "unit 2 is connected to unit 1, but unit 1 not to unit 2" in refused("where i < j, w = 0, w_ij = w_ji")
    assert "decided otherwise" in refused("p = i/40, w = 0, w_ij = w_ji")
    assert "decided otherwise" in refused("p = 0.5, where i < j, w = 0, w_ij = w_ji")


def test_values_and_connections_from_python(tmp_path: Path) -> None:
    (tmp_path / "net.plas").write_text(text("all to all, w = 0, w_ij = w_ji"), encoding="utf-8")
    instance_of = network("all to all, w = 0, w_ij = w_ji")
    given = np.arange(900.0).reshape(30, 30)
    settings = {Ref(OfProjection("J"), "w"): given + given.T}
    np.testing.assert_array_equal(matrix(instantiate(instance_of, dt=1.0, seed=1, settings=settings)), given + given.T)
    with pytest.raises(PlasError, match="cannot hold"):
        instantiate(instance_of, dt=1.0, seed=1, settings={Ref(OfProjection("J"), "w"): given})
    for pairs, fits in ((([0, 1], [1, 0]), True), (([1, 2], [2, 0]), False)):
        made = {"J": (np.array(pairs[0]), np.array(pairs[1]))}
        if fits:
            assert instantiate(instance_of, dt=1.0, seed=1, connections=made).projections["J"].count == 2
        else:
            with pytest.raises(ValueError, match="unit 2 is connected to unit 3, but unit 3 not to unit 2"):
                instantiate(instance_of, dt=1.0, seed=1, connections=made)


# --- changes ---------------------------------------------------------------------------------------------------------

KEEPS = [
    "Δw = x y/N_pre",
    "η = 0.1\nc = y x\nΔw = η c (1 − w)",
    "τ = 5 steps\nΔw = (x − ⟨x⟩_τ) (y − ⟨y⟩_τ)",
    "τ = 5 steps\nΔw = x ⟨y⟩_τ + y ⟨x⟩_τ",
    "w ∈ [0, 1]\nΔw = 0.1 x y\nw → 0.9 w if x = y",
    "every 3 steps:\n    w → 0.5 w + x + y",
    "Δw = 0.1 pre.h post.h",
]
BREAKS = {
    "η = 0.1\nΔw = η y (x − y w)": "‘Learning’ changes w_ij by ‘−x_i^2 η w_ij’ and w_ji by ‘−x_j^2 η w_ij’",
    "Δw = x\nΔw = y": "changes w_ij by ‘x_j’ and w_ji by ‘x_i’",
    "w ∈ [0, y]\nΔw = x y": "w_ij by ‘x_i’ and w_ji by ‘x_j’",
    "τ = 5 steps\nΔw = x (y − ⟨y⟩_τ)": "‘Learning’ changes w_ij by",
    "Δw = x y\nw → w/√(Σ w²)": "Sum[incoming]",
    "η ~ N(1, 0.1)\nΔw = η x y": "η is drawn for each connection by itself",
}


@pytest.mark.parametrize("rule", KEEPS)
def test_rules_that_keep_it(rule: str) -> None:
    """Decided when the file is checked, and so it is in a run."""
    net = network("p = 0.5, w ~ U(0, 1), w_ij = w_ji", rule)
    instance = instantiate(net, dt=1.0, seed=1)
    instance.populations["units"].states["x"] = np.where(np.arange(30) % 3 == 0, 1.0, -1.0)
    engine = ReferenceEngine(net, instance)
    engine.advance(10)
    w = matrix(instance, value_of(engine, "J", "w"))
    start = matrix(instance)
    assert not np.allclose(w, start, equal_nan=True)
    np.testing.assert_allclose(w, w.T, rtol=1e-12)


@pytest.mark.parametrize("rule", BREAKS)
def test_rules_that_break_it_show_the_term(rule: str) -> None:
    [(code, message)] = findings("all to all, w = 0.5, w_ij = w_ji", rule)
    assert code == "not-symmetric" and "would not last" in message
    assert BREAKS[rule] in message


def test_parameters_that_differ_between_the_directions() -> None:
    """By formula: refused when the file is checked, with the term; set for a run: refused when it is built."""
    rule = "η = 1\nΔw = η x y"
    [(code, message)] = findings("all to all, w = 0.5, η = i, w_ij = w_ji", rule)
    assert code == "not-symmetric" and "changes w_ij by ‘i x_i x_j’ and w_ji by ‘j x_i x_j’" in message
    assert findings("all to all, w = 0.5, η = |i − j|, w_ij = w_ji", rule) == []
    net = network("all to all, w = 0.5, w_ij = w_ji", rule)
    with pytest.raises(PlasError, match=r"‘J\.η’ is \d+ from"):
        instantiate(net, dt=1.0, seed=1, settings={Ref(OfProjection("J"), "eta"): np.arange(900.0)})


PAIR = "p(0) = 0\nq(0) = 0\np → 0.5 p + x\nq → 0.5 q + y\nΔw = p q"
CLIPPED = "p(0) = 0\nq(0) = 0\np ∈ [0, 1]\nq ∈ [0, 1]\n"


def test_states_that_changes_read_begin_alike() -> None:
    """What takes the place of p in the other direction is q."""
    net = network("all to all, w = 0.5, w_ij = w_ji", PAIR)
    random = np.random.default_rng(1).normal(0, 1, (30, 30))
    instantiate(net, dt=1.0, seed=1, settings={Ref(OfProjection("J"), "p"): random, Ref(OfProjection("J"), "q"): random.T})
    with pytest.raises(PlasError, match=r"‘J\.p’ is .* from 1 to 1 and ‘q’ is 0 from 1 to 1"):
        instantiate(net, dt=1.0, seed=1, settings={Ref(OfProjection("J"), "p"): random})


def test_bounds_between_statements_count() -> None:
    """Without bounds p_ij and q_ji come to the same; with them they do so only if each statement's outcome does."""
    halves = "p → x − 1\np → p + 10 y\nq → 10 x\nq → q + y − 1\nΔw = p + q"
    projection = "all to all, w = 0.5, w_ij = w_ji"
    assert findings(projection, CLIPPED.replace("p ∈ [0, 1]\nq ∈ [0, 1]\n", "") + halves) == []
    assert [code for code, _ in findings(projection, CLIPPED + halves)] == ["not-symmetric"]
    alike = "p → x − 1\nq → y − 1\nq → q + 10 x\np → p + 10 y\nΔw = p + q"
    assert findings(projection, CLIPPED + alike) == []


def test_flows() -> None:
    keeps, breaks = "τ = 1 s\ndw/dt = (x y − w)/τ", "τ = 1 s\ndw/dt = (x y − y² w)/τ"
    noisy = "τ = 1 s\ndw/dt = (x y − w)/τ + (1/√τ) ξ(t)"
    more = {"kind": "Rate", "values": "x(0) ~ U(0, 1)"}
    assert findings("all to all, w = 0.5, w_ij = w_ji", keeps, **more) == []
    assert [c for c, _ in findings("all to all, w = 0.5, w_ij = w_ji", breaks, **more)] == ["not-symmetric"]
    [(_, message)] = findings("all to all, w = 0.5, w_ij = w_ji", noisy, **more)
    assert "noise is drawn for each connection by itself" in message


def test_changes_at_spikes_are_refused() -> None:
    spiking = text("all to all, w = 0.5, w_ij = w_ji", "on pre:\n    w += 0.1").replace("    X = 0\n", "    X = 0\n    spike when h > 0\n")
    source = SourceFile("model.plas", spiking)
    [found] = [d for d in checked(Reading(parse(source)), source).diagnostics if d.code == "not-symmetric"]
    assert "it changes w at spikes of one side" in found.message


# --- what it promises ------------------------------------------------------------------------------------------------


def test_the_energy_never_increases(tmp_path: Path) -> None:
    """Hopfield (1982), PNAS 79:2554: with symmetric couplings and none of a unit to itself, updates one by one never raise E. Without symmetry they do."""
    experiment = """
experiment Descent on Net:
    phase relax for 15 steps:
        update asynchronously
        rules off
        expect E never increases
"""
    verdicts = []
    for equation in (", w_ij = w_ji", ""):
        file = tmp_path / f"net{len(verdicts)}.plas"
        file.write_text(text(f"all to all except self, w ~ N(0, 1/√N){equation}") + experiment, encoding="utf-8")
        result = plasticdsl.load(str(file)).run("Descent", seed=3)
        verdicts.append(result.passed)
    assert verdicts == [True, False]


def test_exported_modules_begin_alike_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "net.plas").write_text(text("p = 0.3, w ~ N(0, 1), w_ij = w_ji"), encoding="utf-8")
    command = [sys.executable, "-m", "plasticdsl", "compile", str(tmp_path / "net.plas"), "-o", str(tmp_path / "kernels.py")]
    subprocess.run(command, check=True, capture_output=True)
    module = ModuleType("kernels")
    monkeypatch.setitem(sys.modules, module.__name__, module)  # dataclasses look for the module of their class
    names: dict[str, object] = vars(module)
    source = (tmp_path / "kernels.py").read_text(encoding="utf-8").replace("from numba import njit", "njit = lambda *a, **k: (lambda f: f)")
    exec(compile(source, "kernels", "exec"), names)
    a = names["allocate"]()  # type: ignore[operator]
    w = np.zeros((30, 30))
    w[a.J.targets, a.J.sources] = a.J.w
    np.testing.assert_array_equal(w, w.T)
    assert len(np.unique(a.J.w)) == pytest.approx(len(a.J.w) / 2, abs=20)
    with pytest.raises(ValueError, match="the same in both directions"):
        names["allocate"](J_w=np.arange(float(len(a.J.w))))  # type: ignore[operator]
    with pytest.raises(ValueError, match="unit 1 is connected to unit 2, but unit 2 not to unit 1"):
        names["allocate"](connections={"J": (np.array([0]), np.array([1]))})  # type: ignore[operator]
