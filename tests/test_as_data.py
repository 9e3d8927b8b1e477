"""Values as data: they come back as they were, and bytes that are no such data end in ValueError and in nothing else."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Mapping
from fractions import Fraction
from typing import Any, Literal

import numpy as np
import pytest
from numpy.typing import NDArray

from plasticdsl import as_data, driver
from plasticdsl.kernels.program import Artifact
from plasticdsl.kernels.recipes import Apply
from plasticdsl.library import find_file, read
from plasticdsl.model.expr import Binary, Expr, Number, Special
from plasticdsl.model.parts import Emitted
from plasticdsl.options import CompileOptions
from plasticdsl.support.steps import to_steps
from plasticdsl.units.dimension import ONE, Dimension


def again(value: object) -> Any:
    return as_data.read(as_data.written(value))


VALUES: list[object] = [
    *(None, True, False, 0, 1, -1, 10**40, 0.1, 1e-320, math.inf, -math.inf, "", "τ₊ \0 \ud7ff 𝜏", b"\0\xff", Fraction(-2, 3)),
    *((), (1, 1.0, True), [1, [2]], {"a": 1, ("b", 2): {}}, {1, 2}, frozenset({(1, 2)})),
    *(Special("t"), Binary("+", Number(1.0), Number(-0.0)), Emitted("cells", "burst"), Apply(len, (1,)), Apply(to_steps, ("x", 0.1))),
]


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_a_value_comes_back(value: object):
    found = again(value)
    assert found == value
    assert repr(found) == repr(value), "also −0, and 1 beside 1.0 and True"


@pytest.mark.parametrize(
    "array", [np.arange(6).reshape(2, 3).T, np.array(2.5), np.zeros((0, 3), dtype=bool), np.array([np.nan, -0.0], dtype="f4")]
)
def test_an_array_comes_back_and_can_be_written(array: np.ndarray):
    found = again({"x": array})["x"]
    assert found.dtype == array.dtype
    assert found.shape == array.shape
    assert found.tobytes() == array.tobytes()
    found[...] = 0


FLOATS, MANY = np.zeros(2), np.zeros(2, dtype=np.int32)


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        (int, 1, "1"),
        (float, 1, None),
        (int | None, None, 1.5),
        (Literal["a", "b"], "b", "c"),
        (tuple[int, ...], (1, 2), (1, "2")),
        (tuple[int, str], (1, "2"), (1, "2", 3)),
        (list[int | str], ["1"], ("1",)),
        (Mapping[str, list[int]], {"a": [1]}, {"a": [None]}),
        (Mapping[str, int], {"a": 1}, {1: 1}),
        (NDArray[np.float64], FLOATS, MANY),
        (NDArray[np.generic], MANY, 1),
        (dict[str, NDArray[Any]], {"a": MANY}, {"a": "b"}),
        (Expr, Binary("+", Number(1.0), Special("t")), Binary("+", Number(1.0), 2)),  # type: ignore[arg-type]
        (Expr, Number(1.0), Number("1")),  # type: ignore[arg-type]
        (Emitted, Emitted("cells", ""), Emitted("cells", 1)),  # type: ignore[arg-type]
        (Dimension, ONE, Dimension((Fraction(1),))),  # type: ignore[arg-type]
    ],
    ids=lambda value: type(value).__name__,
)
def test_types_are_those_that_are_declared(kind: Any, good: object, bad: object):
    assert as_data.of_type(good, kind) is good
    with pytest.raises(ValueError, match=r" in place of |argument"):
        as_data.of_type(bad, kind)


def test_what_is_there_once_is_there_once_again():
    x = Number(0.5)
    found = again((x, Binary("*", x, x)))
    assert found[1].left is found[1].right is found[0]
    assert len(as_data.written((x,) * 1000)) < 5000


def test_formulas_may_be_deep():
    deep: Any = Number(1.0)
    for _ in range(20_000):
        deep = Binary("+", deep, Number(1.0))
    found = again(deep)
    for _ in range(20_000):
        found = found.left
    assert found == Number(1.0)


@pytest.mark.parametrize("value", [object(), lambda: 0, print, json.dumps, np.array([object()]), np.float64(1.0), 1j])
def test_what_is_no_data_is_not_written(value: object):
    with pytest.raises(TypeError, match="is no data"):
        as_data.written((value,))


def table(lines: list[Any], *classes: str) -> bytes:
    return json.dumps({"classes": classes, "lines": lines}).encode()


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"{}", b"[]", b"\xff", b"null", b"[" * 100_000, table([]), table([[0, 7]]), table([[99]]), table([["x"]]), table([[[]]])),
        *(
            table(["os:system", [as_data.FUNCTION, 0]]),
            table(["builtins:eval", [as_data.FUNCTION, 0]]),
            table(["eval", [as_data.FUNCTION, 0]]),
        ),
        *(table(["plasticdsl.cache:put", [as_data.FUNCTION, 0]]), table(["plasticdsl.support.steps:np", [as_data.FUNCTION, 0]])),
        *(table(["os:PathLike", "x", [as_data.MEMBER, 0, 1]]), table(["plasticdsl.model.expr:Number", "x", [as_data.MEMBER, 0, 1]])),
        *(table([1.0, [10, 0]], "plasticdsl.model.expr:Number(other)"), table([1.0, [10]], "subprocess:Popen(args)")),
        *(table([[10]], "plasticdsl.__main__:main()"), table([[10]], "plasticdsl.net:Net()"), table([1, 0, [as_data.FRACTION, 0, 1]])),
        *(table(["O", [0], "x", [as_data.ARRAY, 0, 1, 2]]), table(["f8", 9, [0, 1], "AA==", [5, 3], [as_data.ARRAY, 0, 2, 4]])),
        *(table([[1], [3, 0]]), table(["!", [as_data.BYTES, 0]])),
    ],
)
def test_what_is_no_table_is_a_value_error(content: bytes):
    with pytest.raises(ValueError, match="no table of values"):
        as_data.read(content)


def test_damaged_tables_give_a_value_or_a_value_error():
    draw = random.Random(3)
    whole = as_data.written(tuple(VALUES))
    for _ in range(2000):
        content = bytearray(whole)
        for _ in range(draw.randint(1, 4)):
            content[draw.randrange(len(content))] = draw.randrange(256)
        try:
            as_data.read(bytes(content[: draw.choice((None, draw.randrange(len(content))))]))
        except ValueError as error:
            assert str(error).startswith("no table of values")


def test_a_model_and_its_kernels_come_back():
    loaded = driver.load(read(find_file("song_abbott")), None)
    found = again(loaded)
    assert found == loaded
    for engine in ("compiled", "python"):
        artifact = driver.compile(loaded, loaded.module.networks[0], frozenset(), CompileOptions(engine=engine))
        back = again(artifact)
        assert isinstance(back, Artifact)
        assert repr(back) == repr(artifact)
