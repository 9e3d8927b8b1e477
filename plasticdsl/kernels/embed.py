"""A network as one module that runs by itself: the kernels, the defaults of all parameters, and code that sets everything up with NumPy.

Comes in: a network, its loop program and a time step. Goes out: text. `set_up` says what is made how before the first step,
`recipes` what kernels work on; the template `embedded.py.jinja` prints both.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from plasticdsl.kernels.build import FIRST_STEP, STEPS
from plasticdsl.kernels.describe import call, in_unit, safe
from plasticdsl.kernels.embedded_loop import module_text_doc, sides
from plasticdsl.kernels.emit import render
from plasticdsl.kernels.identifiers import NETWORK, RUN, Field, Part, of_emitted, of_population
from plasticdsl.kernels.inlined import defined_names
from plasticdsl.kernels.layout import members
from plasticdsl.kernels.printer import literal
from plasticdsl.kernels.program import Program
from plasticdsl.kernels.recipes import DT, SEED, Recipe
from plasticdsl.kernels.set_up import Assignment, Scope, scopes, sections
from plasticdsl.kernels.set_up_text import Writer, common, lines
from plasticdsl.kernels.spelling import flat, spell
from plasticdsl.model import Distribution, GivenSpikes, Network, RegularSource, Variable
from plasticdsl.model.expr import Number, Ref
from plasticdsl.model.pretty import pretty

#: What the frame takes from elsewhere.
_IMPORTS = (
    ("sys", ""), ("types", "SimpleNamespace"), ("typing", "Any"), ("typing", "NamedTuple"), ("numpy as np", ""), ("numba", "njit"),
)  # fmt: skip


def embed(
    program: Program, network: Network, defaults: Mapping[Ref, float], dt: float, *, in_steps: bool = False, alone: bool = False
) -> str:
    """The text of the module. `defaults`: of parameters; `dt`: default of the step (s); `in_steps`: time is counted in steps; `alone`: the network is
    made of blocks without one.

    Deterministic. Raises ValueError where something has no value before the first step.
    """
    owners, known = scopes(network), [m.name for many in members(program).values() for m in many]
    made = [*sections(network, owners)]
    set_up = dict.fromkeys(target for _, many in made for a in many for target in a.targets if isinstance(target, Field))
    places = flat((*known, DT, SEED, *set_up))
    more = {field: _said(field, owners[field.group]) for field in set_up if field not in known and field.group in owners}
    spelling = spell(program, more)
    given = [p.name for p in network.populations if isinstance(p.source, RegularSource | GivenSpikes)]
    writer = Writer(places, owners, {})
    names: dict[str, Any] = {
        "parameters": [
            (places[scope.group.variable(v.name)], literal(defaults[Ref(scope.itself, v.name)]), _meaning(v, scope))
            for scope in owners.values()
            for v in scope.parameters()
            if Ref(scope.itself, v.name) in defaults
        ],
        "sizes": [places[of_population(p.name).field(Part.UNITS)] for p in network.populations],
        "sections": [(safe(title), [*lines(assignments, writer)]) for title, assignments in made if assignments],
        "fills": _fills(program, writer),
        "units": lambda group: f"a.{spelling.at(of_population(group.name).field(Part.UNITS))}",
        "held": lambda group, part: f"a.{spelling.at(group.field(Part[part]))}",
        "given": given,
        "doc": module_text_doc(program, spelling, sorted(given)),
        "dt": dt,
        "run_dt": DT,
        "in_steps": in_steps,
        "default_steps": 1000 if in_steps else 10_000,
        "shown": [spelling.at(a.name) for a in program.arrays if a.is_variable and a.changes],
        "advance": call(program.functions[-1], {FIRST_STEP: "a.step", STEPS: "end - a.step"}, spelling, "a."),
        "logs": [of_emitted(*one) for one in program.logs],
        "located": {of_emitted(*one) for one in program.logs} & {a.name.group for a in program.arrays if a.name.part is Part.LOG_TIMES},
        "made": {group: [f"{spelling.fields[f]}=a.{places[f]}" for f in (*known, *more) if f.group == group] for group in spelling.groups},
        "sides": sides(program, network, spelling) if alone else (),
    }
    return render("embedded.py.jinja", program, spelling, inlined=True, support=_used(names), imports=_IMPORTS, beside=more, **names)


def _fills(program: Program, writer: Writer) -> list[str]:
    """What kernels work on, made of what was set up: sizes first, then what several arrays have in common, then each by itself."""
    sizes = [Assignment((s.name,), s.value) for s in program.sizes if s.name.part is not Part.UNITS]
    made: dict[Field, Recipe] = {s.name: 1 if s.fill is None else s.value for s in program.scalars if s.name.group != RUN}
    made |= {a.name: a.whole for a in program.arrays}
    known: dict[Recipe, str] = {}
    text, writer = [*lines(sizes, writer)], Writer(writer.names, writer.scopes, known)
    for name, recipe in common(made.values()):
        text.append(f"{name} = {writer.text(recipe)}")
        known[recipe] = name
    return [*text, *(f'made["{writer.names[field]}"] = {writer.text(recipe)}' for field, recipe in made.items())]


def _used(names: Mapping[str, Any]) -> list[str]:
    """What of `support/` the set-up and the frame around it call."""
    text = "\n".join([*(line for _, assignments in names["sections"] for line in assignments), *names["fills"], "signed(", "to_steps("])
    return sorted(name for name in defined_names() if re.search(rf"\b{name}\(", text))


def _said(field: Field, scope: Scope) -> str:
    """Of what is set up but not for kernels."""
    return (
        _meaning(scope.variables[field.of[0]], scope) if field.part is Part.VARIABLE and field.of[0] in scope.sides else safe(field.meaning)
    )


def _meaning(variable: Variable, scope: Scope) -> str:
    """Of a parameter or any other name, for readers."""
    side = scope.sides[variable.name]
    follows = "" if isinstance(side, Number) else ", drawn" if isinstance(side, Distribution) else f", = {pretty(side)}"
    of = "" if scope.group == NETWORK else f" of {scope.group.name}"
    return f"{safe(variable.symbol)}{of}{in_unit(variable.unit)}{follows}"
