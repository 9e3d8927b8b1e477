"""Commands that mpiexec has started several times: the first process alone says and writes something, and none waits for one that has failed."""

from __future__ import annotations

import functools
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, ParamSpec

import typer

from plasticdsl.cli import console
from plasticdsl.diagnostics.diagnostic import PlasError
from plasticdsl.runtime.engine.company import everyone, started

if TYPE_CHECKING:
    from mpi4py.MPI import Intracomm

P = ParamSpec("P")

#: Seconds after which the other processes are ended where they have not failed too.
_PATIENCE = 10.0


def processes() -> Intracomm | None:
    """All that mpiexec or srun has started together; None where this one is alone, and then nothing is imported. Raises `WrongUsage` where they cannot
    meet."""
    count = started()
    if count == 1:
        return None
    try:
        found = everyone()
    except ModuleNotFoundError:
        message = f'{count} processes were started together, and need mpi4py to share a network; ‘pip install "plasticdsl[mpi]"’'
        raise console.WrongUsage(message) from None
    if found.Get_size() == 1:
        message = f"{count} processes were started together, but mpi4py was built for another MPI than that of this mpiexec, and each sees itself alone"
        raise console.WrongUsage(message)
    return found


def require_together(workers: int, cluster: str | None) -> None:
    """Raises `WrongUsage` for what is of runs that have a process each."""
    if workers > 1 or cluster is not None:
        what = "--workers" if workers > 1 else "--cluster"
        raise console.WrongUsage(
            f"{what} gives each run of a sweep a process of its own, and mpiexec all processes to one network; use one of them"
        )


def failing_together(command: Callable[P, None]) -> Callable[P, None]:
    """The command, ended in all processes where it fails in one. What is wrong with a model or with the command line all find, and the first one says."""

    @functools.wraps(command)
    def run_command(*arguments: P.args, **options: P.kwargs) -> None:
        together = processes()
        if together is None:
            return command(*arguments, **options)
        apart = together.Dup()
        try:
            command(*arguments, **options)
        except typer.Exit:
            raise
        except (PlasError, console.WrongUsage, FileNotFoundError) as error:
            if not _all_come(apart):
                _end(together, error, 1)
            if together.Get_rank() == 0:
                raise
            raise typer.Exit(1 if isinstance(error, PlasError) else 2) from None
        except BaseException as error:
            _end(together, error, 130 if isinstance(error, KeyboardInterrupt) else 1)

    return run_command


def _end(together: Intracomm, error: BaseException, status: int) -> None:
    """All processes end now."""
    console.tell(f"plasticdsl: process {together.Get_rank()} of {together.Get_size()}: {type(error).__name__}: {console.sentence(error)}")
    sys.stderr.flush()
    together.Abort(status)


def _all_come(apart: Intracomm) -> bool:
    """Whether all processes come here before long."""
    request, begin = apart.Ibarrier(), time.monotonic()
    while not request.Test():
        if time.monotonic() - begin > _PATIENCE:
            return False
        time.sleep(0.01)
    return True
