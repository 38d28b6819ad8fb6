"""Rows of the tables: what is run under every allocator, and the loop that runs it."""

from __future__ import annotations

import dataclasses
import os
import statistics
import subprocess
from collections.abc import Callable, Sequence
from typing import Any

from .allocators import Allocator
from .measure import RunFailed, Runner, Sample, digest_of
from .progress import Progress


@dataclasses.dataclass
class Row:
    """One program with its arguments.

    `prepare` runs before each measured run, `check` after it; neither is measured nor runs under an allocator.
    Compared across the allocators are stdout, what `check` prints, and the files `outputs`.
    """

    name: str
    kind: str  # "workload" or "program"
    description: str
    command: Sequence[str]
    directory: str
    threads: int = 1
    extra: dict[str, str] = dataclasses.field(default_factory=dict)
    prepare: Sequence[str] = ()
    check: Sequence[str] = ()
    outputs: Sequence[str] = ()

    def measure(self, runner: Runner, allocator: Allocator) -> Sample:
        """One run."""
        if self.prepare:
            subprocess.run(self.prepare, cwd=self.directory, check=True, env=runner.environment(None, None),
                           stdout=subprocess.DEVNULL)
        sample = runner.run(self.command, allocator, self.directory, self.extra)
        paths = [sample.stdout, *(os.path.join(self.directory, name) for name in self.outputs)]
        if self.check:
            paths.append(os.path.join(runner.scratch, "check.out"))
            with open(paths[-1], "wb") as out:
                subprocess.run(self.check, cwd=self.directory, check=True, stdout=out,
                               env=runner.environment(None, None))
        return dataclasses.replace(sample, digest=digest_of(paths))


def workload_rows(workload: str, size: float, directory: str) -> list[Row]:
    """The rows that `workload --list` names."""
    listing = subprocess.run([workload, "--list"], capture_output=True, text=True, check=True).stdout
    rows = []
    for line in listing.splitlines():
        name, threads, description = line.split("\t", 2)
        command = [workload, name] + ([] if size == 1 else ["--scale", "%g" % size])
        rows.append(Row(name, "workload", description, command, directory, int(threads)))
    return rows


def interleaved(allocators: Sequence[Allocator], rounds: int) -> list[tuple[int, Allocator]]:
    """A B C, B C A, C A B, ...: a slow moment of the machine, or a place in the order, hits no one allocator."""
    count = len(allocators)
    return [(turn, allocators[(turn + i) % count]) for turn in range(rounds) for i in range(count)]


def repeat(allocators: Sequence[Allocator], rounds: int, tick: Callable[[str, int], None],
           once: Callable[[Allocator], Any]) -> tuple[dict[str, list[Any]], dict[str, str]]:
    """Call `once` for all allocators, interleaved. Who fails is named with the reason, and left out from then on."""
    results: dict[str, list[Any]] = {allocator.name: [] for allocator in allocators}
    failures: dict[str, str] = {}
    for turn, allocator in interleaved(allocators, rounds):
        tick(allocator.name, turn)
        if allocator.name in failures:
            continue
        try:
            results[allocator.name].append(once(allocator))
        except RunFailed as failed:
            failures[allocator.name] = str(failed)
    return {name: values for name, values in results.items() if name not in failures}, failures


def different_outputs(samples: dict[str, list[Sample]]) -> dict[str, str]:
    """Who printed something else than the others did; glibc's output is right where there is one."""
    digests = {name: {sample.digest for sample in values} for name, values in samples.items()}
    if not digests:
        return {}
    right = digests["glibc"] if "glibc" in digests else next(iter(digests.values()))
    if len(right) > 1:
        return {name: "the program's output is not the same from run to run" for name in digests}
    return {name: "output differs" for name, found in digests.items() if found != right}


def measure_row(row: Row, runner: Runner, allocators: Sequence[Allocator], rounds: int,
                progress: Progress) -> dict[str, Any]:
    """All runs of one row, as they are kept in the JSON file."""
    samples, failures = repeat(allocators, rounds, progress.ticker(row.name, rounds),
                               lambda allocator: row.measure(runner, allocator))
    wrong = different_outputs(samples)
    failures.update(wrong)
    results = {
        name: {
            "wall": min(sample.wall for sample in values),
            "cpu": min(sample.cpu for sample in values),
            "peak_kib": statistics.median_high(sample.peak_kib for sample in values),
            "wall_all": [round(sample.wall, 6) for sample in values],
            "peak_kib_all": [sample.peak_kib for sample in values],
        }
        for name, values in samples.items() if name not in wrong
    }
    progress.done(row.name, results, failures)
    return {"name": row.name, "kind": row.kind, "threads": row.threads, "description": row.description,
            "results": results, "failures": failures}
