"""Makes the pictures of the lecture anew: `python docs/lecture/pictures.py [NAME …]`.

Comes in: the model of each page, the first block that is a whole file with a name. Goes out: `images/NAME.png`, the first figure of its
first experiment.
"""

from __future__ import annotations

import re
import sys
import tempfile
from pathlib import Path

import plasticdsl

HERE = Path(__file__).parent
_MODEL = re.compile(r"^```plas run\n(# (\w+)\.plas\n.*?)^```", re.MULTILINE | re.DOTALL)


def main(names: list[str]) -> None:
    """Of the pages of that name, or of all."""
    (HERE / "images").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        for page in sorted(HERE.glob("*.md")):
            found = _MODEL.search(page.read_text(encoding="utf-8"))
            if found is None or (names and page.stem not in names):
                continue
            path = Path(folder) / f"{found[2]}.plas"
            path.write_text(found[1], encoding="utf-8")
            figure = next(iter(plasticdsl.load(path).run().figures.values()))
            figure.savefig(HERE / "images" / f"{page.stem}.png", dpi=110)


if __name__ == "__main__":
    main(sys.argv[1:])
