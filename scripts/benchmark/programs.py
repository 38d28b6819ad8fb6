"""Real programs: what they are given to do, and the inputs that are made for it."""

from __future__ import annotations

import os
import random
import shutil
import subprocess

from .rows import Row

HERE = os.path.dirname(os.path.realpath(__file__))
PROGRAMS = os.path.join(HERE, "programs")

# One function of the generated C source; gcc -O2 takes some 25 ms for each.
FUNCTION = """
struct s{i} {{ int a, b; double d[{fields}]; struct s{before} *p; }};
static int f{i}(int x, struct s{i} *s)
{{
    int r = x;
    for (int j = 0; j < {turns}; j++) {{
        r += j * {i};
        if (r % {modulus} == 0) s->a += r; else s->b ^= r;
        switch (r % 4) {{ case 0: r += s->a; break; case 1: r -= s->b; break; case 2: r *= 3; break; default: s->d[0] += r; }}
    }}
    return r + (s->a > {i});
}}
int g{i}(int x) {{ struct s{i} s = {{ {i}, x }}; return f{i}(x, &s); }}
"""

SQL = """
create table t(a integer primary key, b text, c text);
with recursive n(i) as (select 1 union all select i + 1 from n where i < {rows})
    insert into t select i, 'text' || (i * 7919 % 100003), hex(i * 31) from n;
create index x on t(b);
select count(*), sum(length(c)) from t join (select b bb, count(*) k from t group by b) on b = bb;
delete from t where a % 3 = 0;
update t set c = c || b where a % 5 = 0;
select count(distinct b), sum(length(c)) from t;
"""


def write(path: str, text: str) -> str:
    """Make a file; its path."""
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


def c_source(path: str, functions: int) -> str:
    """A C file of so many functions."""
    bodies = [FUNCTION.format(i=i, before=max(i - 1, 0), fields=1 + i % 7, turns=3 + i % 9, modulus=2 + i % 5)
              for i in range(functions)]
    return write(path, "".join(bodies))


def text_file(path: str, kib: int) -> str:
    """Words and numbers, which compress as source code does."""
    rng = random.Random(1)
    words = ["".join(rng.choices("etaoinshrdlu", k=rng.randint(2, 9))) for _ in range(2000)]
    lines = (" ".join(rng.choices(words, k=10)) + " %d\n" % rng.randint(0, 99999) for _ in range(kib * 15))
    return write(path, "".join(lines))


def git_repository(path: str, commits: int) -> str:
    """A repository with loose objects, of so many commits to files that grow."""
    script = ["git init -q -b main ."]
    rng = random.Random(2)
    for i in range(commits):
        for _ in range(3):
            script.append("echo 'line %d of %d' >> file%d" % (rng.randint(0, 10**6), i, rng.randint(0, 20)))
        script.append("git add -A && git commit -q -m 'commit %d'" % i)
    os.mkdir(path)
    env = {"PATH": "/usr/bin:/bin", "HOME": path, "GIT_CONFIG_NOSYSTEM": "1"}
    for role in ("AUTHOR", "COMMITTER"):
        env.update({"GIT_%s_NAME" % role: "bench", "GIT_%s_EMAIL" % role: "bench@localhost",
                    "GIT_%s_DATE" % role: "2001-01-01T00:00:00Z"})
    subprocess.run(["sh", "-ec", "git config --global gc.auto 0\n" + "\n".join(script)], cwd=path, env=env, check=True)
    return path


def java_class(directory: str) -> None:
    """Compile the Java program."""
    subprocess.run(["javac", "-d", directory, os.path.join(PROGRAMS, "Start.java")], check=True)


def program_rows(scratch: str, size: float, quick: bool) -> list[Row]:
    """The rows, their inputs made in `scratch`; with `quick` a few of them."""
    def scaled(count: int) -> str:
        return str(max(1, round(count * size)))

    def source(name: str) -> str:
        return os.path.join(PROGRAMS, name)

    def row(name: str, description: str, command: list[str], threads: int = 1, **more: object) -> Row:
        return Row(name, "program", description, command, scratch, threads, **more)

    rows = [
        row("python_objects", "python3 builds and drops objects, dictionaries, strings",
            ["python3", source("objects.py"), scaled(10)]),
        row("python_json", "python3 writes and reads JSON",
            ["python3", source("json_roundtrip.py"), scaled(2000)]),
        row("gcc", "gcc -O2 of a large C source",
            ["gcc", "-O2", "-S", c_source(os.path.join(scratch, "large.c"), int(scaled(60))), "-o", "large.s"],
            outputs=["large.s"]),
        row("perl", "perl: hashes, lists, strings", ["perl", source("words.pl"), scaled(100000)]),
        row("sqlite", "sqlite3 in memory: inserts, an index, a join, deletions",
            ["sqlite3", ":memory:", SQL.format(rows=scaled(120000))]),
    ]
    if quick:
        return rows
    java_class(scratch)
    text_file(os.path.join(scratch, "text"), int(scaled(6000)))
    repository = git_repository(os.path.join(scratch, "repository"), int(scaled(300)))
    shutil.copy(source("redis.sh"), scratch)
    return rows + [
        row("g++", "g++ -O1 of templates", ["g++", "-O1", "-S", source("templates.cc"), "-o", "templates.s"],
            outputs=["templates.s"]),
        row("gawk", "gawk: associative arrays, strings", ["gawk", "-v", "size=" + scaled(80000), "-f", source("words.awk")]),
        row("node", "node: buffers, objects, worker threads", ["node", source("buffers.js"), scaled(2000)], 4),
        row("java", "java starts, threads and streams", ["java", "-XX:TieredStopAtLevel=1", "-cp", ".", "Start", scaled(20000)], 8),
        row("xz", "xz -T2 of 6 MB of text", ["xz", "-T2", "-k", "-f", "--block-size=2MiB", "text"], 2, outputs=["text.xz"]),
        row("git_gc", "git gc of a repository with loose objects", ["git", "-C", "copy", "gc", "-q", "--aggressive"], 2,
            prepare=["sh", "-c", "rm -rf copy && cp -r %s copy" % repository], compare=False),
        row("redis", "redis-server under redis-benchmark, which runs on the same allocator",
            ["bash", "redis.sh", scaled(60000)], 5, compare=False),
    ]
