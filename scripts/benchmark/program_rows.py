"""The rows that are real programs, on generated input."""

from __future__ import annotations

import dataclasses
import os
import subprocess
from collections.abc import Callable
from typing import Any

from . import inputs
from .redis_row import RedisRow
from .rows import Row

SOURCES = os.path.join(os.path.dirname(os.path.realpath(__file__)), "programs")


@dataclasses.dataclass(frozen=True)
class Program:
    """One row to be: `make` generates its input in a directory and gives the row's command and what goes with it."""

    name: str
    description: str
    make: Callable[[str, float], dict[str, Any]]
    quick: bool = False  # part of --quick
    row_type: type[Row] = Row

    def row(self, scratch: str, size: float) -> Row:
        """The row, `size` times as long as usual, with a directory of its own."""
        directory = os.path.join(scratch, self.name)
        os.mkdir(directory)
        return self.row_type(name=self.name, kind="program", description=self.description, directory=directory,
                             **self.make(directory, size))


def source(name: str) -> str:
    """The path of one of the programs kept here."""
    return os.path.join(SOURCES, name)


def times(size: float, usual: int) -> str:
    """An argument that says how much to do."""
    return str(max(1, round(size * usual)))


def python_objects(_: str, size: float) -> dict[str, Any]:
    """PYTHONMALLOC: or Python's own allocator would take all small objects."""
    return {"command": ["/usr/bin/python3", source("objects.py"), times(size, 60)],
            "extra": {"PYTHONMALLOC": "malloc", "PYTHONHASHSEED": "0"}}


def python_json(_: str, size: float) -> dict[str, Any]:
    """As users run Python, its own allocator in front."""
    return {"command": ["/usr/bin/python3", source("json_roundtrip.py"), times(size, 8000)],
            "extra": {"PYTHONHASHSEED": "0"}}


def gcc(directory: str, size: float) -> dict[str, Any]:
    """The driver starts the compiler proper, whose memory is the largest."""
    inputs.c_source(os.path.join(directory, "large.c"), int(times(size, 40)))
    return {"command": ["gcc", "-O2", "-w", "-S", "large.c", "-o", "large.s"], "outputs": ["large.s"]}


def gxx(_: str, __: float) -> dict[str, Any]:
    """One size only: most of the time goes into headers."""
    return {"command": ["g++", "-std=c++20", "-O1", "-S", source("templates.cc"), "-o", "templates.s"],
            "outputs": ["templates.s"]}


def perl(_: str, size: float) -> dict[str, Any]:
    """PERL_HASH_SEED: or the order of a hash differs from run to run."""
    return {"command": ["perl", source("words.pl"), times(size, 100000)], "extra": {"PERL_HASH_SEED": "0"}}


def gawk(_: str, size: float) -> dict[str, Any]:
    """Associative arrays and strings."""
    return {"command": ["gawk", "-v", "size=" + times(size, 150000), "-f", source("words.awk")]}


def sqlite_memory(directory: str, size: float) -> dict[str, Any]:
    """A database that is all malloc."""
    inputs.sql_script(os.path.join(directory, "script.sql"), int(times(size, 40000)))
    return {"command": ["sqlite3", ":memory:", ".read script.sql"]}


def sqlite_file(directory: str, size: float) -> dict[str, Any]:
    """The same in a file, with a cache of pages."""
    inputs.sql_script(os.path.join(directory, "script.sql"), int(times(size, 40000)))
    return {"prepare": ["rm", "-f", "file.db", "file.db-journal"],
            "command": ["sqlite3", "file.db", ".read script.sql"],
            "check": ["sqlite3", "file.db", "PRAGMA integrity_check; SELECT count(*) FROM notes;"]}


def redis(_: str, size: float) -> dict[str, Any]:
    """The server is what is measured; see redis_row.py."""
    return {"command": ["redis-server"], "requests": int(times(size, 20000))}


def git_gc(directory: str, size: float) -> dict[str, Any]:
    """Loose objects into one pack with deltas, on a fresh copy of the repository each time."""
    inputs.git_repository(os.path.join(directory, "repository"), int(times(size, 400)))
    return {"prepare": ["sh", "-c", "rm -rf copy && cp -r repository copy"],
            "command": ["git", "-C", "copy", "-c", "pack.threads=2", "gc", "--quiet", "--prune=now"],
            "check": ["git", "-C", "copy", "cat-file", "--batch-all-objects", "--batch"]}


def xz(directory: str, size: float) -> dict[str, Any]:
    """Two threads, a few large blocks each."""
    inputs.text_file(os.path.join(directory, "text"), int(times(size, 4500000)))
    return {"command": ["xz", "-T2", "-3", "--block-size=750000", "--stdout", "text"], "threads": 2}


def node(_: str, size: float) -> dict[str, Any]:
    """Buffers in three threads; JavaScript's heap itself is mmap."""
    return {"command": ["node", source("buffers.js"), times(size, 6000)], "threads": 3}


def java(directory: str, size: float) -> dict[str, Any]:
    """Java's heap is mmap; the virtual machine and its compilers use malloc."""
    subprocess.run(["javac", "-d", directory, source("Start.java")], check=True)
    return {"command": ["java", "-Xmx64m", "-XX:+UseSerialGC", "Start", times(size, 20000)], "threads": 4}


PROGRAMS = (
    Program("python_objects", "python3 with PYTHONMALLOC=malloc: trees, dictionaries, strings", python_objects, True),
    Program("python_json", "python3: json written and read, records changed", python_json),
    Program("gcc", "gcc -O2 of a generated C source", gcc, True),
    Program("g++", "g++ -O1 of a source that includes much of the standard library", gxx),
    Program("perl", "perl: hashes, strings, regular expressions", perl, True),
    Program("gawk", "gawk: associative arrays, strings", gawk),
    Program("sqlite_memory", "sqlite3: inserts, indices, joins in memory", sqlite_memory, True),
    Program("sqlite_file", "sqlite3: the same in a file", sqlite_file),
    Program("redis", "redis-server: wall is redis-benchmark's, memory and CPU the server's", redis, True, RedisRow),
    Program("git_gc", "git gc of a repository of loose objects", git_gc),
    Program("xz", "xz -T2 of a text file", xz),
    Program("node", "node: buffers, zlib, two workers", node),
    Program("java", "java: start, four threads, strings", java),
)
