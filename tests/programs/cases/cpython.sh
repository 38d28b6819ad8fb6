# CPython's own regression tests (Debian's libpython3.11-testsuite), test by test: what passes without the
# library must pass with it, and what is skipped or fails without it must not change either.

# regrtest ARGUMENT...: run modules, then print each test's outcome. regrtest's own words hold timings, so they
# go to a log that is shown, not compared.
regrtest()
{
    uses /usr/bin/python3.11
    status_of /usr/bin/python3.11 -m test --junit-xml results.xml "$@" >log/regrtest 2>&1
    tail -n 1 log/regrtest
    LD_PRELOAD='' /usr/bin/python3.11 "$SOURCES/cpython_results.py" results.xml
}

# The same, with Python's small-object allocator out of the way: every object is a malloc.
regrtest_on_malloc()
{
    export PYTHONMALLOC=malloc
    regrtest "$@"
}

# The same with what forks pools of processes, but for a test that hangs at times on any allocator: a worker that is
# replaced while its pool is terminated never hears of the end (https://github.com/python/cpython/issues/78178).
regrtest_of_pools()
{
    regrtest "$@" -i '*TestPool.test_terminate'
}

case_gc() { regrtest_on_malloc test_gc test_weakset; }
case_weakref() { regrtest_on_malloc test_weakref -m 'ReferencesTestCase' -m 'FinalizeTestCase'; }
case_numbers() { regrtest_on_malloc test_long test_int test_struct; }
case_xml() { regrtest_on_malloc test_pyexpat test_xml_etree_c; }
case_ctypes() { regrtest test_ctypes; }
case_mmap_os() { regrtest test_mmap test_os; } # long
case_thread() { regrtest test_thread test_threading_local; }
case_threading() { regrtest test_threading; } # long timeout=120
case_fork1() { regrtest test_fork1; }
case_multiprocessing() { regrtest_of_pools test_multiprocessing_fork -m 'WithProcessesTestPool' -m 'WithProcessesTestQueue'; } # timeout=90

case_bytes_array() { regrtest_on_malloc test_bytes test_array test_memoryview test_memoryio; } # long timeout=120
case_json() { regrtest test_json; } # long timeout=120
case_list_dict_set() { regrtest_on_malloc test_list test_dict test_tuple test_set test_ordered_dict; } # long timeout=120
case_deque_heapq_sort() { regrtest_on_malloc test_deque test_heapq test_sort test_copy test_collections; } # long timeout=120
case_unicode_re() { regrtest_on_malloc test_unicode test_re; } # long timeout=120
case_decimal() { regrtest test_decimal; } # long timeout=120
case_itertools_functools() { regrtest_on_malloc test_itertools test_functools test_generators test_coroutines; } # long timeout=120
case_descr() { regrtest_on_malloc test_descr test_class test_super test_slice test_range; } # long timeout=120
case_hash_zlib() { regrtest test_hashlib test_zlib test_gzip; } # long timeout=120
case_weakref_all() { regrtest_on_malloc test_weakref; } # long timeout=180
case_pickle() { regrtest_on_malloc test_pickle test_pickletools; } # long timeout=180
case_buffer() { regrtest_on_malloc test_buffer; } # long timeout=180
case_compile_ast() { regrtest_on_malloc test_compile test_ast; } # long timeout=240
case_io() { regrtest test_io test_fileio test_file; } # long timeout=240
case_packers() { regrtest test_bz2 test_lzma test_zipfile test_tarfile; } # long timeout=300
case_queue() { regrtest test_queue; } # long timeout=120
case_threadsignals() { regrtest test_threadsignals; } # long timeout=120
case_faulthandler() { regrtest test_faulthandler; } # long timeout=180
case_signal() { regrtest test_signal; } # long timeout=240
case_subprocess_all() { regrtest test_subprocess; } # long timeout=240
case_tracemalloc() { regrtest test_tracemalloc; } # long timeout=120
case_multiprocessing_fork() { regrtest_of_pools test_multiprocessing_fork; } # long timeout=400
case_multiprocessing_forkserver() { regrtest_of_pools test_multiprocessing_forkserver; } # long timeout=400
case_multiprocessing_spawn() { regrtest_of_pools test_multiprocessing_spawn; } # long timeout=600
case_concurrent_futures() { regrtest test_concurrent_futures; } # long timeout=900
