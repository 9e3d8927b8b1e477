"""Pieces of lines of an experiment as other programs, or plain words, have them: what is drawn how, over what, from when to when, with which axes."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from plasticdsl.diagnostics.diagnostic import Hint
from plasticdsl.diagnostics.suggest import slips
from plasticdsl.names import NAME
from plasticdsl.source import Span
from plasticdsl.syntax.foreign_texts import Where, in_ascii, unit_word
from plasticdsl.syntax.foreign_words import Word
from plasticdsl.units.table import is_unit

_SHOWN = ("plot",)
_WATCHED = ("plot", "record", "expect")
_NUMBER = r"((?:\d+\.?\d*|\.\d+)(?:[eE][-+−]?\d+)?)"
_UNIT = r"([A-Za-zµ]+)(?![\w(.])"
_TIME = rf"({_NUMBER}\s*(?:[mµu]?s|min|h))(?!\w)"
#: What has a value: `E`, `E.V[1]`.
_READ = rf"({NAME}(?:\.{NAME})*(?:\[[^\]]*\])?)"

Filled = Callable[[Sequence[str | None], Where], str | None]

#: What the line cannot be read for, or has a name that nothing has.
_STRANGE = frozenset(
    (
        *("empty-interval", "inconsistent-units", "incomplete", "missing-value", "not-a-condition", "not-a-value", "not-here"),
        *("number-after-value", "reserved-word", "unexpected", "unknown-function", "unknown-name", "wrong-statistic"),
    )
)


def _word(pattern: str, sentence: str, write: str | Filled, first: tuple[str, ...] = _SHOWN, codes: frozenset[str] = _STRANGE) -> Word:
    """In lines that begin with one of the words `first`; the hint shows the whole line."""
    compiled = re.compile(pattern)

    def written(groups: Sequence[str | None], where: Where) -> tuple[str, ...] | Hint:
        text, line = where.source.text, where.line
        match = next((one for one in compiled.finditer(text, line.start, line.end) if one.groups() == groups), None)
        if match is None or where.text.split(None, 1)[0] not in first or text.count('"', line.start, match.start()) % 2:
            return ()
        filled = re.sub(r"\{(\d)\}", lambda m: groups[int(m[1]) - 1] or "", write) if isinstance(write, str) else write(groups, where)
        if filled is None or filled == match[0]:
            return ()
        made = in_ascii(filled) if text.isascii() else filled
        shown = " ".join(f"{text[line.start : match.start()]}{made}{text[match.end() : line.end]}".split())
        return Hint(f"Write ‘{shown}’.", (made,), Span(match.start(), match.end(), where.source.path))

    return Word(compiled, sentence, written, codes, anywhere=True, kinds=("experiment",))


# --- what takes more than filling in ---------------------------------------------------------------------------------


def _drawn(groups: Sequence[str | None], where: Where) -> str | None:
    """`as V` as a name in quotes, where it is no slip of the pen."""
    word = groups[0] or ""
    return None if slips(word, ("matrix", "map", "image")) else f'as "{word}"'


def _in_phase(groups: Sequence[str | None], where: Where) -> str | None:
    """`during learning`, where there is a phase of that name."""
    name = groups[0] or ""
    return f"in phase {name}" if re.search(rf"^\s*phase\s+{re.escape(name)}\b", where.source.text, re.MULTILINE) else None


def _in_unit(groups: Sequence[str | None], where: Where) -> str | None:
    """`E.V[1] in mV` as what is called so."""
    item, unit = (group or "" for group in groups)
    found = unit if is_unit(unit) else unit_word(unit)
    name = re.sub(r"\[.*", "", item).rpartition(".")[2]
    return None if found is None else f'{item} as "{name} ({found})"'


def _first_axis(groups: Sequence[str | None], where: Where) -> str | None:
    """`, log y`, where nothing that may be ‘with’ stands before it."""
    said = any(word == "with" or slips(word, ("with",)) for word in where.text.split())
    return None if said else f" with log {groups[0]}"


_AS = "How something is drawn stands behind it: ‘plot ex.w as matrix at end’, ‘as image 28 × 28’, ‘over time as map’."
_LOG = "Logarithmic axes are named: ‘with log x, log y’."
_CALLED = "What an item is called stands behind ‘as’, in quotes."
_TITLE = "A title stands behind ‘titled’, in quotes."
_AXIS = 'What an axis is called and where it ends stands behind ‘with’: ‘with x as "input (nA)", y from 0 Hz to 50 Hz’.'
_STRETCH = "A stretch of time is ‘over last 200 ms’, ‘from 50 ms to 100 ms’ or ‘in phase p’."
_COMMAS = "Several items, or parameters, stand apart by commas."
_BRACKETS = "What a statistic is of stands in brackets: ‘raster(E)’, ‘mean(E.V)’."

PLOT_WORDS: tuple[Word, ...] = (
    _word(
        rf"\bimages?\s+(?:of\s+)?\(?\s*(\d+|{NAME})\s*(?:\s[xX]\s|(?<=\d)[xX](?=\d)|\sby\s|,)\s*(\d+|{NAME})(?:\s*\))?",
        "The shape of an image is its numbers of rows and columns.",
        "image {1} × {2}",
    ),
    _word(r"\bimages?\s+of\s+(?=\d)", "The shape of an image is its numbers of rows and columns.", "image "),
    _word(r"\bas\s+an?\s+(matrix|map|image)\b", _AS, "as {1}"),
    _word(r"\bas\s+(?:a\s+)?(?:heat\s?map|colou?r\s?map|imshow)\b", _AS, "as matrix"),
    _word(r"\bas\s+(?:a\s+)?receptive\s+fields?\b", _AS, "as image"),
    _word(r"\b(?:as\s+)?(?:a\s+)?function\s+of\b", "What a plot is drawn over follows ‘over’.", "over"),
    _word(r"\b(matrix|map|image)\(([^()]*)\)", _AS, "{2} as {1}"),
    _word(r"\b(?:heat_?map|imshow|pcolor|pcolormesh|matshow)\(([^()]*)\)", _AS, "{1} as matrix"),
    _word(r"(?<![\w.(])(?<! [a-z] )(?<! [a-z]{2} )(?<! [a-z]{3} )(matrix|map|image)(?=\s+(?:at|over|from|in)\b|\s+\d|\s*$)", _AS, "as {1}"),
    _word(r"(\bover\s+[^,]+,[^,]+?)\s+as\s+(?:map|matrix|image)\b", "What is drawn over two parameters is a map as it is.", "{1}"),
    _word(r"\bover\s+\(([^(),]+),([^(),]+)\)", "What a plot is drawn over follows ‘over’, without brackets.", "over {1},{2}"),
    _word(r"\bwith\s+log\s+(?:axes|scales?|both)\b", _LOG, "with log x, log y"),
    _word(r"(?:,\s*|\b(?:with|in|on)\s+)?\blog\s*-?\s*log\b(?:\s+(?:axes|scales?|plot))?", _LOG, "with log x, log y"),
    _word(r"\b(?:with\s+|(?<!\w))(?:semi)?log_?([xy])\b", _LOG, "with log {1}"),
    _word(r"\bwith\s+([xy])(?:\s+axis)?\s+log(?:arithmic)?\b", _LOG, "with log {1}"),
    _word(r",\s*log\s+([xy])\b", _LOG, _first_axis),
    _word(r"(?:,\s*|\bwith\s+)?\b([xy])_?(?:label|axis)\s*=?\s*(?=\")", _AXIS, "with {1} as "),
    _word(rf"(?:,\s*|\bwith\s+)?\b([xy])_?(?:lim|lims|limits|range)\s*=?\s*\[?\s*(?={_NUMBER})", _AXIS, "with {1} from "),
    _word(r"(?:,\s*|\bwith\s+)?\btitle\s*=?\s*(?=\")", _TITLE, "titled "),
    _word(rf"\btitled?\s+({NAME})\s*$", _TITLE, 'titled "{1}"'),
    _word(r"(?:,\s*|\bwith\s+)?\b(?:label(?:l?ed)?|legend|named?|called)\s*=?\s*(?=\")", _CALLED, "as "),
    _word(rf"\bas\s+(?!(?:matrix|map|image)\b)({NAME})(?=\s*$|\s+(?:over|at|from|in|every|with|titled)\b)", _CALLED, _drawn),
    _word(rf"{_READ}\s+in\s+\"?([A-Za-zµ]+)\"?(?=\s*$|\s+(?:over|at|from)\b)", _CALLED, _in_unit),
    _word(
        rf"\b(raster|rate|mean|max|min|sd|std|median|histogram|cv|isi_histogram)\s+(?:of\s+)?(?!(?:over|at|in|from|as|with|every)\b){_READ}(?![\w(])",
        _BRACKETS,
        "{1}({2})",
        _WATCHED,
    ),
    _word(rf"\bspikes\s+of\s+{_READ}", "Spikes are drawn as a raster.", "raster({1})"),
    _word(r"\bhist(?=\()", "Distributions are drawn by ‘histogram(…)’.", "histogram"),
    _word(r"\b(?:raster_?plot|spike_?raster|spike_?plot|rasters)(?=\()", "Spikes are drawn by ‘raster(…)’.", "raster"),
    _word(r"\b(?:firing_?rate|mean_?rate)(?=\()", "Spikes per second of each unit are ‘rate(…)’.", "rate", _WATCHED),
    _word(r"\b(?:average|avg)(?=\()", "The mean over units is ‘mean(…)’.", "mean", _WATCHED),
    _word(
        rf"(?:\bover\s+the\s+|(?<! [a-z]{{3}} )(?<! [a-z]{{4}} )(?<! [a-z]{{5}} )\b)last\s+(?={_TIME})",  # after a word of ‘over’'s length, that is a slip
        _STRETCH,
        "over last ",
        _WATCHED,
    ),
    _word(rf"\b(?:between|from)\s+{_TIME}\s+(?:and|until|till|-|–)\s*{_TIME}", _STRETCH, "from {1} to {3}", _WATCHED),
    _word(
        rf"\bfrom\s+{_NUMBER}\s*(?:to|\.\.+|…|-|–)\s*{_NUMBER}\s*((?:[mµu]?s|min)(?!\w))",
        _STRETCH,
        "from {1} {3} to {2} {3}",
        _WATCHED,
    ),
    _word(rf"(?<!time )\b(?:until|till|up to)\s+{_TIME}\s*$", _STRETCH, "from 0 ms to {1}", _WATCHED),
    _word(rf"\b(?:during|while|for|in)\s+(?:the\s+)?(?:phase\s+)?({NAME})(?:\s+phase)?\s*$", _STRETCH, _in_phase, _WATCHED),
    _word(r"\bat\s+(?:the\s+)?(?:start|beginning)\b", "The beginning is ‘at 0 ms’.", "at 0 ms", _WATCHED),
    _word(r"\bat\s+the\s+end\b", "The end is ‘at end’.", "at end", _WATCHED),
    _word(
        rf"\b(?:in|with)\s+bins\s+of\s+{_TIME}",
        "How often something is taken, or how long its bins are, is ‘every 10 ms’.",
        "every {1}",
        _WATCHED,
    ),
    _word(r"(?<=,)\s*(\d+)\s+bins\b", "How many bins there are is a number: ‘histogram(ex.w, 20)’.", " {1}"),
    _word(
        rf"{_READ}\(t\)",
        "What changes with time is called without it, and drawn ‘over time’.",
        "{1}",
        ("plot", "record"),
        _STRANGE | {"not-a-function"},
    ),
    _word(r"(?<=[\w)\]])\s+and\s+(?=\w)", _COMMAS, ", ", ("plot", "record", "sweep")),
)
