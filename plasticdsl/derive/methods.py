"""`method: …`: the integrator an author names instead of the compiler's choice.

Comes in: the flows of a block and the method as written. Goes out: schemes, or a `PlasError` (`method-impossible`) that says which
equation the method cannot integrate and why.
"""

from __future__ import annotations

from collections.abc import Callable

from plasticdsl.derive.flow_system import (
    System,
    coupled_groups,
    euler_maruyama,
    exact_form,
    exact_scheme,
    exponential_euler,
    exponential_stages,
    linear_rates,
    self_linear,
)
from plasticdsl.derive.stiff import milstein, rosenbrock
from plasticdsl.diagnostics.diagnostic import Diagnostic, PlasError
from plasticdsl.model import MethodChoice
from plasticdsl.model.expr import refs
from plasticdsl.model.owners import Whose
from plasticdsl.model.schemes import Euler, Method, RungeKutta4, Scheme, TwoStages, method_named
from plasticdsl.symbolic.derivative import NotDifferentiable
from plasticdsl.symbolic.linear import LinearForm, NotLinear

CHOSEN = "chosen by the author"
#: Of an adaptive step, where the author gives none.
DEFAULT_TOLERANCE = 1e-6


def schemes_by_method(system: System, asked: MethodChoice) -> tuple[Scheme, ...]:
    """Every flow of the system by the named method; raises `PlasError` (`method-impossible`)."""
    method = _method(system, asked)
    variables, rates = tuple(system.rates), tuple(system.rates.values())
    noises = tuple(system.noises.get(v) for v in variables)
    match method:
        case Method.EULER:
            return (Euler(variables, rates, asked.substeps, CHOSEN),)
        case Method.RUNGE_KUTTA_4:
            return (RungeKutta4(variables, rates, CHOSEN),)
        case Method.EXPONENTIAL_RUNGE_KUTTA:
            return (exponential_stages(system, variables, linear_rates(system, variables), CHOSEN),)
        case Method.HEUN | Method.STRATONOVICH_HEUN:
            return (TwoStages(variables, rates, noises, 1.0, CHOSEN),)
        case Method.MIDPOINT:
            return (TwoStages(variables, rates, noises, 0.5, CHOSEN),)
        case Method.EULER_MARUYAMA:
            return (euler_maruyama(system, system.rates, CHOSEN),)
        case Method.MILSTEIN | Method.STRATONOVICH_MILSTEIN:
            return (_differentiated(asked, lambda: milstein(system, method is Method.STRATONOVICH_MILSTEIN, CHOSEN)),)
        case Method.ROSENBROCK | Method.ADAPTIVE:
            default = DEFAULT_TOLERANCE if method is Method.ADAPTIVE else None
            tolerance = default if asked.tolerance is None else asked.tolerance
            return (_differentiated(asked, lambda: rosenbrock(system, variables, tolerance, CHOSEN)),)
        case Method.EXACT:
            together = frozenset(system.rates)
            message = "No exact step exists for {0}: its rate is not linear with constant coefficients ({1})."
            hint = "Leave the method out, or write RK4 or exponential Euler."
            forms = _forms(system, asked, lambda v: exact_form(system, v, together), message, hint)
            return tuple(exact_scheme(group, forms, CHOSEN) for group in coupled_groups(forms))
        case Method.EXPONENTIAL_EULER:
            message = "Exponential Euler needs the rate of {0} to be linear in {0}, and it is not ({1})."
            forms = _forms(system, asked, lambda v: self_linear(system, v), message, "Leave the method out, or write RK4 or Euler.")
            return tuple(exponential_euler(system, v, form) for v, form in forms.items())


def _method(system: System, asked: MethodChoice) -> Method:
    """The method that is asked for, if it takes what stands beside it, and noise where there is noise."""
    method = method_named(asked.name)
    if method is None:
        known = [m.value for m in Method]
        raise _impossible(asked, f"There is no method ‘{asked.name}’.", f"There is: {', '.join(known[:-1])} or {known[-1]}.")
    if asked.substeps != 1 and method is not Method.EULER:
        raise _impossible(asked, f"{asked.name} takes no substeps.", "Only Euler does. Choose a smaller dt.")
    if asked.tolerance is not None and method not in (Method.ADAPTIVE, Method.ROSENBROCK):
        raise _impossible(
            asked, f"{asked.name} takes no tolerance: its steps are as long as dt.", "Write ‘method: adaptive, tolerance 1e-6’."
        )
    for name, noise in system.noises.items():
        if method.noisy:
            break
        symbol = system.symbol(name)
        if method is not Method.HEUN:
            raise _impossible(asked, f"{asked.name} cannot integrate {symbol}, which has noise.", "Write method: Euler–Maruyama.")
        if any(r.owner is not Whose.NETWORK and not system.constant(r) for r in refs(noise)):
            message = f"Heun’s scheme gives Stratonovich’s solution, and noise in a flow, as that of {symbol}, is meant in Itô’s sense."
            raise _impossible(asked, message, "Where Stratonovich’s is meant write ‘method: Stratonovich Heun’, else ‘method: Milstein’.")
    return method


def _differentiated(asked: MethodChoice, scheme: Callable[[], Scheme]) -> Scheme:
    try:
        return scheme()
    except NotDifferentiable as reason:
        hint = "Leave the method out, or choose one that needs no derivatives."
        raise _impossible(asked, f"{asked.name} needs derivatives that do not exist: {_uncapitalised(str(reason))}", hint) from None


def _uncapitalised(text: str) -> str:
    """As it goes on after a colon; ends with a full stop."""
    return f"{text[:1].lower()}{text[1:].rstrip('.')}."


def _forms(system: System, method: MethodChoice, form_of: Callable[[str], LinearForm], message: str, hint: str) -> dict[str, LinearForm]:
    """The linear form of every rate; `message`: of a variable and why it has none."""
    forms = {}
    for name in system.rates:
        try:
            forms[name] = form_of(name)
        except NotLinear as reason:
            raise _impossible(method, message.format(system.symbol(name), reason), hint) from None
    return forms


def _impossible(method: MethodChoice, message: str, hint: str) -> PlasError:
    return PlasError((Diagnostic("method-impossible", message, method.span, hint),))
