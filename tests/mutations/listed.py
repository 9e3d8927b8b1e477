"""The faults that are tried: `*.toml` beside this file, one file for each kind.

Comes in: these files. Goes out: `Mutation`s. Each has a `name`, which says what goes wrong, and puts the text `new` in the place of `old`, which stands
once in `file`; of the `tests` one has to fail: the cheapest that does. `slow`: it is among the slow ones.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent


@dataclass(frozen=True, slots=True)
class Mutation:
    """A fault. `file`: a path from the root of the project."""

    name: str
    kind: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]
    slow: bool = False

    def applied(self, text: str) -> str:
        """The text of its file with the fault. Raises ValueError where the old text does not stand there exactly once."""
        if (count := text.count(self.old)) != 1:
            raise ValueError(f"{self.name}: the text to be replaced stands {count} times in {self.file}")
        return text.replace(self.old, self.new)


def mutations() -> tuple[Mutation, ...]:
    """All of them, kind by kind."""
    return tuple(
        _read(path.stem, entry) for path in sorted(HERE.glob("*.toml")) for entry in tomllib.loads(path.read_text("utf-8"))["mutation"]
    )


def _read(kind: str, entry: dict[str, object]) -> Mutation:
    tests = entry.pop("tests")
    assert isinstance(tests, list)
    return Mutation(kind=kind.replace("_", " "), tests=tuple(tests), **entry)  # type: ignore[arg-type]
