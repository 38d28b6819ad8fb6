"""What is shown while the benchmark runs: one changing line on a terminal, else a line for each finished row."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from typing import Any


class Progress:
    """Writes to stderr."""

    def __init__(self) -> None:
        self.terminal = sys.stderr.isatty()
        self.started = time.monotonic()
        self.total = 0
        self.finished = 0

    def expect(self, count: int) -> None:
        """`count` more rows will come."""
        self.total += count

    def seconds(self) -> float:
        """Since the start."""
        return time.monotonic() - self.started

    def clock(self) -> str:
        """Minutes and seconds since the start."""
        return "%d:%02d" % divmod(int(self.seconds()), 60)

    def line(self, text: str, end: str) -> None:
        """Overwrite the terminal's line."""
        sys.stderr.write("\r\033[K" + text[:118] + end if self.terminal else text + end)
        sys.stderr.flush()

    def say(self, text: str) -> None:
        """A line that stays."""
        self.line(text, "\n")

    def ticker(self, name: str, rounds: int) -> Callable[[str, int], None]:
        """A function that is told which allocator runs now, in which round."""
        def tick(allocator: str, turn: int) -> None:
            if self.terminal:
                self.line("%s  %d/%d %s: round %d of %d, %s" % (
                    self.clock(), self.finished + 1, self.total, name, turn + 1, rounds, allocator), "")
        return tick

    def done(self, name: str, results: Mapping[str, Mapping[str, Any]], failures: Mapping[str, str]) -> None:
        """A row is finished."""
        self.finished += 1
        if self.terminal:
            self.line("", "")
            return
        walls = " ".join("%s %.3g" % (key, value["wall"]) for key, value in results.items())
        failed = "failed: " + " ".join(failures) if failures else ""
        self.line(" ".join(filter(None, (
            self.clock(), "%d/%d" % (self.finished, self.total), name, walls, failed))), "\n")
