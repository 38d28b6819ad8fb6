"""What the programs are given to work on: generated, and the same on every machine."""

from __future__ import annotations

import os
import random
import subprocess

WORDS = tuple("%s%s" % (start, end) for start in ("al", "be", "cor", "du", "en", "fra", "gol", "hi", "in", "jo")
              for end in ("pha", "ta", "n", "ra", "der", "me", "ster", "gh", "dex", "lt"))


def write(path: str, text: str) -> None:
    """A file of this text."""
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


C_FUNCTION = """
static int table_%(n)d[] = {%(numbers)s};
struct item_%(n)d { struct item_%(n)d *next; const char *name; int values[%(width)d]; };

int work_%(n)d(struct item_%(n)d *items, unsigned seed)
{
    int total = %(seed)d;
    for (struct item_%(n)d *item = items; item; item = item->next) {
        for (int i = 0; i < %(width)d; i++) {
            switch ((item->values[i] + seed) %% 5) {
            case 0: total += table_%(n)d[(unsigned)item->values[i] %% %(count)d]; break;
            case 1: total ^= item->values[i] << (i & 7); break;
            case 2: total -= strlen(item->name) * %(seed)d; break;
            case 3: item->values[i] = total / (i + 1); break;
            default: total += work_%(other)d(0, seed + i);
            }
        }
        if (total < 0) {
            printf("%%s: %%d\\n", item->name, total);
            total = abs(total) %% %(seed)d;
        }
    }
    return total;
}
"""


def c_source(path: str, functions: int) -> None:
    """A C source of many functions that loop, branch and call each other."""
    rng = random.Random(1)
    parts = ["#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n"]
    parts += ["int work_%d();\n" % n for n in range(functions)]
    for n in range(functions):
        numbers = [str(rng.randrange(1000000)) for _ in range(rng.randrange(4, 40))]
        parts.append(C_FUNCTION % {"n": n, "numbers": ", ".join(numbers), "count": len(numbers),
                                   "width": rng.randrange(2, 12), "seed": rng.randrange(1, 1000),
                                   "other": rng.randrange(functions)})
    write(path, "".join(parts))


def sql_script(path: str, records: int) -> None:
    """Inserts in transactions, indices, joins, deletes; what it selects is small."""
    rng = random.Random(2)
    lines = ["PRAGMA synchronous=OFF;",
             "CREATE TABLE people(id INTEGER PRIMARY KEY, name TEXT, town TEXT, age INTEGER);",
             "CREATE TABLE notes(person INTEGER, text TEXT, weight REAL);", "BEGIN;"]
    for i in range(records):
        lines.append("INSERT INTO people VALUES(%d,'%s %s','%s',%d);" % (
            i, rng.choice(WORDS), rng.choice(WORDS), rng.choice(WORDS), rng.randrange(100)))
        lines.append("INSERT INTO notes VALUES(%d,'%s',%.3f);" % (
            rng.randrange(records), " ".join(rng.choices(WORDS, k=rng.randrange(1, 20))), rng.random()))
        if i % 1000 == 999:
            lines.append("COMMIT; BEGIN;")
    lines += [
        "COMMIT;", "CREATE INDEX by_town ON people(town, age);", "CREATE INDEX by_person ON notes(person);",
        "SELECT town, count(*), sum(length(text)) FROM people JOIN notes ON person = id GROUP BY town ORDER BY town;",
        "SELECT count(*) FROM people a JOIN people b ON a.town = b.town AND a.age = b.age;",
        "SELECT length(group_concat(upper(text) || weight)) FROM notes WHERE text LIKE '%golster%';",
        "UPDATE notes SET text = text || ' and ' || person WHERE person % 3 = 0;",
        "DELETE FROM people WHERE age % 7 = 0;",
        "SELECT count(*), sum(length(text)) FROM notes LEFT JOIN people ON person = id WHERE name IS NULL;",
    ]
    write(path, "\n".join(lines) + "\n")


def text_file(path: str, size: int) -> None:
    """Text that compresses about as a log does."""
    rng = random.Random(3)
    with open(path, "w", encoding="ascii") as file:
        while file.tell() < size:
            file.write("%06d %s: %s\n" % (rng.randrange(10**6), rng.choice(WORDS),
                                          " ".join(rng.choices(WORDS, k=12))))


def git_stream(commits: int, files: int) -> str:
    """A history for git fast-import: each commit changes a line in three of the files."""
    rng = random.Random(4)
    contents = [[" ".join(rng.choices(WORDS, k=10)) for _ in range(60)] for _ in range(files)]
    parts = []
    for commit in range(commits):
        message = "Change %d" % commit
        parts.append("commit refs/heads/main\ncommitter A <a@example.org> %d +0000\ndata %d\n%s\n" % (
            1600000000 + commit, len(message), message))
        for number in range(files) if commit == 0 else rng.sample(range(files), 3):
            contents[number][rng.randrange(60)] = " ".join(rng.choices(WORDS, k=10))
            text = "\n".join(contents[number])
            parts.append("M 644 inline d%d/d%d/f%d\ndata %d\n%s\n" % (
                number % 7, number % 11, number, len(text), text))
    return "".join(parts)


def git_repository(path: str, commits: int) -> None:
    """A bare repository whose objects all are loose."""
    env = dict(os.environ, GIT_CONFIG_NOSYSTEM="1", GIT_CONFIG_GLOBAL="/dev/null")
    subprocess.run(["git", "init", "--quiet", "--bare", "-b", "main", path], check=True, env=env)
    subprocess.run(["git", "-c", "fastimport.unpackLimit=100000000", "fast-import", "--quiet"], cwd=path,
                   input=git_stream(commits, 150).encode(), check=True, env=env)
