"""Random texts of every kind, and whether machine code does with one what the interpreter does.

`text_of(number)` writes one, the same for the same number. `difference(text, …)` carries out its experiment `Train` with both engines. Most of the time to
compile a model goes into LLVM's own optimisation, many times as long as all of ours: `quickly()` leaves that out, and the text that LLVM is given, which
is all that is ours, is the one that users' machine code is made of.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from unittest import mock

import numpy as np
from numpy.typing import NDArray

import plasticdsl
from plasticdsl import driver
from plasticdsl.cache import VARIABLE
from plasticdsl.driver import FOR_LARGE
from plasticdsl.kernels import compile as compiling
from plasticdsl.kernels.machine import assemble
from plasticdsl.plan.passes.pipeline import PASSES
from plasticdsl.support import structure
from tests.semantics import random_large, random_others, random_programs, random_rates
from tests.semantics.random_trees import random_tree
from tests.semantics.test_reactions import scheme

#: What the compiler may refuse to do.
REFUSED = frozenset(("limit-not-available", "window-not-separable"))
#: What both engines may find while they run, at the same place.
FOUND = frozenset(("not-finite", "not-converged"))
#: By how much numbers may differ: engines sum in different orders.
RTOL, ATOL = 1e-9, 1e-11

#: Of so many texts in a row, one is of each of these kinds; from `OTHERS` on all are of another one.
KINDS = ("spikes", "rates", "large", "spikes", "trees", "spikes", "rates", "reactions", "spikes", "large")
OTHERS = 900


@dataclass(frozen=True, slots=True)
class Text:
    """`number`: by which it is written again."""

    number: int
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Way:
    """How it is compiled: at a level, without some passes."""

    level: int
    without: tuple[str, ...] = ()


def text_of(number: int) -> Text:
    """Text of that number."""
    kind = KINDS[number % len(KINDS)] if number < OTHERS else "others"
    match kind:
        case "spikes":
            text = random_programs.program(number).text
        case "rates":
            text = random_rates.program(number).text
        case "large":
            text = random_large.program(number).text
        case "others":
            text = random_others.program(number).text
        case "trees":
            text = random_tree(number) + _experiment("0.1 ms", "4 ms", "cell.V, spikes of cell, spikes of source")
        case _:
            text, _, species = scheme(number // len(KINDS))
            text += _experiment("50 ms", "400 ms", ", ".join(f"cells.{s}" for s in species))
    return Text(number, kind, text)


def _experiment(dt: str, duration: str, recorded: str) -> str:
    return f"\nexperiment Train on Net:\n    dt = {dt}\n    seed = 7\n    phase p for {duration}\n    record {recorded}\n"


def way_of(number: int) -> Way:
    """Levels and passes in turn."""
    without = ((), (PASSES[number // 4 % len(PASSES)].name,), tuple(FOR_LARGE))
    return Way(0) if number % 4 == 3 else Way(1, without[number % 4])


@contextmanager
def quickly(effort: int = 0) -> Iterator[None]:
    """LLVM takes that much effort, from 0 to 3, and nothing is kept; no network is taken for small."""

    def assembled(text: str) -> tuple[bytes, tuple[str, ...]]:
        import llvmlite.binding as llvm

        whole = assemble._target()
        target = llvm.Target.from_triple(whole.triple).create_target_machine(
            cpu=llvm.get_host_cpu_name(), features=assemble._features(llvm.get_host_cpu_features()), opt=0, codemodel="jitdefault", jit=True
        )
        module = llvm.parse_assembly(text)
        module.triple, module.data_layout = target.triple, str(target.target_data)
        return target.emit_object(module), assemble._externals(module)

    with (
        tempfile.TemporaryDirectory(prefix="plasticdsl-") as folder,
        mock.patch.dict(os.environ, {VARIABLE: folder}),
        mock.patch.object(driver, "FOR_LARGE", {}),
        mock.patch.object(driver, "FOR_THREADS", frozenset()),
        mock.patch.object(structure, "UNITS_OF_SHARE", 8),
        mock.patch.object(structure, "SHARE_MULTIPLE", 4),
        mock.patch.object(compiling, "assembled", assembled if effort == 0 else compiling.assembled),
    ):
        yield


# --- both ways -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Difference:
    """`kind`: what a shorter text has to have in common with this one; `said`: in words."""

    kind: str
    said: str


class Refused(Exception):
    """The text, or an experiment of it, is refused with findings, or has no experiment."""


def difference(text: str, way: Way, engine: str = "compiled", experiment: str = "Train") -> Difference | None:
    """What the two engines do differently with a text; None where nothing. Raises `Refused` where there is nothing to compare."""
    try:
        model = plasticdsl.parse(text)
    except plasticdsl.PlasError as refused:
        raise Refused(str(refused)) from None
    if experiment not in model.experiments:
        raise Refused(f"there is no experiment {experiment}")
    right, wrong = _outcome(model, experiment, "reference", Way(1)), _outcome(model, experiment, engine, way)
    if isinstance(wrong, frozenset) and wrong and wrong <= REFUSED:
        raise Refused(", ".join(sorted(wrong)))
    if isinstance(right, frozenset) or isinstance(wrong, frozenset):
        if right == wrong:
            return None if right <= FOUND else _refused(right)
        return Difference("findings", f"the interpreter: {_told(right)}; {engine}: {_told(wrong)}")
    if isinstance(right, str) or isinstance(wrong, str):
        return Difference(
            f"{right if isinstance(right, str) else wrong}".split(":")[0], f"the interpreter: {_told(right)}; {engine}: {_told(wrong)}"
        )
    return _compared(right, wrong)


def _refused(codes: frozenset[str]) -> None:
    raise Refused(", ".join(sorted(codes)))


def _outcome(model: plasticdsl.Model, experiment: str, engine: Any, way: Way) -> list[Any] | frozenset[str] | str:
    """Its runs, the codes of what is found, or an error that should not be."""
    try:
        return list(model.run(experiment, engine=engine, level=way.level, without=way.without).study.runs)  # type: ignore[arg-type]
    except plasticdsl.PlasError as refused:
        return frozenset(d.code for d in refused.diagnostics)
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def _told(outcome: Sequence[Any] | frozenset[str] | str) -> str:
    return outcome if isinstance(outcome, str) else ", ".join(sorted(outcome)) if isinstance(outcome, frozenset) else "runs"


def _compared(runs: Sequence[Any], others: Sequence[Any]) -> Difference | None:
    from tests.semantics.test_programs import found

    for run, other in zip(runs, others, strict=True):
        left, right = dict(found(run)), dict(found(other))
        if left.keys() != right.keys():
            return Difference("names", f"other things are recorded: {sorted(left.keys() ^ right.keys())}")
        for name, values in left.items():
            if values.shape != right[name].shape:
                return Difference("shape", f"{name}: {values.shape} and {right[name].shape} values")
            with np.errstate(all="ignore"):
                off = ~np.isclose(values, right[name], rtol=RTOL, atol=ATOL, equal_nan=True)
            off &= ~_of_rounding(name, right).reshape(-1, *[1] * (off.ndim - 1)) if off.any() and name.startswith("correlation(") else True
            if off.any():
                place = tuple(int(n) for n in np.argwhere(off)[0])
                return Difference("values", f"{name} at {place}: {values[place]!r} and {right[name][place]!r}")
    return None


def _of_rounding(name: str, found: Mapping[str, NDArray[np.float64]]) -> NDArray[np.bool_]:
    """At which moments a coefficient of correlation is one of rounding: what is recorded of one of the two differs from unit to unit by hardly more than
    engines may differ."""
    of, varying = name.split(", None")[0].removeprefix("correlation(").removesuffix(")").split(", "), []
    for one in of:
        values = found[f"{one}, None"]
        varying.append(np.ptp(values, axis=-1) <= 1e3 * RTOL * np.abs(values).max(axis=-1))
    return np.logical_or(*varying)
