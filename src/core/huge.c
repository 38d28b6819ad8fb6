/*
 * Advice about huge pages.
 */
#include "core/huge.h"

#include "base/options.h"
#include "core/seams.h"
#include "os/os.h"

void huge_advise(struct mem_block *b, bool is_used)
{
    if (options.thp != THP_LARGE || mb_size(b) < MA_HUGE_MIN) {
        return;
    }
    char *start = bits_align_up((char *)mb_payload(b), MA_HUGE_PAGE);
    char *end = bits_align_down((char *)mb_next(b), MA_HUGE_PAGE);
    os_advise_huge(start, (size_t)(end - start), is_used);
    seams_add(start); /* memory with other advice is another mapping */
    seams_add(end);
}
