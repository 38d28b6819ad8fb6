"""Python's sqlite3 module: functions written in Python, large blobs, connections in several threads."""

import sqlite3
import threading
import zlib


class Longest:
    def __init__(self):
        self.text = ""

    def step(self, text):
        self.text = max(self.text, text, key=lambda t: (len(t), t))

    def finalize(self):
        return self.text


def fill(connection):
    connection.create_function("fold", 1, lambda text: text.casefold()[::-1])
    connection.create_aggregate("longest", 1, Longest)
    connection.execute("CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT, data BLOB)")
    rows = ((i, "Name%d" % (i * 7919 % 10007), bytes([i % 256]) * (i * 31 % 20000)) for i in range(3000))
    connection.executemany("INSERT INTO item VALUES (?, ?, ?)", rows)
    connection.execute("CREATE INDEX by_name ON item (name)")
    connection.commit()


def ask(connection):
    for query in ("SELECT count(*), sum(length(data)), longest(name) FROM item",
                  "SELECT fold(name) FROM item ORDER BY 1 LIMIT 5",
                  "SELECT a.id FROM item a JOIN item b ON a.name = b.name ORDER BY a.id DESC LIMIT 3"):
        print(connection.execute(query).fetchall())
    total = 0
    for (data,) in connection.execute("SELECT data FROM item ORDER BY id"):
        total = zlib.crc32(data, total)
    print("blobs", total)


def in_threads(path):
    counts = []

    def read(remainder):
        with sqlite3.connect(path) as mine:
            counts.append(len(mine.execute("SELECT data FROM item WHERE id % 4 = ?", (remainder,)).fetchall()))

    threads = [threading.Thread(target=read, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print("threads", sorted(counts))


database = sqlite3.connect("out/python.db")
fill(database)
ask(database)
in_threads("out/python.db")
copy = sqlite3.connect(":memory:")
database.backup(copy)
print("dump", zlib.crc32("\n".join(copy.iterdump()).encode()))
try:
    copy.execute("SELECT absent FROM item")
except sqlite3.OperationalError as error:
    print(error)
