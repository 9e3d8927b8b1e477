"""The page about how far networks on many processes go is what its program writes; numbers that it draws are not compared."""

from __future__ import annotations

import json
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_page_is_what_its_program_writes() -> None:
    spec = spec_from_file_location("scale", ROOT / "benchmarks" / "scale.py")
    assert spec is not None and spec.loader is not None
    scale = module_from_spec(spec)
    sys.modules["scale"] = scale
    spec.loader.exec_module(scale)
    costs = scale.Costs(**json.loads(scale.COSTS.read_text(encoding="utf-8")))
    texts = (scale.page(costs), scale.PAGE.read_text(encoding="utf-8"))
    one, other = ([line for line in text.splitlines() if not line.startswith(("| 10", "- **Small"))] for text in texts)
    assert one == other
    alone, many = scale.point(costs, 10**7, 1), scale.point(costs, 10**7, 1000)
    assert alone.rows + alone.lists + alone.exchange + alone.waiting == alone.rows
    assert many.own_bytes == alone.own_bytes and many.all_bytes == 1000 * alone.all_bytes
