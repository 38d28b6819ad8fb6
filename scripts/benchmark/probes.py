"""The parts of the benchmark that are no rows: latency, scale, start-up, threads that idle or are gone."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Any

from .allocators import Allocator
from .measure import Runner
from .progress import Progress
from .rows import repeat

# Part of the benchmark: the probes that belong to it, with their arguments in a quick run.
PARTS: dict[str, list[tuple[str, list[str]]]] = {
    "latency": [("latency", [])],
    "scale": [("scale_live", ["--max", "10000"]), ("scale_threads", [])],
    "startup": [("startup", ["50"])],
    "threads": [("idle_threads", []), ("thread_gone", ["1000"]), ("one_frees", ["1"])],
    "memory": [("spike", ["64"]), ("phases", ["20"]), ("long_run", ["200000"]), ("vector", ["64"]), ("sparse", ["50"])],
}

# Probes that take long, and whose sizes hardly differ from run to run.
ONCE = {"spike", "phases", "long_run"}

# Probes that print a line for each value of a key; all lines of another probe make up one set of figures.
SERIES = {"scale_live": "live", "scale_threads": "threads"}

# More than this many rounds would take long, and tell little more.
MAX_ROUNDS = 3

# Figures of which more is better; of all other times the least of several runs is kept.
MORE_IS_BETTER = {"mops"}

Lines = list[dict[str, float]]


def points(name: str, lines: Lines) -> Lines:
    """A series as it is; else one line with all the figures."""
    if name in SERIES:
        return [line for line in lines if SERIES[name] in line]
    return [{key: value for line in lines for key, value in line.items()}]


def merge(lines: Sequence[dict[str, float]]) -> dict[str, float]:
    """The same line of several runs: the best of each time, the median of each size."""
    merged = {}
    for key in lines[0]:
        values = [line[key] for line in lines]
        if key.endswith("_kib"):
            merged[key] = statistics.median_high(values)
        else:
            merged[key] = max(values) if key in MORE_IS_BETTER else min(values)
    return merged


def run_probe(probe: str, name: str, arguments: Sequence[str], runner: Runner, allocators: Sequence[Allocator],
              rounds: int, progress: Progress) -> dict[str, Any]:
    """One probe under all allocators, interleaved: its lines for each, and who failed."""
    command = [probe, name, *arguments]
    runs, failures = repeat(allocators, rounds, progress.ticker(name, rounds),
                            lambda allocator: points(name, runner.figures(command, allocator)))
    results = {who: [merge(same) for same in zip(*lines)] for who, lines in runs.items()}
    progress.done(name, {}, failures)
    return {"results": results, "failures": failures}


def run_parts(probe: str, parts: Sequence[str], quick: bool, runner: Runner, allocators: Sequence[Allocator],
              rounds: int, progress: Progress) -> dict[str, Any]:
    """The probes of the chosen parts, by name."""
    chosen = [(name, arguments if quick else []) for part in parts for name, arguments in PARTS[part]]
    progress.expect(len(chosen))
    rounds = 1 if quick else min(rounds, MAX_ROUNDS)
    return {name: run_probe(probe, name, arguments, runner, allocators, 1 if name in ONCE else rounds, progress)
            for name, arguments in chosen}
