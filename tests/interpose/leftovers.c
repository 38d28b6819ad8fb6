/*
 * No function of the family leaves the mark of a free object, or of a cached block, in a register, nor on the stack below its
 * caller's. What a compiler knows to be of no value a program may write from there, into the very object that it was given; which
 * would then pass for a free one.
 *
 * For x86-64, and for a library that was optimised.
 */
#include "expect.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { REGISTERS = 9, STACK_WORDS = 1024, COUNT = 2000, WARM = 400 };

void *operator_new(size_t size) __asm__("_Znwm") __attribute__((weak));
void operator_delete(void *payload) __asm__("_ZdlPv") __attribute__((weak));

uint64_t left_in_registers[REGISTERS];
uint64_t left_on_stack[STACK_WORDS];

/* The result of `function`, having looked at what it left: the registers that are not its caller's, and the stack. */
void *call_and_look(void *function, uintptr_t first, size_t second);

__asm__(".text\n"
        ".globl call_and_look\n"
        "call_and_look:\n"
        "        push    %rbx\n"
        "        mov     %rdi, %rax\n"
        "        mov     %rsi, %rdi\n"
        "        mov     %rdx, %rsi\n"
        "        xor     %ecx, %ecx\n"
        "        xor     %edx, %edx\n"
        "        xor     %r8d, %r8d\n"
        "        xor     %r9d, %r9d\n"
        "        xor     %r10d, %r10d\n"
        "        xor     %r11d, %r11d\n"
        "        pxor    %xmm0, %xmm0\n"
        "        call    *%rax\n"
        "        lea     left_in_registers(%rip), %rbx\n"
        "        mov     %rcx, (%rbx)\n"
        "        mov     %rdx, 8(%rbx)\n"
        "        mov     %rsi, 16(%rbx)\n"
        "        mov     %rdi, 24(%rbx)\n"
        "        mov     %r8, 32(%rbx)\n"
        "        mov     %r9, 40(%rbx)\n"
        "        mov     %r10, 48(%rbx)\n"
        "        mov     %r11, 56(%rbx)\n"
        "        movq    %xmm0, 64(%rbx)\n"
        "        lea     -8192(%rsp), %rsi\n"
        "        lea     left_on_stack(%rip), %rdi\n"
        "        mov     $1024, %ecx\n"
        "        cld\n"
        "        rep movsq\n"
        "        pop     %rbx\n"
        "        ret\n");

static const size_t sizes[] = {16, 48, 112, 600, 1000, 2000, 5000, 20000, 100000};

/* By which addresses become marks (front/object.h). */
static uint64_t key;
static size_t found_count;

/* False: what is freed bears none. */
static bool find_key(void)
{
    static char *objects[WARM];
    for (int i = 0; i < WARM; i++) {
        objects[i] = malloc(48);
    }
    for (int i = 0; i < WARM; i++) {
        free(objects[i]);
    }
    uint64_t mark;
    memcpy(&mark, objects[WARM - 1] + sizeof(mark), sizeof(mark));
    key = mark ^ (uintptr_t)objects[WARM - 1];
    return key >> 48 != 0; /* or it is made of addresses alone */
}

static __attribute__((noinline)) void clear_stack(void)
{
    volatile char stack[2 * STACK_WORDS * sizeof(uint64_t)];
    memset((void *)stack, 0, sizeof(stack));
}

/* Of an object, or of a cached block without a link. */
static bool is_mark(uint64_t word, const void *payload)
{
    uint64_t mark = (uintptr_t)payload ^ key;
    return word == mark || word == ~mark;
}

static void look_for_mark(const void *payload)
{
    for (size_t i = 0; i < REGISTERS; i++) {
        found_count += is_mark(left_in_registers[i], payload);
    }
    for (size_t i = 0; i < STACK_WORDS; i++) {
        found_count += is_mark(left_on_stack[i], payload);
    }
}

static void *allocate(void *function, uintptr_t first, size_t second)
{
    clear_stack();
    void *payload = call_and_look(function, first, second);
    EXPECT(payload != NULL);
    look_for_mark(payload);
    return payload;
}

static void release(void *function, void *payload)
{
    clear_stack();
    call_and_look(function, (uintptr_t)payload, 0);
    look_for_mark(payload);
}

static void try_size(size_t size)
{
    static void *payloads[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        payloads[i] =
            i % 2 == 0 ? allocate((void *)malloc, size, 0) : allocate((void *)calloc, 1, size);
        memset(payloads[i], 0, size); /* of a word that is 0 the whole mark is the difference */
    }
    for (size_t i = 0; i < COUNT; i++) {
        payloads[i] = allocate((void *)realloc, (uintptr_t)payloads[i], size + size / 4);
        memset(payloads[i], 0, size);
    }
    for (size_t i = 0; i < COUNT; i++) {
        release((void *)free, payloads[i]);
    }
    for (size_t i = 0; i < COUNT; i++) {
        payloads[i] = i % 2 == 0 ? allocate((void *)operator_new, size, 0)
                                 : allocate((void *)aligned_alloc, 64, size);
        memset(payloads[i], 0, size);
    }
    for (size_t i = 0; i < COUNT; i++) {
        release((void *)operator_delete, payloads[i]);
    }
}

int main(void)
{
    expect_libma();
    if (!find_key()) {
        return 77;
    }
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        try_size(sizes[i]);
    }
    EXPECT(found_count == 0);
    return expect_status();
}
