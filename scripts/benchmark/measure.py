"""Running one program under one allocator, and what it took."""

from __future__ import annotations

import dataclasses
import hashlib
import os
import re
import signal
import subprocess
from collections.abc import Sequence

from .allocators import Allocator

HERE = os.path.dirname(os.path.realpath(__file__))


class RunFailed(Exception):
    """A program crashed, took too long, or printed what it should not."""


@dataclasses.dataclass(frozen=True)
class Sample:
    """What one run took, and what it said."""

    wall: float  # seconds
    cpu: float  # seconds, user and system
    peak_kib: int
    stdout: str  # path
    digest: str = ""


def signal_name(number: int) -> str:
    """SIGSEGV for 11."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return "signal %d" % number


def digest_of(paths: Sequence[str]) -> str:
    """One hash over the contents of some files."""
    whole = hashlib.sha256()
    for path in paths:
        with open(path, "rb") as file:
            while piece := file.read(1 << 20):
                whole.update(piece)
    return whole.hexdigest()


class Child:
    """A program started by `launch`, in a session of its own, so that it can be ended with all it started."""

    def __init__(self, process: subprocess.Popen, report: str, stdout: str, stderr: str) -> None:
        self.process = process
        self.report = report
        self.stdout = stdout
        self.stderr = stderr

    def kill(self) -> None:
        """End the program and its descendants, and wait for it."""
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()

    def last_words(self) -> str:
        """The last line of stderr, for a failure's reason."""
        with open(self.stderr, encoding="utf-8", errors="replace") as file:
            lines = file.read().strip().splitlines()
        # Shells and compilers add lines of their own after the allocator's.
        told = [line for line in lines if line.startswith("libma:")] or lines
        return ": " + told[-1][:160] if told else ""

    def finish(self, timeout: float) -> Sample:
        """Wait for the end; raise RunFailed unless the exit status is 0."""
        try:
            self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise RunFailed("no end within %.0f s" % timeout) from None
        finally:
            self.kill()
        with open(self.report, encoding="ascii") as file:
            fields = file.read().split()
        if len(fields) != 5:
            raise RunFailed("not run" + self.last_words())
        status, wall_ns, user_us, system_us, peak_kib = map(int, fields)
        if status != 0:
            what = signal_name(-status) if status < 0 else "exit status %d" % status
            raise RunFailed(what + self.last_words())
        return Sample(wall_ns / 1e9, (user_us + system_us) / 1e6, peak_kib, self.stdout)


class Runner:
    """Builds `launch` and runs programs with it in a scratch directory."""

    def __init__(self, scratch: str, timeout: float) -> None:
        self.scratch = scratch
        self.timeout = timeout
        self.launch = os.path.join(scratch, "launch")
        subprocess.run(
            ["cc", "-O2", "-static", os.path.join(HERE, "launch.c"), "-o", self.launch], check=True)

    def environment(self, allocator: Allocator | None, extra: dict[str, str] | None) -> dict[str, str]:
        """Nothing is inherited: a caller's locale or PYTHONPATH would be part of the figures."""
        env = {"PATH": "/usr/bin:/bin", "HOME": self.scratch, "TMPDIR": self.scratch,
               "LC_ALL": "C.UTF-8", "TZ": "UTC"}
        env.update(extra or {})
        if allocator is not None:
            env.update(allocator.environment())
        return env

    def start(self, command: Sequence[str], allocator: Allocator | None, cwd: str | None = None,
              extra: dict[str, str] | None = None, name: str = "run") -> Child:
        """Start `command`; the caller must finish() or kill() it."""
        report, stdout, stderr = (os.path.join(self.scratch, name + suffix) for suffix in (".report", ".out", ".err"))
        open(report, "w", encoding="ascii").close()
        with open(stdout, "wb") as out, open(stderr, "wb") as err:
            process = subprocess.Popen(
                [self.launch, report, *command], cwd=cwd or self.scratch,
                env=self.environment(allocator, extra), stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                start_new_session=True)
        return Child(process, report, stdout, stderr)

    def run(self, command: Sequence[str], allocator: Allocator | None, cwd: str | None = None,
            extra: dict[str, str] | None = None, timeout: float | None = None) -> Sample:
        """Run `command` to its end under `allocator`."""
        return self.start(command, allocator, cwd, extra).finish(timeout or self.timeout)

    def figures(self, command: Sequence[str], allocator: Allocator) -> list[dict[str, float]]:
        """Run a program that prints lines of key=value; one dictionary for each line that has any."""
        sample = self.run(command, allocator)
        with open(sample.stdout, encoding="utf-8", errors="replace") as file:
            lines = [dict(re.findall(r"([\w.]+)=(-?[\d.]+(?:e[+-]?\d+)?)", line)) for line in file]
        return [{key: float(value) for key, value in line.items()} for line in lines if line]
