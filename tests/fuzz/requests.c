/*
 * Requests of a program, each compared with the model.
 *
 * Blocks belong to all pretended threads together: whoever runs releases or resizes what any has allocated.
 */
#include "run.h"

#include "api/checked_alloc.h"
#include "base/bits.h"
#include "check/sample.h"
#include "contents.h"
#include "kept.h"
#include "ma.h"
#include "support/fake_os.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { ERRNO_SENTINEL = EXDEV }; /* what nothing in here sets */

/* What an operation costs, in bytes of work; one that takes a stack; one that sets up a guard page. The last is no less than
 * what lies around such a block, so that all that an input asks for finds room. */
#define WORK_OF_ONE ((size_t)1024)
#define WORK_OF_STACK ((size_t)8192)
#define WORK_OF_GUARD ((size_t)16384)

void finding(const struct run *run, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fprintf(stderr, "fuzz_heap: operation %zu: ", run->operation);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    abort();
}

static void verify(const struct run *run, const struct live *block, size_t size)
{
    size_t at = contents_mismatch(block->payload, size, block->usable, block->pattern);
    if (at != size) {
        finding(run, "block %p of %zu bytes (%zu usable): byte %zu is not what was written",
                (void *)block->payload, block->size, block->usable, at);
    }
}

/* Sizes up to so many steps, of so many bytes each; the large ones seldom, as they take long. */
static const struct {
    size_t most;
    size_t step;
} scales[] = {
    {64, 1},    {64, 1},     {256, 1},    {256, 1},     {1024, 1},  {1024, 1},
    {4096, 1},  {4096, 1},   {32768, 1},  {32768, 1},   {65535, 4}, {65535, 4},
    {65535, 4}, {65535, 32}, {65535, 32}, {65535, 640},
};

static size_t read_size(struct input *input)
{
    size_t scale = input_byte(input) % (sizeof(scales) / sizeof(scales[0]));
    return input_word(input) % (scales[scale].most + 1) * scales[scale].step;
}

static size_t work_of_one(void)
{
    if (options.check >= 3) {
        return WORK_OF_GUARD;
    }
    return options.leaks != 0 || options.guard_sample == 1 ? WORK_OF_STACK : WORK_OF_ONE;
}

/* Whether a block of so many bytes is within what an input may have; it counts as had then. */
static bool may_have(struct run *run, size_t size)
{
    if (run->shadow.count == LIVE_MAX || run->shadow.bytes + size > LIVE_BYTES_MAX) {
        return false;
    }
    run->work += size + work_of_one();
    return run->work <= WORK_MAX;
}

/* NULL is right only where memory may be out, or the thread was interrupted in the last of its cores. */
static void accept_refusal(const struct run *run, size_t size)
{
    if (!run->may_be_refused) {
        finding(run, "a request of %zu bytes was refused", size);
    }
    if (errno != ENOMEM) {
        finding(run, "a request of %zu bytes was refused with errno %d", size, errno);
    }
}

/* With a checked block, all that was asked for and no more; with others, no less. The size of a sample may have been rounded up to
 * its alignment. */
static bool has_right_size(const struct live *block)
{
    if (!checked_is_on()) {
        return block->usable >= block->size;
    }
    bool may_be_rounded = sample_owns(block->payload) && block->is_aligned;
    size_t slack = may_be_rounded ? bits_max(block->alignment, MA_ALIGNMENT) : 0;
    return block->usable >= block->size && block->usable - block->size <= slack;
}

/* Whether the page that the payload ends in, or at, is followed by one without access, if there is to be one. */
static bool has_right_guard(const struct run *run, const struct live *block)
{
    bool is_exempt = run->may_be_refused || run->lacks_guards || sample_owns(block->payload) ||
                     block->alignment > MA_PAGE;
    return options.check < 3 || is_exempt ||
           fake_os_is_guarded(bits_align_up((char *)block->payload + block->size, MA_PAGE));
}

/* Check what was handed out and complete `block`, of which payload, size and alignment are known. */
static void accept(struct run *run, struct live *block)
{
    unsigned char *payload = block->payload;
    if ((uintptr_t)payload % block->alignment != 0 || (uintptr_t)payload % 16 != 0) {
        finding(run, "payload %p is not aligned to %zu", (void *)payload, block->alignment);
    }
    block->usable = ma_usable_size(payload);
    if (!has_right_size(block)) {
        finding(run, "payload %p has %zu usable bytes, %zu were asked for", (void *)payload,
                block->usable, block->size);
    }
    if (!ma_owns(payload) || !ma_owns(payload + bits_max(block->usable, 1) - 1)) {
        finding(run, "payload %p is not owned", (void *)payload);
    }
    if (!has_right_guard(run, block)) {
        finding(run, "block %p of %zu bytes has no guard page", (void *)payload, block->size);
    }
    if (!run->may_be_refused && kept_has(block)) {
        finding(run, "payload %p of %zu bytes lies where one was released just now",
                (void *)payload, block->size);
    }
    run->shadow.created++;
    block->pattern = run->shadow.created << 32;
    contents_fill(payload, block->usable, block->pattern);
}

