/*
 * The pretended system: an array of pages, each nobody's, the break's or mapped.
 */
#include "support/fake_os.h"

#include "base/bits.h"
#include "base/config.h"
#include "core/space.h"
#include "os/os.h"

#include <assert.h>
#include <string.h>
#include <sys/mman.h>

#define PAGE ((size_t)4096)

enum page_state { NOBODYS, OF_BREAK, MAPPED, OCCUPIED };

/* Reservations that a test may hold at a time: the table's, those of shards. */
enum { RESERVATION_COUNT = 8 + MA_SHARD_MAX };

struct reservation {
    char *start;
    size_t size;
};

static char *array;
static unsigned char pages[FAKE_OS_BYTES / PAGE];
static uint32_t homes[FAKE_OS_BYTES /
                      PAGE]; /* where what is in the page was first: a mapping is a run of these */
static size_t page_size;     /* that the allocator sees */
static size_t break_offset;
static size_t break_limit;
static bool has_break;
static bool refuse_shrink;
static size_t range_limit;
static size_t requests;
static size_t populated;
static size_t purged;
static bool refuse_purge;
static bool refuse_guards;
static bool guarded[FAKE_OS_BYTES / PAGE];
static size_t guarded_count;
static enum os_move_result moves_end;
static size_t moved;
static size_t refused_from;
static size_t refused_to = SIZE_MAX; /* all is refused before the first reset */
static size_t races_left;
static intptr_t race_increment;
static void (*handler)(void); /* NULL: no signal is to come */
static size_t calls_until_signal;
static uint64_t milliseconds;
static struct reservation reservations[RESERVATION_COUNT];
static size_t unreserved;

/* The allocator has called: a signal may come now. */
static void note_call(void)
{
    if (handler != NULL && calls_until_signal-- == 0) {
        void (*due)(void) = handler;
        handler = NULL;
        due();
    }
}

/* Count a request for memory; true when it is to be refused. */
static bool is_refused(void)
{
    note_call();
    size_t number = requests++;
    return number >= refused_from && number < refused_to;
}

static size_t page_of(size_t offset)
{
    return bits_round_up(offset, PAGE) / PAGE;
}

/* Whether some page is guarded. */
static bool has_guard(size_t first, size_t end)
{
    bool has = false;
    for (size_t i = first; guarded_count > 0 && i < end; i++) {
        has |= guarded[i];
    }
    return has;
}

static void set_pages(size_t first, size_t end, enum page_state state)
{
    if (first == end) {
        return;
    }
    assert(!has_guard(first, end));
    int access = state == OF_BREAK || state == MAPPED ? PROT_READ | PROT_WRITE : PROT_NONE;
    void *got = mmap(array + first * PAGE, (end - first) * PAGE, access,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0);
    assert(got != MAP_FAILED);
    memset(pages + first, (int)state, end - first);
    for (size_t i = first; i < end; i++) {
        homes[i] = (uint32_t)i;
    }
}

static bool are_pages(size_t first, size_t end, enum page_state state)
{
    for (size_t i = first; i < end; i++) {
        if (pages[i] != state) {
            return false;
        }
    }
    return true;
}

