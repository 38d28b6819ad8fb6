"""Building the library and the programs that measure it, as a user builds it."""

from __future__ import annotations

import os
import subprocess

from .allocators import output_of

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))


class BuildFailed(Exception):
    """What a command of the build has printed."""


def run(*command: str) -> None:
    """Run a step of the build; quiet unless it fails."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode != 0:
        raise BuildFailed("%s failed:\n%s" % (" ".join(command), done.stdout))


def build(directory: str, targets: list[str]) -> None:
    """A Release build of these targets."""
    run("cmake", "-S", ROOT, "-B", directory, "-DCMAKE_BUILD_TYPE=Release")
    run("cmake", "--build", directory, "-j", str(len(os.sched_getaffinity(0))), "--target", *targets)


def commit() -> str:
    """What is built: the commit, and whether there are changes beyond it. Empty without git."""
    return output_of("git", "-C", ROOT, "describe", "--always", "--dirty=, changed")
