"""What a foreign line becomes where that takes more than filling in: calls with arguments by name, flags, declarations. The groups of its pattern and
its place come in; the text goes out, or None where nothing can be said."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from unicodedata import normalize

from plasticdsl.names import NAME
from plasticdsl.syntax.foreign_arrays import NAMES as ARRAYS
from plasticdsl.syntax.foreign_texts import CONVERTERS, Where, changes, plain, sides, statements
from plasticdsl.units.table import is_unit

Groups = Sequence["str | None"]

_UNIT = CONVERTERS["unit"]


def _text(groups: Groups, number: int) -> str:
    return (groups[number - 1] or "").strip()


# --- neurons ---------------------------------------------------------------------------------------------------------


def threshold(groups: Groups, where: Where) -> str | None:
    """`threshold: V > V_θ`, with nothing that is reset."""
    _, _, condition = where.text.partition("=" if "=" in where.text.split(":")[0].split(">")[0] else ":")
    return f"spike when {plain(condition)}"


def solved(groups: Groups, where: Where) -> str | None:
    """`τ*dv/dt + v = I`."""
    factor, name, term, right = (_text(groups, number) for number in range(1, 5))
    if re.search(r"\bd\w+/dt", term + right):
        return None
    return f"{CONVERTERS['factor'](factor, where)}d{name}/dt = {right} − {CONVERTERS['subtracted'](term, where)}"


def dotted(groups: Groups, where: Where) -> str | None:
    """`u̇ = −u/τ` for a u that nothing else declares."""
    name, right = _text(groups, 1), _text(groups, 2)
    base = normalize("NFC", normalize("NFD", name).replace("\u0307", ""))
    if base == normalize("NFC", name) or not re.search(rf"(?<!\w){re.escape(base)}(?![\w\u0307])", right):
        return None
    return f"d{base}/dt = {right}"


def inputs(groups: Groups, where: Where) -> str | None:
    """The lines below `input:`, `I_stim pA <- continuous` and `spikes <- excitatory spike`."""
    made = []
    for line in statements(where.body):
        match = re.fullmatch(rf"({NAME})\s*([A-Za-z]+)?\s*<-\s*.*", line)
        if match is None:
            return None
        made.append(f"input {match[1]}" + (f" : {match[2]}" if match[2] and is_unit(match[2]) else ""))
    return "\n".join(made) or None


def fitted(groups: Groups, where: Where) -> str | None:
    """`fit τ from 10 ms to 40 ms to minimise x`."""
    target, first, last, how, goal = groups
    return f"fit {target} in {first} {'...' if where.source.text.isascii() else '…'} {last} to {how} {goal}"


def fitted_in_list(groups: Groups, where: Where) -> str | None:
    """`fit τ in [10, 40] ms to minimise x`."""
    target, first, last, unit, how, goal = groups
    ends = (first, last) if unit is None else (f"{first} {unit}", f"{last} {unit}")
    return fitted((target, *ends, how, goal), where)


def declared(groups: Groups, where: Where) -> str | None:
    """`I : amp`."""
    if _text(groups, 2) == "1":
        return f"input {_text(groups, 1)}"
    unit = _UNIT(_text(groups, 2), where)
    return None if unit is None else f"input {_text(groups, 1)} : {unit}"


def typed(groups: Groups, where: Where) -> str | None:
    """`V_m mV = −65 mV`, the initial value of what flows, else a value."""
    name, unit = _text(groups, 1), _text(groups, 2)
    if unit not in ("real", "integer", "boolean", "string") and _UNIT(unit, where) is None:
        return None
    value = _text(groups, 3)
    flows = re.search(rf"\bd{re.escape(name)}/dt|^\s*{re.escape(name)}['′]\s*=", where.source.text, re.MULTILINE)
    return f"{name}(0) = {value}" if flows else f"{name} = {value}"


def with_flags(groups: Groups, where: Where) -> str | None:
    """`dv/dt = … : init = −60, min = −80`."""
    left, right, flags = (_text(groups, number) for number in (1, 2, 3))
    match = re.search(rf"d({NAME})/dt", left) or re.fullmatch(rf"({NAME})", left)
    found = dict(re.findall(r"(\w+)\s*=\s*([^,]+)", flags))
    if match is None or not found or not found.keys() <= {"init", "min", "max"}:
        return None
    lines = [f"{left} = {right}"]
    if "init" in found:
        lines.append(f"{match[1]}(0) = {found['init'].strip()}")
    if found.keys() & {"min", "max"}:
        lines.append(f"{match[1]} ∈ [{found.get('min', '−∞').strip()}, {found.get('max', '∞').strip()}]")
    return "\n".join(lines)


def truth(groups: Groups, where: Where) -> str | None:
    """`x = int(V > 1 mV)`."""
    match = re.fullmatch(r"\s*(\S+)\s*=\s*\w+\s*\((.*)\)\s*", where.text, re.DOTALL)
    return None if match is None else f"{match[1]} = 1 if {plain(match[2])}\n    0 otherwise"


def cases(groups: Groups, where: Where) -> str | None:
    """`F(x) = { a if x > 0; b otherwise }`, with or without brackets."""
    left, _, right = where.text.partition("=")
    lines = [plain(part) for part in _apart(right.strip("{} "), ",;")]
    sound = len(lines) > 1 and not re.search("[<>]", left) and all(re.fullmatch(r".+\s(if\b.+|otherwise)", line) for line in lines)
    return f"{left.strip()} = " + "\n    ".join(lines) if sound else None


def one_by_one(groups: Groups, where: Where) -> str | None:
    """`a = 1; b = 2`."""
    return "\n".join(map(plain, _apart(where.text, ";"))) if not re.search("[{'\"]", where.text) else None


def _apart(text: str, signs: str) -> list[str]:
    """What stands between some signs outside brackets."""
    parts, depth = [""], 0
    for letter in text:
        depth += (letter in "([{") - (letter in ")]}")
        if letter in signs and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    return [part.strip() for part in parts if part.strip()]


# --- synapses and rules ----------------------------------------------------------------------------------------------


def summed(groups: Groups, where: Where) -> str | None:
    """`I_post = w*r_pre : 1 (summed)`."""
    target = sides(_text(groups, 1), where)
    return f"{target} = Σ {_factors(sides(_text(groups, 2), where))}" if target.startswith("post.") else None


def sum_of_all(groups: Groups, where: Where) -> str | None:
    """`post.I += w pre.r` without a trigger."""
    return f"post.{_text(groups, 1)} = Σ {_factors(_text(groups, 2))}"


def sum_of_psp(groups: Groups, where: Where) -> str | None:
    """`psp = w * pre.r`."""
    return f"post.{CONVERTERS['target']('', where)} = Σ {_factors(_text(groups, 1))}"


def _factors(text: str) -> str:
    """What stands behind Σ is one product."""
    plain_product = re.sub(r"\s*\*\s*", " ", text)
    return f"({text})" if re.search(r"(?<![(,])\s[-+−]\s", text) else plain_product


def grown(groups: Groups, where: Where) -> str | None:
    """`w = w + 0.01` in a rule, without a trigger."""
    return f"{_text(groups, 1)} += {_text(groups, 3)}" if groups[0] == groups[1] else None


def shrunk(groups: Groups, where: Where) -> str | None:
    """`w = w − 0.01`."""
    return f"{_text(groups, 1)} −= {_text(groups, 3)}" if groups[0] == groups[1] else None


def by_chance(groups: Groups, where: Where) -> str | None:
    """`if rand() < 0.5: w += 0.01`."""
    return _behind(_text(groups, 2), f"chance({_text(groups, 1)})", where)


def with_condition(groups: Groups, where: Where) -> str | None:
    """`if c > 0: w += 0.01`."""
    return _behind(_text(groups, 2), plain(_text(groups, 1)), where)


def _behind(change: str, condition: str, where: Where) -> str | None:
    made = changes(change, where)
    return f"{made.strip()} if {condition}" if made is not None and "\n" not in made and re.search(r"→|->|[-+*/−]=", made) else None


# --- networks --------------------------------------------------------------------------------------------------------


def _arguments(text: str) -> tuple[list[str], dict[str, str]]:
    """The arguments of a call, in order and by name."""
    parts, depth, quote = [""], 0, ""
    for letter in text:
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "\"'":
            quote = letter
        depth += not quote and (letter in "([{") - (letter in ")]}")
        if letter == "," and not depth and not quote:
            parts.append("")
        else:
            parts[-1] += letter
    named = {}
    plain_ones = []
    for part in (p.strip() for p in parts if p.strip()):
        match = re.fullmatch(r"(\w+)\s*=(?!=)\s*(.+)", part, re.DOTALL)
        if match:
            named[match[1]] = match[2].strip()
        else:
            plain_ones.append(part)
    return plain_ones, named


def _first(named: Mapping[str, str], *names: str) -> str | None:
    return next((named[name] for name in names if name in named), None)


def _word(text: str | None) -> str | None:
    """The name of a kind: `Cell`, `"Cell"`, `sim.Cell()`."""
    match = re.fullmatch(rf"[\"']?(?:\w+\.)?({NAME})[\"']?(?:\(\s*\))?", text or "")
    return match[1] if match else None


def _with_unit(value: str, unit: str) -> str:
    """A bare number in the unit that the other program counts in."""
    return f"{value} {unit}" if re.fullmatch(r"[\d.]+", value) else plain(value)


def _sized(name: str, text: str) -> str | None:
    places, named = _arguments(text)
    size = _first(named, "N", "n", "size", "geometry") or next((p for p in places if re.fullmatch(r"\d+|[A-Z]\w*", p)), None)
    kind = _word(_first(named, "model", "neuron", "cellclass", "celltype") or next((p for p in places if p != size), None))
    return None if size is None or kind is None else f"{name} = {size} {kind}"


def population(groups: Groups, where: Where) -> str | None:
    """`E = NeuronGroup(100, LIF)`."""
    return _sized(_text(groups, 1), _text(groups, 2))


def several(groups: Groups, where: Where) -> str | None:
    """`E = LIF(100)`."""
    name, kind, size = (_text(groups, number) for number in (1, 2, 3))
    return None if kind in ARRAYS else f"{name} = {size} {kind}"


def population_of_module(groups: Groups, where: Where) -> str | None:
    """`E = nest.Create("LIF", 100)`."""
    return _sized(_text(groups, 1), _text(groups, 3))


def poisson(groups: Groups, where: Where) -> str | None:
    """`inp = PoissonGroup(100, rates=10*Hz)`."""
    places, named = _arguments(_text(groups, 2))
    size = _first(named, "N", "n", "geometry") or (places[0] if places else None)
    rate = _first(named, "rates", "rate") or (places[1] if len(places) > 1 else None)
    if size is None or rate is None:
        return None
    return f"{_text(groups, 1)} = {size} Poisson(rate = {_with_unit(rate, 'Hz')})"


def spike_times(groups: Groups, where: Where) -> str | None:
    """`inp = SpikeGeneratorGroup(1, [0, 0], [10, 20]*ms)`."""
    places, named = _arguments(_text(groups, 2))
    times = _first(named, "times", "spike_times") or (places[2] if len(places) > 2 else None)
    size = places[0] if places and places[0].isdigit() else "1"
    if times is None or size != "1":
        return None
    listed = re.sub(r"\]\s*\*\s*", "] ", times)
    return f"{_text(groups, 1)} = {size} SpikeTimes({listed})"


def projection(groups: Groups, where: Where) -> str | None:
    """`S = Synapses(a, b, Kick)`."""
    return _joined(_text(groups, 1), _text(groups, 2), "")


def projection_with_connect(groups: Groups, where: Where) -> str | None:
    """The same with `S.connect(p=0.1)` or `S.connect_all_to_all(weights=1.0)` beside it."""
    how, text = _text(groups, 3), _text(groups, 4) if len(groups) > 3 else ""
    if not how.startswith("connect"):
        return None
    places, named = _arguments(text)
    clauses = []
    if "one_to_one" in how or named.get("j", "").strip("\"'") == "i":
        clauses.append("one to one")
    elif "all_to_all" in how:
        clauses.append("all to all")
    condition = _first(named, "condition") or (places[0] if places and "fixed" not in how else None)
    if condition is not None and condition != "True":
        clauses.append(f"where {plain(condition)}")
    chance = _first(named, "p", "probability") or (places[0] if places and "probability" in how else None)
    clauses += [f"p = {plain(chance)}"] if chance is not None else []
    weight, delay = _first(named, "weights", "weight"), _first(named, "delays", "delay")
    clauses += [f"w = {plain(weight)}"] if weight is not None else []
    clauses += [f"delay = {_with_unit(delay, 'ms')}"] if delay is not None else []
    return _joined(_text(groups, 1), _text(groups, 2), "".join(f", {clause}" for clause in clauses))


def connect_to_projection(groups: Groups, where: Where) -> str | None:
    """The same from the other line."""
    name, how, *rest = groups
    return projection_with_connect((name, rest[-1], how, *rest[:-1]), where)


def _joined(name: str, text: str, clauses: str) -> str | None:
    places, named = _arguments(text)
    pre = _first(named, "pre", "source") or (places[0] if places else None)
    post = _first(named, "post", "target") if "pre" not in named else named.get("post")
    post = post or (places[1] if len(places) > 1 else None)
    kind = _word(_first(named, "synapse", "model", "synapse_type") or (places[2] if len(places) > 2 else None))
    return None if pre is None or post is None or kind is None else f"{name} = {pre} → {post}: {kind}{clauses}"


def given_to_connections(groups: Groups, where: Where) -> str | None:
    """`S.w = 1` beside `S = a → b: Kick`."""
    name, parameter, value, pre, post, rest = (_text(groups, number) for number in range(1, 7))
    known = re.search(rf"\b{re.escape(parameter)}\s*[=~]", rest)
    return None if known else f"{name} = {pre} → {post}: {rest}, {parameter} = {plain(value)}"


# --- experiments -----------------------------------------------------------------------------------------------------


def monitor(groups: Groups, where: Where) -> str | None:
    """`M = StateMonitor(E, ['V', 'u'], record=True)`."""
    places, named = _arguments(_text(groups, 3))
    names = re.findall(r"[^\W\d]\w*", places[0] if places else _first(named, "variables") or "")
    read = [f"spikes({_text(groups, 2)})" if name == "spike" else f"{_text(groups, 2)}.{name}" for name in names]
    return f"record {', '.join(read)}" if read else None