void fake_os_reset(void)
{
    milliseconds = 1;
    if (array == NULL) {
        array = mmap(NULL, FAKE_OS_BYTES + MA_GRANULE, PROT_NONE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        assert(array != MAP_FAILED);
        array = bits_align_up(array, MA_GRANULE);
    }
    memset(guarded, 0, sizeof(guarded));
    guarded_count = 0;
    refuse_guards = false;
    set_pages(0, FAKE_OS_BYTES / PAGE, NOBODYS);
    for (size_t i = 0; i < RESERVATION_COUNT; i++) {
        if (reservations[i].start != NULL) {
            munmap(reservations[i].start, reservations[i].size);
            reservations[i].start = NULL;
        }
    }
    page_size = PAGE;
    break_offset = 0;
    break_limit = FAKE_OS_BYTES;
    has_break = true;
    refuse_shrink = false;
    range_limit = FAKE_OS_BYTES;
    requests = 0;
    unreserved = 0;
    populated = 0;
    purged = 0;
    refuse_purge = false;
    moved = 0;
    moves_end = OS_MOVED;
    fake_os_refuse_from(SIZE_MAX);
    races_left = 0;
    handler = NULL;
}

int fake_os_setup(void **state)
{
    (void)state;
    fake_os_reset();
    return 0;
}

char *fake_os_base(void)
{
    return array;
}

void fake_os_refuse_from(size_t count)
{
    refused_from = count == SIZE_MAX ? SIZE_MAX : requests + count;
    refused_to = SIZE_MAX;
}

void fake_os_refuse_one(size_t count)
{
    refused_from = requests + count;
    refused_to = refused_from + 1;
}

void fake_os_refuse_shrink(bool refuse)
{
    refuse_shrink = refuse;
}

void fake_os_limit_break(size_t bytes)
{
    break_limit = bytes;
}

void fake_os_set_has_break(bool has)
{
    has_break = has;
}

void fake_os_limit_range(size_t bytes)
{
    range_limit = bytes;
}

/* Move the break without a refusal other than for what is in the way. */
static bool set_break(size_t offset)
{
    size_t old = page_of(break_offset);
    size_t new = page_of(offset);
    if (new > old && (offset > break_limit || !are_pages(old, new, NOBODYS))) {
        return false;
    }
    set_pages(old < new ? old : new, old < new ? new : old, new > old ? OF_BREAK : NOBODYS);
    break_offset = offset;
    return true;
}

void fake_os_foreign_break(intptr_t increment)
{
    bool is_set = set_break(break_offset + (size_t)increment);
    assert(is_set);
    (void)is_set;
}

void fake_os_race_break(size_t count, intptr_t increment)
{
    races_left = count;
    race_increment = increment;
}

void fake_os_occupy(size_t offset, size_t bytes)
{
    set_pages(offset / PAGE, page_of(offset + bytes), OCCUPIED);
}

size_t fake_os_taken(void)
{
    size_t count = 0;
    for (size_t i = 0; i < sizeof(pages); i++) {
        count += pages[i] == OF_BREAK || pages[i] == MAPPED;
    }
    return count * PAGE;
}

size_t fake_os_break_offset(void)
{
    return break_offset;
}

void fake_os_set_page_size(size_t size)
{
    page_size = size;
}

void fake_os_refuse_purge(bool refuse)
{
    refuse_purge = refuse;
}

size_t fake_os_purged(void)
{
    return purged;
}

void fake_os_refuse_guards(bool refuse)
{
    refuse_guards = refuse;
}

size_t fake_os_guarded(void)
{
    return guarded_count;
}

bool fake_os_is_guarded(const void *address)
{
    return guarded[((uintptr_t)address - (uintptr_t)array) / PAGE];
}

void fake_os_let_moves(enum os_move_result end)
{
    moves_end = end;
}

size_t fake_os_moved(void)
{
    return moved;
}

size_t fake_os_mappings(void)
{
    size_t count = 1;
    for (size_t i = 1; i < break_offset / PAGE; i++) {
        count += homes[i] != homes[i - 1] + 1;
    }
    return count;
}

size_t fake_os_populated(void)
{
    return populated;
}

size_t fake_os_requests(void)
{
    return requests;
}

void fake_os_interrupt(size_t count, void (*function)(void))
{
    calls_until_signal = count;
    handler = function;
}

char *os_break(void)
{
    note_call();
    if (!has_break) {
        return NULL;
    }
    char *seen = array + break_offset;
    if (races_left > 0) {
        races_left--;
        (void)set_break(break_offset + (size_t)race_increment);
    }
    return seen;
}

char *os_break_move(intptr_t increment)
{
    char *old = array + break_offset;
    if (!has_break || (increment > 0 && is_refused()) || (increment < 0 && refuse_shrink)) {
        return NULL;
    }
    return set_break(break_offset + (size_t)increment) ? old : NULL;
}

enum os_map_result os_map_at(char *where, size_t size)
{
    size_t offset = (uintptr_t)where - (uintptr_t)array;
    if (is_refused() || offset > FAKE_OS_BYTES || size > FAKE_OS_BYTES - offset) {
        return OS_REFUSED;
    }
    size_t first = offset / PAGE;
    size_t end = page_of(offset + size);
    if (!are_pages(first, end, NOBODYS)) {
        return OS_OCCUPIED;
    }
    set_pages(first, end, MAPPED);
    return OS_MAPPED;
}

/* Give up the reservation that begins at `where`; false if there is none. */
static bool unreserve(const char *where)
{
    for (size_t i = 0; i < RESERVATION_COUNT; i++) {
        if (reservations[i].start != NULL && reservations[i].start == where) {
            munmap(reservations[i].start, reservations[i].size);
            reservations[i].start = NULL;
            return true;
        }
    }
    return false;
}

/* A part of a reservation: no access any more, but the addresses stay ours until the whole goes. */
static bool unreserve_part(char *where, size_t size)
{
    for (size_t i = 0; i < RESERVATION_COUNT; i++) {
        const struct reservation *slot = &reservations[i];
        if (slot->start != NULL && where > slot->start && where < slot->start + slot->size) {
            assert(where + size <= slot->start + slot->size);
            assert((size_t)(where - slot->start) % page_size == 0);
            int status = mprotect(where, size, PROT_NONE);
            assert(status == 0);
            unreserved += size;
            return true;
        }
    }
    return false;
}

size_t fake_os_unreserved(void)
{
    return unreserved;
}

void os_unmap(char *where, size_t size)
{
    note_call();
    if (unreserve(where) || unreserve_part(where, size)) {
        return;
    }
    size_t first = (size_t)(where - array) / PAGE;
    size_t end = first + page_of(size);
    assert(are_pages(first, end, MAPPED));
    set_pages(first, end, NOBODYS);
}

char *os_reserve(size_t size)
{
    if (is_refused()) {
        return NULL;
    }
    struct reservation *slot = reservations;
    while (slot->start != NULL) {
        slot++;
        assert(slot < reservations + RESERVATION_COUNT);
    }
    char *got = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    assert(got != MAP_FAILED);
    *slot = (struct reservation){got, size};
    return got;
}

/* Where it begins within its reservation, which is one of whole pages. */
static bool begins_with_page(const char *where)
{
    for (size_t i = 0; i < RESERVATION_COUNT; i++) {
        const struct reservation *slot = &reservations[i];
        if (slot->start != NULL && where >= slot->start && where < slot->start + slot->size) {
            return (size_t)(where - slot->start) % page_size == 0;
        }
    }
    return false;
}

bool os_commit(char *where, size_t size)
{
    assert(begins_with_page(where));
    return !is_refused() && mprotect(where, size, PROT_READ | PROT_WRITE) == 0;
}

/* The run must be of whole pages, which the allocator holds. */
static void require_held(const char *where, size_t size)
{
    size_t first = (size_t)(where - array) / PAGE;
    assert((uintptr_t)where % page_size == 0 && size % page_size == 0 && size > 0);
    assert(are_pages(first, first + size / PAGE, OF_BREAK) ||
           are_pages(first, first + size / PAGE, MAPPED));
    (void)first;
}

static void check_held(const char *where, size_t size)
{
    note_call();
    require_held(where, size);
}

/* There must be no guard in the run. */
static void require_unguarded(const char *where, size_t size)
{
    size_t first = (size_t)(where - array) / PAGE;
    assert(!has_guard(first, first + size / PAGE));
    (void)first;
}

static void check_run(const char *where, size_t size)
{
    check_held(where, size);
    require_unguarded(where, size);
}

/* The run is free in part: a signal handler that comes now may give it back. The system takes a guard for a reason to refuse. */
void os_populate(char *where, size_t size)
{
    require_held(where, size);
    note_call();
    require_unguarded(where, size);
    populated += size;
}

bool os_word_is(const ptrdiff_t *where, ptrdiff_t value)
{
    return __atomic_load_n(where, __ATOMIC_ACQUIRE) == value;
}

static void set_guard(char *where, size_t size, bool is_guarded)
{
    int access = is_guarded ? PROT_NONE : PROT_READ | PROT_WRITE;
    size_t first = (size_t)(where - array) / PAGE;
    for (size_t i = first; i < first + size / PAGE; i++) {
        assert(guarded[i] != is_guarded);
        guarded[i] = is_guarded;
        guarded_count += is_guarded ? 1 : (size_t)-1;
    }
    assert(mprotect(where, size, access) == 0);
}

/* Any access faults. */
void os_guard(char *where, size_t size)
{
    check_held(where, size);
    if (!refuse_guards) {
        assert(madvise(where, size, MADV_DONTNEED) == 0);
        set_guard(where, size, true);
    }
}

/* Of a run that has none because it was refused, nothing changes. */
void os_unguard(char *where, size_t size)
{
    check_held(where, size);
    size_t first = (size_t)(where - array) / PAGE;
    if (has_guard(first, first + size / PAGE)) {
        set_guard(where, size, false);
    }
}

void os_withdraw(char *where, size_t size)
{
    note_call();
    assert(madvise(where, size, MADV_DONTNEED) == 0 && mprotect(where, size, PROT_NONE) == 0);
}

void os_advise_huge(char *where, size_t size, bool is_wanted)
{
    check_run(where, size);
    (void)is_wanted;
}

bool os_purge(char *where, size_t size)
{
    check_run(where, size);
    if (refuse_purge) {
        return false;
    }
    purged += size;
    return madvise(where, size, MADV_DONTNEED) == 0;
}

static bool is_one_mapping(size_t first, size_t end)
{
    for (size_t i = first + 1; i < end; i++) {
        if (homes[i] != homes[i - 1] + 1) {
            return false;
        }
    }
    return true;
}

enum os_move_result os_move(char *to, char *from, size_t size)
{
    size_t target = (size_t)(to - array) / PAGE;
    size_t source = (size_t)(from - array) / PAGE;
    size_t count = size / PAGE;
    check_run(to, size);
    check_run(from, size);
    assert(to + size <= from || from + size <= to);
    if (moves_end == OS_MOVE_LOST) {
        set_pages(target, target + count, NOBODYS);
    }
    if (moves_end != OS_MOVED || !is_one_mapping(source, source + count)) {
        return moves_end == OS_MOVED ? OS_MOVE_REFUSED : moves_end;
    }
    memcpy(to, from, size);
    memset(from, 0, size);
    memmove(homes + target, homes + source, count * sizeof(homes[0]));
    moved += size;
    return OS_MOVED;
}

char *os_free_range(size_t size)
{
    return size <= FAKE_OS_BYTES ? array : NULL;
}

size_t os_address_space_limit(void)
{
    return range_limit == SIZE_MAX ? SIZE_MAX
                                   : range_limit / MA_GRANULE * GRANULE_COST * MA_TABLE_SHARE;
}

size_t os_cpu_count(void)
{
    return 1;
}

size_t os_memory_limit(void)
{
    return SIZE_MAX;
}

uint64_t os_milliseconds(void)
{
    note_call();
    return milliseconds;
}

void fake_os_sleep(uint64_t passed)
{
    milliseconds += passed;
}

size_t os_page_size(void)
{
    return page_size;
}

uint64_t os_entropy(uint64_t purpose)
{
    return UINT64_C(0x0123456789abcdef) + purpose;
}
