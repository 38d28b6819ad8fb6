"""multiprocessing by fork or spawn, subprocess, and a fork while other threads allocate."""

import multiprocessing
import os
import subprocess
import sys
import threading


def weigh(number):
    table = {str(i): [i] * (i % 50) for i in range(number)}
    return sum(map(len, table.values()))


def relay(connection):
    while (block := connection.recv()) is not None:
        connection.send(block[::-1])


def use_pool(context):
    with context.Pool(3) as pool:
        print("pool", pool.map(weigh, range(0, 6000, 150)))


def use_pipe(context):
    mine, theirs = context.Pipe()
    process = context.Process(target=relay, args=(theirs,))
    process.start()
    for size in (1, 1000, 70000, 3000000):
        mine.send(bytes(range(256)) * (size // 256 + 1))
        print("pipe", len(mine.recv()))
    mine.send(None)
    process.join()
    print("pipe ended with", process.exitcode)


def use_subprocess():
    script = "import sys; print(len(sys.stdin.read()))"
    for count in (0, 5000, 2000000):
        done = subprocess.run([sys.executable, "-c", script], input="x" * count, capture_output=True,
                              text=True, check=True)
        print("subprocess", done.stdout.strip(), repr(done.stderr))


def fork_amid_threads():
    """The child inherits the heap in whatever state the other threads had it, and must be able to use it."""
    stop = threading.Event()

    def churn():
        held = []
        while not stop.is_set():
            held = [bytearray(i * 531 % 40000) for i in range(200)] + held[:100]

    threads = [threading.Thread(target=churn) for _ in range(4)]
    for thread in threads:
        thread.start()
    statuses = []
    for i in range(25):
        child = os.fork()
        if child == 0:
            held = [bytearray(n * 97 % 100000) for n in range(100)]
            os._exit(len(held) % 256 ^ i)
        statuses.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    stop.set()
    for thread in threads:
        thread.join()
    print("forked", statuses)


if __name__ == "__main__":
    method = multiprocessing.get_context(sys.argv[1])
    use_pool(method)
    use_pipe(method)
    use_subprocess()
    fork_amid_threads()
