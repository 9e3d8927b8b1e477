"""LaTeX becomes PDF, by the LaTeX that is installed; none is brought along, and none is fetched."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

#: What makes a PDF of a file of LaTeX, in the order in which it is taken.
_PROGRAMS = ("pdflatex", "lualatex", "xelatex", "tectonic")
_LONGEST = 180.0  # seconds


class NoLatex(FileNotFoundError):
    """No LaTeX is installed."""


def latex_program() -> str | None:
    """The LaTeX that is installed."""
    return next((found for name in _PROGRAMS if (found := shutil.which(name)) is not None), None)


def pdf(text: str) -> bytes:
    """The PDF of a file of LaTeX. Raises `NoLatex` where none is installed, RuntimeError with the end of its log where it fails."""
    program = latex_program()
    if program is None:
        raise NoLatex("no LaTeX is installed (pdflatex, lualatex, xelatex or tectonic); OUT.tex and OUT.html are written without one")
    with tempfile.TemporaryDirectory(prefix="plasticdsl-") as folder:
        source, made = Path(folder) / "model.tex", Path(folder) / "model.pdf"
        source.write_text(text, encoding="utf-8")
        options = [] if program.endswith("tectonic") else ["-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape"]
        for _ in range(1 if program.endswith("tectonic") else 2):  # widths of long tables are known the second time
            done = subprocess.run(
                [program, *options, source.name],
                cwd=folder,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=_LONGEST,
                check=False,
            )
            if done.returncode or not made.exists():
                raise RuntimeError(f"{Path(program).name} failed:\n{done.stdout[-1500:]}")
        return made.read_bytes()
