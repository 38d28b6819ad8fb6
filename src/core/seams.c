/*
 * Where the seams are: 16 bits in each granule's descriptor.
 */
#include "core/seams.h"

#include "core/space.h"

_Static_assert(MA_GRANULE / MA_PAGE <= 16, "a granule's seams fit below its segment's address");

static uintptr_t *word_of(const char *page)
{
    return &space_map.granules[space_granule_number(page)].segment_word;
}

static uintptr_t bit_of(const char *page)
{
    return (uintptr_t)1 << ((uintptr_t)page % MA_GRANULE / MA_PAGE);
}

static bool is_seam(const char *page)
{
    return (__atomic_load_n(word_of(page), __ATOMIC_RELAXED) & bit_of(page)) != 0;
}

void seams_add(const char *page)
{
    if ((__atomic_fetch_or(word_of(page), bit_of(page), __ATOMIC_RELAXED) & bit_of(page)) == 0) {
        __atomic_fetch_add(&space_map.seam_count, 1, __ATOMIC_RELAXED);
    }
}

static void clear(const char *page)
{
    if ((__atomic_fetch_and(word_of(page), ~bit_of(page), __ATOMIC_RELAXED) & bit_of(page)) != 0) {
        __atomic_fetch_sub(&space_map.seam_count, 1, __ATOMIC_RELAXED);
    }
}

/* Whether no page of the granule that begins at `page` has a seam. */
static bool is_seamless_granule(const char *page)
{
    return (uintptr_t)page % MA_GRANULE == 0 &&
           __atomic_load_n(word_of(page), __ATOMIC_RELAXED) % MA_GRANULE == 0;
}

char *seams_next(char *start, char *end)
{
    char *page = start + MA_PAGE;
    while (page < end && !is_seam(page)) {
        page += is_seamless_granule(page) ? MA_GRANULE : MA_PAGE;
    }
    return page < end ? page : end;
}

size_t seams_between(char *start, char *end)
{
    size_t found = 0;
    for (char *page = seams_next(start, end); page < end; page = seams_next(page, end)) {
        found++;
    }
    return found;
}

void seams_enclose(char *start, char *end)
{
    for (char *page = seams_next(start, end); page < end; page = seams_next(page, end)) {
        clear(page);
    }
    seams_add(start);
    seams_add(end);
}

void seams_forget(struct granule *granule)
{
    uintptr_t word = __atomic_load_n(&granule->segment_word, __ATOMIC_RELAXED);
    if (word % MA_GRANULE != 0) {
        size_t seams = (size_t)__builtin_popcountll(word % MA_GRANULE);
        __atomic_fetch_sub(&space_map.seam_count, seams, __ATOMIC_RELAXED);
    }
}

size_t seams_count(void)
{
    return __atomic_load_n(&space_map.seam_count, __ATOMIC_RELAXED);
}