/* With zero=1 nothing that a program wrote is left in what was released. */
static void require_cleared(const struct run *run, const struct live *block)
{
    size_t at = options.zero != 0 ? contents_stale(block->payload, block->size) : block->size;
    if (at != block->size) {
        finding(run, "block %p of %zu bytes: byte %zu is what was written before a release",
                (void *)block->payload, block->size, at);
    }
}

/* Enter what a request led to. */
static void add(struct run *run, struct live *block)
{
    if (block->payload == NULL) {
        accept_refusal(run, block->size);
        return;
    }
    require_cleared(run, block);
    accept(run, block);
    shadow_add(&run->shadow, block);
}

static void allocate(struct run *run, size_t size, bool is_zeroed)
{
    struct live block = {.size = size, .alignment = 16};
    if (!may_have(run, size)) {
        return;
    }
    errno = 0;
    block.payload = is_zeroed ? ma_calloc(1, size) : ma_malloc(size);
    if (is_zeroed && block.payload != NULL) {
        size_t at = contents_nonzero(block.payload, size);
        if (at != size) {
            finding(run, "calloc of %zu bytes at %p: byte %zu is not zero", size,
                    (void *)block.payload, at);
        }
    }
    add(run, &block);
}

void allocate_plain(struct run *run)
{
    allocate(run, read_size(&run->input), false);
}

void allocate_zeroed(struct run *run)
{
    allocate(run, read_size(&run->input), true);
}

/* Alignments up to 2 MiB. */
void allocate_aligned(struct run *run)
{
    size_t kind = input_byte(&run->input);
    struct live block = {.alignment = (size_t)1 << kind % 22, .is_aligned = true};
    block.size = read_size(&run->input);
    if (!may_have(run, block.size + 2 * block.alignment)) {
        return;
    }
    errno = 0;
    if (kind < 88) {
        block.payload = ma_aligned_alloc(block.alignment, block.size);
    } else if (kind < 176) {
        block.payload = ma_memalign(block.alignment - block.alignment / 4, block.size);
    } else {
        void *payload = NULL;
        block.alignment = block.alignment < sizeof(void *) ? sizeof(void *) : block.alignment;
        errno = ma_posix_memalign(&payload, block.alignment, block.size);
        block.payload = payload;
    }
    add(run, &block);
}

/* 1 to 4,096. */
static size_t read_count(struct input *input)
{
    size_t byte = input_byte(input);
    return byte < 192 ? byte + 1 : (byte - 191) * 64;
}

/* A step between sizes lets neighbouring classes take turns. */
void allocate_many(struct run *run)
{
    size_t count = read_count(&run->input);
    size_t step = input_byte(&run->input) % 64;
    size_t size = read_size(&run->input);
    for (size_t i = 0; i < count; i++) {
        allocate(run, size + step * (i % 4), false);
    }
}

static void release(struct run *run, const struct live *block, size_t kind)
{
    run->work += WORK_OF_ONE;
    verify(run, block, block->usable);
    errno = ERRNO_SENTINEL;
    if (kind == 1) {
        ma_free_sized(block->payload, block->size);
    } else if (kind == 2 && block->is_aligned) {
        ma_free_aligned_sized(block->payload, block->alignment, block->size);
    } else if (kind == 3) {
        (void)!ma_realloc(block->payload, 0);
    } else {
        ma_free(block->payload);
    }
    kept_add(block);
    if (errno != ERRNO_SENTINEL) {
        finding(run, "a release set errno to %d", errno);
    }
}

/* The number of a live block; the latest are the last. Requires: there is any. */
static size_t read_index(struct run *run)
{
    size_t back = input_word(&run->input) % run->shadow.count;
    return run->shadow.count - 1 - back;
}

void release_one(struct run *run)
{
    size_t kind = input_byte(&run->input) % 4;
    if (run->shadow.count > 0) {
        struct live block = shadow_take(&run->shadow, read_index(run));
        release(run, &block, kind);
    }
}

