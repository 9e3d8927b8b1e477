"""How Sphinx builds the documentation: `sphinx-build -W docs docs/_build/html`, without network."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

from errors_page import PAGE, page  # noqa: E402  # these two lie beside this file
from gallery_pages import write_pages  # noqa: E402

from plasticdsl import __version__  # noqa: E402
from plasticdsl.highlight import PlasLexer  # noqa: E402

if TYPE_CHECKING:
    from sphinx.application import Sphinx

project = "plasticdsl"
author = "the plasticdsl authors"
release = version = __version__

extensions = ["myst_parser", "sphinx.ext.autodoc"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["_build"]
root_doc = "index"

myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 4

# What stands in single backquotes in docstrings is code, as in Markdown.
default_role = "code"
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_class_signature = "separated"
python_maximum_signature_line_length = 100

html_theme = "furo"
html_title = f"plasticdsl {__version__}"
html_show_sourcelink = False
html_static_path = ["style"]
html_css_files = ["pages.css"]
pygments_style = "friendly"


def setup(app: Sphinx) -> None:
    """Teaches Sphinx the language, writes the gallery, and refuses to build from a list of errors that is out of date."""
    app.add_lexer("plas", PlasLexer)
    if PAGE.read_text(encoding="utf-8") != page():
        raise RuntimeError("errors.md is out of date: run docs/errors_page.py")
    write_pages()
