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
#include "check/quarantine.h"
#include "check/sites.h"
#include "front/front.h"
#include "ma.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

enum { FIRST_DESCRIPTOR = 100 };

static int report_fd = STDERR_FILENO;
static struct stat report_file; /* what report_fd led to at the start */

void exit_report_start(void)
{
    if (options.stats == 0 && options.leaks == 0) {
        return;
    }
    int saved_errno = errno;
    int fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, FIRST_DESCRIPTOR);
    report_fd = fd >= 0 ? fd : STDERR_FILENO;
    fstat(report_fd, &report_file);
    errno = saved_errno;
}

/* The descriptor to write to. A program that closes all it does not know may since have
 * opened a file of its own in our duplicate's place. */
static int descriptor(void)
{
    struct stat now;
    bool is_ours = fstat(report_fd, &now) == 0 && now.st_dev == report_file.st_dev &&
                   now.st_ino == report_file.st_ino;
    return is_ours ? report_fd : STDERR_FILENO;
}

static MA_RARE void report_stats(int fd)
{
    struct ma_stats stats;
    ma_stats(&stats);
    size_t heap = stats.break_bytes + stats.mmap_bytes;
    size_t free_share = heap > 0 ? stats.free_bytes * 100 / heap : 0;
    report_to(fd, "summary of process %d, %s", (int)getpid(), program_invocation_short_name);
    report_to(fd, "live bytes: %zu in %zu blocks", stats.live_bytes, stats.live_count);
    report_to(fd, "peak live bytes: %zu", stats.peak_live_bytes);
    report_to(fd, "allocations: %zu, releases: %zu", stats.allocate_count, stats.release_count);
    report_to(fd, "break bytes: %zu", stats.break_bytes);
    report_to(fd, "mmap bytes: %zu", stats.mmap_bytes);
    report_to(fd, "peak heap bytes: %zu", stats.peak_heap_bytes);
    report_to(fd, "free bytes: %zu in %zu blocks, %zu %% of the heap, the largest %zu",
              stats.free_bytes, stats.free_count, free_share, stats.largest_free);
    report_to(fd, "resident bytes: at most %zu; cached %zu, dirty %zu, fragments %zu, overhead %zu",
              stats.resident_bytes, stats.cached_bytes, stats.dirty_bytes, stats.fragment_bytes,
              stats.overhead_bytes + stats.table_bytes);
    report_to(fd, "purged bytes: %zu, cleared for calloc: %zu", stats.purged_bytes,
              stats.cleared_bytes);
}

static __attribute__((destructor)) void report_at_exit(void)
{
    if (options.stats != 0) {
        report_stats(descriptor());
    }
    if (options.leaks != 0) {
        sites_report(descriptor());
    }
    if (options.check != 0) {
        front_settle(); /* a write to what is cached is noticed when it goes back */
        quarantine_check();
    }
}
