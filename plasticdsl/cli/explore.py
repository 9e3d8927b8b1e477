"""`plasticdsl explore`: a page in the browser with sliders for the numbers of a model, served to this machine alone."""

from __future__ import annotations

from typing import Annotated

import typer

from plasticdsl.cli import console
from plasticdsl.cli.choices import File


def explore(
    file: File,
    experiment: Annotated[
        str | None, typer.Argument(metavar="EXPERIMENT", help="Its name; the first of the file when none is given.")
    ] = None,
    length: Annotated[
        str | None, typer.Option("--for", metavar="TIME", help="Length of the last timed phase, for runs that are quick enough.")
    ] = None,
    open_browser: Annotated[bool, typer.Option("--open/--no-open", help="Open the page in the browser.")] = True,
) -> None:
    """Serve a page with sliders until Ctrl-C."""
    from plasticdsl.explore.page import EXTRA, serve

    model = console.loaded(file)
    with console.asking():
        found = model.find_experiment(experiment)

    def ready(address: str) -> None:
        console.say(address)
        console.tell("Ctrl-C ends")
        if open_browser:
            import webbrowser

            webbrowser.open(address)

    try:
        serve(model, found.name, length, ready)
    except ModuleNotFoundError as missing:
        raise console.WrongUsage(f"{missing.name} is not installed: pip install 'plasticdsl[{EXTRA}]'") from missing
