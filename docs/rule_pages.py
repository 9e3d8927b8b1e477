"""What the gallery shows of the rules that a model declares: each from its equations to the traces that the compiler derives, and its window and
drift, or, of one that waits for no spikes, its curve and where two weights go.

The pictures are kept in `images/windows`, since making them runs networks; `gallery_pages.py` makes them anew.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

import plasticdsl
from plasticdsl.document.description import Document
from plasticdsl.document.html import blocks
from plasticdsl.explore.curves import PATTERNS, curve, stream
from plasticdsl.explore.drawing import curve_on, drift_on, stream_on, window_on
from plasticdsl.explore.forced import forced_drift, forced_window
from plasticdsl.explore.stands import OUTPUT, Kind, Stand, stand
from plasticdsl.explore.windows import drift, sliding, window
from plasticdsl.model.expr import Number
from plasticdsl.model.owners import Whose
from plasticdsl.plan.explain import projection_in_words
from plasticdsl.plan.plan import Plan

WINDOWS = Path(__file__).parent / "images" / "windows"
#: Of a picture, in inches, and its dots per inch: two stand side by side on a wide page, one above the other on a phone.
_SIZE, _DOTS = (4.4, 3.1), 78


def rules_of(model: plasticdsl.Model) -> list[str]:
    """Those that the file declares."""
    module = model.loaded.module
    return [b.name for b in module.blocks if b.kind == "rule" and b.span.path == module.path]


def write_windows(names: Iterable[str]) -> None:
    """The pictures of each rule that the models named declare, where there is something to be seen."""
    WINDOWS.mkdir(parents=True, exist_ok=True)
    for name in names:
        model = plasticdsl.load(name)
        for rule in rules_of(model):
            drawn = list(_figures(model, rule))
            for path, figure in zip(_paths(name, rule), drawn, strict=False):
                save(figure, path, _DOTS)
            print(name, rule, len(drawn), flush=True)


def pictures_of(name: str, rule: str) -> list[Path]:
    """Those that there are of a rule: of its window or curve, and of its drift or where two weights go."""
    return [path for path in _paths(name, rule) if path.is_file()]


def _paths(name: str, rule: str) -> tuple[Path, Path]:
    stem = f"{name.replace('/', '-')}-{rule}"
    return WINDOWS / f"{stem}-1.png", WINDOWS / f"{stem}-2.png"


def save(figure: Figure, path: Path, dots: int = 60) -> None:
    """A small picture, of few colours."""
    figure.savefig(file := io.BytesIO(), format="png", dpi=dots)
    Image.open(file).convert("RGB").quantize(128, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(path, optimize=True)


def _figures(model: plasticdsl.Model, rule: str) -> Iterator[Figure]:
    """First the window or the curve, then the drift or where two weights go, as far as the rule has them."""
    if (pairs := window(model, rule, {}) or forced_window(model, rule)) is not None:
        yield _drawn(partial(window_on, window=pairs))
        if (chance := drift(model, rule) or forced_drift(model, rule)) is not None:
            yield _drawn(partial(drift_on, drift=chance))
        return
    if (values := curve(model, rule)) is not None:
        yield _drawn(partial(curve_on, curve=values))
    if (flow := stream(model, rule)) is not None:
        yield _drawn(partial(stream_on, stream=flow))


def _drawn(draw: Callable[[Axes], None]) -> Figure:
    figure = Figure(figsize=_SIZE, layout="constrained")
    draw(figure.add_subplot())
    return figure


def tables(written: str) -> str:
    """HTML with tables that may be wider than a page."""
    return f'```{{raw}} html\n<div class="tables">{written}</div>\n```'


def of_rules(name: str, model: plasticdsl.Model, document: Document, plans: Iterable[Plan]) -> str:
    """The part of a page that goes through the rules of a model, one after the other. `plans`: of its networks."""
    rules = rules_of(model)
    if not rules:
        return ""
    plan_of, said = {plan.network.name: plan for plan in plans}, set[tuple[str, ...]]()
    parts = ["## Its rule, from equation to drift" if len(rules) == 1 else "## Its rules, from equation to drift"]
    for rule in rules:
        parts.append(f"### {rule}")
        sections = tuple(s for s in document.sections if s.title == f"Rule {rule}")
        parts += [tables(blocks(sections))] if sections else []
        found = stand(model.loaded.module, rule)
        lines = () if found is None or found.used is None else _derived(plan_of[found.used[0].name], found.used[1].name)
        if lines and lines[1:] not in said:
            said.add(lines[1:])
            parts.append("\n".join(["What the compiler derives from it:", "", "```text", *lines, "```"]))
        pictures = pictures_of(name, rule)
        parts.append(words(found, bool(pictures)))
        parts.append(" ".join(f"![{rule}](../images/windows/{path.name})" for path in pictures))
    return "\n\n".join(part for part in parts if part)


def elsewhere(model: plasticdsl.Model) -> str:
    """Where the rules are shown that the networks of a model take from other files."""
    module = model.loaded.module
    used = dict.fromkeys(rule for network in module.networks for projection in network.projections for rule in projection.rules)
    places = {b.name: Path(b.span.path) for b in module.blocks if b.kind == "rule" and b.span.path != module.path}
    links = [f"[{rule}]({place.parent.name}-{place.stem}.md#{rule.lower()})" for rule in used if (place := places.get(rule)) is not None]
    return f"Rules that it takes from other files are shown there, from equation to drift: {', '.join(links)}." if links else ""


def _derived(plan: Plan, projection: str) -> tuple[str, ...]:
    """What `explain` says of the projection that carries the rule."""
    return tuple(projection_in_words(plan.projection(projection), plan.network))


def words(found: Stand | None, there: bool) -> str:
    """What the pictures of a rule show, or why it has none, by what the compiler knows of it."""
    if found is None:
        return "It decides whether connections are there and changes nothing else of them, so it has neither window nor drift."
    weight = _symbol(found)
    match found.kind:
        case Kind.PAIRS | Kind.CELLS if there:
            return " ".join(_of_pairs(found, weight))
        case Kind.PAIRS | Kind.CELLS:
            return f"It waits for spikes, but what it changes {weight} by does not depend on the lag between them, so there is no window to show."
        case Kind.VALUES if there:
            return " ".join(_of_values(found, weight))
        case Kind.VALUES:
            return f"It waits for no spikes, so it has no window, and what it reads, held still, does not change {weight} by itself."
        case Kind.NOTHING:
            return "It waits for no spikes and reads nothing of the two units, so their activity gives it neither window nor drift."
        case Kind.HANDED:
            handed = [h.symbol for h in found.held if h.owner is Whose.OWN]
            what = (
                f"{' and '.join(f'`{one}`' for one in handed)}, which its network alone computes"
                if handed
                else "what its network alone computes"
            )
            return f"It waits for no spikes and follows {what}: by itself it has neither window nor drift."


def _of_pairs(found: Stand, weight: str) -> Iterator[str]:
    yield f"First: what one pair of spikes changes {weight} by, over the lag between them{_delayed(found)}."
    yield f"Then: what {weight} changes by in a second, on average, where both sides fire by chance at the same rate; bars are standard errors."
    if found.kind is Kind.CELLS and found.used is not None:
        yield f"It reads more of the postsynaptic unit than spikes, so both are measured in the network {found.used[0].name}: other sources are silent,"
        yield "and the unit is pushed over its threshold when it has to fire."
    if sliding(found.rule) > 0.0:
        yield "Of its sliding rates, the first has this pair alone to count."
    if found.words:
        yield f"Held meanwhile: {', '.join(f'`{one}`' for one in found.words)}."


def _of_values(found: Stand, weight: str) -> Iterator[str]:
    read = found.of(Whose.POST)
    over = None if found.compares else next((h for h in read if h.name == OUTPUT), next(iter(read), None))
    others = [*(f"{h.symbol} = {h.text}" for h in found.held if isinstance(h.owner, Whose) and h is not over), *found.words]
    yield "It waits for no spikes, so it has no window in their lag."
    if found.compares:
        yield "It weighs each synapse against all others of its neuron, so there is no curve of one alone."
    if over is not None:
        held = f", with {', '.join(f'`{one}`' for one in others)}" if others else ""
        yield f"First: what it changes {weight} by over `{over.symbol}` of the postsynaptic unit{held}"
        means = any(flow.variable != found.weight for flow in found.rule.flows)
        yield f"{f', where running means had settled at `{over.symbol} = {over.text}`' if means else ''}."
    if all(h.name == OUTPUT for h in found.held):
        first, second = (f"({', '.join(f'{x:g}' for x in pattern)})" for pattern in PATTERNS)
        rates = ", in tens of Hz," if any(h.unit == "Hz" for h in found.held) else ""
        side = "Here" if over is None else "Then"
        yield f"{side}: where two weights of a linear neuron go while the patterns {first} and {second}{rates} take turns."


def _delayed(found: Stand) -> str:
    """The delays of the projection that uses it, if it has some."""
    delays = None if found.used is None or found.kind is not Kind.PAIRS else found.used[1].delays
    pairs = () if delays is None else (("axonal", delays.axonal), ("dendritic", delays.dendritic))
    said = [f"{word} delay of {delay.value * 1e3:g} ms" for word, delay in pairs if isinstance(delay, Number)]
    return f", with the {' and '.join(said)} that it has here" if said else ""


def _symbol(found: Stand) -> str:
    declared = found.rule.variable(found.weight)
    return f"`{found.weight if declared is None else declared.symbol}`"
