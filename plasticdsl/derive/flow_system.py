"""The flows of a block, and the schemes that can be made of them.

Comes in: a checked block. Goes out: a `System` (rates with definitions written out), the linear forms of its rates, and schemes
built from them. `schemes.py` and `methods.py` decide which to build.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from contextlib import suppress
from dataclasses import dataclass, replace

from plasticdsl.derive.conserved import conserved_variables
from plasticdsl.graph import backwards, reachable
from plasticdsl.model import Block
from plasticdsl.model.expr import Binary, Call, Expr, Ref, is_series, moves_with_time, refs, substitute
from plasticdsl.model.owners import Whose
from plasticdsl.model.schemes import EulerMaruyama, Exact, ExponentialEuler, ExponentialRungeKutta
from plasticdsl.symbolic.algebra import ZERO, add, check_extent, extent, is_number, mul, written_out
from plasticdsl.symbolic.block_contents import is_constant
from plasticdsl.symbolic.linear import LinearForm, NotLinear, linear_form
from plasticdsl.symbolic.singular import repair


@dataclass(frozen=True, slots=True)
class System:
    """The flows of a block, ready to be sorted: `rates` and `noises` by variable, with definitions written out.

    `symbols`: their names as the author writes them. `places`: where each stands among `rates`.
    `flowing_inputs`: inputs that are undelayed sums of flowing variables. `held`: variables of other blocks known not to flow. `apart`: variables of the
    block that flow by another method, and are held for these.
    """

    block: Block
    rates: Mapping[str, Expr]
    noises: Mapping[str, Expr]
    flowing_inputs: frozenset[str]
    held: frozenset[Ref]
    symbols: Mapping[str, str]
    places: Mapping[str, int]
    apart: frozenset[str] = frozenset()

    def part(self, names: Set[str]) -> System:
        """The flows of these variables, with the others held."""
        rates, noises = ({v: e for v, e in many.items() if v in names} for many in (self.rates, self.noises))
        return replace(self, rates=rates, noises=noises, apart=self.apart | (self.rates.keys() - names))

    def dependencies(self, name: str) -> frozenset[str]:
        """The flowing variables of the block that the rate of `name` reads."""
        return frozenset(r.name for r in refs(self.rates[name]) if r.owner is Whose.OWN and r.name in self.rates)

    def varies(self, expr: Expr) -> str:
        """What in `expr` changes during a step ("" if nothing does), apart from the flowing variables of the block itself."""
        if moves_with_time(expr):
            return "t"
        for ref in sorted(refs(expr), key=lambda r: r.order):
            if ref.owner is Whose.OWN and ref.name in self.flowing_inputs:
                return ref.name
            if ref.owner not in (Whose.OWN, Whose.NETWORK) and ref not in self.held and not is_series(ref):
                return ref.path
        return ""

    def constant(self, expr: Expr) -> bool:
        """Whether `expr` holds parameters alone."""
        return is_constant(expr, self.block)

    def symbol(self, name: str) -> str:
        """The variable's name as the author writes it."""
        return self.symbols.get(name, name)

    def symbols_of(self, names: Iterable[str]) -> list[str]:
        """The names of flowing variables as the author writes them, in the order of the flows."""
        return [self.symbols[v] for v in sorted(names, key=self.places.__getitem__)]


def system_of(block: Block, flowing_inputs: frozenset[str], held: frozenset[Ref]) -> System:
    """Rates and noises with definitions written out and removable singularities repaired; several flows of one variable are summed."""
    values = written_out(block.definitions)
    sizes = {ref: extent(value) for ref, value in values.items()}
    rates: dict[str, Expr] = {}
    noises: dict[str, Expr] = {}
    for flow in block.flows:
        for part in (flow.rate, flow.noise):
            if part is not None:
                check_extent(extent(part, sizes), f"The rate of {flow.variable}", flow.span)
        if flow.smooth == ZERO:
            continue
        smooth = flow.rate if flow.smooth is None else flow.smooth
        rate = repair(substitute(smooth, values), lambda ref: is_constant(ref, block))
        rates[flow.variable] = add(rates[flow.variable], rate) if flow.variable in rates else rate
        if flow.noise is not None:
            noise = substitute(flow.noise, values)
            noises[flow.variable] = _independent_sum(noises[flow.variable], noise) if flow.variable in noises else noise
    symbols = {v.name: v.symbol for v in block.variables}
    jumping = frozenset(flow.variable for flow in block.flows) - rates.keys()
    return System(block, rates, noises, flowing_inputs, held, symbols, {v: place for place, v in enumerate(rates)}, jumping)


def _independent_sum(a: Expr, b: Expr) -> Expr:
    """Amplitude of the sum of two independent noises."""
    return Call("sqrt", (Binary("+", mul(a, a), mul(b, b)),))


