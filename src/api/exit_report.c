/*
 * The summary at exit.
 *
 * Many programs close stderr in an exit handler, before libraries are done. So
 * where the summary is asked for, and only there, a duplicate of the descriptor
 * is kept, out of the way and closed on exec.
 */
#include "api/exit_report.h"

#include "base/options.h"
#include "base/report.h"
#include "ma.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/types.h>
#include <unistd.h>

enum { FIRST_DESCRIPTOR = 100 };

static int report_fd = STDERR_FILENO;

void exit_report_start(void)
{
    if (options.stats == 0) {
        return;
    }
    int saved_errno = errno;
    int fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, FIRST_DESCRIPTOR);
    report_fd = fd >= 0 ? fd : STDERR_FILENO;
    errno = saved_errno;
}

static __attribute__((destructor)) void report_at_exit(void)
{
    if (options.stats == 0) {
        return;
    }
    struct ma_stats stats;
    ma_stats(&stats);
    size_t heap = stats.break_bytes + stats.mmap_bytes;
    size_t free_share = heap > 0 ? stats.free_bytes * 100 / heap : 0;
    report_to(report_fd, "summary of process %d, %s", (int)getpid(), program_invocation_short_name);
    report_to(report_fd, "live bytes: %zu in %zu blocks", stats.live_bytes, stats.live_count);
    report_to(report_fd, "peak live bytes: %zu", stats.peak_live_bytes);
    report_to(report_fd, "allocations: %zu, releases: %zu", stats.allocate_count,
              stats.release_count);
    report_to(report_fd, "break bytes: %zu", stats.break_bytes);
    report_to(report_fd, "mmap bytes: %zu", stats.mmap_bytes);
    report_to(report_fd, "peak heap bytes: %zu", stats.peak_heap_bytes);
    report_to(report_fd, "free bytes: %zu in %zu blocks, %zu %% of the heap, the largest %zu",
              stats.free_bytes, stats.free_count, free_share, stats.largest_free);
}
