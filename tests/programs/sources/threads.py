"""Threads that allocate, hand objects to one another through queues, and come and go."""

import concurrent.futures
import hashlib
import queue
import threading
import zlib


def pass_on(source, target):
    """Take blocks made by another thread, drop each, and make its successor."""
    while (item := source.get()) is not None:
        number, block = item
        target.put((number, zlib.compress(block, 1)[:8] + bytes(block)))
    target.put(None)


def pipeline():
    stages = [queue.Queue(50) for _ in range(4)]
    workers = [threading.Thread(target=pass_on, args=pair) for pair in zip(stages, stages[1:])]
    for worker in workers:
        worker.start()

    def feed():
        for number in range(1500):
            stages[0].put((number, bytearray(number * 37 % 60000)))
        stages[0].put(None)

    feeder = threading.Thread(target=feed)
    feeder.start()
    total = hashlib.sha256()
    while (item := stages[-1].get()) is not None:
        total.update(item[1])
    for worker in workers + [feeder]:
        worker.join()
    print("pipeline", total.hexdigest())


def short_lives():
    """More threads than ever run at once, each with a heap of its own for a moment."""
    sums = []

    def live(seed):
        held = [bytes([seed % 256]) * (i * seed % 5000) for i in range(100)]
        sums.append(sum(map(len, held)))

    for start in range(0, 600, 20):
        batch = [threading.Thread(target=live, args=(i,)) for i in range(start, start + 20)]
        for thread in batch:
            thread.start()
        for thread in batch:
            thread.join()
    print("short lives", len(sums), sum(sums))


def pool():
    def digest(n):
        return hashlib.blake2b(bytes(n * 3001 % 300000)).hexdigest()  # drops the GIL

    with concurrent.futures.ThreadPoolExecutor(8) as executor:
        print("pool", zlib.crc32("".join(executor.map(digest, range(800))).encode()))


pipeline()
short_lives()
pool()
