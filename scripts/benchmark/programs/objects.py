"""Build and drop objects of many kinds: objects.py SIZE. Prints a checksum."""

import sys


class Node:
    """A node of a binary tree, with a dictionary of its own."""

    def __init__(self, depth: int, number: int) -> None:
        self.label = "node %d" % number
        self.children = [Node(depth - 1, 2 * number + i) for i in range(2)] if depth else []

    def count(self) -> int:
        """Nodes of this tree whose label ends in an even digit."""
        return int(self.label[-1] in "02468") + sum(child.count() for child in self.children)


def trees(size: int) -> int:
    """Whole trees, made and dropped."""
    return sum(Node(9, i).count() for i in range(size))


def tables(size: int) -> int:
    """Dictionaries that grow, of strings and tuples, half of which are deleted again."""
    total = 0
    for repeat in range(size):
        table = {"key %d" % i: (i, [i] * (i % 40), str(i) * (i % 7)) for i in range(2000)}
        for i in range(0, 2000, 2):
            del table["key %d" % i]
        total += sum(len(value[1]) + len(value[2]) for value in table.values()) + repeat
    return total


def texts(size: int) -> int:
    """Strings and byte strings from a few bytes to 200 KiB."""
    kept: list[bytes] = []
    total = 0
    for i in range(size * 40):
        piece = bytes([i % 251]) * (17 * i % 4000 + 200_000 * (i % 97 == 0))
        kept.append(piece + b"end")
        if len(kept) > 500:
            total += len(kept.pop(i % 500))
    return total + len(b"".join(kept))


def main() -> None:
    """All three, in turns."""
    size = int(sys.argv[1])
    print(trees(size), tables(size), texts(size * 10))


main()
