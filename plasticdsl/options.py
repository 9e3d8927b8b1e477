"""How to compile, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

#: What figures are written as, and how large they are: for slides, for a column or for the whole width of a journal's page.
FigureFormat = Literal["png", "svg", "pdf"]
FigureSize = Literal["slide", "column", "page"]
Precision = Literal["double", "single"]

#: What runs a network: machine code; the same kernels as plain Python; the interpreter that defines the meaning.
EngineName = Literal["compiled", "python", "reference"]

#: From so many connections on a projection is large: its weights do not fit the cache. Passes that save walks through memory are for such alone.
LARGE = 300_000
#: And from so many on postsynaptic spikes walk columns for longer than presynaptic ones take to make up for them.
MANY = 100_000
#: From so many on products of matrices spare more than they take to prepare.
MEDIUM = 20_000
#: And from so many on flows of connections take longer than all that is done to spare them.
SOME = 10_000
#: And from so many on there are traces enough of its units.
A_FEW = 1_000
#: From how many connections on passes pay that are for large projections alone.
FOR_LARGE: Mapping[str, int] = {
    "blocks": MEDIUM,
    "defer": SOME,
    "fetch": LARGE,
    "frames": A_FEW,
    "lazy": MANY,
    "replay": LARGE,
    "settle": SOME,
    "windows": LARGE,
}
#: These for several threads.
FOR_THREADS = frozenset({"windows"})
#: And these for networks of few units (`support.arrays.MOST_UNITS_IN_16_BITS`).
FOR_FEW_UNITS = frozenset({"narrow"})


@dataclass(frozen=True, slots=True)
class CompileOptions:
    """`level`: 0 runs no pass, 1 is the default, 2 is for passes that take long to compile or change rounding more, and runs those of 1
    as long as there are none. `without`: passes to leave out. `precision` of state arrays.
    `threads`: more than one runs loops over independent units in parallel (the same bits). `engine`: what runs them;
    the reference interpreter knows neither levels nor precisions. `processes`: how many share a network (the same bits)."""

    level: int = 1
    without: frozenset[str] = frozenset()
    precision: Precision = "double"
    threads: int = 1
    engine: EngineName = "compiled"
    processes: int = 1

    def __post_init__(self) -> None:
        if self.level not in (0, 1, 2):
            raise ValueError(f"there is no optimisation level {self.level}; there are 0, 1 and 2")
        if self.precision not in ("double", "single"):
            raise ValueError(f"precision is {self.precision!r}, but must be 'double' or 'single'")
        if not isinstance(self.threads, int) or self.threads < 1:
            raise ValueError(f"threads is {self.threads}, but must be a whole number of at least 1")
        if self.engine not in ("compiled", "python", "reference"):
            raise ValueError(f"there is no engine {self.engine!r}; there are 'compiled', 'python' and 'reference'")
        if self.engine != "compiled" and self.threads > 1:
            raise ValueError(f"the {self.engine} engine computes on one thread; several are for the compiled one")
        if self.engine == "reference" and self.precision != "double":
            raise ValueError("the reference engine computes in double precision")
        if self.processes > 1:
            self._require_processes()

    def _require_processes(self) -> None:
        if self.engine == "reference":
            raise ValueError("the reference engine runs in one process; several share a network with the compiled one")
        if self.threads > 1:
            raise ValueError("several processes share a network with one thread each; leave out --threads, or mpiexec")
        if self.precision != "double":
            raise ValueError("several processes share a network in double precision")
