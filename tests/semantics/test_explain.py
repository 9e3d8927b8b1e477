"""What `explain` says, word for word."""

from __future__ import annotations

import textwrap

from plasticdsl import driver
from plasticdsl.library import find_file, read
from plasticdsl.options import CompileOptions
from plasticdsl.source import SourceFile

TEXT = """
neuron Cell:
    τ_m = 20 ms
    E_L = −70 mV
    input I : mV
    τ_m dV/dt = E_L − V + I
    V(0) = E_L
    spike when V > −54 mV:
        V → E_L
    refractory 2 ms

synapse Kick:
    on pre:
        post.V += w

synapse Weighted:
    post.I = Σ w (pre.V − post.V)

rule STDP:
    τ₊ = 20 ms
    A₊ = 0.01 mV
    w ∈ [0 mV, 1 mV]
    on all pairs:
        Δw = F(t_post − t_pre)
    F(Δt) =  A₊ exp(−Δt/τ₊)     if Δt > 0
            −1.05 A₊ exp(Δt/τ₊) otherwise

network Net:
    N = 10
    inputs = 2·N Poisson(rate = 30 Hz)
    cells = N Cell
    go = inputs → cells: Kick with STDP, p = 0.1, w = 0.5 mV, axonal delay = 1 ms
    cells → cells: Weighted, where i < j, w = 0.1
"""

SHARED = "derived from the learning window; it changes at the spikes of the {} unit only, and all connections of a unit share it"

EXPLAINED = f"""network Net

inputs = 2·N Poisson
  spikes at rate 30 Hz: the hazard of each step uses up exponential draws

cells = N Cell
  Runge–Kutta 4 (fourth order) for V: sums of variables that flow join it to other units, which are integrated together, stage by stage
    dV/dt = (E_L − V + I)/τ_m
  spikes when V > −0.054, tested at every grid time
  refractory for 2 ms; held meanwhile: V

go: inputs → cells, p = 0.1
  axonal delay 1 ms, the same for all connections
  w: one value per connection
  r: one value per presynaptic unit ({SHARED.format("pre")})
  o: one value per postsynaptic unit ({SHARED.format("post")})
  exact propagator for r: a trace of the learning window: linear, so its propagator is exact
    dr/dt = −r/τ₊
  exact propagator for o: a trace of the learning window: linear, so its propagator is exact
    do/dt = −o/τ₊
  when postsynaptic spikes arrive, before anything else reads it: o += 1
  when presynaptic spikes arrive: post.V += w
  when presynaptic spikes arrive: w −= 1.05·A₊·o (not while rules are off)
  when postsynaptic spikes arrive: w += r·A₊, carried out at the next presynaptic spike (not while rules are off)
  for presynaptic spikes, after both sides have read it: r += 1

cells → cells, where i < j
  post.I = sum over incoming connections of w·(pre.V − post.V)

order of a step:
  a frame of postponed changes ends: go
  spikes: inputs, cells
  jumps of units that spike: cells
  when postsynaptic spikes arrive, before anything else reads it: go
  when presynaptic spikes arrive: go
  when postsynaptic spikes arrive: go
  postponed changes leave out what reaches synapses now: go
  for presynaptic spikes, after both sides have read it: go
  sums and definitions: cells.I
  stages of Runge–Kutta that are taken together: cells, cells.I
  flow: go, cells
pass hoist: go: r lives with the pre units
pass hoist: go: o lives with the post units
pass lazy: go: what post spikes add to w waits for the next pre spike in networks with 100000 connections
pass frames: go: r, o: what is left of traces is worked out when events read them, in networks with 1000 connections
pass narrow: go, cells → cells: units have numbers of 16 bits in networks with at most 65536 of them
pass fetch: go: each spike asks for the connections of the next in networks with 300000 connections
pass reciprocals: cells: divisions by what all units share are products
pass calendar: inputs: each unit knows the step of its next spike; a step without spikes costs nothing
"""


def test_explain() -> None:
    loaded = driver.load(SourceFile("<test>", TEXT), None)
    assert driver.explain(loaded, CompileOptions()) == EXPLAINED


def test_a_rule_alone_is_explained() -> None:
    rule = TEXT[TEXT.index("rule STDP") : TEXT.index("network Net")]
    text = driver.explain(driver.load(SourceFile("<test>", rule), None), CompileOptions())
    assert "  when postsynaptic spikes arrive: w += r·A₊, carried out at the next presynaptic spike (not while rules are off)\n" in text


def test_what_a_held_conductance_costs() -> None:
    text = """
    neuron Cell:
        20 ms dV/dt = −V + g (1 mV − V)
        5 ms dg/dt = −g
    network Net:
        cells = 2 Cell
    """
    found = driver.explain(driver.load(SourceFile("<test>", textwrap.dedent(text)), None), CompileOptions())
    assert "exponential Euler (first order) for V" in found
    assert "g counts about 1.00% too much at a step of 0.1 ms" in found


def test_what_is_drawn_is_explained() -> None:
    text = driver.explain(driver.load(read(find_file("stochastic_release")), None), CompileOptions())
    assert "  when presynaptic spikes arrive: r ~ Binomial(n, U)\n" in text
