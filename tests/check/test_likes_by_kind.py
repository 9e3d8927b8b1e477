"""For every kind of statement: what `like` inherits is neither lost nor doubled, so that it means what the same block says written out."""

from __future__ import annotations

import dataclasses
import textwrap
from typing import Any

import pytest

from plasticdsl.check.module import checked
from plasticdsl.model import Network
from plasticdsl.source import SourceFile, Span
from plasticdsl.syntax.parser import parse
from plasticdsl.syntax.reading import Reading

CELL = """
neuron Cell:
    V(0) = 0
    input h
    output y = V
    10 ms dV/dt = 2 − V + h
    spike when V > 1:
        V → 0
"""


def bare(node: Any) -> Any:
    """A part of the model without places, the order of its statements, and what it is called."""
    match node:
        case Span():
            return ()
        case tuple() | list():
            return sorted((bare(n) for n in node), key=repr)
        case _ if dataclasses.is_dataclass(node):
            called = ("name", "symbol") if isinstance(node, Network) else ("name",)
            return (type(node).__name__, *((f.name, bare(getattr(node, f.name))) for f in dataclasses.fields(node) if f.name not in called))
        case _:
            return node


def networks(text: str) -> tuple[Network, ...]:
    source = SourceFile("<text>", text)
    found = checked(Reading(parse(source)), source)
    assert found.module is not None, found.diagnostics
    return found.module.networks


def lines(statements: str) -> str:
    return textwrap.indent(textwrap.dedent(statements).strip("\n"), "    ")


NEURON = {
    "flow": ("10 ms dx/dt = −x", "20 ms dy/dt = −y", "10 ms dx/dt = −x\n20 ms dy/dt = −y"),
    "flow restated": ("10 ms dx/dt = −x\nx(0) = 2", "20 ms dx/dt = −x", "x(0) = 2\n20 ms dx/dt = −x"),
    "state made a definition": ("10 ms dx/dt = −x\nx(0) = 2", "x = 3", "x = 3"),
    "state made an input": ("10 ms dx/dt = −x\nx(0) = 2", "input x", "input x"),
    "noise": ("10 ms dx/dt = −x + 2·√(10 ms)·ξ(t)", "y = 2 x", "10 ms dx/dt = −x + 2·√(10 ms)·ξ(t)\ny = 2 x"),
    "definition": ("c = 1\nd = 2 c", "c = 3", "c = 3\nd = 2 c"),
    "draw": ("c ~ U(0, 1)\nd = 2 c", "d = 3 c", "c ~ U(0, 1)\nd = 3 c"),
    "bound": ("10 ms dx/dt = −x\nx ∈ [0, 1]", "x ∈ [0, 2]\nx(0) = 0.5", "10 ms dx/dt = −x\nx ∈ [0, 2]\nx(0) = 0.5"),
    "jump": ("x(0) = 0\nx → x + 1 if h > 1", "y(0) = 0\ny → x", "x(0) = 0\nx → x + 1 if h > 1\ny(0) = 0\ny → x"),
    "input": ("input a, b\nd = a + b", "b = 3", "input a\nb = 3\nd = a + b"),
    "output": ("output y = 2·h", "output z = 3 y", "y = 2·h\noutput z = 3 y"),
    "formula of an output": ("output y = 2·h", "y = 3·h", "output y = 3·h"),
    "bounds of an output": ("10 ms dy/dt = −y\noutput y ∈ [0, 1]", "y ∈ [0, 2]", "10 ms dy/dt = −y\noutput y ∈ [0, 2]"),
    "reactions": (
        "reactions:\n    A ⇌ B : 1 ms⁻¹, 1 ms⁻¹\n    B → ∅ : 1 s⁻¹",
        "reactions:\n    B → ∅ : 2 s⁻¹\n    D → A : 1 s⁻¹\n    2 D → A : 1 s⁻¹",
        "reactions:\n    A ⇌ B : 1 ms⁻¹, 1 ms⁻¹\n    B → ∅ : 2 s⁻¹\n    D → A : 1 s⁻¹\n    2 D → A : 1 s⁻¹",
    ),
    "reactions by chance": (
        "V = 1 µm³\nreactions:\n    A ⇌ B : 1 ms⁻¹, 1 ms⁻¹\n    B → ∅ : 1 s⁻¹, deterministic\nA(0) = 1 nM",
        "reactions stochastic, volume V",
        "V = 1 µm³\nreactions stochastic, volume V:\n    A ⇌ B : 1 ms⁻¹, 1 ms⁻¹\n    B → ∅ : 1 s⁻¹, deterministic\nA(0) = 1 nM",
    ),
    "reactions in leaps": (
        "V = 1 µm³\nreactions stochastic, volume V:\n    A ⇌ B : 1 ms⁻¹, 1 ms⁻¹\nA(0) = 1 nM",
        "reactions tolerance 0.03\nreactions:\n    2 A → B : 3 ms⁻¹/nM",
        "V = 1 µm³\nreactions stochastic, volume V, tolerance 0.03:\n    A ⇌ B : 1 ms⁻¹, 1 ms⁻¹\nreactions:\n    2 A → B : 3 ms⁻¹/nM\nA(0) = 1 nM",
    ),
    "reactions no more by chance": (
        "reactions stochastic:\n    A ⇌ B : 1 ms⁻¹, 1 ms⁻¹\n    B → ∅ : 1 s⁻¹\nA(0) = 10",
        "reactions deterministic\nreactions stochastic:\n    B → ∅ : 2 s⁻¹",
        "reactions:\n    A ⇌ B : 1 ms⁻¹, 1 ms⁻¹\nreactions stochastic:\n    B → ∅ : 2 s⁻¹\nA(0) = 10",
    ),
    "every": (
        "x(0) = 0\ny(0) = 0\nT = 5 ms\nevery T:\n    x += 1\nevery 2 ms:\n    y += 1",
        "T = 7 ms\nevery 2 ms:\n    y += 2",
        "x(0) = 0\ny(0) = 0\nT = 7 ms\nevery T:\n    x += 1\nevery 2 ms:\n    y += 2",
    ),
    "spike": (
        "10 ms dx/dt = −x\nspike when x > 1:\n    x → 0\nrefractory 5 ms",
        "spike at rate 3 Hz:\n    x → 0.5",
        "10 ms dx/dt = −x\nspike at rate 3 Hz:\n    x → 0.5\nrefractory 5 ms",
    ),
    "refractory": (
        "10 ms dx/dt = −x\nspike when x > 1\nrefractory 5 ms",
        "refractory 7 ms",
        "10 ms dx/dt = −x\nspike when x > 1\nrefractory 7 ms",
    ),
    "method": ("10 ms dx/dt = −x\nmethod: RK4", "method: exact\ny = x", "10 ms dx/dt = −x\nmethod: exact\ny = x"),
    "function": ("F(a) = 2 a\nd = F(h)", "F(a) = 3 a", "F(a) = 3 a\nd = F(h)"),
}

