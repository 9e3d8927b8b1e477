"""The command `plasticdsl` and its exit status.

0: good. 1: the model has errors, or an expectation failed. 2: wrong usage. 130: interrupted. Results go to standard output, everything else to
standard error.
"""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable
from typing import Annotated, NoReturn

import typer

from plasticdsl.cli import console
from plasticdsl.cli.doctor import doctor
from plasticdsl.cli.explore import explore
from plasticdsl.cli.files import check, compile_file, explain
from plasticdsl.cli.fmt import fmt
from plasticdsl.cli.library import models, new
from plasticdsl.cli.lsp import lsp
from plasticdsl.cli.run import run
from plasticdsl.cli.show import show
from plasticdsl.cli.test import test
from plasticdsl.cli.together import failing_together
from plasticdsl.cli.watch import watch
from plasticdsl.diagnostics.diagnostic import PlasError
from plasticdsl.runtime.play.progress import Terminated
from plasticdsl.shortage import SENTENCE, is_for_want_of_memory
from plasticdsl.version import __version__

#: Set to see where in the program something went wrong.
DEBUG = "PLASTICDSL_DEBUG"

app = typer.Typer(
    name="plasticdsl",
    help="Neurons, synapses and learning rules, written as in the methods section of a paper, compiled and run.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)


def main() -> NoReturn:
    """Runs the command line and ends the process."""
    console.prepare()
    sys.exit(status(sys.argv[1:]))


def status(arguments: list[str]) -> int:
    """The exit status of a command line; everything there is to say has been written."""
    try:
        app(args=arguments, prog_name="plasticdsl")
    except Terminated:
        console.tell("ended by SIGTERM")
        return 143
    except SystemExit as ended:
        if isinstance(getattr(ended.__context__, "__cause__", None), KeyboardInterrupt):
            console.tell("interrupted")  # outside of a command, while its arguments are read for instance: typer ends in silence
        return ended.code if isinstance(ended.code, int) else 0
    return 0


def _guarded(command: Callable[..., None]) -> Callable[..., None]:
    """The command with every error turned into a message and an exit status."""

    @functools.wraps(command)
    def run_command(*arguments: object, **options: object) -> None:
        try:
            command(*arguments, **options)
        except typer.Exit:
            raise
        except (Exception, KeyboardInterrupt) as error:
            raise typer.Exit(_explained(error)) from None

    return run_command


def _explained(error: BaseException) -> int:
    """Says what went wrong; the exit status."""
    if os.environ.get(DEBUG):
        import traceback

        traceback.print_exception(error)
    match error:
        case PlasError():
            console.tell_error(error)
            return 1
        case KeyboardInterrupt():
            console.tell("interrupted")
            return 130
        case _ if not isinstance(error, console.WrongUsage) and is_for_want_of_memory(error):
            console.tell(f"plasticdsl: {SENTENCE}")
            return 1
        case (
            console.WrongUsage()
            | ModuleNotFoundError()
            | FileNotFoundError()
            | IsADirectoryError()
            | NotADirectoryError()
            | PermissionError()
            | BlockingIOError()
        ):
            console.tell(f"plasticdsl: {console.sentence(error)}")
            return 2
        case BrokenPipeError():
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 1
        case OSError():
            console.tell(f"plasticdsl: {console.sentence(error)}")
            return 1
        case _:
            console.tell(f"plasticdsl: internal error: {type(error).__name__}: {console.sentence(error)}")
            console.tell(f"  This is a fault of plasticdsl; please report it. Set {DEBUG}=1 to see where it happened.")
            return 1


def _show_version(wanted: bool) -> None:
    if wanted:
        console.say(f"plasticdsl {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and stop.")] = False,
) -> None:
    pass


_COMMANDS: tuple[tuple[str, Callable[..., None]], ...] = (
    ("run", failing_together(run)),
    ("compile", compile_file),
    ("check", check),
    ("test", test),
    ("explain", explain),
    ("show", show),
    ("fmt", fmt),
    ("models", models),
    ("new", new),
    ("watch", watch),
    ("doctor", doctor),
    ("explore", explore),
    ("lsp", lsp),
)
for _name, _function in _COMMANDS:
    app.command(_name)(_guarded(_function))
