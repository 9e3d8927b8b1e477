"""From generated text to machine code that can be called.

Comes in: an artifact. Goes out: its kernels, to be bound to arrays. `advance` is compiled once, as a C function over plain pointers, and its
object code kept in the cache folder; later runs load that without numba. With more than one thread, numba runs the module itself
where a network is large enough for threads to pay.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import lru_cache
from types import ModuleType
from typing import TYPE_CHECKING

from plasticdsl.kernels.program import Artifact, Program
from plasticdsl.kernels.store import digest_of, import_text, machine, read_object, write_object
from plasticdsl.kernels.threads import longest_loop
from plasticdsl.runtime.engine.native import Native, NativeAdvance, link
from plasticdsl.runtime.engine.plain import ModuleAdvance

if TYPE_CHECKING:
    from plasticdsl.runtime.engine.binding import Bound

__all__ = ["Native", "Threaded", "digest_of", "load"]

_log = logging.getLogger(__name__)

#: Below this many units in the longest loop, starting threads takes longer than they save.
LEAST_UNITS_FOR_THREADS = 100_000


def load(artifact: Artifact, threads: int = 1) -> Native | Threaded:
    """Kernels of an artifact: from the cache, or compiled and put there. For `threads` > 1 the artifact is one emitted for that."""
    if threads > 1:
        return Threaded(artifact, threads)
    name = f"plasticdsl_{artifact.digest}_{machine()}"
    found = read_object(name)
    if found is not None:
        try:
            return Native(artifact.program, *link(found))
        except Exception as error:  # whatever keeps cached code from loading, compiling anew is the answer
            _log.debug("cached machine code %s does not load: %r", name, error)
    return _compiled(artifact, name)


def _compiled(artifact: Artifact, name: str) -> Native:
    """Compiled now. Code that cannot be loaded without numba is used where numba put it, and not kept."""
    from plasticdsl.kernels.compile import compile_entry

    entry, found = compile_entry(artifact)
    try:
        linked = link(found)
    except Exception as error:
        _log.debug("machine code of %s is not kept: %r", name, error)
        return Native(artifact.program, entry.address, entry)
    write_object(name, found)
    return Native(artifact.program, *linked)


# --- threads ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Threaded:
    """Kernels for more than one thread; the results are the same bits."""

    artifact: Artifact
    threads: int

    @property
    def program(self) -> Program:
        """The layout of the kernels."""
        return self.artifact.program

    def bind(self, bound: Bound) -> ModuleAdvance | NativeAdvance:
        """`advance` with its arguments: on all threads, or on one where the network is small."""
        longest = longest_loop(self.program, bound.sizes)
        if longest < LEAST_UNITS_FOR_THREADS:
            _tell_alone(longest)
            from plasticdsl.kernels.emit import emit

            text = emit(self.program)
            native = load(Artifact(self.program, text, digest_of(text)))
            assert isinstance(native, Native)
            return native.bind(bound)
        return ModuleAdvance(self.program, vars(self._module()), bound)

    def _module(self) -> ModuleType:
        import numba
        from numba import config

        from plasticdsl.kernels.compile import without_wrappers

        # OpenMP's threads spin while they wait, and take longest to start where the machine is busy.
        config.THREADING_LAYER_PRIORITY = ["tbb", "workqueue", "omp"]  # type: ignore[attr-defined]
        most: int = config.NUMBA_NUM_THREADS  # type: ignore[attr-defined]
        numba.set_num_threads(min(self.threads, most))
        module = import_text(self.artifact.source, f"plasticdsl_{self.artifact.digest}")
        without_wrappers(module, but=frozenset({"advance"}))
        return module


@lru_cache
def _tell_alone(longest: int) -> None:
    """Once for each size."""
    why = f"the longest loop that threads could share has {longest:,} units" if longest else "no loop of this network can be shared"
    _log.warning("one thread computes: %s, and they pay from %s units on", why, f"{LEAST_UNITS_FOR_THREADS:,}")
