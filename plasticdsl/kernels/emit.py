"""The loop program as the text of a Python module that needs NumPy and numba alone.

`emit(program)` is deterministic: the same program gives the same bytes. Templates hold the frame and the loops, `printer.py` the expressions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from plasticdsl.kernels.describe import call, function_doc, group_doc, lines, module_doc
from plasticdsl.kernels.fold import fold
from plasticdsl.kernels.identifiers import Kernel
from plasticdsl.kernels.inlined import imports, pieces
from plasticdsl.kernels.kinds import infer
from plasticdsl.kernels.layout import unpacked
from plasticdsl.kernels.loops.collect import expressions, statements
from plasticdsl.kernels.printer import Printer
from plasticdsl.kernels.program import Comment, Fill, Function, Program
from plasticdsl.kernels.spelling import Spelling, spell
from plasticdsl.kernels.threads import has_threads
from plasticdsl.kernels.widths import widths


def emit(program: Program, *, parallel: bool = False) -> str:
    """The text of the module. `parallel`: loops over independent units use all of numba's threads (the results are the same bits)."""
    spelling = spell(program)
    return render("kernels.py.jinja", program, spelling, parallel=parallel, doc=module_doc(program, spelling))


def render(template: str, program: Program, spelling: Spelling, *, parallel: bool = False, inlined: bool = False, **more: Any) -> str:
    """A template that includes the kernels; `more` are further names for it. `inlined`: whether numba puts the others into the last one."""
    kinds = infer(program)
    wide = widths(program, kinds)
    printers = {f.name: Printer(kinds[f.name], spelling.inside[f.name], wide.get(f.name)) for f in program.functions}
    by_name = {f.name: f for f in program.functions}
    support = pieces((*_called(program, printers), *more.pop("support", ())))
    names = {
        "program": program,
        "parallel": parallel,
        "inlined": inlined,
        "with_threads": {f.name for f in program.functions if parallel and has_threads(f)},
        "call": lambda invoke, caller: call(by_name[invoke.function], caller.names, spelling),
        "support": support,
        "imports": imports(support, more.pop("imports", ())),
        "docs": {f.name: function_doc(f, spelling) for f in program.functions},
        "printers": printers,
        "spelling": spelling,
        "groups": lines(program, spelling, more.pop("beside", {})),
        "group_doc": group_doc,
        "heads": {f.name: call(f, spelling.inside[f.name], spelling) for f in program.functions},
        "unpacking": {f.name: tuple(_unpacking(f, spelling, 1 if parallel else 6)) for f in program.functions},
    }
    return _environment().get_template(template).render({**names, **more})


def _unpacking(function: Function, spelling: Spelling, most: int) -> Iterator[str]:
    """`g, w = cells.g, cells.w`: lines that give fields their names, so many at a time. In functions compiled for several threads numba 0.68 loses what
    is written to arrays that were unpacked together."""
    names, own = spelling.inside[function.name], unpacked(function)
    for group in spelling.groups:
        fields = [f for f in own if f.group == group]
        for begin in range(0, len(fields), most):
            few = fields[begin : begin + most]
            yield f"{', '.join(names[f] for f in few)} = {', '.join(spelling.at(f) for f in few)}"


@cache
def _environment() -> Environment:
    """Templates that have been read stay."""
    environment = Environment(
        loader=PackageLoader("plasticdsl.kernels"), undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, autoescape=False
    )
    environment.tests["kind"] = lambda value, name: type(value).__name__ == name
    environment.tests["all_comments"] = lambda body: all(isinstance(s, Comment) for s in body)
    environment.filters["fold"] = fold
    environment.filters["one_line"] = lambda text: " ".join(text.split())
    return environment


def _called(program: Program, printers: Mapping[Kernel, Printer]) -> list[str]:
    """The support functions that the kernels call."""
    return [
        name
        for function in program.functions
        for statement in statements(function.body)
        for expr in expressions(statement)
        for name in printers[function.name].support(expr)
    ] + [s.function for f in program.functions for s in statements(f.body) if isinstance(s, Fill)]
