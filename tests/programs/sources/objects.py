"""One thread, many objects: big integers, dictionaries, cycles for the collector, JSON, growing buffers."""

import array
import collections
import gc
import hashlib
import json
import random
import weakref


def show(name, text):
    print(name, hashlib.sha256(text.encode()).hexdigest())


def big_integers():
    a, b = 0, 1
    for _ in range(30000):
        a, b = b, a + b
    show("fibonacci", hex(a))
    show("power", hex(pow(3, 20000) // pow(7, 5000) % pow(10, 3000)))


class Node:
    def __init__(self, ring, number):
        self.ring = ring
        self.payload = [number] * (number % 40)


def cycles():
    dead = []
    for number in range(3000):
        ring = [Node(None, number + i) for i in range(5)]
        for node in ring:
            node.ring = ring
        weakref.finalize(ring[0], dead.append, number)
    del ring, node
    gc.collect()
    print("cycles", len(dead), len(gc.garbage))


def random_replacement():
    """Blocks of all sizes that live for random times, each checked when it dies."""
    dice = random.Random(7)
    held = {}
    for step in range(60000):
        slot = dice.randrange(3000)
        size = int(dice.paretovariate(0.7) * 16) % 300000
        old = held.get(slot)
        if old is not None and old.count(old[:1]) != len(old):
            print("block", slot, "was overwritten at step", step)
        held[slot] = bytes([step % 256]) * size
    show("replacement", "".join(str(len(held[slot])) for slot in sorted(held)))


def documents():
    document = {str(i): {"list": list(range(i % 30)), "text": "é\n" * (i % 50)} for i in range(5000)}
    text = json.dumps(document, sort_keys=True)
    print("json", len(text), json.loads(text) == document)
    show("indented", json.dumps(json.loads(text), indent=1, sort_keys=True))


def growth():
    buffer, numbers, text = bytearray(), array.array("q"), ""
    for i in range(100000):
        buffer += i.to_bytes(4, "little")
        numbers.append(i * i)
        text += chr(97 + i % 26)
    while len(buffer) > 1000:
        del buffer[len(buffer) * 2 // 3:]
    queue = collections.deque(range(200000), maxlen=777)
    print("growth", len(buffer), sum(numbers), len(text), sum(queue))


big_integers()
cycles()
random_replacement()
documents()
growth()
