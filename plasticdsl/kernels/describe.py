"""What a generated module says about itself: its docstring and those of its kernels.

Comes in: a loop program. Goes out: text that is safe between triple quotes.
"""

from __future__ import annotations

import textwrap

from plasticdsl.kernels.identifiers import Local
from plasticdsl.kernels.kinds import every
from plasticdsl.kernels.program import Array, Function, Invoke, Program, Scalar, Size
from plasticdsl.kernels.spelling import Spelling
from plasticdsl.units.dimension import Dimension
from plasticdsl.units.table import lookup, parse_quantity

WIDTH = 106
_NAMED = ("s", "V", "A", "S", "F", "C", "ohm", "m", "kg", "K", "mol", "J", "N", "W", "Pa")
_DERIVED = (("V", "s"), ("A", "s"), ("S", "s"), ("A", "F"), ("S", "F"), ("mol", "m3"), ("F", "m2"), ("S", "m2"), ("A", "m2"), ("V", "A"))


def arguments(function: Function, spelling: Spelling) -> tuple[str, ...]:
    """The names of a kernel's arguments, in order."""
    fields = (*function.scalars, *function.arrays)
    return (*(spelling[name] for name in function.locals_in), *(spelling[name] for name in fields))


def module_doc(program: Program, spelling: Spelling) -> str:
    """What the module is and all kernels with their arguments."""
    opening = safe(program.doc.strip()) or "Kernels generated from a model."
    kernels = [line for f in program.functions for line in _signature(f, spelling)]
    listed = [line for argument in _declared(program) for line in _entry(argument, spelling)]
    return "\n".join(
        [
            f"{safe(program.name)}: {opening}",
            "",
            *_filled(
                "All values are in SI units. Arrays are C-contiguous. Units, connections and steps count from 0; step n is at time t = n dt.",
                "",
            ),
            "",
            "Kernels, callees first:",
            "",
            *kernels,
            "",
            "What they work on:",
            "",
            *listed,
        ]
    )


def function_doc(function: Function, program: Program, spelling: Spelling) -> str:
    """A kernel's docstring: what it does, and each argument with type, shape, unit and meaning."""
    own = [line for name in function.locals_in for line in _filled(f"{spelling[name]} : {_LOCALS.get(name, 'int64')}", "    ")]
    if any(isinstance(s, Invoke) for s in every(function.body)):
        listed = ["The other arguments are those of the kernels it calls."]
    else:
        known = {argument.name: argument for argument in _declared(program)}
        listed = [line for name in (*function.scalars, *function.arrays) for line in _entry(known[name], spelling)]
    return "\n".join([*_filled(safe(function.doc), ""), "", *own, *listed])


def _declared(program: Program) -> list[Size | Scalar | Array]:
    return [*program.sizes, *program.scalars, *program.arrays]


_LOCALS = {
    Local("n"): "int64, number of the step",
    Local("t"): "float64, time of the step in s",
    Local("first_step"): "int64, number of the first step",
    Local("steps"): "int64, how many steps",
    Local("slot"): "int64, place of the step in rings of spikes",
}


def _signature(function: Function, spelling: Spelling) -> list[str]:
    shown = _filled(f"{spelling[function.name]}({', '.join(arguments(function, spelling))})", "    ")
    return [*shown, *("    " + line for line in _filled(safe(function.doc), ""))]


def _entry(argument: Size | Scalar | Array, spelling: Spelling) -> list[str]:
    text = spelling[argument.name]
    match argument:
        case Size(name):
            return _filled(f"{text} : int64, {name.part.meaning.format(name.group.name)}", "    ")
        case Scalar(_, dtype, _, doc, unit):
            return _filled(f"{text} : {dtype}, {safe(doc)}{_in(unit)}", "    ")
        case Array(_, dtype, shape, _, _, doc, unit):
            return _filled(f"{text} : {dtype}[{', '.join(spelling[s] for s in shape)}], {safe(doc)}{_in(unit)}", "    ")


def _in(unit: str) -> str:
    found = si_unit(unit)
    return f", in {found}" if found else ""


def _filled(text: str, hanging: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, subsequent_indent=hanging, break_long_words=False, break_on_hyphens=False) or [""]


def safe(text: str) -> str:
    """User text as it may stand in a docstring: nothing in it ends the string or is an escape."""
    printable = "".join(c if c.isprintable() or c == "\n" else " " for c in text)
    return printable.replace("\\", "\\\\").replace('"', "'")


def si_unit(unit: str) -> str:
    """The coherent SI unit of quantities that the model shows in `unit`: V for mV, V/s for mV/ms; "" for pure numbers."""
    if not unit:
        return ""
    try:
        _, dimension = parse_quantity(f"1 {unit}")
    except ValueError:
        return ""
    return "" if dimension.is_one else _coherent(dimension)


def _coherent(dimension: Dimension) -> str:
    named = {word: lookup(word)[1] for word in _NAMED}
    powers = named | {f"{w}{p}": d**p for w, d in named.items() for p in (2, 3)}
    for word, known in powers.items():
        if known == dimension:
            return word
    for word, known in powers.items():
        if (known * dimension).is_one:
            return f"1/{word}"
    for above, below in _DERIVED:
        if powers[above] / powers[below] == dimension:
            return f"{above}/{below}"
    return str(dimension)
