"""The command `plasticdsl`, also as `python -m plasticdsl`. Ctrl-C is quiet from the first import on."""

from __future__ import annotations

import os
import signal
import sys
import threading
from types import ModuleType

from plasticdsl.shortage import SENTENCE, is_for_want_of_memory


def main() -> None:
    """Runs the command line and ends the process."""
    sys.unraisablehook = come_again
    try:
        _app().main()
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        sys.exit(130)


def _app() -> ModuleType:
    """The command line, if there is memory to load it."""
    try:
        from plasticdsl.cli import app
    except Exception as error:
        if not is_for_want_of_memory(error):
            raise
        sys.stderr.write(f"plasticdsl: {SENTENCE}\n")
        sys.exit(1)
    return app


def come_again(lost: sys.UnraisableHookArgs) -> None:
    """A Ctrl-C that falls where Python can raise nothing (a callback in the middle of an import) comes again a moment later, as a signal where there are
    any: it ends a wait at once."""
    if issubclass(lost.exc_type, KeyboardInterrupt):
        again = threading.Timer(0.05, _interrupt)
        again.daemon = True
        again.start()
    else:
        sys.__unraisablehook__(lost)


def _interrupt() -> None:
    if os.name == "posix":
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
    else:
        signal.raise_signal(signal.SIGINT)


if __name__ == "__main__":
    main()
