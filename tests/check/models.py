"""Texts that several tests check, and the checked model of a text."""

from __future__ import annotations

import textwrap
from pathlib import Path

from plasticdsl.check.module import Checked, checked
from plasticdsl.model import Network, Population, Projection, Variable
from plasticdsl.model.experiments import Experiment
from plasticdsl.model.module import Module
from plasticdsl.source import SourceFile
from plasticdsl.syntax.parser import parse
from plasticdsl.syntax.reading import Reading

CELLS = """
neuron LIF:
    τ_m = 20 ms
    V_θ = −50 mV
    τ_m dV/dt = −60 mV − V + g
    5 ms dg/dt = −g
    V(0) = −60 mV
    spike when V > V_θ:
        V → −60 mV

neuron Rate:
    θ = 0
    input a
    output y = tanh(a − θ)

synapse Exc:
    on pre:
        post.g += w

synapse Linear:
    post.a = Σ w x

rule STDP:
    τ₊ = 20 ms
    A₊ = 0.01
    w_max = 1 mV
    w ∈ [0 mV, w_max]
    on all pairs:
        Δw = A₊ w_max exp(−|t_post − t_pre|/τ₊)

rule Hebb:
    η = 0.1
    Δw = η x y
"""


def check_text(text: str, folder: Path | None = None) -> Checked:
    """Everything there is to say about a text; what every test needs (`CELLS`) stands before it."""
    source = SourceFile("<text>", CELLS + textwrap.dedent(text))
    return checked(Reading(parse(source)), source, folder=folder)


def module(text: str) -> Module:
    """The model of a text that has nothing wrong."""
    found = check_text(text)
    assert found.module is not None, [(d.code, d.message) for d in found.diagnostics]
    return found.module


def codes(text: str) -> list[str]:
    """The codes of what is wrong, in the order of the text."""
    return [d.code for d in check_text(text).diagnostics]


def network(body: str) -> Network:
    """The last network of a text."""
    return module(body).networks[-1]


def projection(body: str, name: str) -> Projection:
    """One projection of the last network of a text."""
    return next(p for p in network(body).projections if p.name == name)


def population(body: str, name: str) -> Population:
    """One population of the last network of a text."""
    return next(p for p in network(body).populations if p.name == name)


def variable(projection: Projection, name: str) -> Variable:
    """A variable of the connections of a projection."""
    found = projection.connection.variable(name)
    assert found is not None, [v.name for v in projection.connection.variables]
    return found


def experiment(body: str) -> Experiment:
    """The last experiment of a text."""
    return module(body).experiments[-1]
