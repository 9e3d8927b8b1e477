"""What a generated module says about itself: its docstring and those of its kernels.

Comes in: a loop program. Goes out: text that is safe between triple quotes.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping

from plasticdsl.kernels.identifiers import Field, Group, Local, Part
from plasticdsl.kernels.layout import members, taken
from plasticdsl.kernels.program import Array, Function, Member, Program, Scalar, Size
from plasticdsl.kernels.spelling import Spelling
from plasticdsl.units.dimension import FREQUENCY
from plasticdsl.units.display import coherent
from plasticdsl.units.table import parse_quantity

WIDTH = 106
_ASCII = str.maketrans({"Ω": "ohm", "²": "2", "³": "3"})


def call(kernel: Function, names: Mapping[Local | Field, str], spelling: Spelling, owner: str = "") -> str:
    """The call of a kernel where its locals have these names, which is also the head of its definition; `owner`: the object that holds the groups, if not
    arguments do."""
    groups = (f"{owner}{spelling.groups[group]}" for group in taken(kernel, spelling.groups))
    return f"{spelling.kernels[kernel.name]}({', '.join([*(names[local] for local in kernel.locals_in), *groups])})"


def module_doc(program: Program, spelling: Spelling) -> str:
    """What the module is and all kernels with their arguments."""
    opening = safe(program.doc.strip()) or "Kernels generated from a model."
    frame = (
        "All values are in SI units. Arrays are C-contiguous. Units, connections and steps count from 0; step n is at time t = n dt. "
        "What kernels work on is in named tuples, one for each population and projection, whose fields are described below."
    )
    kernels = [line for f in program.functions for line in _signature(f, spelling)]
    return "\n".join([f"{safe(program.name)}: {opening}", "", *_filled(frame, ""), "", "Kernels, callees first:", "", *kernels])


def function_doc(function: Function, spelling: Spelling) -> str:
    """A kernel's docstring: what it does, and what its arguments are."""
    names = spelling.inside[function.name]
    own = [f"{names[local]} : {_LOCALS.get(local, 'int64')}" for local in function.locals_in]
    groups = [f"{spelling.groups[group]} : {spelling.classes[group]}" for group in taken(function, spelling.groups)]
    return "\n".join([*_filled(safe(function.doc), ""), "", *own, *groups])


def lines(program: Program, spelling: Spelling, beside: Mapping[Field, str]) -> dict[Group, list[str]]:
    """The fields of each group's named tuple; `beside`: what they hold besides what kernels work on, and what that is."""
    own = members(program)
    more = {group: [_field(spelling.fields[f], "Any", doc) for f, doc in beside.items() if f.group == group] for group in spelling.groups}
    return {group: [*(_line(member, spelling) for member in own.get(group, ())), *others] for group, others in more.items()}


def _line(member: Member, spelling: Spelling) -> str:
    name = spelling.fields[member.name]
    match member:
        case Size(field):
            return _field(name, "int", safe(field.meaning))
        case Scalar(field, dtype, _, doc, unit):
            return _field(name, "float" if dtype == "float64" else "int", f"{safe(doc or field.meaning)}{in_unit(unit)}")
        case Array(field, dtype, shape, _, _, doc, unit):
            lengths = ", ".join(_length(s, field.group, spelling) for s in shape)
            return _field(name, "np.ndarray", f"{dtype}[{lengths}], {safe(doc or field.meaning)}{in_unit(unit)}")


def _field(name: str, kind: str, doc: str) -> str:
    return f"{name}: {kind}  # {' '.join(doc.split())}"


def _length(size: Field, group: Group, spelling: Spelling) -> str:
    if size.part is Part.ONE:
        return "1"
    return spelling.fields[size] if size.group == group else spelling.at(size)


def group_doc(group: Group) -> str:
    """What a named tuple holds."""
    said = {"run": "What holds for the whole run.", "network": "Parameters of the network."}
    return said.get(group.kind) or f"The {group.kind} {safe(group.name)}."


_LOCALS = {
    Local("n"): "int64, number of the step",
    Local("t"): "float64, time of the step in s",
    Local("first_step"): "int64, number of the first step",
    Local("steps"): "int64, how many steps",
    Local("share"): "int64, number of the share",
    Local("step_of_window"): "int64, number of the step in its window",
    Local("begun"): "int64, first step of the window",
    Local("until"): "int64, step after the last of the window",
    Local("slot"): "int64, place of the step in rings of spikes",
}


def _signature(function: Function, spelling: Spelling) -> list[str]:
    return [
        *_filled(call(function, spelling.inside[function.name], spelling), "    "),
        *("    " + line for line in _filled(safe(function.doc), "")),
    ]


def in_unit(unit: str) -> str:
    """In which unit it is, for the end of a sentence."""
    found = si_unit(unit)
    return f", in {found}" if found else ""


def _filled(text: str, hanging: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, subsequent_indent=hanging, break_long_words=False, break_on_hyphens=False) or [""]


def safe(text: str) -> str:
    """User text as it may stand in a docstring: nothing in it ends the string or is an escape."""
    printable = "".join(c if c.isprintable() or c == "\n" else " " for c in text)
    return printable.replace("\\", "\\\\").replace('"', "'")


def si_unit(unit: str) -> str:
    """The SI unit of quantities that the model shows in `unit`, in ASCII: V for mV, 1/s for Hz; "" for pure numbers."""
    try:
        dimension = parse_quantity(f"1 {unit}")[1]
    except ValueError:
        return ""
    found = "1/s" if dimension == FREQUENCY else coherent(dimension)
    return "" if dimension.is_one else found.translate(_ASCII)
