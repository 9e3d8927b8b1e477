"""What an author calls populations, projections, states and parameters means nothing to the kernels: words of the compiler, of NumPy and of Python
in every place, with hand values, in the interpreter, in machine code and in the exported module."""

from __future__ import annotations

import keyword
from typing import Any

import numba
import pytest

import plasticdsl
from plasticdsl import driver
from plasticdsl.kernels.store import digest_of, import_text
from plasticdsl.options import CompileOptions
from tests.runtime.experiments import carry_out

#: Fields, locals and kernels of the loop program, words of the generated frame, of its support functions, of NumPy and of Python.
WORDS = [
    "spikes", "total", "log_count", "recording", "refractory_until", "hazard", "stream", "given", "slots", "units", "order",
    "one", "rows", "targets", "columns", "sources", "axonal", "dendritic", "refractory", "learning", "shadow", "forecast", "jump",
    "network", "local", "scalar", "recorded", "n", "i_", "k", "s", "slot", "count", "position", "first_step", "steps", "advance",
    "allocate", "PARAMETERS", "np", "math", "range", "float", "lambda", "class", "None", "maximum", "uniform", "a", "made",
    "parameters", "item", "network_x", "x",
]  # fmt: skip

POPULATIONS = ["spikes", "rows", "np", "lambda", "first", "flow", "network_x", "n"]
PROJECTIONS = ["jump", "log", "total", "scalar", "shadow", "sources", "axonal", "advance", "range", "None"]

NAMED = """
neuron Cell:
{states}

synapse Count:
{counts}
    on pre:
{jumps}

network Named:
    src = 1 Regular(rate = 500 Hz, start = 2 ms)
    cell = 1 Cell
    link = src → cell: Count

experiment Run on Named:
    dt = 1 ms
    phase go for 10 ms
{expected}
"""

OWNERS = """
neuron Cell:
    V(0) = 0

synapse Count:
    on pre:
        post.V += w

network Owners:
    {populations}

experiment Run on Owners:
    dt = 1 ms
    phase go for 10 ms
    {expected}
"""

MIXED = """
neuron One:
    b_c(0) = 1
    spikes(0) = 0
    spike when spikes > 0.5:
        spikes → 0
        b_c += 1
    every 5 ms:
        spikes → 1

neuron Other:
    c(0) = 2
    stage_V(0) = 5
    every 5 ms:
        c += 1
        stage_V += 1

network Mixed:
    a = 1 One
    a_b = 1 Other
    flow = 1 Other
    step_a_b = 1 One

experiment Run on Mixed:
    dt = 1 ms
    phase go for 10 ms
    expect a.b_c ≈ 3 ± 1e-12 at end
    expect a_b.c ≈ 4 ± 1e-12 at end
    expect flow.stage_V ≈ 7 ± 1e-12 at end
    expect step_a_b.b_c ≈ 3 ± 1e-12 at end
"""


def _variables(words: list[str]) -> str:
    """A neuron and a synapse whose states are called so; the k-th state of the neuron begins at k and gets k with each spike."""
    return NAMED.format(
        states="\n".join(f"    {word}(0) = {k}" for k, word in enumerate(words)),
        counts="\n".join(f"    {word}(0) = 0" for word in words if word != "w"),
        jumps="\n".join(f"        post.{word} += {k}" for k, word in enumerate(words))
        + "\n"
        + "\n".join(f"        {word} += 1" for word in words if word != "w"),
        expected="\n".join(f"    expect cell.{word} ≈ {5 * k} ± 1e-12 at end" for k, word in enumerate(words))
        + "\n"
        + "\n".join(f"    expect mean(link.{word}) ≈ 4 ± 1e-12 at end" for word in words if word != "w"),
    )


def _owners(populations: list[str], projections: list[str]) -> str:
    """Populations called so, and others that projections called so lead to; the four spikes of a source add the k-th weight to each."""
    lines, expected = ["from_here = 1 Regular(rate = 500 Hz, start = 2 ms)"], []
    for k, word in enumerate(populations):
        lines += [f"{word} = 1 Cell", f"by_{k} = from_here → {word}: Count, w = {k}"]
        expected.append(f"expect {word}.V ≈ {4 * k} ± 1e-12 at end")
    for k, word in enumerate(projections):
        lines += [f"cell_{k} = 1 Cell", f"{word} = from_here → cell_{k}: Count, w = {k}"]
        expected.append(f"expect cell_{k}.V ≈ {4 * k} ± 1e-12 at end")
    return OWNERS.format(populations="\n    ".join(lines), expected="\n    ".join(expected))


def _hold(text: str) -> None:
    """Every expectation, in the interpreter and compiled."""
    for outcomes in (carry_out(text).runs[0].outcomes, plasticdsl.parse(text).run("Run").expectations):
        assert outcomes and not [(o.text, o.value) for o in outcomes if o.passed is not True]


@pytest.fixture
def plain_python(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without machine code, which has its own tests."""
    monkeypatch.setattr(numba.config, "DISABLE_JIT", True)


def _exported(text: str) -> Any:
    made = driver.export(plasticdsl.parse(text).loaded, CompileOptions())
    module = import_text(made, f"named_{digest_of(made)}")
    a = module.allocate(dt=1e-3)
    module.simulate(a, 10 * a.run.dt)
    return a


@pytest.mark.parametrize("text", [_variables(WORDS), _owners(POPULATIONS, PROJECTIONS), MIXED], ids=["variables", "owners", "mixed"])
def test_names_mean_nothing(text: str) -> None:
    _hold(text)


@pytest.mark.usefixtures("plain_python")
def test_variables_of_an_exported_module() -> None:
    a = _exported(_variables(WORDS))
    for k, word in enumerate(WORDS):
        assert _value(a, "cell", word) == 5 * k, word
        assert word == "w" or _value(a, "link", word) == 4, word


@pytest.mark.usefixtures("plain_python")
def test_owners_of_an_exported_module() -> None:
    a = _exported(_owners(POPULATIONS, PROJECTIONS))
    for k, word in enumerate(POPULATIONS):
        assert _value(a, word, "V") == 4 * k, word
    for k, _ in enumerate(PROJECTIONS):
        assert _value(a, f"cell_{k}", "V") == 4 * k


def _value(a: Any, owner: str, name: str) -> float:
    """A variable of a module; only what Python itself or the frame of the module has is numbered."""
    group = getattr(a, owner, None) or getattr(a, f"{owner}_2")
    return float(getattr(group, f"{name}_2" if keyword.iskeyword(name) else name)[0])
