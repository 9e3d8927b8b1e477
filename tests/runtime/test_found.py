"""What an expectation found, as it is shown: in the unit of the comparison, with the digits that tell the two apart."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

import plasticdsl
from plasticdsl.cli.app import status
from plasticdsl.units.display import shown
from tests.runtime.experiments import carry_out

CELL = """
neuron Cell:
    k(0) = 0
    g(0) = 2 mS/cm²
    dg/dt = −g/(10 s)
    every 1 ms:
        k += 1

network N:
    c = 2 Cell

experiment E on N:
    dt = 1 ms
    phase p for 20 s
    expect c.g[1] > 3 mS/cm² at 20 ms
    expect c.k = 20001
    expect mean(c.g) < 2000 µS/cm² at 10 ms
    expect c.k[2] ≈ 1 ± 0.4 at 1 ms
    expect c.g > 3 mS/cm² and c.k > 0
"""

#: 2 exp(−0.002), 20000 steps, 2000 exp(−0.001), one step; a condition that is no single comparison shows whether it holds.
FOUND = ["1.996 mS/cm²", "20000", "1998 µS/cm²", "1", "0"]


@pytest.mark.parametrize("engine", ["interpreter", "compiled"])
def test_in_the_unit_of_the_comparison(engine: str) -> None:
    outcomes = carry_out(CELL).runs[0].outcomes if engine == "interpreter" else plasticdsl.parse(CELL).run().expectations
    assert [o.found for o in outcomes] == FOUND
    assert [o.passed for o in outcomes] == [False, False, True, True, False]


@pytest.mark.parametrize(
    ("value", "limit", "text"),
    [
        (8.2134, 8.0, "8.213"),
        (20000.0, 20001.0, "20000"),
        (20000.0, 20000.0, "20000"),
        (1.00004, 1.0, "1.00004"),
        (1.0, 1.00004, "1"),
        (0.30000000000000004, 0.3, "0.30000000000000004"),
        (-2.00001, -2.00002, "−2.00001"),
        (1e-7, 2e-7, "1e−07"),
        (123456.7, 123456.0, "123457"),
        (1e300, 1.0, "1e+300"),
        (math.nan, 1.0, "nan"),
        (math.inf, 1.0, "inf"),
        (1.23456, math.nan, "1.235"),
    ],
)
def test_the_digits_that_tell_them_apart(value: float, limit: float, text: str) -> None:
    assert shown(value, limit) == text
    assert shown(value, limit, "mV") == f"{text} mV"


def test_on_the_terminal_and_in_the_summary(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "cell.plas"
    file.write_text(CELL, encoding="utf-8")
    assert status(["run", str(file), "--out", str(tmp_path / "out")]) == 1
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert "FAILED c.g[1] > 3 mS/cm² at 20 ms found 1.996 mS/cm²" in lines
    assert "FAILED c.k = 20001 found 20000" in lines
    summary = json.loads((tmp_path / "out" / "summary.json").read_text(encoding="utf-8"))
    assert [e["found"] for e in summary["expectations"]] == FOUND
    assert summary["expectations"][0]["value"] == pytest.approx(20.0 * math.exp(-0.002))  # S/m²


def test_a_skipped_expectation_has_not_passed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "cell.plas"
    text = CELL[: CELL.index("    expect")]
    file.write_text(text + "    expect c.k > 0\n", encoding="utf-8")
    assert status(["test", str(file), "--quiet"]) == 0
    file.write_text(text + "    expect c.k > 0\n    expect c.k > 0 at 20 s when c.k > 1\n", encoding="utf-8")
    assert status(["test", str(file), "--quiet"]) == 1
    assert "skipped  c.k > 0 at 20 s when c.k > 1  ‘when’ does not hold" in capsys.readouterr().out
