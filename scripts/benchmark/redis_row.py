"""The row in which the measured program is a server, and its client another program."""

from __future__ import annotations

import dataclasses
import os
import platform
import subprocess
import time

from .allocators import Allocator
from .measure import Child, RunFailed, Runner, Sample, digest_of
from .rows import Row

# Debian's redis-server is linked with jemalloc. For glibc's column, the C library must come first.
GLIBC = "/lib/%s-linux-gnu/libc.so.6" % platform.machine()

PIPELINE = "16"
COMMANDS = "set,get,incr,lpush,rpush,lpop,rpop,sadd,hset,spop,zadd,mset"
START_SECONDS = 20.0


@dataclasses.dataclass
class RedisRow(Row):
    """The server runs under the allocator, redis-benchmark on its own: wall is the client's, the rest the server's."""

    requests: int = 0

    def socket(self) -> str:
        """Where server and clients meet."""
        return os.path.join(self.directory, "socket")

    def client(self, runner: Runner, *arguments: str) -> str:
        """What redis-cli says; empty when there is no server."""
        done = subprocess.run(["redis-cli", "-s", self.socket(), *arguments], capture_output=True, text=True,
                              check=False, timeout=START_SECONDS, env=runner.environment(None, None))
        return done.stdout

    def start_server(self, runner: Runner, allocator: Allocator) -> Child:
        """A server without files and ports."""
        if allocator.library is None:
            allocator = dataclasses.replace(allocator, library=GLIBC)
        command = [*self.command, "--port", "0", "--unixsocket", self.socket(), "--save", "", "--appendonly", "no",
                   "--jemalloc-bg-thread", "no"]
        return runner.start(command, allocator, self.directory, name="server")

    def await_server(self, runner: Runner) -> None:
        """Until it answers."""
        end = time.monotonic() + START_SECONDS
        while "PONG" not in self.client(runner, "ping"):
            if time.monotonic() > end:
                raise RunFailed("the server does not answer")
            time.sleep(0.02)

    def run_client(self, runner: Runner) -> Sample:
        """Keys are random, but not how many elements the lists have in the end."""
        client = runner.run(["redis-benchmark", "-s", self.socket(), "-n", str(self.requests), "-r", "20000", "-d",
                             "200", "-c", "20", "-P", PIPELINE, "-t", COMMANDS, "-q"], None, self.directory)
        with open(client.stdout, "w", encoding="utf-8") as file:
            file.write(self.client(runner, "llen", "mylist"))
        return client

    def measure(self, runner: Runner, allocator: Allocator) -> Sample:
        """One run of server and client."""
        server = self.start_server(runner, allocator)
        try:
            self.await_server(runner)
            client = self.run_client(runner)
            self.client(runner, "shutdown", "nosave")
            sample = server.finish(START_SECONDS)
        finally:
            server.kill()
        return dataclasses.replace(sample, wall=client.wall, digest=digest_of([client.stdout]))
