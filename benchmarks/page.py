"""Writes `docs/benchmarks.md` and its figures from what `play.py` measured. The page is a function of the results alone."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from play import START, compared, meaning_of, start_of
from workloads import AS_WRITTEN, WORKLOADS, Workload

DOCS = Path(__file__).parents[1] / "docs"
PAGE = DOCS / "benchmarks.md"
TIMES, SIZES = "benchmarks_times.png", "benchmarks_sizes.png"
OURS = "plasticdsl"

#: What stands above the tables; names in braces are filled in.
HEAD = (Path(__file__).parent / "page_head.md").read_text(encoding="utf-8")


def number(value: float) -> str:
    """Three digits."""
    if value == 0:
        return "0"
    if value >= 100:
        return f"{value:.0f}"
    return f"{value:.3g}" if value >= 1e-3 else f"{value:.2e}"


def seconds(value: float) -> str:
    """A time with the unit that suits it."""
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if value >= size:
            return f"{number(value / size)} {unit}"
    return f"{number(value / 1e-9)} ns"


def spread(times: Sequence[float]) -> str:
    """The median of some times, and the least and the most."""
    return seconds(median(times)) + (f" ({seconds(min(times))} to {seconds(max(times))})" if len(times) > 1 else "")


def table(rows: Sequence[Sequence[str]]) -> str:
    """The first row is the head."""
    head, *body = ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join([head, "|" + "---|" * len(rows[0]), *body]) + "\n"


# --- what is read from the results -----------------------------------------------------------------------------------

Measurement = Mapping[str, Any]


def each(measurement: Measurement, workload: Workload, clock: str = "processor") -> list[float]:
    """Seconds for each turn, round by round."""
    return [r["run"][clock] / (r["turns"] or workload.turns) for r in measurement["rounds"]]


def median(values: Sequence[float]) -> float:
    return statistics.median(values)


def ratio(measurement: Measurement, ours: Measurement, workload: Workload, clock: str = "processor") -> float:
    """Of the times, round by round."""
    return median([a / b for a, b in zip(each(measurement, workload, clock), each(ours, workload, clock), strict=False)])


def of(results: Mapping[str, Any], workload: Workload, threads: int, size: float = 1.0) -> list[Measurement]:
    """What was measured of a workload, in the order of the tools."""
    return [
        m
        for m in results["measurements"]
        if m["workload"] == workload.name and m["threads"] == threads and m["size"] == size and len(m["rounds"]) > 0
    ]


def ours_of(found: Sequence[Measurement]) -> Measurement | None:
    return next((m for m in found if m["tool"] == OURS), None)


def per_connection(measurement: Measurement, workload: Workload) -> float:
    """Seconds for each connection that is passed."""
    size = measurement["size"]
    return median(
        [s / workload.traversals(r["found"], size) for s, r in zip(each(measurement, workload), measurement["rounds"], strict=True)]
    )


# --- the page --------------------------------------------------------------------------------------------------------


def page(results: Mapping[str, Any]) -> str:
    """The text of the page."""
    machine = results["machine"]
    versions = {m["tool"].split(",")[0]: m["version"] for m in results["measurements"] if "version" in m}
    head = HEAD.format(
        turns="simulated second, pattern, image, recall or sweep",
        bandwidth=machine["bandwidth_gb_s"],
        floor="1 or 2 %",
        when=results["when"],
        processor=machine["processor"],
        cores=machine["cores"],
        memory=machine["memory_gb"],
        system=machine["system"],
        python=machine["python"],
        compiler=machine["compiler"],
        busy=median(
            [
                r["run"]["elapsed"] / r["run"]["processor"]
                for w in WORKLOADS
                for m in of(results, w, 1)
                for r in m["rounds"]
                if w.name != START
            ]
        ),
        versions=", ".join(f"{name} {version}" for name, version in versions.items()),
    )
    done = [w for w in WORKLOADS if of(results, w, 1)]
    parts = [head, *(f"{note}\n" for note in results.get("notes", ())), f"![Processor time beside that of plasticdsl](images/{TIMES})\n"]
    parts += [section(results, w) for w in done]
    if any(of(results, w, 2) for w in done):
        parts.append(two_threads(results, done))
    if any(of(results, w, 1, s) for w in done for s in w.sizes if s != 1.0):
        parts.append(sizes(results, done))
    if results.get("soaks"):
        parts.append(soaks(results["soaks"]))
    return "\n".join(parts)


def soaks(found: Mapping[str, Mapping[str, Any]]) -> str:
    """What `soak.py` found in long runs."""
    rows = [
        ["network", "simulated", "events", "an event at first", "at last", "memory at first", "at most", "mean weight", "independent pairs"]
    ]
    for name, s in found.items():
        memory = (f"{s['warm_mb']:.1f} MB", f"{s['most_mb']:.1f} MB")
        weight = f"{s['began']:.6g} → {s['ended']:.6g}" if s["wanted"] is not None else f"within {100 * s['away']:.2f} %"
        wanted = "" if s["wanted"] is None else f"{s['wanted']:.6g}"
        each = (seconds(1e-9 * s["first_ns"]), seconds(1e-9 * s["last_ns"]))
        rows.append([name, f"{s['seconds']:.0f} s", f"{s['events']:.2e}", *each, *memory, weight, wanted])
    text = (
        "Events are spikes of what sends through plastic connections, times the connections of each; `at first` and `at last` are the first and the last "
        "quarter of a run in parts (processor time, on a machine that was busy with other programs), and memory is what the process held after the second "
        "part and at most from then on. Weights (in SI) of neurons that fire nearly independently drift as those of independent pairs do, by "
        "(A₊ τ₊ − A₋ τ₋) r² in a second; those that compete have come to rest before, and stay where they were. "
        "`python benchmarks/soak.py` does it again, and ends with 1 where memory grows, an event takes longer or weights are elsewhere."
    )
    return f"## For a long time\n\n{text}\n\n{table(rows)}"


def section(results: Mapping[str, Any], workload: Workload) -> str:
    """One workload on one thread."""
    if workload.name == START:
        return starts(results, workload)
    found = of(results, workload, 1)
    ours = ours_of(found)
    rows = [["tool", "time", "ratio", "per connection", "bandwidth", "build", "cold", "warm", "memory", "agrees"]]
    for m in found:
        moved = workload.least_bytes / per_connection(m, workload) / 1e9 / results["machine"]["bandwidth_gb_s"]
        rows.append(
            [
                m["tool"],
                spread(each(m, workload)),
                "" if ours is None else f"{ratio(m, ours, workload):.2f}",
                seconds(per_connection(m, workload)),
                f"{100 * moved:.0f} %",
                seconds(median([r["build"]["processor"] for r in m["rounds"]])),
                seconds(median(m["cold_s"])),
                seconds(median([start_of(r) for r in m["rounds"]])),
                f"{number(median([r['peak_mb'] for r in m['rounds']]))} MB",
                agrees(results, m, workload),
            ]
        )
    failed = [m for m in results["measurements"] if m["workload"] == workload.name and m["threads"] == 1 and "failed" in m]
    notes = "".join(f"\n{m['tool']} did not run: {m['failed']}.\n" for m in failed)
    head = f"## {workload.title}\n\n{workload.source}; time for each {workload.turn}, {rounds_of(found)}."
    return f"{head}\n\n{table(rows)}\n{values(results, found, workload)}{notes}"


def rounds_of(found: Sequence[Measurement]) -> str:
    """How many rounds there were, and of which tools fewer."""
    counts = [len(m["rounds"]) for m in found]
    fewer = [f"{m['tool']} {count}" for m, count in zip(found, counts, strict=True) if count != max(counts)]
    return f"{max(counts)} round{'s' * (max(counts) > 1)}" + (f" ({', '.join(fewer)})" if fewer else "")


def starts(results: Mapping[str, Any], workload: Workload) -> str:
    """What a process takes before it simulates."""
    rows = [["tool", "cold", "warm", "memory"]]
    for m in of(results, workload, 1):
        warm, memory = median([start_of(r) for r in m["rounds"]]), median([r["peak_mb"] for r in m["rounds"]])
        rows.append([m["tool"], seconds(median(m["cold_s"])), seconds(warm), f"{number(memory)} MB"])
    return f"## {workload.title}\n\n{workload.source}. The whole process, with everything that it starts.\n\n{table(rows)}"


def agrees(results: Mapping[str, Any], measurement: Measurement, workload: Workload) -> str:
    reference = results["references"].get(workload.name, {})
    found = compared(measurement, reference.get(meaning_of(measurement["tool"], workload), {}), workload)
    wrong = [c.quantity for c in found if not c.agrees]
    return "–" if not found else "yes" if not wrong else f"no: {', '.join(wrong)}"


def values(results: Mapping[str, Any], found: Sequence[Measurement], workload: Workload) -> str:
    """What the tools found."""
    quantities = list(dict.fromkeys(q for m in found for q in m["rounds"][0]["found"]))
    if not quantities:
        return ""
    rows = [["found", *quantities]]
    for m in found:
        rows.append([m["tool"], *(number_of(m, q) for q in quantities)])
    for meaning, reference in results["references"].get(workload.name, {}).items():
        name = "expected" if meaning == AS_WRITTEN else f"expected, {meaning}"
        rows.append([name, *(f"{statistics.mean(reference[q]):.6g} ± {statistics.stdev(reference[q]):.1g}" for q in quantities)])
    return table(rows)


def number_of(measurement: Measurement, quantity: str) -> str:
    found = [r["found"][quantity] for r in measurement["rounds"] if quantity in r["found"]]
    return f"{statistics.mean(found):.6g}" if found else ""


def two_threads(results: Mapping[str, Any], done: Sequence[Workload]) -> str:
    """What a second thread brings."""
    rows = [["workload", "tool", "processor time", "on the clock", "faster on the clock than one thread", "ratio on the clock"]]
    for workload in done:
        if workload.name == START:
            continue
        both, single = of(results, workload, 2), {m["tool"]: m for m in of(results, workload, 1)}
        ours = ours_of(both)
        for m in both:
            gain = (
                median(each(single[m["tool"]], workload, "elapsed")) / median(each(m, workload, "elapsed")) if m["tool"] in single else None
            )
            rows.append(
                [
                    workload.name,
                    m["tool"],
                    seconds(median(each(m, workload))),
                    seconds(median(each(m, workload, "elapsed"))),
                    "" if gain is None else f"{gain:.2f}",
                    "" if ours is None else f"{ratio(m, ours, workload, 'elapsed'):.2f}",
                ]
            )
    return (
        "## Two threads\n\nThe same on two threads. The time on the clock is lengthened by whatever else runs on the machine.\n\n"
        + table(rows)
    )


def sizes(results: Mapping[str, Any], done: Sequence[Workload]) -> str:
    """Time per connection against size."""
    parts = [
        f"## Size\n\nTime for each connection that is passed, in networks of other sizes.\n\n![Time per connection against size](images/{SIZES})\n"
    ]
    for workload in done:
        curve = dict(curves(results, workload))
        if not curve:
            continue
        there = sorted({s for points in curve.values() for s, _ in points})
        rows = [[workload.name, *(f"× {s:g}" for s in there)]]
        rows += [[tool, *(seconds(dict(points)[s]) if s in dict(points) else "" for s in there)] for tool, points in curve.items()]
        parts.append(table(rows))
    return "\n".join(parts)


def curves(results: Mapping[str, Any], workload: Workload) -> Iterator[tuple[str, list[tuple[float, float]]]]:
    """Tool, and size with seconds per connection; tools of which there are two sizes or more."""
    found: dict[str, list[tuple[float, float]]] = {}
    for size in workload.sizes:
        for m in of(results, workload, 1, size):
            found.setdefault(m["tool"], []).append((size, per_connection(m, workload)))
    return ((tool, points) for tool, points in found.items() if len(points) > 1)


# --- figures ---------------------------------------------------------------------------------------------------------


def draw(results: Mapping[str, Any], folder: Path) -> None:
    """Both figures."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    done = [w for w in WORKLOADS if of(results, w, 1) and w.name != START]
    tools = list(dict.fromkeys(m["tool"] for w in done for m in of(results, w, 1)))
    colours = dict(zip(tools, plt.get_cmap("tab10").colors, strict=False))
    figure, axes = plt.subplots(figsize=(7.5, 1.2 + 0.5 * len(done)), layout="constrained")
    for row, workload in enumerate(done):
        found = of(results, workload, 1)
        ours = ours_of(found)
        for m in found if ours is not None else ():
            axes.plot(ratio(m, ours, workload), row, "o", color=colours[m["tool"]], label=m["tool"], markersize=8)
    axes.axvline(1.0, color="0.7", zorder=0)
    axes.set(
        xscale="log",
        yticks=range(len(done)),
        yticklabels=[w.name for w in done],
        xlabel="processor time, plasticdsl in double precision = 1",
    )
    axes.invert_yaxis()
    handles = dict(zip(*reversed(axes.get_legend_handles_labels()), strict=True))
    axes.legend(handles.values(), handles.keys(), loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False)
    figure.savefig(folder / TIMES, dpi=120, metadata={"Software": None})
    plt.close(figure)
    panels = [w for w in done if any(curves(results, w))]
    if not panels:
        return
    figure, grid = plt.subplots(1, len(panels), figsize=(4.0 * len(panels) + 2.0, 3.4), layout="constrained", squeeze=False)
    lines = {}
    for axes, workload in zip(grid[0], panels, strict=True):
        for tool, points in curves(results, workload):
            (lines[tool],) = axes.plot([s for s, _ in points], [t * 1e9 for _, t in points], "o-", color=colours[tool])
        axes.set(xscale="log", yscale="log", xlabel="size of the network", ylabel="ns per connection passed", title=workload.name)
        axes.set_xticks(workload.sizes, [f"× {size:g}" for size in workload.sizes])
        axes.tick_params(axis="x", which="minor", bottom=False, labelbottom=False)
    figure.legend(lines.values(), lines.keys(), loc="outside right center", frameon=False, fontsize=9)
    figure.savefig(folder / SIZES, dpi=120, metadata={"Software": None})
    plt.close(figure)


def write(results: Mapping[str, Any]) -> None:
    """The page and its figures."""
    PAGE.write_text(page(results), encoding="utf-8")
    draw(results, DOCS / "images")
