"""The text of generated modules."""

import ast
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plasticdsl.kernels import build
from plasticdsl.kernels.describe import si_unit
from plasticdsl.kernels.emit import emit
from plasticdsl.kernels.fold import WIDTH, fold
from plasticdsl.kernels.inlined import parsed, pieces
from plasticdsl.kernels.layout import tuples
from plasticdsl.kernels.program import Comment, For, If, Store
from plasticdsl.kernels.spelling import spell
from plasticdsl.model.expr import Call, Compare, Number
from plasticdsl.plan import operations as ops
from tests.kernels.programs import arrays_of, bound_network, calculator, element, expected, let, loop, name, network, plus, times, value


def test_every_operation_of_a_step_has_a_kernel() -> None:
    assert build.KERNELS.keys() | {ops.Units, ops.Connections} == set(get_args(ops.Single))


def test_same_program_same_bytes() -> None:
    assert emit(network()) == emit(network())
    other = subprocess.run(
        [sys.executable, "-c", "from tests.kernels.programs import *; print(emit(network()), end='')"],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path.cwd(),
        env={"PYTHONHASHSEED": "7", "PATH": ""},
    )
    assert other.stdout == emit(network())


def test_only_numpy_and_numba_are_imported() -> None:
    for text in (emit(network()), emit(network(), parallel=True)):
        imports = [n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.Import | ast.ImportFrom)]
        modules = {a.name for n in imports if isinstance(n, ast.Import) for a in n.names} | {
            n.module for n in imports if isinstance(n, ast.ImportFrom)
        }
        assert modules == {"math", "numpy", "numba", "typing"}


def test_docstrings_tell_shapes_types_and_units() -> None:
    tree = ast.parse(emit(network()))
    module = ast.get_docstring(tree)
    assert module is not None and "Integrate-and-fire" in module
    functions = {n.name: n for n in tree.body if isinstance(n, ast.FunctionDef)}
    assert {"find", "deliver", "flow", "advance", "uniform", "philox"} <= set(functions)
    assert "V: np.ndarray  # float64[units], membrane potential, in V" in emit(network())
    assert "# tau dV/dt = drive + g - V" in emit(network())


def test_the_text_is_ordinary_python() -> None:
    """Run without numba, the kernels give the same numbers."""
    tree = ast.parse(emit(network()))
    tree.body = [n for n in tree.body if not (isinstance(n, ast.ImportFrom) and n.module == "numba")]
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            node.decorator_list = []
    names: dict[str, Any] = {}
    exec(compile(tree, "generated", "exec"), names)
    bound = bound_network()
    wanted = expected(bound, 60)
    values = {**bound.sizes, **bound.scalars, **bound.arrays}
    classes = {group: names[name] for group, name in spell(network()).classes.items()}
    assert names["advance"](0, 60, *tuples(network(), classes, values)) == 60
    np.testing.assert_allclose(arrays_of(bound)["V"], wanted["V"], rtol=1e-14)
    np.testing.assert_array_equal(arrays_of(bound)["total"], wanted["total"])


