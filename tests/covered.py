"""Lines and branches that tests carried out, by folder of the package: `python -m tests.covered coverage.json`, as `coverage json` writes it."""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path, PurePath
from typing import Any

KEYS = ("num_statements", "covered_lines", "num_branches", "covered_branches")
ROW = "{:12} {:>8} {:>7} {:>9} {:>7}"


def by_folder(files: dict[str, Any]) -> dict[str, Counter[str]]:
    """Sums over the files of each folder right below the package, in the order of their names; files beside them are those of the package."""
    found: dict[str, Counter[str]] = {}
    for name, file in sorted(files.items()):
        inside = PurePath(name).parts[PurePath(name).parts.index("plasticdsl") + 1 :]
        found.setdefault(inside[0] if len(inside) > 1 else "plasticdsl", Counter()).update({key: file["summary"][key] for key in KEYS})
    return dict(sorted(found.items()))


def row(name: str, sums: Counter[str]) -> str:
    """A line of the table."""
    lines, branches = (f"{100 * sums[done] / max(1, sums[of]):.1f} %" for of, done in (KEYS[:2], KEYS[2:]))
    return ROW.format(name, sums["num_statements"], lines, sums["num_branches"], branches)


def table(files: dict[str, Any]) -> str:
    """All folders, and the total."""
    found = by_folder(files)
    total: Counter[str] = sum(found.values(), Counter())
    head = ROW.format("", "lines", "done", "branches", "done")
    return "\n".join([head, *(row(name, sums) for name, sums in found.items()), row("total", total)])


if __name__ == "__main__":
    print(table(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))["files"]))
