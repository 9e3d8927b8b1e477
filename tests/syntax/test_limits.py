"""Any text up to 1 MB is answered in proportion to its length, and never with anything but `PlasError`."""

import random

import pytest

from plasticdsl.diagnostics.diagnostic import PlasError
from tests.counting import counted
from tests.syntax.trees import SAMPLES, block, findings, parsed

MEGABYTE = 1_000_000
CALLS = 12  # for each byte


def sized(piece: str, head: str = "") -> str:
    return head + piece * ((MEGABYTE - len(head)) // len(piece.encode()))


HUGE = {
    "one long name": sized("a"),
    "one long number": sized("9", "rule A:\n    a = "),
    "one long sum": sized("b+", "rule A:\n    a = ") + "b",
    "open brackets": sized("(", "rule A:\n    a = "),
    "one long line of accents": sized("\u0304", "rule A:\n    a = x"),
    "dense statements": sized("    a=b+c*d-e/f+(g-h)*k\n", "rule A:\n"),
    "short statements": sized("    a=1\n", "rule A:\n"),
    "continuation lines": sized("      + 1\n", "rule A:\n    a = 1\n"),
    "bad statements": sized("    a=)\n", "rule A:\n"),
    "blocks": sized("rule A:\n"),
    "empty lines": sized("\n"),
    "comments": sized("#\n"),
    "quotes": sized('"'),
    "docstrings": sized('"""a"""\n'),
    "tabs": sized("\t\n\ta\n"),
    "stairs": "rule A:\n" + "".join(" " * (depth + 1) + "on pre:\n" for depth in range(1400)),
    "many files in one": sized(SAMPLES[0].read_text(encoding="utf-8").split('"""\n', 1)[1]),
}


#: What is read to its end takes long; an eighth of it shows as much.
READ = ("bad statements", "blocks", "empty lines", "comments", "docstrings", "tabs")
TEXTS = [
    *(pytest.param(text, id=name, marks=[pytest.mark.slow] if name in READ else []) for name, text in HUGE.items()),
    *(pytest.param(HUGE[name][: MEGABYTE // 8], id=f"{name}, an eighth") for name in READ),
]


@pytest.mark.parametrize("text", TEXTS)
def test_a_megabyte_is_answered_in_time(text: str) -> None:
    found, calls = counted(lambda: findings(text))
    assert calls < CALLS * len(text.encode())
    assert len(found) <= 101


def test_random_bytes_are_answered() -> None:
    source = random.Random(5)
    for _ in range(5):
        text = source.randbytes(MEGABYTE // 4).decode("utf-8", errors="replace")
        assert findings(text)


def test_lone_surrogates_are_answered() -> None:
    assert findings("rule A:\n    a = \ud800\n")
    assert findings("\udcff" * 10)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("# " + "a" * (1 << 20), "file-too-large"),
        (sized("    a=1\n", "rule A:\n"), "file-too-large"),
        (block("a = " + "b + " * 6000 + "b"), "statement-too-long"),
        (block("a = " + "(" * 201 + "b" + ")" * 201), "too-deep"),
        (block("a = " + "b + " * 300 + "b"), "too-deep"),
        ("network A:\n" + "".join(f"    a{n} = 1 B\n" for n in range(2001)), "network-too-large"),
        ("rule A:\n" + "".join(" " * (depth + 1) + "on pre:\n" for depth in range(40)) + " " * 50 + "a = 1", "too-deep"),
    ],
)
def test_what_is_too_much(text: str, code: str) -> None:
    assert code in [finding.code for finding in findings(text)]


def test_what_is_not_too_much() -> None:
    assert not findings(block("a = " + "(" * 150 + "b" + ")" * 150))
    assert not findings(block("a = " + "b + " * 150 + "b"))
    assert not findings("network A:\n" + "".join(f"    a{n} = 1 B\n" for n in range(2000)))
    assert not findings(block("\n    ".join(f"a_{number} = b + {number} ms" for number in range(2000))))


def test_errors_are_cut_after_a_hundred() -> None:
    found = findings("rule A:\n" + "    a = )\n" * 500)
    assert len(found) == 101 and found[-1].code == "too-many-errors"


def test_an_error_has_the_rendered_text() -> None:
    with pytest.raises(PlasError, match=r"test\.plas:2:9: error\[missing-bracket\]: .*\n    2 \|     a = \(\n      \|         \^"):
        parsed(block("a = ("))
