/*
 * One misuse of memory, whatever the allocator.
 *
 *   misuse KIND SIZE      misuse --list
 *
 * Nothing here knows how an allocator lays out its heap. Where nobody stops the program, it goes on for a while as
 * programs do, and ends with status 0. Status 77: this kind cannot be tried with this allocator.
 */
#include <malloc.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* C23's; weak, as few allocators have it. */
void free_sized(void *payload, size_t size) __attribute__((weak));

/* C++'s operators new and delete, new[] and delete[]. */
void *operator_new(size_t size) __asm__("_Znwm");
void *operator_new_array(size_t size) __asm__("_Znam");
void operator_delete(void *payload) __asm__("_ZdlPv");

enum { UNTRIED = 77, OTHERS = 64 };

static size_t size; /* of the blocks; bytes */
static void *others[OTHERS];

/* The same address, of which the compiler knows nothing any more. */
static char *hide(void *address)
{
    void *volatile hidden = address;
    return hidden;
}

static char *allocate(void)
{
    char *p = hide(malloc(size));
    if (p == NULL) {
        exit(UNTRIED);
    }
    memset(p, 1, size);
    return p;
}

/* Blocks of the same size live on both sides, so that the one in question does not border on untouched memory. */
static char *allocate_among_others(void)
{
    for (int i = 0; i < OTHERS / 2; i++) {
        others[i] = allocate();
    }
    char *p = allocate();
    for (int i = OTHERS / 2; i < OTHERS; i++) {
        others[i] = allocate();
    }
    return p;
}

/* What a program does afterwards: other blocks of the size are freed, allocated, used. */
static void go_on(void)
{
    for (int round = 0; round < 4; round++) {
        for (int i = 0; i < OTHERS; i++) {
            free(others[i]);
        }
        for (int i = 0; i < OTHERS; i++) {
            others[i] = allocate();
        }
    }
}

static void flip(char *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        bytes[i] = (char)(bytes[i] ^ 0x5a);
    }
}

static void double_free(char *p)
{
    free(p);
    free(p);
}

static void double_free_delayed(char *p)
{
    free(p);
    for (int i = 0; i < OTHERS; i += 2) {
        free(others[i]);
        others[i] = NULL;
    }
    free(p);
}

static void double_free_interleaved(char *p)
{
    free(p);
    free(others[0]);
    others[0] = NULL;
    free(p);
}

static void double_free_after_reuse_of_others(char *p)
{
    free(others[0]);
    free(p);
    others[0] = allocate(); /* most allocators give p's memory for it */
    if (others[0] == p) {
        others[0] = allocate();
        free(p); /* this is right: the memory has a new owner */
    }
    free(p);
}

static void *free_in_thread(void *p)
{
    free(p);
    return NULL;
}

static void double_free_by_other_thread(char *p)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, free_in_thread, p) != 0) {
        exit(UNTRIED);
    }
    pthread_join(thread, NULL);
    free(p);
}

static void double_free_after_write(char *p)
{
    free(p);
    memset(p, 0, size < 64 ? size : 64);
    free(p);
}

static void free_interior(char *p)
{
    free(p + 16);
}

static void free_unaligned(char *p)
{
    free(p + 1);
}

static void free_stack(char *p)
{
    char frame[256];
    (void)p;
    free(hide((char *)((uintptr_t)(frame + 64) / 16 * 16)));
}

static void free_global(char *p)
{
    static char global[256] __attribute__((aligned(16)));
    (void)p;
    free(hide(global + 64));
}

static void free_never_allocated(char *p)
{
    free(hide(p + ((size_t)1 << 30)));
}

static void realloc_freed(char *p)
{
    free(p);
    p = hide(realloc(p, size * 3));
}

static void realloc_interior(char *p)
{
    p = hide(realloc(p + 16, size * 3));
}

static void sized_free_wrong(char *p)
{
    if (free_sized == NULL) {
        exit(UNTRIED);
    }
    free_sized(p, size / 2);
}

static void new_then_free(char *p)
{
    (void)p;
    free(operator_new(size));
}

static void malloc_then_delete(char *p)
{
    operator_delete(p);
}

static void new_array_then_delete(char *p)
{
    (void)p;
    operator_delete(operator_new_array(size));
}

static void overflow_by_one(char *p)
{
    flip(p + size, 1);
    free(p);
}

static void overflow_past_usable(char *p)
{
    flip(p + malloc_usable_size(p), 8);
    free(p);
}

static void overflow_by_32(char *p)
{
    flip(p + malloc_usable_size(p), 32);
    free(p);
}

static void underflow_by_one(char *p)
{
    flip(p - 1, 1);
    free(p);
}

static void underflow_by_32(char *p)
{
    flip(p - 32, 32);
    free(p);
}

static void read_far_past_end(char *p)
{
    volatile char *past = p + malloc_usable_size(p) + 64;
    flip(p, *past == 77);
}

static void write_after_free(char *p)
{
    free(p);
    flip(p, 16);
}

static void write_after_free_in_the_middle(char *p)
{
    free(p);
    flip(p + size / 2, 4);
}

static void read_after_free(char *p)
{
    free(p);
    volatile char *gone = p + size / 2;
    flip((char *)&size, *gone == 77);
}

static const struct {
    const char *name;
    void (*misuse)(char *p);
} kinds[] = {
    {"double_free", double_free},
    {"double_free_delayed", double_free_delayed},
    {"double_free_interleaved", double_free_interleaved},
    {"double_free_after_reuse_of_others", double_free_after_reuse_of_others},
    {"double_free_by_other_thread", double_free_by_other_thread},
    {"double_free_after_write", double_free_after_write},
    {"free_interior", free_interior},
    {"free_unaligned", free_unaligned},
    {"free_stack", free_stack},
    {"free_global", free_global},
    {"free_never_allocated", free_never_allocated},
    {"realloc_freed", realloc_freed},
    {"realloc_interior", realloc_interior},
    {"sized_free_wrong", sized_free_wrong},
    {"new_then_free", new_then_free},
    {"malloc_then_delete", malloc_then_delete},
    {"new_array_then_delete", new_array_then_delete},
    {"overflow_by_one", overflow_by_one},
    {"overflow_past_usable", overflow_past_usable},
    {"overflow_by_32", overflow_by_32},
    {"underflow_by_one", underflow_by_one},
    {"underflow_by_32", underflow_by_32},
    {"read_far_past_end", read_far_past_end},
    {"write_after_free", write_after_free},
    {"write_after_free_in_the_middle", write_after_free_in_the_middle},
    {"read_after_free", read_after_free},
};

int main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "--list";
    size = argc > 2 ? strtoul(argv[2], NULL, 10) : 100;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
        if (strcmp(name, "--list") == 0) {
            puts(kinds[i].name);
        } else if (strcmp(name, kinds[i].name) == 0) {
            kinds[i].misuse(allocate_among_others());
            go_on();
            return 0;
        }
    }
    return strcmp(name, "--list") == 0 ? 0 : UNTRIED;
}