_WINDOW = "F(Δt) = exp(−|Δt|/20 ms)\non all pairs: Δw = F(t_post − t_pre)"
_TRACE = "10 ms dr/dt = −r\non pre:\n    r += 1\n    post.V += w"

CONNECTION = {
    "triggers": (_TRACE, "on post: w += r", f"{_TRACE}\non post: w += r"),
    "trigger restated": (f"{_TRACE}\non post: w += r", "on pre: r → 1", "10 ms dr/dt = −r\non pre: r → 1\non post: w += r"),
    "pairs": (_WINDOW, "on nearest pairs: Δw = F(t_post − t_pre)", _WINDOW.replace("all", "nearest")),
    "truncate": (f"{_WINDOW}\ntruncate F at 90 ms", "w ∈ [0, 1]", f"{_WINDOW}\ntruncate F at 90 ms\nw ∈ [0, 1]"),
    "every": ("every 1 s: w += 1\nevery 2 s: w += 2", "every 3 s: w += 3", "every 1 s: w += 1\nevery 2 s: w += 2\nevery 3 s: w += 3"),
}
SYNAPSE = {
    "sums": ("post.h = Σ w pre.V", "on pre: Δw = 1", "post.h = Σ w pre.V\non pre: Δw = 1"),
    "sum restated": ("post.h = Σ w pre.V", "post.h = Σ 2 w pre.V", "post.h = Σ 2 w pre.V"),
}

_CLAIMED = "e = a → a: G, η = {0}, w = 1\nexpect e.Δw = {1}·e.w"

