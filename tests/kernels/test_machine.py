"""Machine code of generated text: what Python makes of the same text, and the same bits as numba."""

import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import plasticdsl
from plasticdsl.kernels.emit import emit
from plasticdsl.kernels.identifiers import ADVANCE
from plasticdsl.kernels.machine.assemble import assembled
from plasticdsl.kernels.machine.translate import ENTRY, translated
from plasticdsl.kernels.machine.values import Untranslatable
from plasticdsl.kernels.program import Array, Artifact, DType, Function, Program, Return, Size
from plasticdsl.kernels.store import ObjectCode, digest_of, import_text
from plasticdsl.model.expr import Number
from plasticdsl.net import Net
from plasticdsl.runtime.engine.compiled import CompiledEngine
from plasticdsl.runtime.engine.load import Native, link
from plasticdsl.runtime.engine.plain import ModuleAdvance, defined
from tests.kernels.programs import bound, field, fields
from tests.models.test_engines import NETWORKS, SIZES

UNITS = 9
DTYPES: dict[str, DType] = {"x": "float64", "y": "float64", "z": "float32", "m": "int64", "n": "int64", "k": "int32", "u": "uint32"}
PROGRAM = Program(
    "Text",
    "",
    (Size(field("units")), Size(field("rows"))),
    (),
    (
        *(Array(field(name), dtype, fields("units")) for name, dtype in DTYPES.items()),
        Array(field("a"), "float64", fields("rows", "units")),
    ),
    (Function(ADVANCE, "", (Return(Number(0.0)),), (), fields("units", "rows"), fields(*DTYPES, "a")),),
)


def arrays() -> dict[str, Any]:
    found: dict[str, Any] = {
        "x": np.array([0.0, -0.0, 1.5, -2.5, 3.0, -1e-3, 0.49, 7.25, 1e3]),
        "y": np.zeros(UNITS),
        "z": np.linspace(-1.0, 1.0, UNITS, dtype=np.float32),
        "m": np.array([7, -7, 7, -7, 0, 1, -1, 2**40, -(2**40) - 1]),
        "n": np.array([3, 3, -3, -3, 5, 2, 2, 1000, 1000]),
        "k": np.arange(UNITS, dtype=np.int32) - 4,
        "u": np.array([0, 1, 2**32 - 1, 2**31, 5, 6, 7, 8, 9], dtype=np.uint32),
    }
    return {**found, "a": np.zeros((2, UNITS))}


def by_both(text: str) -> tuple[dict[str, Any], dict[str, Any], tuple[int, int]]:
    """The arrays after `advance(2, 3, run)` in Python and in machine code, and what it returned."""
    python, machine = arrays(), arrays()
    names: dict[str, Any] = {"np": np, "math": math}
    exec(text, names)
    with np.errstate(all="ignore"):
        wanted = names["advance"](2, 3, SimpleNamespace(**python, units=UNITS, rows=2))
    native = Native(PROGRAM, *link(ObjectCode(*ordered(text))))
    return python, machine, (wanted, native.bind(bound({"units": UNITS, "rows": 2}, {}, machine)).advance(2, 3))


def ordered(text: str) -> tuple[bytes, str, tuple[str, ...]]:
    code, externals = assembled(translated(PROGRAM, text))
    return code, ENTRY, externals


HEAD = """
def add(one, other, more):
    for i in range(1, len(other)):
        one[i] += other[i]
    for i in range(len(more)):
        more[i] = float(len(more) > 2) + 2 * (one[0] > 0.0)

def advance(first_step, steps, run):
    x, y, z, m, n, k, u, a = run.x, run.y, run.z, run.m, run.n, run.k, run.u, run.a
    units = run.units
"""

MANY_CASES = " else ".join(f"{case}.5 if x[i] < {case}" for case in range(250)) + " else -1.0"
#: Several conditions may hold, of which the first counts, and some are made of others.
MANY_JOINED = " else ".join(f"x[i] * {case} if x[i] > {case} and not i > {case} or i == {60 - case}" for case in range(60)) + " else i / 2"
#: Elements that are only there where their case holds.
MANY_GUARDED = " else ".join(f"x[i - {case}] if i == {case}" for case in range(50)) + " else -1.0"
LONG_SUM = " + ".join(["x[i]"] * 900)

