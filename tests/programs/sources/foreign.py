"""ctypes: the C allocation functions as a program finds them, callbacks, and memory freed by hand."""

import ctypes

libc = ctypes.CDLL(None, use_errno=True)
for name in ("malloc", "calloc", "realloc", "aligned_alloc", "memalign", "strdup"):
    getattr(libc, name).restype = ctypes.c_void_p
libc.free.argtypes = [ctypes.c_void_p]
libc.realloc.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
libc.malloc_usable_size.argtypes = [ctypes.c_void_p]
libc.malloc_usable_size.restype = ctypes.c_size_t


def blocks():
    for size in (0, 1, 24, 1000, 40000, 1 << 20, 20 << 20):
        block = libc.malloc(ctypes.c_size_t(size))
        print("malloc", size, block % 16, libc.malloc_usable_size(block) >= size)
        ctypes.memset(block, 0x5A, size)
        block = libc.realloc(block, size * 2 + 1)
        print("realloc kept", ctypes.string_at(block, min(size, 9)))
        libc.free(block)
    zeroed = libc.calloc(ctypes.c_size_t(999), ctypes.c_size_t(7))
    print("calloc", any(ctypes.string_at(zeroed, 999 * 7)))
    libc.free(zeroed)
    for alignment in (16, 64, 4096, 1 << 20):
        block = libc.aligned_alloc(ctypes.c_size_t(alignment), ctypes.c_size_t(alignment * 3))
        print("aligned_alloc", alignment, block % alignment)
        libc.free(block)


def impossible():
    for size in (1 << 62, (1 << 63) + 5, (1 << 64) - 1):
        ctypes.set_errno(0)
        print("impossible", libc.malloc(ctypes.c_size_t(size)), ctypes.get_errno())
    ctypes.set_errno(0)
    print("overflow", libc.calloc(ctypes.c_size_t(1 << 33), ctypes.c_size_t(1 << 33)), ctypes.get_errno())
    libc.free(None)


def callbacks():
    compare_type = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_int), ctypes.POINTER(ctypes.c_int))
    numbers = (ctypes.c_int * 2000)(*((i * 7919) % 2003 for i in range(2000)))
    libc.qsort(numbers, 2000, ctypes.sizeof(ctypes.c_int), compare_type(lambda a, b: a[0] - b[0]))
    print("sorted", list(numbers) == sorted(numbers), numbers[0], numbers[1999])


def given_by_libc():
    copy = libc.strdup(b"a string that libc allocated")
    print(ctypes.string_at(copy))
    libc.free(copy)
    line, room = ctypes.c_void_p(), ctypes.c_size_t()
    libc.fopen.restype = ctypes.c_void_p
    file = libc.fopen(b"/etc/passwd", b"r")
    lengths = []
    while (got := libc.getline(ctypes.byref(line), ctypes.byref(room), ctypes.c_void_p(file))) > 0:
        lengths.append(got)
    libc.fclose(ctypes.c_void_p(file))
    libc.free(line)
    print("lines", lengths)


blocks()
impossible()
callbacks()
given_by_libc()
