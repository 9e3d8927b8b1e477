"""The models that come with plasticdsl, by name, and the file that a name or path on the command line means."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from pathlib import Path

from plasticdsl._resources import resource
from plasticdsl.diagnostics.diagnostic import Diagnostic, PlasError
from plasticdsl.diagnostics.render import render
from plasticdsl.source import LARGEST_FILE, SourceFile, Span, text_of

SUFFIX = ".plas"


def library_folder() -> Path | None:
    """The folder of the library: inside the installed package, or beside it in a checkout."""
    folder = Path(str(resource("models")))
    return folder if folder.is_dir() else None


def library_models() -> Mapping[str, Path]:
    """Every model of the library by name (`networks/song_abbott`, `neurons/lif`), sorted."""
    folder = library_folder()
    if folder is None:
        return {}
    return {path.relative_to(folder).with_suffix("").as_posix(): path for path in sorted(folder.rglob("*" + SUFFIX))}


def library_model(name: str) -> Path | None:
    """The library model of that name, with or without its folder and its ending."""
    wanted = name.removesuffix(SUFFIX)
    return next((path for known, path in library_models().items() if wanted in (known, known.rpartition("/")[2])), None)


def model_with(kinds: tuple[str, ...], name: str) -> str | None:
    """The first library model that has a block of one of these kinds and of this name; those made to be used come before whole networks."""
    header = re.compile(rf"^(?:{'|'.join(kinds)})\s+{re.escape(name)}\b", re.MULTILINE)
    models = sorted(library_models().items(), key=lambda item: item[0].startswith("networks/"))
    return next((known for known, path in models if header.search(path.read_text(encoding="utf-8"))), None)


def find_file(name: str) -> Path:
    """The file of that path, else the library model of that name. Raises FileNotFoundError with what is near."""
    path = Path(name)
    if path.is_file():
        return path
    model = library_model(name)
    if model is not None:
        return model
    models = library_models()
    wanted = name.removesuffix(SUFFIX)
    known = [*models, *(m.rpartition("/")[2] for m in models)]
    beside = Path(f"{name}{SUFFIX}")
    near = [str(beside)] if beside.is_file() else difflib.get_close_matches(wanted.lower(), known, n=1)
    hint = f"; did you mean {near[0]}?" if near else "; `plasticdsl models` lists the library"
    raise FileNotFoundError(f"there is no file and no library model {name}{hint}")


def read(path: Path) -> SourceFile:
    """The text of a file. Raises `PlasError` where it is too large or no text."""
    _require_small(str(path), path.stat().st_size)
    return text_source(str(path), path.read_bytes())


def text_source(path: str, content: bytes) -> SourceFile:
    """What a file of that name holds, as text. Raises `PlasError` where it is too large or no text."""
    _require_small(path, len(content))
    try:
        text = text_of(content)
    except UnicodeDecodeError as error:
        raise _refused("not-text", _no_text(error), path, _SAVE) from None
    if "\0" in text[:2]:
        raise _refused("not-text", "This file is no UTF-8 text: it looks like UTF-16, without the mark that says so.", path, _SAVE)
    return SourceFile(path, text)


_SAVE = (
    "Save it as UTF-8: in an editor by ‘Save as’ or ‘Save with encoding’, or by ‘iconv -f CP1252 -t UTF-8’ with the encoding that it has."
)


def _no_text(error: UnicodeDecodeError) -> str:
    """Which byte is no text, on which line, and what it is elsewhere."""
    if not error.encoding.startswith("utf-8") and error.encoding != "utf8":
        return f"This file begins as {error.encoding[:6].upper()} text, and is none from byte {error.start + 1} on."
    content, at = bytes(error.object), error.start
    line = content.count(b"\n", 0, at) + 1
    meant = content[at : at + 1].decode("cp1252", "replace")
    other = f"; in Windows’ encoding cp1252 it is ‘{meant}’" if meant.isprintable() and meant != "\ufffd" else ""
    return f"This file is no UTF-8 text: byte {at + 1}, on line {line}, is 0x{content[at]:02X}{other}."


def _require_small(path: str, size: int) -> None:
    if size > LARGEST_FILE:
        raise _refused("file-too-large", f"This file has {size / 1e6:.1f} MB; at most {LARGEST_FILE / 1e6:.0f} MB is read.", path)


def _refused(code: str, message: str, path: str, hint: str = "") -> PlasError:
    finding = Diagnostic(code, message, Span(0, 0, path), hint)
    return PlasError((finding,), render(finding, {}))
