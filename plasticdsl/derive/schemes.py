"""The choice of integrators.

Comes in: a checked block. Goes out: the same block with `schemes` filled; each scheme carries one sentence that says why it was chosen.
The meaning of each scheme is its docstring in `model.schemes`. Without sympy: linearity is decided from the equations as written.

The automatic choice, for the flows with definitions written out:

1. Variables with noise: `EulerMaruyama`, all of them together. For every other scheme they are held at their value at t_n.
2. The largest set of variables whose rates are jointly linear with coefficients of parameters alone and whose offset is constant during a
   step: `Exact`, one scheme per coupled group. The offset may hold inputs, discrete states, parameters and cases on `t` (a current that is
   switched on); not `t` otherwise, not a variable that flows outside the set, not an input that is an undelayed sum of flowing variables, not
   a variable of another block unless it is known to be held.
3. Variables whose rate is linear in themselves and reads of the variables that flow only such as are exact: `ExponentialEuler`.
4. All the rest in stages, with every variable of the block that these depend on, so that each stage sees consistent values.
   The rest is: rates that are not linear in their variable, or hold `t` or an undelayed sum of flowing variables; variables that turn around
   each other (each in the other's rate, none in its own), for which exponential Euler would be forward Euler; variables with a conserved
   total (kinetic schemes), which only a scheme that treats them alike conserves; and rates that read others of the rest, or others that are
   linear in themselves alone, for which exponential Euler would be of first order.
   The stages are those of `RungeKutta4`, unless exponential steps are what keeps them stable: where variables that are linear in themselves
   read one another as in Hodgkin & Huxley's axon, `ExponentialRungeKutta`. Where, at the values with which the block begins, a step would be longer
   than Runge and Kutta's scheme is stable for, it is `Rosenbrock` with steps as long as its tolerance allows.

Variables of other blocks (`pre.`, `post.`) that flow are held at t_n by every scheme.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from plasticdsl.derive.cables import cables, coupled_variables
from plasticdsl.derive.conservation import require_conserved
from plasticdsl.derive.conserved import conserved_variables
from plasticdsl.derive.flow_system import (
    System,
    coupled_groups,
    euler_maruyama,
    exact_scheme,
    exact_set,
    exponential_euler,
    exponential_stages,
    linear_rates,
    listed,
    self_linear,
    system_of,
)
from plasticdsl.derive.jumps import jump_schemes
from plasticdsl.derive.methods import DEFAULT_TOLERANCE, schemes_by_method
from plasticdsl.derive.stability import time_constants
from plasticdsl.derive.stiff import rosenbrock
from plasticdsl.graph import backwards, circles
from plasticdsl.model import Block, Distribution
from plasticdsl.model.expr import Ref, moves_with_time, refs
from plasticdsl.model.owners import Whose
from plasticdsl.model.schemes import STABLE, RungeKutta4, Scheme, Staged, linear_parts
from plasticdsl.symbolic.algebra import is_number
from plasticdsl.symbolic.block_contents import default_values
from plasticdsl.symbolic.derivative import NotDifferentiable
from plasticdsl.symbolic.linear import LinearForm, NotLinear
from plasticdsl.symbolic.numeric import evaluate

TOGETHER = "sums of variables that flow join it to other units, which are integrated together, stage by stage"
EXACT_REASON = "linear with constant coefficients, so the propagator over a step is exact"
NOISE_REASON = "driven by noise"


def choose_schemes(
    block: Block,
    *,
    flowing_inputs: frozenset[str] = frozenset(),
    held: frozenset[Ref] = frozenset(),
    together: bool = False,
    step: float | None = None,
) -> Block:
    """`block` with an integrator for every flowing variable, as described above, or the one that its `method:` names for it.

    `flowing_inputs`: inputs that are undelayed sums of flowing variables (all others count as held over a step).
    `held`: variables of other blocks that are known not to flow (parameters, discrete states).
    `together`: other units read the variables at every stage of their own, so all of them without noise are taken in stages.
    `step`: the longest (s) with which it is run, where that is known.
    Raises `PlasError`: `method-impossible` (the named method cannot integrate these equations), `not-conserved`, `expression-too-large`.
    """
    if not block.flows:
        return replace(block, schemes=()) if block.schemes else block
    system = system_of(block, flowing_inputs, held)
    require_conserved(block)
    coupled = coupled_variables(system)
    system = system.part(system.rates.keys() - {c.variable for c in coupled})
    jumping = jump_schemes(system)
    schemes: list[Scheme] = list(jumping)
    system = system.part(system.rates.keys() - {v for scheme in jumping for v in scheme.variables})
    for asked in (m for m in block.methods if m.variables):
        schemes += schemes_by_method(system.part(frozenset(asked.variables)), asked)
    rest = system.part(system.rates.keys() - {v for asked in block.methods for v in asked.variables})
    if rest.rates:
        of_all = next((m for m in block.methods if not m.variables), None)
        schemes += _automatic(rest, together, step) if of_all is None else schemes_by_method(rest, of_all)
    return replace(block, schemes=(cables(system, coupled, tuple(schemes)),) if coupled else tuple(schemes))


# --- the automatic choice --------------------------------------------------------------------------------------------


def _automatic(system: System, together: bool, step: float | None) -> tuple[Scheme, ...]:
    reasons = {v: TOGETHER for v in system.rates if v not in system.noises} if together and not system.noises else {}
    driven = set[str]()  # what exponential Euler would integrate with others held that it does not hold still
    while True:
        exact = exact_set(system, excluded=frozenset(reasons))
        left = [v for v in system.rates if v not in exact and v not in system.noises and v not in reasons]
        new = _needs_stages(system, left)
        if not new:
            new = _reading_each_other(system, left)
            driven |= new.keys()
        if not new:
            break
        reasons |= _with_connected(system, new)
    schemes: list[Scheme] = [exact_scheme(group, exact, EXACT_REASON) for group in coupled_groups(exact)]
    schemes += [exponential_euler(system, v, self_linear(system, v)) for v in left]
    if reasons:
        staged = _in_stages(system, reasons, driven)
        schemes.append(staged if together or step is None else _unless_stiff(system, staged, step))
    if system.noises:
        schemes.append(euler_maruyama(system, system.noises, NOISE_REASON))
    return tuple(schemes)


def _reading_each_other(system: System, left: list[str]) -> dict[str, str]:
    """Those of `left` whose rates read others of `left`, which would have to be held."""
    read = {v: system.dependencies(v) & frozenset(left) - {v} for v in left}
    return {v: _would_be_held(system, v, read[v]) for v in left if read[v]}


def _would_be_held(system: System, name: str, read: Iterable[str]) -> str:
    return f"the rate of {system.symbol(name)} reads {listed(system.symbols_of(read))}, which would have to be held over a step"


def _with_connected(system: System, reasons: Mapping[str, str]) -> dict[str, str]:
    """`reasons`, and the noiseless variables that what is in stages takes with it: those that it reads, which it wants at every stage, and those that
    read it, which would have to hold it (no exact step takes a variable that flows outside it). Each is looked at once."""
    reads = {v: system.dependencies(v) - system.noises.keys() for v in system.rates if v not in system.noises}
    read_by = backwards(reads)
    found = dict(reasons)
    new = list(reasons)
    while new:
        for name in new:  # grows
            below = [v for v in reads[name] if v not in found]
            found.update(dict.fromkeys(below, ""))
            new += below
        above = list(dict.fromkeys(reader for name in new for reader in read_by.get(name, ()) if reader not in found))
        found |= {v: _would_be_held(system, v, reads[v] & found.keys()) for v in above}
        new = above
    return found


def _needs_stages(system: System, left: list[str]) -> dict[str, str]:
    """Those of `left` that exponential Euler does not suit, with the reason."""
    found: dict[str, str] = {}
    turning: list[str] = []
    for name in left:
        symbol = system.symbol(name)
        rate = system.rates[name]
        own_inputs = sorted(r.name for r in refs(rate) if r.owner is Whose.OWN and r.name in system.flowing_inputs)
        if moves_with_time(rate):
            found[name] = f"the rate of {symbol} depends on t"
        elif own_inputs:
            found[name] = f"the rate of {symbol} holds {system.symbol(own_inputs[0])}, an undelayed sum of flowing variables"
        else:
            try:
                form = self_linear(system, name)
            except NotLinear as reason:
                found[name] = f"the rate of {symbol} is not linear ({reason})"
            else:
                if is_number(form.coefficient(Ref(Whose.OWN, name)), 0.0):
                    turning.append(name)
    inside = frozenset(turning)
    for name in circles({v: system.dependencies(v) & inside for v in turning}):
        found[name] = f"{system.symbol(name)} drives the variable that drives it"
    candidates = {v: system.rates[v] for v in left if v not in found}
    for name in conserved_variables(candidates):
        found[name] = f"{system.symbol(name)} is part of a conserved total"
    return found


def _in_stages(system: System, reasons: Mapping[str, str], driven: set[str]) -> Staged:
    variables = tuple(v for v in system.rates if v in reasons)
    why = next(reasons[v] for v in variables if reasons[v])
    pulled = [system.symbol(v) for v in variables if not reasons[v]]
    reason = f"{why}; {listed(pulled)} with it because it depends on {'them' if len(pulled) > 1 else 'it'}" if pulled else why
    forms = linear_rates(system, variables)
    if driven & forms.keys() or _with_changing_slopes(system, forms):
        return exponential_stages(system, variables, forms, reason)
    return RungeKutta4(variables, tuple(system.rates[v] for v in variables), reason)


def _unless_stiff(system: System, scheme: Staged, step: float) -> Scheme:
    """Rosenbrock's scheme where Runge and Kutta's would not be stable with such a step, at the values with which the block begins."""
    block = replace(system.block, schemes=(scheme,))
    begin = default_values(block)
    for v in block.variables:
        if v.initial is not None and not isinstance(v.initial, Distribution):
            begin[Ref(Whose.OWN, v.name)] = evaluate(v.initial, begin)
    whole = {v for v, slope, _ in linear_parts(scheme) if is_number(slope, 0.0)}
    shortest = min(((constant, v) for v, constant in time_constants(block, begin) if v in whole), default=None)
    if shortest is None or step <= STABLE * shortest[0]:
        return scheme
    constant, name = shortest
    reason = f"stiff: the time constant of {system.symbol(name)} is {constant * 1e3:.3g} ms at the beginning, and a step {step * 1e3:.3g} ms long"
    try:
        return rosenbrock(system, scheme.variables, DEFAULT_TOLERANCE, reason)
    except NotDifferentiable:
        return scheme


def _with_changing_slopes(system: System, forms: Mapping[str, LinearForm]) -> bool:
    """Whether among variables that are linear in themselves one changes the slope of another that drives it: a gate and its membrane."""
    circle_of = circles({v: system.dependencies(v) & forms.keys() for v in forms})
    return any(
        ref.owner is Whose.OWN and ref.name in forms and circle_of.get(ref.name, -1) == circle_of.get(name)
        for name, form in forms.items()
        for ref in refs(form.coefficient(Ref(Whose.OWN, name)))
    )