NETWORK = {
    "parameter": ("p = 1\nM = p·Σ_i a.V_i", "p = 2", "p = 2\nM = p·Σ_i a.V_i"),
    "observable": ("M = Σ_i a.V_i", "L = 2·Σ_i a.V_i", "M = Σ_i a.V_i\nL = 2·Σ_i a.V_i"),
    "population": ("b = 2 Cell\nba = b → a: S, w = 1", "b = 7 Cell", "b = 7 Cell\nba = b → a: S, w = 1"),
    "patterns": (
        "ξ = 2 random patterns of {0, 1} over a",
        "η = 3 random patterns of {0, 1} over a",
        "ξ = 2 random patterns of {0, 1} over a\nη = 3 random patterns of {0, 1} over a",
    ),
    "projections": (
        "e = a → a: S, w = 1\na → a: S, w = 2",
        "f = Poisson(rate = 2 Hz) → a: S, w = 3",
        "e = a → a: S, w = 1\na → a: S, w = 2\nf = Poisson(rate = 2 Hz) → a: S, w = 3",
    ),
    "several targets": (
        "b = 2 Cell\ne = a → each of a, b: S, w = 1",
        "a → each of b, a: S, w = 2",
        "b = 2 Cell\ne = a → each of a, b: S, w = 2",
    ),
    "several targets by name": (
        "b = 2 Cell\ne = a → a: S, w = 1",
        "e = a → each of a, b: S, w = 2",
        "b = 2 Cell\ne = a → each of a, b: S, w = 2",
    ),
    "claims": (_CLAIMED.format(1, 1), "expect 2·e.Δw = 2 e.w", _CLAIMED.format(1, 1) + "\nexpect 2·e.Δw = 2 e.w"),
    "claim restated": (_CLAIMED.format(1, 1), _CLAIMED.format(2, 2), _CLAIMED.format(2, 2)),
}


@pytest.mark.parametrize(("base", "new", "written"), NEURON.values(), ids=NEURON)
def test_neurons(base: str, new: str, written: str) -> None:
    text = f"neuron A:\n    input h\n{lines(base)}\n\nneuron B like A:\n{lines(new)}\n\nneuron C:\n    input h\n{lines(written)}\n\n"
    first, second = networks(text + "network One:\n    a = 1 B\n\nnetwork Two:\n    a = 1 C\n")
    assert bare(first) == bare(second)


@pytest.mark.parametrize(
    ("kind", "base", "new", "written"),
    [("synapse", *case) for case in (*CONNECTION.values(), *SYNAPSE.values())] + [("rule", *case) for case in CONNECTION.values()],
)
def test_synapses_and_rules(kind: str, base: str, new: str, written: str) -> None:
    text = f"{CELL}\n{kind} A:\n{lines(base)}\n\n{kind} B like A:\n{lines(new)}\n\n{kind} C:\n{lines(written)}\n\n"
    with_synapse = "" if kind == "synapse" else "synapse T:\n    on pre: post.V += w\n\n"
    use = "{}" if kind == "synapse" else "T with {}"
    net = "network {}:\n    a = 2 Cell\n    e = a → a: {}, all to all, w = 1\n\n"
    first, second = networks(text + with_synapse + net.format("One", use.format("B")) + net.format("Two", use.format("C")))
    assert repr(bare(first)).replace("'B'", "'C'") == repr(bare(second))


@pytest.mark.parametrize(("base", "new", "written"), NETWORK.values(), ids=NETWORK)
def test_networks(base: str, new: str, written: str) -> None:
    parts = f"{CELL}\nsynapse S:\n    on pre: post.V += w\n\nsynapse G:\n    Δw = η w\n\n"
    start = "network {}:\n    a = 3 Cell\n{}\n\n"
    text = parts + start.format("Base", lines(base)) + f"network One like Base:\n{lines(new)}\n\n" + start.format("Two", lines(written))
    _, first, second = networks(text)
    assert bare(first) == bare(second)


@pytest.mark.parametrize(
    ("new", "code"),
    [
        ("e = a → a: S, w = 2", "ambiguous-projection"),  # b would be lost
        ("a → b: S, w = 2", "ambiguous-projection"),  # a projection to b would be there twice
        ("a → a: S, w = 2", "ambiguous-projection"),
        ("e = 3", "duplicate-definition"),
        ("b = 3", "duplicate-definition"),
        ("ξ = 3", "duplicate-definition"),
    ],
)
def test_nothing_is_lost_in_silence(new: str, code: str) -> None:
    base = "network Base:\n    a = 3 Cell\n    b = 3 Cell\n    e = a → each of a, b: S, w = 1\n    ξ = 2 random patterns of {0, 1} over a\n"
    text = f"{CELL}\nsynapse S:\n    on pre: post.V += w\n\n{base}\nnetwork One like Base:\n    {new}\n"
    source = SourceFile("<text>", text)
    assert [d.code for d in checked(Reading(parse(source)), source).diagnostics] == [code]
