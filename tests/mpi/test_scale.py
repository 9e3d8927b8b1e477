"""The page about how far networks on many processes go is what its program writes; numbers that it draws are not compared. What it measures can be."""

from __future__ import annotations

import json
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def scale() -> ModuleType:
    spec = spec_from_file_location("scale", ROOT / "benchmarks" / "scale.py")
    assert spec is not None and spec.loader is not None
    found = module_from_spec(spec)
    sys.modules["scale"] = found
    spec.loader.exec_module(found)
    return found


def test_costs_of_lists_can_be_measured(scale: ModuleType) -> None:
    assert scale.listing(3, 2) > 0.0


def test_the_page_is_what_its_program_writes(scale: ModuleType) -> None:
    costs = scale.Costs(**json.loads(scale.COSTS.read_text(encoding="utf-8")))
    texts = (scale.page(costs), scale.PAGE.read_text(encoding="utf-8"))
    one, other = ([line for line in text.splitlines() if not line.startswith(("| 10", "- **Small"))] for text in texts)
    assert one == other
    alone, many = scale.point(costs, 10**7, 1), scale.point(costs, 10**7, 1000)
    assert alone.rows + alone.lists + alone.exchange + alone.waiting == alone.rows
    assert many.own_bytes == alone.own_bytes and many.all_bytes == 1000 * alone.all_bytes