def test_kernels_can_be_imported_and_called(tmp_path: Path) -> None:
    """As somebody would who embeds one kernel in a loop of their own."""
    (tmp_path / "kernels.py").write_text(emit(network()))
    code = (
        "import sys, numpy as np; sys.path.insert(0, sys.argv[1]); import kernels\n"
        "V, g = np.zeros(3), np.array([0.0, 1.0, 2.0])\n"
        "run = kernels.Run(3, 0, 0, 0.0, 0.5, 0.25, 1, V, g, *[np.zeros(3)] * 5)\n"
        "kernels.flow(0, run)\n"
        "assert (g == [0.0, 0.25, 0.5]).all() and (V[1:] > V[:1]).all() and 'plasticdsl' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True, cwd=tmp_path)


def test_empty_bodies_pass() -> None:
    program = calculator(Number(1.0), ())
    condition = If(Compare("<", name("i"), Number(0.0)), (), (let("x", Number(1.0)),))
    every = loop("i", Number(0.0), value("length"), (Comment("nothing"), condition))
    text = emit(replace(program, functions=(replace(program.functions[0], body=(every,)),)))
    ast.parse(text)
    assert text.count("pass\n") == 1


HOSTILE = 'A model """\nimport os\nos.abort()\n""" \\" \\ \x00 \u2028 \'\'\' ends with "'


def test_user_text_stays_text() -> None:
    program = network()
    comment = Comment("tau\nimport os")
    function = replace(program.functions[0], doc=HOSTILE, body=(comment, *program.functions[0].body))
    arrays = tuple(replace(a, doc=HOSTILE) for a in program.arrays)
    program = replace(program, doc=HOSTILE, name="Net\n", functions=(function, *program.functions[1:]), arrays=arrays)
    tree = ast.parse(emit(program))
    assert not [n for n in ast.walk(tree) if isinstance(n, ast.Attribute) and n.attr == "abort"]
    assert {type(n) for n in tree.body} == {ast.Expr, ast.Import, ast.ImportFrom, ast.ClassDef, ast.FunctionDef}


def test_only_parallel_modules_have_threads() -> None:
    assert "prange" not in emit(network())
    text = emit(network(), parallel=True)
    assert "for i in prange(units):\n        i = np.int64(i)" in text
    assert text.count("parallel=True") == 1


def test_support_comes_with_what_it_calls() -> None:
    names = [p.name for p in pieces(["normal"])]
    assert names.index("philox") < names.index("random_bits") < names.index("normal")
    assert "uniform" not in names
    assert "NDArray" not in "".join(p.text for p in pieces(["normal", "maximum", "expm1_over_x"]))


def test_a_used_function_is_there_and_no_other() -> None:
    text = emit(calculator(Call("max", (name("x"), Number(0.0))), ("x",)))
    assert "def maximum" in text
    assert "def minimum" not in text


# --- layout ----------------------------------------------------------------------------------------------------------


def test_long_lines_are_folded() -> None:
    total = name("x")
    for _ in range(60):
        total = plus(times(total, name("y")), Call("exp", (name("x"),)))  # type: ignore[assignment]
    program = calculator(total, ("x", "y"))
    every = program.functions[0].body[0]
    assert isinstance(every, For)
    condition = If(Compare(">", total, Number(1.0)), (Store(element("result", "i"), Number(0.0)),))
    body = (replace(every, body=(*every.body, Comment("word " * 60), condition)), program.functions[0].body[1])
    text = emit(replace(program, functions=(replace(program.functions[0], body=body),)))
    assert max(map(len, text[text.index("def advance(") :].splitlines())) <= WIDTH
    unfolded = ast.parse(text)
    assert ast.dump(ast.parse(fold(ast.unparse(unfolded)))) == ast.dump(ast.parse(ast.unparse(unfolded)))


words = st.sampled_from(["alpha[i]", "beta_with_a_long_name", "np.exp(-x)", "f(a, b, c[j + 1])", "2.5e-05", "(gamma + delta)", "not done"])
sums = st.lists(words, min_size=1, max_size=40).map(lambda many: " + ".join(w.removeprefix("not ") for w in many))


@given(
    sums,
    st.sampled_from(["x = {}", "x[i, j] += {}", "return {}", "if {}:\n    pass", "while {} > 0.0:\n    pass", "x = g({}, 1)", "g({})"]),
)
def test_folding_keeps_the_meaning(total: str, form: str) -> None:
    text = "def f():\n" + "".join(f"    {line}\n" for line in form.format(total).split("\n"))
    folded = fold(text)
    assert ast.dump(ast.parse(folded)) == ast.dump(ast.parse(text))
    assert max(map(len, folded.splitlines())) <= WIDTH


@pytest.mark.parametrize(
    ("unit", "coherent"),
    [("mV", "V"), ("ms", "s"), ("Hz", "1/s"), ("", ""), ("mV/ms", "V/s"), ("nS", "S"), ("pF", "F"), ("MΩ", "ohm"), ("%", "")],
)
def test_coherent_units(unit: str, coherent: str) -> None:
    assert si_unit(unit) == coherent


def test_trees_are_built_in_several_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Python 3.11 takes the depths of two trees for one another's where a thread gives way within a tree, to what is cleaned up, say."""
    text, build, found = "a = (1, [2, 3])", ast.parse, list[str]()

    def gives_way(source: str) -> ast.Module:
        found.append(source)
        if len(found) < 3:
            raise SystemError("AST constructor recursion depth mismatch (before=18, after=16)")
        return build(source)

    monkeypatch.setattr(ast, "parse", gives_way)
    assert ast.unparse(parsed(text)) == text
    assert len(found) == 3
