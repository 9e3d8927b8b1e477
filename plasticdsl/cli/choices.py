"""Options that several commands share, declared once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from plasticdsl.cli.console import WrongUsage
from plasticdsl.options import EngineName, FigureFormat, FigureSize, Precision

File = Annotated[str, typer.Argument(metavar="FILE", help="A .plas file, or the name of a model of the library.")]
Files = Annotated[list[str], typer.Argument(metavar="FILE...", help="One or more .plas files, or names of models of the library.")]
Values = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME=VALUE", help='A parameter ("τ_m=10 ms") or the size of a population ("E=800"); repeatable.'),
]
Seed = Annotated[
    int | None, typer.Option("--seed", metavar="N", help="What all random numbers come from, instead of the experiment's seed, or 1.")
]
Threads = Annotated[int, typer.Option("--threads", metavar="N", min=1, help="How many threads to compute with.")]
Workers = Annotated[
    int, typer.Option("--workers", metavar="N", min=1, help="How many processes carry out the runs of a sweep or of repeats.")
]
Scheduler = Annotated[
    str | None,
    typer.Option(
        "--cluster", metavar="ADDRESS", help="The scheduler of a Dask cluster whose workers carry out the runs of a sweep or of repeats."
    ),
]
Resume = Annotated[
    bool, typer.Option("--resume", help="Go on with what an earlier run into the same folder has left unfinished, to the same results.")
]
Checkpoint = Annotated[
    str | None,
    typer.Option(
        "--checkpoint", metavar="TIME", help="With --out: how often it is kept where a run stands, for those that take longer (5 min)."
    ),
]
Digits = Annotated[Precision, typer.Option("--precision", help="Digits to compute with.")]
Level = Annotated[
    int,
    typer.Option("-O", metavar="LEVEL", min=0, max=2, help="Optimisation: -O0 none, -O1 (the default) and, today, -O2 all."),
]
Without = Annotated[
    list[str] | None, typer.Option("--without", metavar="PASS", help="An optimisation to leave out, as explain names it; repeatable.")
]
Runs = Annotated[
    EngineName,
    typer.Option("--engine", help="What runs it: machine code, the same kernels as plain Python, or the definition itself (both slow)."),
]
Format = Annotated[FigureFormat, typer.Option("--format", help="What plots are written as.")]
Size = Annotated[FigureSize, typer.Option("--size", help="How large plots are: for a slide, or a column or page of a journal.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="No progress and no results on the screen.")]
Folder = Annotated[Path | None, typer.Option("--out", metavar="DIR", help="Write summary.json, recordings.nc and plots into this folder.")]


def wishes(values: list[str] | None) -> dict[str, str]:
    """`NAME=VALUE` pairs as a mapping. Raises `WrongUsage` for anything else."""
    found: dict[str, str] = {}
    for pair in values or []:
        name, sign, value = pair.partition("=")
        if not sign or not name.strip() or not value.strip():
            raise WrongUsage(f'--set takes NAME=VALUE, for example --set "τ_m=10 ms", not ‘{pair}’')
        if name.strip() in found:
            raise WrongUsage(f"--set gives {name.strip()} twice")
        found[name.strip()] = value.strip()
    return found