#: What stands in the loop over i.
LINES = {
    "quotients": ["y[i] = m[i] // n[i]", "a[0, i] = m[i] % n[i]", "m[i] = (m[i] // n[i]) * n[i] + m[i] % n[i]"],
    "powers": ["y[i] = float(n[i])**3 + x[i]**2", "a[1, i] = 2.0**x[i] + 1.0 / (x[i] * x[i] + 1.0)**4"],
    "functions": [
        "y[i] = np.sqrt(abs(x[i])) + np.log(abs(x[i]) + 1.0) + np.sin(x[i]) * np.cos(x[i]) + np.floor(x[i]) - np.ceil(x[i])",
        "a[0, i] = np.tan(x[i]) + np.arctan(x[i]) + np.log1p(abs(x[i])) + math.erf(x[i]) + math.lgamma(x[i] + 2000.5)",
        "a[1, i] = np.rint(x[i]) + np.fmod(x[i], 0.7) + np.sinh(x[i] / 1e3)",
        "m[i] = abs(m[i]) + math.floor(x[i])",
    ],
    "floats of 32 bits": [
        "z[i] = abs(z[i]) / (z[i] + np.float32(3.0)) * np.float32(0.3)",
        "y[i] = z[i] * np.float64(z[i]) + np.float32(x[i])",
        "z[i] -= np.float32(y[i])",
    ],
    "signs": ["y[i] = np.sign(x[i])", "a[0, i] = np.sign(np.inf * x[i])", "a[1, i] = -x[i]"],
    "conditions": [
        "if -1.0 < x[i] <= 3.0 and not (m[i] == 0 or k[i] != 0):",
        "    y[i] = 1.0",
        "elif i > 0 and x[i - 1] < 0.0:",
        "    y[i] = 2.0",
        "else:",
        "    y[i] = 3.0 if x[i] != x[i] else 4.0",
        "inside = 1.0 if x[i] > 0.0 and x[i] < 2.0 else 0",
        "a[0, i] += inside",
    ],
    "kinds": [
        "total = 0",
        "total = total + x[i]",
        "y[i] = total + int(-1.9) + int(x[i]) / 2",
        "z[i] = np.float64(z[i]) * 0.1 + x[i]",
        "k[i] += 2 * i",
        "m[i] = max(k[i], m[i]) + min(i, 3)",
    ],
    "32 bits": ["y[i] = z[i] * z[i] - z[i]", "a[0, i] = -z[i] + z[i] ** 2", "z[i] = z[i] + z[i] * z[i]"],
    "bits": [
        "u[i] = np.uint32(np.uint64(0xD2511F53) * np.uint64(u[i]) >> np.uint64(32)) ^ u[i]",
        "m[i] = ((m[i] << 3) ^ 0x7F) & 0xFFFFFFFF | (m[i] >> 2)",
        "y[i] = np.int64((np.float64(x[i]).view(np.int64) << 1) >> 1).view(np.float64)",
        "a[0, i] = u[i] >= 4.5",
    ],
    "loops": [
        "j = first = 0",
        "while j < i and first < 5:",
        "    j += 1",
        "    for r in range(1, 3):",
        "        first = first + r",
        "y[i] = j + first",
        "for r in range(len(a)):",
        "    a[r, i] = r + j / 2",
        "for r in range(i, 2, -1):",
        "    m[i] = 10 * m[i] + r",
        "for r in range(7, -2, -4):",
        "    n[i] += r",
    ],
    "parts": [
        "row, part, column, rest = a[1], a[0, 2 : i + 1], a[0:2, i], x[7:99]",
        "for r in range(0, len(part), 2):",
        "    part[r] += row[r] + i",
        "column[1] = len(column) + len(rest) + column[0]",
        "row[0] = rest[len(rest) - 1] + len(x[i : max(i - 3, 0)])",
        "add(row, column, part)",
    ],
    "many cases": [f"y[i] = {MANY_CASES}"],
    "many joined cases": [f"y[i] = {MANY_JOINED}"],
    "many cases of elements": [f"y[i] = {MANY_GUARDED}"],
    "a long sum": [f"y[i] = {LONG_SUM}"],
}


@pytest.mark.parametrize("name", LINES)
def test_what_python_does(name: str) -> None:
    text = (
        HEAD
        + "    for i in range(units):\n"
        + "".join(f"        {line}\n" for line in LINES[name])
        + "    return first_step + 10 * steps\n"
    )
    python, machine, (wanted, found) = by_both(text)
    assert wanted == found == 32
    for key, values in python.items():
        np.testing.assert_allclose(machine[key], values, rtol=1e-15, err_msg=key)


