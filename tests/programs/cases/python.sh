# Debian's python3 on programs of ours; cases/cpython.sh runs Python's own tests.

python()
{
    uses /usr/bin/python3
    /usr/bin/python3 "$SOURCES/$1" "${@:2}"
}

case_threads() { python threads.py; }
case_processes_fork() { python processes.py fork; }
case_processes_spawn() { python processes.py spawn; }
case_objects() { PYTHONMALLOC=malloc python objects.py; }
case_objects_on_pymalloc() { python objects.py; }
case_ctypes() { python foreign.py; }
case_sqlite3() { python database.py; }

case_errors()
{
    uses /usr/bin/python3
    status_of /usr/bin/python3 -c 'bytes(1 << 62)'
    status_of /usr/bin/python3 -c 'import sys; sys.setrecursionlimit(5000); f = lambda: f(); f()' 2>&1 | tail -n 2
    /usr/bin/python3 -c 'import subprocess, sys; print(subprocess.run([sys.executable, "-c", "import os; os.abort()"]))'
    # Out of memory, and alive: the limit fails the big request, what is small goes on.
    /usr/bin/python3 -c '
import resource
resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
held = []
try:
    while True:
        held.append(bytes(50 << 20))
except MemoryError:
    assert len(held) > 10
    held.clear()
    print("out of memory, then", sum(len(str(i)) for i in range(200000)))'
}