def exact_set(system: System, excluded: frozenset[str]) -> Mapping[str, LinearForm]:
    """The largest set of noiseless variables, none of them in `excluded`, that `exact_form` accepts together."""
    candidates = frozenset(v for v in system.rates if v not in excluded and v not in system.noises)
    forms: dict[str, LinearForm] = {}
    for name in (v for v in system.rates if v in candidates):
        with suppress(NotLinear):
            forms[name] = exact_form(system, name, candidates)
    reads = {name: {r.name for r in refs(rate) if r.owner is Whose.OWN} for name, rate in system.rates.items()}
    refused = reachable(system.rates.keys() - forms.keys(), backwards(reads))  # what reads a variable outside the set cannot be in it
    return {name: form for name, form in forms.items() if name not in refused}


def exact_form(system: System, name: str, together: frozenset[str]) -> LinearForm:
    """The rate of `name` as a linear form in the variables `together`; raises `NotLinear` where an exact step is impossible."""
    unknowns = frozenset(Ref(Whose.OWN, r.name) for r in refs(system.rates[name]) if r.owner is Whose.OWN and r.name in together)
    form = linear_form(system.rates[name], unknowns)
    for ref, coefficient in form.coefficients.items():
        if not system.constant(coefficient):
            raise NotLinear(f"the factor of {ref.name} is not constant")
    outside = sorted(r.name for r in refs(form.offset) if r.owner is Whose.OWN and (r.name in system.rates or r.name in system.apart))
    if outside:
        raise NotLinear(f"it depends on {outside[0]}, which changes during a step")
    varies = system.varies(form.offset)
    if varies:
        raise NotLinear(f"it depends on {varies}, which changes during a step")
    return form


def coupled_groups(forms: Mapping[str, LinearForm]) -> list[tuple[str, ...]]:
    """Sets of variables that no coefficient connects, each in the order of the flows."""
    group_of = {name: {name} for name in forms}
    for name, form in forms.items():
        for ref in form.coefficients:
            small, large = sorted((group_of[name], group_of[ref.name]), key=len)
            if small is not large:
                large |= small
                group_of |= dict.fromkeys(small, large)
    groups: dict[int, list[str]] = {}
    for name, group in group_of.items():
        groups.setdefault(id(group), []).append(name)
    return [tuple(group) for group in groups.values()]


def exact_scheme(group: tuple[str, ...], forms: Mapping[str, LinearForm], reason: str) -> Exact:
    """The `Exact` scheme of one coupled group."""
    rows = [{ref.name: coefficient for ref, coefficient in forms[v].coefficients.items()} for v in group]
    matrix = tuple(tuple(row.get(v, ZERO) for v in group) for row in rows)
    return Exact(group, matrix, tuple(forms[v].offset for v in group), reason)


def self_linear(system: System, name: str) -> LinearForm:
    """The rate of `name` as a linear form in `name` alone; raises `NotLinear`."""
    return linear_form(system.rates[name], frozenset({Ref(Whose.OWN, name)}))


def exponential_euler(system: System, name: str, form: LinearForm) -> ExponentialEuler:
    """The `ExponentialEuler` scheme of one variable."""
    slope = form.coefficient(Ref(Whose.OWN, name))
    others = system.symbols_of(system.dependencies(name) - {name})
    foreign = sorted(r.path for r in refs(system.rates[name]) if r.owner not in (Whose.OWN, Whose.NETWORK))
    symbol = system.symbol(name)
    if is_number(slope, 0.0):
        reason = f"the rate does not depend on {symbol} itself"
    elif others or foreign:
        reason = f"linear in {symbol} itself, with {listed([*others, *foreign])} held over a step"
    else:
        reason = f"linear in {symbol} itself, with a factor that is not constant held over a step"
    return ExponentialEuler(name, slope, form.offset, reason)


def linear_rates(system: System, names: Sequence[str]) -> dict[str, LinearForm]:
    """The rates that are linear in their own variable, with a slope that is not 0, but for those with a conserved total: equal steps alone keep it."""
    conserved = conserved_variables({v: system.rates[v] for v in names})
    found = {}
    for name in (v for v in names if v not in conserved):
        with suppress(NotLinear):
            form = self_linear(system, name)
            if not is_number(form.coefficient(Ref(Whose.OWN, name)), 0.0):
                found[name] = form
    return found


def exponential_stages(system: System, variables: tuple[str, ...], forms: Mapping[str, LinearForm], reason: str) -> ExponentialRungeKutta:
    """The `ExponentialRungeKutta` scheme of `variables`, exponential for those with a form, and taken as a whole for the others."""
    slopes = tuple(forms[v].coefficient(Ref(Whose.OWN, v)) if v in forms else ZERO for v in variables)
    offsets = tuple(forms[v].offset if v in forms else system.rates[v] for v in variables)
    return ExponentialRungeKutta(variables, slopes, offsets, reason)


def euler_maruyama(system: System, names: Iterable[str], reason: str) -> EulerMaruyama:
    """The `EulerMaruyama` scheme of `names`."""
    chosen = set(names)
    variables = tuple(v for v in system.rates if v in chosen)
    return EulerMaruyama(variables, tuple(system.rates[v] for v in variables), tuple(system.noises.get(v) for v in variables), reason)


def listed(names: list[str]) -> str:
    """`a, b and c`."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