def test_functions_that_return_several_and_nothing_and_early() -> None:
    text = (
        "LIMIT = 4\nRow = np.ndarray[tuple[int], np.dtype[np.float64]]\n\ndef parts(a, b):\n    q: float = a / b\n    return a // b, q\n\n"
        "def fill(value, into):\n    for i in range(len(into)):\n        into[i] = value + i\n\n"
        "def begin(steps, run):\n    m, n = run.m, run.n\n    for i in range(run.units):\n        if m[i] < 0:\n            return i\n    return -1.0\n\n"
        f"{HEAD}    fill(0.25, y)\n    fill(1, n)\n    for i in range(units):\n        whole, part = parts(m[i], 2)\n"
        "        a[0, i], a[1, i] = whole, part\n        if i >= LIMIT:\n            return begin(steps, run) + i\n    return -1\n"
    )
    python, machine, (wanted, found) = by_both(text)
    assert wanted == found == 5
    for key, values in python.items():
        np.testing.assert_array_equal(machine[key], values, err_msg=key)


def test_a_divisor_of_0_gives_0() -> None:
    text = (
        HEAD
        + "    for i in range(units):\n        y[i] = m[i] // (n[i] - n[i])\n        a[0, i] = 1.0 + m[i] % (n[i] - n[i])\n    return 0\n"
    )
    machine = arrays()
    native = Native(PROGRAM, *link(ObjectCode(*ordered(text))))
    assert native.bind(bound({"units": UNITS, "rows": 2}, {}, machine)).advance(0, 1) == 0
    assert not machine["y"].any() and (machine["a"][0] == 1.0).all()


def test_the_same_text_gives_the_same_code() -> None:
    text = HEAD + "    for i in range(units):\n        y[i] = x[i]\n    return 0\n"
    assert translated(PROGRAM, text) == translated(PROGRAM, text)


@pytest.mark.parametrize(
    "line",
    [
        "y[0] = x.sum()", "y[0] = sum(x)", "b = [1]", "y = missing", "y[0] = np.cbrt(x[0])", "del x", "y[0] = x[0] | 1", "for i in x:\n        pass",
        "for i in range(1, 9, len(x)):\n        pass",
        "y[0] = x[-1]", "y[0] = a[0, -1]", "fetch(x[:-1], y)", "while m[0] > 9:\n        pass\n    else:\n        pass",
        "for i in range(9):\n        pass\n    else:\n        pass", "y[0] = np.exp(x[0], out=y[0])",
        "u[0] = x", "y[0] = a[0]", "m[0] = np.uint64(m[0]) + m[0]", "x[0], y[0] = m[0]", "m[0] = 0x8000000000000000",
    ],
)  # fmt: skip
def test_what_no_module_holds_is_refused(line: str) -> None:
    with pytest.raises(Untranslatable):
        translated(PROGRAM, f"{HEAD}    {line}\n    return 0\n")


# --- the same bits as numba ------------------------------------------------------------------------------------------


class ByNumba:
    """Kernels as whoever exports them runs them."""

    def __init__(self, artifact: Artifact) -> None:
        self._program, self._module = artifact.program, import_text(artifact.source, f"plasticdsl_{artifact.digest}")

    def bind(self, given: Any) -> ModuleAdvance:
        return ModuleAdvance(self._program, defined(self._program, vars(self._module)), given)


def compared(net: Net, steps: int) -> None:
    engine = net._engine
    assert isinstance(engine, CompiledEngine)
    program, instance = engine._program, engine.instance
    text = emit(program)
    other = CompiledEngine(program, ByNumba(Artifact(program, text, digest_of(text))), instance)  # type: ignore[arg-type]
    fresh = CompiledEngine(program, engine._code, instance)
    for one in (fresh, other):
        one.advance(steps)
    for name, values in fresh._bound.arrays.items():
        if name.text not in ("log_steps", "log_units"):  # what is beyond the number of logged spikes was never written
            assert values.tobytes() == other._bound.arrays[name].tobytes(), name


@pytest.mark.slow
@pytest.mark.parametrize(("name", "network"), NETWORKS)
def test_the_library_has_the_same_bits_as_with_numba(name: str, network: str) -> None:
    model = plasticdsl.load(name)
    found = next(n for n in model.loaded.module.networks if n.name == network)
    arguments = {third.population for p in found.projections for third in p.thirds if not third.each}
    sizes = SIZES.get((name, network), {p.name: 4 for p in found.populations if p.name not in arguments})
    compared(model.build(network, parameters=sizes), 200)
