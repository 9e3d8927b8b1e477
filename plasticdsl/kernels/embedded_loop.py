"""How a module that runs by itself is used in somebody's own loop: the text of its docstring, and what `learn` does.

Comes in: a program and how things are called. Goes out: text.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from plasticdsl.kernels.describe import call, module_doc
from plasticdsl.kernels.identifiers import ADVANCE, RUN, Part, of_population
from plasticdsl.kernels.program import For, Invoke, Program
from plasticdsl.kernels.spelling import Spelling
from plasticdsl.model import GivenSpikes, Network, Population, Role


def module_text_doc(program: Program, spelling: Spelling, sources: Sequence[str]) -> str:
    """The docstring of the module; `sources`: populations whose spikes are known beforehand."""
    example = "\n".join(f"        {line}" for line in _loop(program, spelling))
    return f"""{module_doc(program, spelling)}

`PARAMETERS` has the default of each parameter. `allocate()` makes everything that the kernels work on, as attributes of one object:

    a = allocate()
    spikes = simulate(a, 1.0)  # for 1 s
    spikes = step(a)  # one step more

What one step does, for a loop of your own:

    for n in range(1000):
        t = n * a.{spelling.at(RUN.field(Part.DT))}
{example}{"".join(_by_hand(p, spelling) for p in sources)}"""


def _loop(program: Program, spelling: Spelling) -> Iterator[str]:
    """The calls of one step."""
    kernels, names = {f.name: f for f in program.functions}, spelling.inside[ADVANCE]
    for loop in (s for s in program.functions[-1].body if isinstance(s, For)):
        for invoke in (s for s in loop.body if isinstance(s, Invoke)):
            head = "" if invoke.result is None else f"{names[invoke.result]} = "
            text = head + call(kernels[invoke.function], names, spelling, "a.")
            yield from textwrap.wrap(text, 98, subsequent_indent="    ", break_long_words=False)


def _by_hand(population: str, spelling: Spelling) -> str:
    p = of_population(population)
    slots, spikes, count = (f"a.{spelling.at(p.field(part))}" for part in (Part.SLOTS, Part.SPIKES, Part.SPIKE_COUNT))
    return f"""

Instead of `spikes_{population}`, the spikes of `{population}` at step n can be set by hand:

    slot = n % {slots}
    {spikes}[slot, : len(units)] = units
    {count}[slot] = len(units)"""


# --- a rule alone ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Side:
    """What `learn` takes for the units of one side: `doc` says what, `lines` put it in its place."""

    name: str
    doc: str
    lines: tuple[str, ...]


def sides(program: Program, network: Network, spelling: Spelling) -> tuple[Side, ...]:
    """Both sides of rules and synapses that stand alone; none where there are only neurons."""
    return tuple(_side(p, program, spelling) for p in network.populations if p.source is not None and p.name in ("pre", "post"))


def _side(population: Population, program: Program, spelling: Spelling) -> Side:
    name, p = population.name, of_population(population.name)
    known = {a.name for a in program.arrays}
    values = [v.name for v in population.block.variables if v.role is Role.CLAMPED and p.variable(v.name) in known]
    whole, text = f"a.{spelling.groups.get(p, name)}", {part: spelling.fields.get(p.field(part), "") for part in Part}
    if isinstance(population.source, GivenSpikes) and p.field(Part.GIVEN_NEXT) in known:
        given = {Part.GIVEN: f"len({name})", Part.GIVEN_STEPS: f"np.full(len({name}), a.step)", Part.GIVEN_UNITS: name}
        changed = ", ".join(f"{text[part]}={value}" for part, value in given.items())
        lines = (
            f"{name} = np.asarray({name}, dtype=np.int64)",
            f"{whole} = {whole}._replace({changed})",
            f"{whole}.{text[Part.GIVEN_NEXT]}[0] = 0",
        )
        return Side(name, f"numbers from 0 of the {name} units that spike now", lines)
    match values:
        case []:
            return Side(name, "nothing is read of this side", ())
        case [one]:
            return Side(name, f"{one} of each {name} unit", (f"{whole}.{spelling.fields[p.variable(one)]}[:] = {name}",))
        case _:
            each = tuple(f'{whole}.{spelling.fields[p.variable(v)]}[:] = {name}["{v}"]' for v in values)
            return Side(name, f"{', '.join(values)} of each {name} unit, by name", each)
