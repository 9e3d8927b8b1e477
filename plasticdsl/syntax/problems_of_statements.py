"""What to say of a token that does not fit a statement of one kind: `grow`, `on`, `→`, `plot`, `expect`, ….

A `Place` comes in, a `Refusal` goes out, or None where it is another mistake. Each function knows one that people make.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from plasticdsl.diagnostics.diagnostic import Hint
from plasticdsl.diagnostics.suggest import did_you_mean
from plasticdsl.source import Span
from plasticdsl.syntax.homes import misplaced_line
from plasticdsl.syntax.place import Place, number_text
from plasticdsl.syntax.refusal import Refusal
from plasticdsl.syntax.tokens import CLOSING, OPENING, Token

_LOOP_OPTIONS = ("shuffled", "epochs", "where", "pause", "again")
#: In which order the parts of ‘grow’ stand.
_GROW = "‘grow p = 0.001 every 1 s where post.c < 1, in-degree ≤ 20, w = 0.02’"


def order_of_rewiring(place: Place) -> Refusal | None:
    """`grow every 1 s p = 0.1`, `grow where … every 1 s`, `prune every 1 s when …`."""
    if place.rule != "dynamics" or place.first.text not in ("grow", "prune") or place.number == 0:
        return None
    if place.first.text == "prune" and place.text == "every" and place.number == 1:
        return place.refusal(
            "unexpected", "‘every’ does not fit here.", "‘every’ stands behind the condition, as in ‘prune when w < 0.01 every 1 s’."
        )
    if place.first.text == "grow" and place.number == 1 and place.text in ("where", "with", "when", "if"):
        return place.refusal("unexpected", f"‘{place.text}’ does not fit here.", f"The parts of the line stand in this order: {_GROW}.")
    words = [token.text for token in place.tokens[: place.number]]
    if place.first.text == "grow" and place.kind == "=" and "every" in words and "," not in words and "=" not in words:
        hint: Hint | str = f"What comes before ‘every’ is the probability: {_GROW}."
        begin, end = words.index("every"), place.number + 1
        if (begin, place.number) == (1, 4) and (end + 1 == len(place.tokens) or place.tokens[end + 1].kind == ","):
            text = f"{words[3]} = {number_text(place.tokens[end])} every {number_text(place.tokens[2])}"
            at = Span(place.tokens[1].span.start, place.tokens[end].span.end, place.span.path)
            hint = Hint(f"The probability stands first: write ‘grow {text}’.", (text,), at)
        return place.refusal("unexpected", "The probability does not fit here.", hint, place.before.span)
    return None


def rewiring(place: Place) -> Refusal | None:
    """`prune if w < 0.01`, `grow … if c`, `…, up to 20 per unit`, and either as a clause of a projection."""
    word = next((b.text for a, b in pairwise(place.tokens[: place.number]) if a.kind == "," and b.text in ("prune", "grow")), "")
    if place.rule == "network" and word:
        return misplaced_line(word, place.before.span if place.before.text == word else place.span)
    begins = place.first.text if place.rule == "dynamics" else ""
    wanted = {"prune": "when", "grow": "where"}.get(begins)
    if wanted is not None and place.kind in ("if", "when", "where") and wanted.upper() in place.choices:
        return place.refusal("unexpected", f"‘{place.text}’ does not fit here.", Hint(f"Write ‘{wanted}’.", (wanted,)))
    if begins == "grow" and place.before.text in ("up", "in-degree", "out-degree") and place.number > 1:
        hint = "How many connections a unit may have is written ‘in-degree ≤ 20’, or ‘out-degree ≤ 20’ for a presynaptic unit."
        return place.refusal("unexpected", f"‘{place.text}’ does not fit here.", hint)
    return None


def chance(place: Place) -> Refusal | None:
    """`post.V += w with probability 0.5`, `on pre with probability 0.5:`."""
    words = [token.text for token in place.tokens[place.number : place.number + 2]]
    if place.rule != "dynamics" or words not in (["with", "probability"], ["with", "chance"]):
        return None
    last = place.tokens[-1]
    ends = place.number + 3 == len(place.tokens) and last.kind == "NUMBER" and "IF" in place.choices
    text = f"if chance({number_text(last)})"
    hint = Hint(f"Write ‘{text}’.", (text,), Span(place.span.start, last.span.end, place.span.path))
    return place.refusal(
        "unexpected",
        f"‘{' '.join(words)}’ does not fit here.",
        hint if ends else "Chance stands behind a change: ‘post.V += w if chance(0.5)’.",
    )


def waiting(place: Place) -> Refusal | None:
    """`on post.burst:`, `on reward burst:`, `on E[2]:`."""
    if place.first.text != "on" or place.number < 2:
        return None
    side, token = place.before, place.token
    following = place.tokens[place.number + 1] if place.kind == "." and place.number + 1 < len(place.tokens) else token
    if place.kind in (".", "NAME") and following is not None and following.kind == "NAME" and place.number == 2:
        at = Span(side.span.start, following.span.end, side.span.path)
        if following.text in ("spike", "spikes"):
            return place.refusal("unexpected", f"‘{following.text}’ does not fit here.", Hint(f"Write ‘on {side.text}’.", (side.text,), at))
        text = f"{following.text} of {side.text}"
        return place.refusal("unexpected", f"‘{following.text}’ does not fit here.", Hint(f"Write ‘on {text}’.", (text,), at))
    if place.kind == "INDEX":
        name = f"part = {side.text}[…]"
        hint = f"Give these units a name in the network, ‘{name}’, and wait for it: ‘on part:’."
        return place.refusal("unexpected", "What ‘on’ waits for is a name, without numbers of units.", hint)
    return None


def in_network(place: Place) -> Refusal | None:
    """`A → B, C: …`, `each of A, B → C: …`, `E = 800 LIF with a = 1`, `5 random patterns of [−1, 1] over E`."""
    if place.rule != "network":
        return None
    match place.kind:
        case "," | "[" if place.has("->") and {":", "EACH"} & place.choices:
            first = next(after for sign, after in pairwise(place.tokens) if sign.kind == "->")
            hint = Hint(f"For several write ‘→ each of {first.text}, …’.", (f"each of {first.text}",), first.span)
            return place.refusal("several-targets", "A projection has one target.", hint)
        case "each" if place.has("->"):
            return place.refusal("several-targets", "A projection has one source.", "Write a line for each source.")
        case "at" | "NUMBER" if any(token.text == "on" for token in place.tokens[2 : place.number]):
            example = "A population is, for example, ‘on a ring of 1 mm’, or ‘at random on a sheet of 1 mm × 1 mm’."
            return place.refusal("bad-place", f"‘{place.text}’ does not fit here.", example)
        case "with" if place.number >= 3:
            at = Span(place.before.span.end, place.span.end, place.span.path)
            return place.refusal(
                "unexpected", "‘with’ does not fit here.", Hint("Values follow a comma: ‘E = 800 LIF, V(0) = 3 mV’.", (",",), at)
            )
    if place.kind and [token.text for token in place.tokens[: place.number][-3:]] == ["random", "patterns", "of"]:
        message = "Random patterns take their values from a set or a distribution."
        return place.refusal("not-a-set", message, "For example ‘{−1, +1}’ or ‘U(−1, 1)’.")
    return None


def unknown_option(place: Place) -> Refusal | None:
    """`phase p for each x in data, shufled`: after an expression that is only a name nothing is left but its word, `epochs`."""
    in_loop = place.first.text == "phase" and any(token.kind == "each" for token in place.tokens[: place.number])
    if not in_loop or "EPOCHS" not in place.choices or place.before.kind != "NAME":
        return None
    word = place.before.text
    hint = did_you_mean(word, _LOOP_OPTIONS, "") or "Options are ‘shuffled’, ‘5 epochs’ and ‘for 100 ms each’."
    return place.refusal("unknown-option", f"‘{word}’ is no option of a loop.", hint, place.before.span)


def second_over(place: Place) -> Refusal | None:
    """`plot V over time, rate(E) over time`."""
    before = place.tokens[: place.number]
    places = [number for number, token in enumerate(before) if token.text == "over" and not _depth(before[:number])]
    if place.first.text != "plot" or len(places) < 2 or places[-1] != place.number - 1:
        return None
    hint = "Items stand side by side before it, ‘plot E.V[1], rate(E) over time’; what has another axis has a ‘plot’ line of its own."
    return place.refusal("unexpected", "A plot line has one ‘over’.", hint, place.before.span)


def _depth(tokens: Sequence[Token]) -> int:
    """How many brackets are open."""
    return sum((token.kind in OPENING) - (token.kind in CLOSING) for token in tokens)


def tolerance(place: Place) -> Refusal | None:
    """`w = 3 ± 1`, `expect a = b ± c`."""
    if place.kind not in ("+-", "~="):
        return None
    if place.first.text != "expect":
        example = "For example ‘expect rate(E) ≈ 8 Hz ± 1 Hz’."
        return place.refusal("misplaced-tolerance", f"‘{place.text}’ belongs to an expectation.", example)
    equals = next((token.span for token in reversed(place.tokens[: place.number]) if token.kind == "="), None)
    hint = Hint("Write ‘≈’ in place of ‘=’.", ("≈",), equals) if equals is not None else ""
    return place.refusal("misplaced-tolerance", f"‘{place.text}’ does not fit here: tolerances have the form ‘a ≈ b ± c’.", hint)
