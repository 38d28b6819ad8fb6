/*
 * glibc's functions that tell of the heap, answered from ours.
 */
#include "ma.h"

#include <errno.h>
#include <limits.h>
#include <malloc.h>
#include <pthread.h>
#include <stdio.h>

/* glibc's fields: `arena` and `hblkhd` are what the system gave, `uordblks` and
 * `fordblks` share it among used and free. */
struct mallinfo2 mallinfo2(void)
{
    struct ma_stats stats;
    ma_stats(&stats);
    struct mallinfo2 info = {
        .arena = stats.break_bytes,
        .ordblks = stats.free_count,
        .hblks = stats.mmap_count,
        .hblkhd = stats.mmap_bytes,
        .usmblks = 0,
        .uordblks = stats.live_bytes + stats.overhead_bytes,
        .fordblks = stats.free_bytes,
        .keepcost = stats.top_free_bytes,
    };
    return info;
}

/* The older form holds ints; what does not fit wraps, as in glibc. */
struct mallinfo mallinfo(void)
{
    struct mallinfo2 info = mallinfo2();
    return (struct mallinfo){
        .arena = (int)info.arena,
        .ordblks = (int)info.ordblks,
        .hblks = (int)info.hblks,
        .hblkhd = (int)info.hblkhd,
        .uordblks = (int)info.uordblks,
        .fordblks = (int)info.fordblks,
        .keepcost = (int)info.keepcost,
    };
}

/* Tuning of glibc's own design has no counterpart here: accepted and ignored. */
int mallopt(int parameter, int value)
{
    (void)parameter;
    (void)value;
    return 1;
}

void malloc_stats(void)
{
    struct ma_stats stats;
    ma_stats(&stats);
    /* As glibc's, no point where a thread is cancelled. */
    int cancel_state;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel_state);
    fprintf(stderr,
            "Arena 0:\n"
            "system bytes     = %10zu\n"
            "in use bytes     = %10zu\n"
            "Total (incl. mmap):\n"
            "system bytes     = %10zu\n"
            "in use bytes     = %10zu\n"
            "max mmap regions = %10zu\n"
            "max mmap bytes   = %10zu\n",
            stats.break_bytes, stats.live_bytes, stats.break_bytes + stats.mmap_bytes,
            stats.live_bytes, stats.peak_mmap_count, stats.peak_mmap_bytes);
    pthread_setcancelstate(cancel_state, NULL);
}

int malloc_info(int options, FILE *stream)
{
    if (options != 0) {
        errno = EINVAL;
        return -1;
    }
    struct ma_stats stats;
    ma_stats(&stats);
    size_t system = stats.break_bytes + stats.mmap_bytes;
    int written =
        fprintf(stream,
                "<malloc version=\"1\">\n"
                "<heap nr=\"0\">\n<sizes>\n</sizes>\n"
                "<total type=\"fast\" count=\"0\" size=\"0\"/>\n"
                "<total type=\"rest\" count=\"%zu\" size=\"%zu\"/>\n"
                "<system type=\"current\" size=\"%zu\"/>\n"
                "<system type=\"max\" size=\"%zu\"/>\n"
                "<aspace type=\"total\" size=\"%zu\"/>\n"
                "<aspace type=\"mprotect\" size=\"%zu\"/>\n"
                "</heap>\n",
                stats.free_count, stats.free_bytes, system, stats.peak_heap_bytes, system, system);
    written |=
        fprintf(stream,
                "<total type=\"fast\" count=\"0\" size=\"0\"/>\n"
                "<total type=\"rest\" count=\"%zu\" size=\"%zu\"/>\n"
                "<total type=\"mmap\" count=\"0\" size=\"0\"/>\n"
                "<system type=\"current\" size=\"%zu\"/>\n"
                "<system type=\"max\" size=\"%zu\"/>\n"
                "<aspace type=\"total\" size=\"%zu\"/>\n"
                "<aspace type=\"mprotect\" size=\"%zu\"/>\n"
                "</malloc>\n",
                stats.free_count, stats.free_bytes, system, stats.peak_heap_bytes, system, system);
    return written < 0 ? -1 : 0;
}
