"""The loop program as the text of a Python module that needs NumPy and numba alone.

`emit(program)` is deterministic: the same program gives the same bytes. Templates hold the frame and the loops, `printer.py` the expressions.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from plasticdsl.kernels.describe import arguments, function_doc, module_doc
from plasticdsl.kernels.fold import fold
from plasticdsl.kernels.identifiers import Kernel
from plasticdsl.kernels.inlined import pieces
from plasticdsl.kernels.kinds import every, infer
from plasticdsl.kernels.loops.collect import expressions
from plasticdsl.kernels.printer import Printer
from plasticdsl.kernels.program import Comment, OfState, Program
from plasticdsl.kernels.spelling import Spelling, spell
from plasticdsl.kernels.threads import has_threads


def emit(program: Program, *, parallel: bool = False) -> str:
    """The text of the module. `parallel`: loops over independent units use all of numba's threads (the results are the same bits)."""
    spelling = spell(program)
    return render("kernels.py.jinja", program, spelling, parallel=parallel, doc=module_doc(program, spelling))


def render(template: str, program: Program, spelling: Spelling, *, parallel: bool = False, **more: Any) -> str:
    """A template that includes the kernels; `more` are further names for it."""
    kinds = infer(program)
    printers = {f.name: Printer(kinds[f.name], spelling) for f in program.functions}
    environment = _environment()
    environment.tests["with_threads"] = lambda f: parallel and has_threads(f)
    environment.tests["side_by_side"] = lambda s: parallel and s.independent
    environment.filters["spelled"] = spelling.__getitem__
    environment.globals["arguments"] = {f.name: arguments(f, spelling) for f in program.functions}
    names = {
        "program": program,
        "parallel": parallel,
        "support": pieces((*_called(program, printers), *more.pop("support", ()))),
        "docs": {f.name: function_doc(f, program, spelling) for f in program.functions},
        "printers": printers,
    }
    return environment.get_template(template).render({**names, **more})


def emit_entry(program: Program, module: str) -> str:
    """The text of the module that compiles `advance` of `module` to a function over plain pointers."""
    advance = program.functions[-1]
    by_name = {a.name: a for a in program.arrays}
    where = {s.name: f"sizes[{position}]" for position, s in enumerate(program.sizes)}
    for dtype, array in (("float64", "floats"), ("int64", "integers")):
        names = [s.name for s in program.scalars if s.dtype == dtype]
        where |= {name: f"{array}[{position}]" for position, name in enumerate(names)}
    arrays = [{"dtype": by_name[n].dtype, "shape": [where[s] for s in by_name[n].shape]} for n in advance.arrays]
    template = _environment().get_template("entry.py.jinja")
    return template.render(module=module, arrays=arrays, scalars=[where[n] for n in advance.scalars]) + "\n"


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("plasticdsl.kernels"), undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, autoescape=False
    )
    environment.tests["spread"] = lambda a: a.per in ("pre", "post") and isinstance(a.fill, OfState)
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
        for statement in every(function.body)
        for expr in expressions(statement)
        for name in printers[function.name].support(expr)
    ]
