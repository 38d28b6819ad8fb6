"""The allocators that are compared: where they are, how a program gets them, which version they are."""

from __future__ import annotations

import dataclasses
import glob
import os
import platform
import subprocess


class Unusable(Exception):
    """An allocator that is not there, or that the dynamic linker does not take."""


@dataclasses.dataclass(frozen=True)
class Allocator:
    """One column of the tables. `library` is None for glibc, which needs no preload."""

    name: str
    library: str | None
    version: str
    is_libma: bool = False
    options: str = ""

    def environment(self) -> dict[str, str]:
        """What a program's environment needs to run on this allocator."""
        env = {}
        if self.library:
            env["LD_PRELOAD"] = self.library
        if self.options:
            env["MA_OPTIONS"] = self.options
        return env


# Name, Debian package, where its library lies.
PEERS = {
    "glibc": ("libc6", None),
    "jemalloc": ("libjemalloc2", "/usr/lib/*/libjemalloc.so.2"),
    "mimalloc": ("libmimalloc2.0", "/usr/lib/*/libmimalloc.so.2"),
    "tcmalloc": ("libtcmalloc-minimal4", "/usr/lib/*/libtcmalloc_minimal.so.4"),
    "tbbmalloc": ("libtbbmalloc2", "/usr/lib/*/libtbbmalloc_proxy.so.2"),
    "scudo": (
        "libclang-rt-14-dev",
        "/usr/lib/llvm-14/lib/clang/*/lib/linux/libclang_rt.scudo_standalone-%s.so" % platform.machine(),
    ),
}


def output_of(*command: str) -> str:
    """What `command` prints, without its last newline; empty when it fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""


def find_peer(name: str) -> Allocator:
    """The peer of this name, as installed."""
    package, pattern = PEERS[name]
    library = None
    if pattern is not None:
        found = sorted(path for path in glob.glob(pattern) if platform.machine() in path)
        if not found:
            raise Unusable("%s: no %s; scripts/install-bench-tools installs %s" % (name, pattern, package))
        library = found[0]
    version = output_of("dpkg-query", "-W", "-f", "${Version}", package)
    if name == "glibc":
        version = output_of("getconf", "GNU_LIBC_VERSION").replace("glibc ", "") + " (%s)" % version
    return Allocator(name, library, version)


def from_argument(argument: str, default_name: str, options: str) -> Allocator:
    """A libma.so: NAME=PATH or PATH, as given to --libma."""
    name, equals, path = argument.partition("=")
    if not equals:
        name, path = default_name, argument
    path = os.path.abspath(path)
    if not os.path.exists(path):
        raise Unusable("%s: no such file: %s" % (name, path))
    return Allocator(name, path, os.path.basename(os.path.realpath(path)).removeprefix("libma.so."), True, options)


def check_preload(allocator: Allocator) -> None:
    """ld.so goes on with a warning when it cannot preload; the figures would then be glibc's."""
    if allocator.library is None:
        return
    env = dict(allocator.environment(), PATH="/usr/bin:/bin")
    done = subprocess.run(["cat", "/proc/self/maps"], env=env, capture_output=True, text=True, check=False)
    if os.path.realpath(allocator.library) not in done.stdout:
        why = done.stderr.strip() or "exit status %d" % done.returncode
        raise Unusable("%s does not load: %s" % (allocator.name, why))


def cpu_model() -> str:
    """The processor's name, or the architecture's."""
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        for line in file:
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.machine()


def machine() -> dict[str, str]:
    """What the figures were measured on."""
    with open("/proc/meminfo", encoding="utf-8") as file:
        kib = int(file.readline().split()[1])
    return {
        "cpu": cpu_model(),
        "cores": str(len(os.sched_getaffinity(0))),
        "memory": "%.1f GiB" % (kib / 1024 / 1024),
        "kernel": platform.release(),
        "load": "%.1f" % os.getloadavg()[0],
    }
