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
from plasticdsl.diagnostics.diagnostic import Diagnostic, PlasError
from plasticdsl.model import MethodChoice
from plasticdsl.model.schemes import Euler, RungeKutta4, Scheme, method_kind
from plasticdsl.symbolic.linear import LinearForm, NotLinear

CHOSEN = "chosen by the author"


def schemes_by_method(system: System, method: MethodChoice) -> tuple[Scheme, ...]:
    """Every flow of the block by the named method; raises `PlasError` (`method-impossible`)."""
    kind = method_kind(method.name)
    if kind is None:
        raise _impossible(
            method,
            f"There is no method ‘{method.name}’.",
            "There is: Euler, exponential Euler, exponential Runge–Kutta, exact, RK4 or Euler–Maruyama.",
        )
    if method.substeps != 1 and kind != "euler":
        raise _impossible(method, f"{method.name} takes no substeps.", "Only Euler does. Choose a smaller dt.")
    noisy = [system.symbol(v) for v in system.noises]
    if noisy and kind != "euler-maruyama":
        raise _impossible(method, f"{method.name} cannot integrate {noisy[0]}, which has noise.", "Write method: Euler–Maruyama.")
    variables, rates = tuple(system.rates), tuple(system.rates.values())
    match kind:
        case "euler":
            return (Euler(variables, rates, method.substeps, CHOSEN),)
        case "rk4":
            return (RungeKutta4(variables, rates, CHOSEN),)
        case "exponential rk":
            return (exponential_stages(system, variables, linear_rates(system, variables), CHOSEN),)
        case "euler-maruyama":
            return (euler_maruyama(system, system.rates, CHOSEN),)
        case "exact":
            together = frozenset(system.rates)
            message = "No exact step exists for {0}: its rate is not linear with constant coefficients ({1})."
            hint = "Leave the method out, or write RK4 or exponential Euler."
            forms = _forms(system, method, lambda v: exact_form(system, v, together), message, hint)
            return tuple(exact_scheme(group, forms, CHOSEN) for group in coupled_groups(forms))
        case _:
            message = "Exponential Euler needs the rate of {0} to be linear in {0}, and it is not ({1})."
            forms = _forms(system, method, lambda v: self_linear(system, v), message, "Leave the method out, or write RK4 or Euler.")
            return tuple(exponential_euler(system, v, form) for v, form in forms.items())


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