/* Every few, beginning somewhere. What shadow_take() puts in a block's place comes from behind. */
void release_many(struct run *run)
{
    size_t count = read_count(&run->input);
    size_t stride = input_byte(&run->input) % 8 + 1;
    if (run->shadow.count == 0) {
        return;
    }
    size_t index = read_index(run);
    for (size_t i = 0; i < count && index < run->shadow.count; i++, index += stride - 1) {
        struct live block = shadow_take(&run->shadow, index);
        release(run, &block, 0);
    }
}

void release_all(struct run *run)
{
    while (run->shadow.count > 0) {
        struct live block = shadow_take(&run->shadow, run->shadow.count - 1);
        release(run, &block, 0);
    }
}

/* To any size, or in steps as a vector or a string grows. */
static size_t read_new_size(struct run *run, size_t old)
{
    size_t kind = input_byte(&run->input);
    switch (kind % 4) {
    case 0:
        return old + kind / 4 + 1;
    case 1:
        return old / 2 + 1;
    case 2:
        return old + old / 2 + 1;
    default:
        return read_size(&run->input) + 1;
    }
}

static void resize_to(struct run *run, size_t index, size_t size)
{
    struct live block = run->shadow.live[index];
    if (!may_have(run, size)) {
        return;
    }
    verify(run, &block, block.usable);
    struct live resized = {.size = size, .alignment = 16};
    errno = 0;
    resized.payload = size % 8 == 0 ? ma_reallocarray(block.payload, size / 8, 8)
                                    : ma_realloc(block.payload, size);
    if (resized.payload == NULL) {
        accept_refusal(run, size);
        verify(run, &block, block.usable);
        return;
    }
    if (resized.payload != block.payload) {
        kept_add(&block);
    }
    block.payload = resized.payload;
    verify(run, &block, block.size < size ? block.size : size);
    accept(run, &resized);
    shadow_change(&run->shadow, index, &resized);
}

void resize(struct run *run)
{
    if (run->shadow.count > 0) {
        size_t index = read_index(run);
        resize_to(run, index, read_new_size(run, run->shadow.live[index].size));
    }
}

/* One block in steps. */
void resize_many(struct run *run)
{
    size_t count = input_byte(&run->input) % 32 + 1;
    size_t step = input_word(&run->input) + 1;
    if (run->shadow.count > 0) {
        size_t index = read_index(run);
        for (size_t i = 0; i < count; i++) {
            resize_to(run, index, run->shadow.live[index].size + step);
        }
    }
}

static void require_refused(const struct run *run, const void *payload, const char *what)
{
    if (payload != NULL || errno != ENOMEM) {
        finding(run, "%s: payload %p, errno %d", what, payload, errno);
    }
    errno = 0;
}

/* What no memory can hold is refused, and nothing changes. */
void ask_for_too_much(struct run *run)
{
    size_t size = SIZE_MAX - (input_word(&run->input) << input_byte(&run->input) % 48);
    errno = 0;
    require_refused(run, ma_malloc(size), "malloc");
    require_refused(run, ma_calloc(size / 16, 17), "calloc");
    require_refused(run, ma_aligned_alloc(4096, size), "aligned_alloc");
    if (run->shadow.count > 0) {
        void *payload = run->shadow.live[run->shadow.count - 1].payload;
        require_refused(run, ma_realloc(payload, size), "realloc");
        require_refused(run, ma_reallocarray(payload, size / 16, 17), "reallocarray");
    }
}

void look_at_one(struct run *run)
{
    if (run->shadow.count == 0) {
        return;
    }
    const struct live *block = &run->shadow.live[read_index(run)];
    verify(run, block, block->usable);
    if (ma_usable_size(block->payload) != block->usable) {
        finding(run, "block %p has %zu usable bytes, it had %zu", (void *)block->payload,
                ma_usable_size(block->payload), block->usable);
    }
}

static int compare_places(const void *a, const void *b)
{
    const struct live *const *left = a;
    const struct live *const *right = b;
    return ((*left)->payload > (*right)->payload) - ((*left)->payload < (*right)->payload);
}

void verify_all(struct run *run)
{
    static const struct live *sorted[LIVE_MAX];
    for (size_t i = 0; i < run->shadow.count; i++) {
        sorted[i] = &run->shadow.live[i];
        verify(run, sorted[i], sorted[i]->usable);
    }
    qsort(sorted, run->shadow.count, sizeof(sorted[0]), compare_places);
    for (size_t i = 1; i < run->shadow.count; i++) {
        const struct live *before = sorted[i - 1];
        if (before->payload + bits_max(before->usable, 1) > sorted[i]->payload) {
            finding(run, "block %p of %zu bytes and block %p overlap", (void *)before->payload,
                    before->usable, (void *)sorted[i]->payload);
        }
    }
    run->work += run->shadow.bytes + run->shadow.count * WORK_OF_ONE;
}
