"""The command `plasticdsl`, also as `python -m plasticdsl`. Ctrl-C is quiet from the first import on."""

from __future__ import annotations

import sys


def main() -> None:
    """Runs the command line and ends the process."""
    try:
        from plasticdsl.cli import app

        app.main()
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        sys.exit(130)


if __name__ == "__main__":
    main()
