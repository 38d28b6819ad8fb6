"""The run as a whole: options, allocators, rows and probes, what is written."""

from __future__ import annotations

import argparse
import dataclasses
import datetime
import json
import os
import re
import subprocess
import sys
import tempfile
from typing import Any

from . import allocators as peers
from .allocators import Allocator, Unusable
from .build import ROOT, BuildFailed, build, commit
from .documents import write_documents
from .measure import Runner
from .probes import PARTS, run_parts
from .program_rows import PROGRAMS, Program
from .progress import Progress
from .report import report
from .rows import Row, measure_row, workload_rows

QUICK_ROUNDS = 2
QUICK_WORKLOAD_SIZE = 0.06
QUICK_PROGRAM_SIZE = 0.2
TIMEOUT_SECONDS = 180.0

# How long several threads take depends on how the machine lets them run side by side: the least of a few runs is still chance.
THREADED_TIMES = 3

SHARED_MEMORY = "/dev/shm"
SCRATCH_BYTES = 1 << 30


def parser() -> argparse.ArgumentParser:
    """The options."""
    result = argparse.ArgumentParser(prog="scripts/bench", description="Measure libma against other allocators.")
    add = result.add_argument
    add("--quick", action="store_true", help="everything small, a few programs only, in under three minutes")
    add("--rows", metavar="REGEX", help="only rows whose name contains a match")
    for part, probes in PARTS.items():
        add("--" + part, action="store_true", help="only the probes " + ", ".join(name for name, _ in probes))
    add("--list", action="store_true", help="list the rows and end")
    add("--allocators", metavar="A,B,...", help="some of: libma " + " ".join(peers.PEERS))
    add("--libma", metavar="[NAME=]PATH", action="append", help="a libma.so that is built already; repeatable")
    add("--options", metavar="STRING", default="", help="MA_OPTIONS for libma")
    add("--rounds", metavar="N", type=int, help="default: 5")
    add("--build", metavar="DIR", default=os.path.join(ROOT, "build"), help="default: build/")
    add("--json", metavar="FILE", help="write all figures to a file")
    add("--write-docs", action="store_true", help="write docs/performance.md, .json, .svg; needs a run of everything")
    return result


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """The options, checked, with defaults filled in: `parts` are the probes to run, `with_rows` says if rows are."""
    command_line = parser()
    options = command_line.parse_args(arguments)
    options.parts = [part for part in PARTS if getattr(options, part)]
    options.everything = not options.parts and options.rows is None
    options.with_rows = options.everything or options.rows is not None
    if options.everything:
        options.parts = list(PARTS)
    if options.rounds is None:
        options.rounds = QUICK_ROUNDS if options.quick else 5
    if options.rounds < 1:
        command_line.error("--rounds: at least 1")
    if options.write_docs and not options.everything:
        command_line.error("--write-docs needs a run of everything: no --rows, and none of the parts")
    options.pattern = re.compile(options.rows or "")
    options.names = options.allocators.split(",") if options.allocators else ["libma", *peers.PEERS]
    unknown = [name for name in options.names if name != "libma" and name not in peers.PEERS]
    if unknown:
        command_line.error("--allocators: no %s; there are libma %s" % (" ".join(unknown), " ".join(peers.PEERS)))
    return options


def libma_builds(options: argparse.Namespace) -> list[Allocator]:
    """The build of this source, or those that --libma names."""
    if options.libma:
        return [peers.from_argument(argument, "libma", options.options) for argument in options.libma]
    if "libma" not in options.names:
        return []
    built = peers.from_argument(os.path.join(options.build, "libma.so"), "libma", options.options)
    return [dataclasses.replace(built, version="%s (%s)" % (built.version, commit()))]


def installed_peers(options: argparse.Namespace, progress: Progress) -> list[Allocator]:
    """The peers that work here; the others are named."""
    found = []
    for name in options.names:
        if name == "libma":
            continue
        try:
            peer = peers.find_peer(name)
            peers.check_preload(peer)
            found.append(peer)
        except Unusable as unusable:
            progress.say("left out: %s" % unusable)
    return found


def chosen_allocators(options: argparse.Namespace, progress: Progress) -> list[Allocator]:
    """The columns of the tables, libma first."""
    mine = libma_builds(options)
    names = [allocator.name for allocator in mine]
    if len(set(names)) < len(names) or set(names) & set(peers.PEERS):
        raise Unusable("two allocators of one name; give each build its own: --libma NAME=PATH")
    for allocator in mine:
        peers.check_preload(allocator)
    found = mine + installed_peers(options, progress)
    if not found:
        raise Unusable("no allocator to measure")
    return found


def chosen_programs(options: argparse.Namespace) -> list[Program]:
    """The real programs that --rows and --quick leave."""
    return [program for program in PROGRAMS
            if options.pattern.search(program.name) and (program.quick or not options.quick)]


def chosen_workloads(options: argparse.Namespace, workload: str, directory: str) -> list[Row]:
    """The workloads that --rows leaves."""
    rows = workload_rows(workload, QUICK_WORKLOAD_SIZE if options.quick else 1, directory)
    return [row for row in rows if options.pattern.search(row.name)]


