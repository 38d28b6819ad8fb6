"""The tables, as Markdown: they are readable on a terminal too."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .bars import all_bars
from .figures import Row, best, complete_rows, geometric_mean, value
from .probes import SERIES

# Of the probes that print one set of figures: what is shown, in this order.
COLUMNS = {
    "latency": ("malloc_p50", "malloc_p99", "malloc_p9999", "malloc_max", "free_p50", "free_p99", "free_p9999",
                "free_max", "noise_p9999", "noise_max"),
    "startup": ("us_min", "us_median", "peak_kib"),
    "idle_threads": ("threads", "baseline_kib", "resident_kib", "per_thread_kib"),
    "thread_gone": ("threads", "left_kib"),
    "one_frees": ("peak_kib", "mops"),
    "spike": ("peak_kib", "settled_kib", "settled_of_peak", "settled_over_live", "cpu_ms"),
    "phases": ("peak_kib", "peak_over_live", "end_over_live", "cpu_ms"),
    "long_run": ("peak_kib", "end_kib", "end_over_live", "ns"),
    "vector": ("peak_kib", "peak_over_live", "ms"),
    "sparse": ("resident_kib", "us"),
}

TITLES = {
    "latency": "Latency of single calls, ns",
    "scale_live": "A free and a malloc against the number of live objects, ns (in brackets: fetching one object)",
    "scale_threads": "Million replaced objects a second against the number of threads (more is better)",
    "startup": "Start of a program that does nothing",
    "idle_threads": "Threads that wait after they have freed all",
    "thread_gone": "What ended threads leave",
    "one_frees": "One thread allocates, another frees",
    "spike": "Two seconds after 99 of 100 small objects were freed",
    "phases": "Objects change their size from phase to phase",
    "long_run": "A cache after 20 million replacements by Zipf's law",
    "vector": "A vector that grows to 1 GiB",
    "sparse": "Zeroed blocks of 64 MiB of which one page is touched",
}


def table(header: Sequence[str], lines: Sequence[Sequence[str]], text_columns: int = 1) -> str:
    """Columns of even width; those after the text are right-aligned, for numbers."""
    widths = [max(len(line[i]) for line in [header, *lines]) for i in range(len(header))]

    def text(cells: Sequence[str]) -> str:
        return "| " + " | ".join(cell.ljust(w) if i < text_columns else cell.rjust(w)
                                 for i, (cell, w) in enumerate(zip(cells, widths))) + " |"

    rule = "| " + " | ".join("-" * w if i < text_columns else "-" * (w - 1) + ":" for i, w in enumerate(widths)) + " |"
    return "\n".join([text(header), rule, *map(text, lines)])


def ratio_cell(row: Row, name: str, names: Sequence[str], key: str) -> str:
    """A ratio to the best of the row."""
    found = value(row, name, key)
    return "failed" if found is None else "%.2f" % (found / best(row, names, key))


def best_cell(row: Row, names: Sequence[str], key: str) -> str:
    """What 1.00 stands for: seconds, or MiB."""
    found = best(row, names, key)
    return "%.1f MiB" % (found / 1024) if key == "peak_kib" else "%.3f s" % found


def ratio_table(rows: Sequence[Row], names: Sequence[str], key: str) -> str:
    """One line for each row, one for the geometric means."""
    lines = [[row["name"], best_cell(row, names, key), *(ratio_cell(row, name, names, key) for name in names)]
             for row in rows]
    complete = complete_rows(rows, names)
    if complete:
        means = [geometric_mean([value(row, name, key) / best(row, names, key) for row in complete]) for name in names]
        lines.append(["geometric mean", "%d rows" % len(complete), *("%.3f" % mean for mean in means)])
    return table(["row", "best", *names], lines)


def row_sections(rows: Sequence[Row], names: Sequence[str]) -> list[str]:
    """Time, memory, and what the rows are."""
    if not rows:
        return []
    parts = []
    for title, key in (("Wall time", "wall"), ("CPU time", "cpu"), ("Peak resident memory", "peak_kib")):
        parts += ["### %s, as a ratio to the best of the row" % title, ratio_table(rows, names, key)]
    about = [[row["name"], row["kind"], str(row["threads"]), row["description"]] for row in rows]
    return [*parts, "### The rows", table(["row", "kind", "threads", "what it does"], about, 4)]


def series_table(results: dict[str, list[dict[str, float]]], key: str) -> str:
    """One line for each allocator, one column for each value of `key`."""
    def cell(line: dict[str, float]) -> str:
        return "%.0f (%.0f)" % (line["ns"], line["walk_ns"]) if "ns" in line else "%.1f" % line["mops"]

    values = dict.fromkeys("%g" % line[key] for lines in results.values() for line in lines)
    body = [[name, *map(cell, lines)] for name, lines in results.items()]
    return table(["%s =" % key, *values], body)


def number(found: float) -> str:
    """Decimals only where they tell something."""
    return "%.0f" % found if abs(found) >= 100 else "%g" % found


def probe_table(name: str, results: dict[str, list[dict[str, float]]]) -> str:
    """One line for each allocator."""
    if name in SERIES:
        return series_table(results, SERIES[name])
    body = [[who, *(number(lines[0][key]) for key in COLUMNS[name])] for who, lines in results.items()]
    return table(["allocator", *COLUMNS[name]], body)


def probe_sections(probes: dict[str, Any]) -> list[str]:
    """A table for each probe."""
    parts = []
    for name, probe in probes.items():
        parts += ["### " + TITLES[name], probe_table(name, probe["results"])]
    return parts


def bar_sections(data: dict[str, Any], mine: Sequence[str], peers: Sequence[str]) -> list[str]:
    """A table for each build of libma."""
    parts = []
    for name in mine if peers else ():
        lines = [[bar.what, bar.limit, bar.reached, bar.verdict()] for bar in all_bars(data, name, peers)]
        if lines:
            parts += ["### Bars: " + name, table(["what", "bar", "reached", "verdict"], lines, 4)]
    return parts


def failure_sections(data: dict[str, Any]) -> list[str]:
    """Who failed, where and why."""
    parts = [(row["name"], row["failures"]) for row in data["rows"]]
    parts += [(name, probe["failures"]) for name, probe in data["probes"].items()]
    lines = ["- %s, %s: %s" % (where, name, why) for where, failures in parts for name, why in failures.items()]
    return ["### Failures", "\n".join(lines) if lines else "None."]


def about(data: dict[str, Any]) -> list[str]:
    """When, on what, which versions."""
    text = "%s%s: %s, %s cores, %s, Linux %s, load %s at the start; rounds: %d; took %d:%02d minutes." % (
        data["date"], " (a quick run)" if data["quick"] else "", *(data["machine"][key] for key in (
            "cpu", "cores", "memory", "kernel", "load")), data["rounds"], *divmod(data["seconds"], 60))
    versions = [[a["name"], a["version"], a["options"]] for a in data["allocators"]]
    return ["### Machine and versions", text, table(["allocator", "version", "MA_OPTIONS"], versions, 3)]


def report(data: dict[str, Any]) -> str:
    """Everything that was measured."""
    names = [allocator["name"] for allocator in data["allocators"]]
    mine = [allocator["name"] for allocator in data["allocators"] if allocator["is_libma"]]
    peers = [name for name in names if name not in mine]
    parts = [*about(data), *bar_sections(data, mine, peers), *row_sections(data["rows"], names),
             *probe_sections(data["probes"]), *failure_sections(data)]
    return "\n\n".join(parts) + "\n"