def print_list(options: argparse.Namespace, workload: str) -> None:
    """All rows and probes that the options choose."""
    rows: list[Row | Program] = [*chosen_workloads(options, workload, ""), *chosen_programs(options)]
    for row in rows:
        print("%-22s %s" % (row.name, row.description))
    for part in options.parts if options.everything else ():
        print("%-22s %s" % ("--" + part, ", ".join(name for name, _ in PARTS[part])))


def rounds_of(row: Row, options: argparse.Namespace) -> int:
    """How often a row runs under each allocator."""
    return options.rounds * (THREADED_TIMES if row.threads > 1 and not options.quick else 1)


def measure_rows(options: argparse.Namespace, runner: Runner, workload: str, allocators: list[Allocator],
                 progress: Progress) -> list[dict[str, Any]]:
    """Workloads, then programs. Inputs are generated before the first run."""
    progress.say("%s  preparing the programs' inputs" % progress.clock())
    size = QUICK_PROGRAM_SIZE if options.quick else 1
    rows = chosen_workloads(options, workload, runner.scratch)
    rows += [program.row(runner.scratch, size) for program in chosen_programs(options)]
    progress.expect(len(rows))
    return [measure_row(row, runner, allocators, rounds_of(row, options), progress) for row in rows]


def scratch_parent() -> str | None:
    """Memory where there is enough, so that no disk is part of the figures; else the usual place."""
    try:
        shared = os.statvfs(SHARED_MEMORY)
    except OSError:
        return None
    usable = shared.f_bavail * shared.f_frsize >= SCRATCH_BYTES and not shared.f_flag & os.ST_NOEXEC
    return SHARED_MEMORY if usable and os.access(SHARED_MEMORY, os.W_OK) else None


def told_of(allocator: Allocator) -> dict[str, Any]:
    """What is kept of an allocator: where its library lies without where this tree does."""
    fields = dataclasses.asdict(allocator)
    library = fields["library"]
    if library is not None and library.startswith(ROOT + os.sep):
        fields["library"] = os.path.relpath(library, ROOT)
    return fields


def measure(options: argparse.Namespace, allocators: list[Allocator], progress: Progress) -> dict[str, Any]:
    """Everything that the options choose, as it is kept in the JSON file."""
    programs = os.path.join(os.path.abspath(options.build), "tests", "bench")
    data: dict[str, Any] = {
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "quick": options.quick,
        "rounds": options.rounds,
        "machine": peers.machine(),
        "allocators": [told_of(allocator) for allocator in allocators],
        "rows": [],
        "probes": {},
    }
    with tempfile.TemporaryDirectory(prefix="libma-bench-", dir=scratch_parent()) as scratch:
        runner = Runner(scratch, TIMEOUT_SECONDS)
        if options.with_rows:
            data["rows"] = measure_rows(options, runner, os.path.join(programs, "workload"), allocators, progress)
        data["probes"] = run_parts(os.path.join(programs, "probe"), options.parts, options.quick, runner, allocators,
                                   options.rounds, progress)
    data["seconds"] = round(progress.seconds())
    return data


def write_json(data: dict[str, Any], path: str) -> None:
    """All figures, for other programs."""
    with open(path, "w", encoding="utf-8") as file:
        json.dump(data, file, indent=1)
        file.write("\n")


def failed_on_libma(data: dict[str, Any]) -> bool:
    """Whether a row or a probe did not come through on libma."""
    mine = {allocator["name"] for allocator in data["allocators"] if allocator["is_libma"]}
    return any(mine & set(part["failures"]) for part in [*data["rows"], *data["probes"].values()])


def run(options: argparse.Namespace) -> int:
    """Install, build, measure, report. 1 when something fails on libma; a bar that is missed is no failure."""
    progress = Progress()
    subprocess.run([os.path.join(ROOT, "scripts", "install-bench-tools")], check=True, stdout=sys.stderr)
    progress.say("%s  building in %s" % (progress.clock(), options.build))
    build(options.build, ["workload", "probe"] + ([] if options.libma else ["ma_shared"]))
    if options.list:
        print_list(options, os.path.join(os.path.abspath(options.build), "tests", "bench", "workload"))
        return 0
    data = measure(options, chosen_allocators(options, progress), progress)
    print(report(data), end="")
    if options.json:
        write_json(data, options.json)
    if options.write_docs:
        docs = os.path.join(ROOT, "docs")
        write_json(data, os.path.join(docs, "performance.json"))
        write_documents(data, docs)
    return int(failed_on_libma(data))


def main(arguments: list[str] | None = None) -> int:
    """The exit status: 0, 1 when something failed, 2 for a wrong command line."""
    try:
        return run(parse(arguments))
    except (Unusable, BuildFailed, subprocess.CalledProcessError) as failed:
        print("scripts/bench: %s" % failed, file=sys.stderr)
    except KeyboardInterrupt:
        print("\nscripts/bench: interrupted", file=sys.stderr)
    return 1
