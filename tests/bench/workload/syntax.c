/*
 * An interpreter without arenas: modules are parsed to trees of small nodes, lists and argument vectors,
 * evaluated several times, and dropped one by one as newer ones come.
 */
#include "common.h"
#include "workloads.h"

#include <string.h>

#define MODULE_COUNT 16
#define FUNCTION_COUNT 20
#define DEPTH_MAX 5

enum kind { LITERAL, NAME, BINARY, CALL };

/* What each kind of expression begins with. */
struct expression {
    enum kind kind;
};

struct literal {
    struct expression head;
    uint64_t value;
};

struct name {
    struct expression head;
    char *text;
};

struct binary {
    struct expression head;
    char sign;
    struct expression *left;
    struct expression *right;
};

struct call {
    struct expression head;
    size_t count;
    size_t capacity;
    struct expression **arguments;
};

struct statement {
    struct statement *next;
    struct expression *expression;
    size_t line;
};

struct module {
    struct statement *functions[FUNCTION_COUNT];
};

static struct expression *parse(struct rng *rng, size_t depth);

static void *expression_of(enum kind kind, size_t size)
{
    struct expression *expression = allocate(size);
    expression->kind = kind;
    return expression;
}

static struct expression *parse_literal(struct rng *rng)
{
    struct literal *literal = expression_of(LITERAL, sizeof(*literal));
    literal->value = rng_next(rng);
    return &literal->head;
}

static struct expression *parse_name(struct rng *rng)
{
    struct name *name = expression_of(NAME, sizeof(*name));
    size_t length = rng_between(rng, 1, 24);
    name->text = memset(allocate(length + 1), 'a' + (int)(length % 16), length);
    name->text[length] = '\0';
    return &name->head;
}

static struct expression *parse_binary(struct rng *rng, size_t depth)
{
    struct binary *binary = expression_of(BINARY, sizeof(*binary));
    binary->sign = "+*^"[rng_below(rng, 3)];
    binary->left = parse(rng, depth - 1);
    binary->right = parse(rng, depth - 1);
    return &binary->head;
}

static void call_append(struct call *call, struct expression *argument)
{
    if (call->count == call->capacity) {
        call->capacity = call->capacity == 0 ? 2 : 2 * call->capacity;
        call->arguments = reallocate(call->arguments, call->capacity * sizeof(*call->arguments));
    }
    call->arguments[call->count] = argument;
    call->count++;
}

static struct expression *parse_call(struct rng *rng, size_t depth)
{
    struct call *call = expression_of(CALL, sizeof(*call));
    *call = (struct call){.head = {CALL}};
    size_t count = rng_below(rng, 6);
    for (size_t i = 0; i < count; i++) {
        call_append(call, parse(rng, depth - 1));
    }
    return &call->head;
}

static struct expression *parse(struct rng *rng, size_t depth)
{
    size_t choice = rng_below(rng, 8);
    if (depth == 0 || choice < 2) {
        return choice % 2 == 0 ? parse_literal(rng) : parse_name(rng);
    }
    return choice < 6 ? parse_binary(rng, depth) : parse_call(rng, depth);
}

static struct statement *parse_function(struct rng *rng)
{
    struct statement *first = NULL;
    size_t count = rng_between(rng, 4, 32);
    for (size_t line = 0; line < count; line++) {
        struct statement *statement = allocate(sizeof(*statement));
        *statement = (struct statement){first, parse(rng, DEPTH_MAX), line};
        first = statement;
    }
    return first;
}

static struct module *parse_module(struct rng *rng)
{
    struct module *module = allocate(sizeof(*module));
    for (size_t i = 0; i < FUNCTION_COUNT; i++) {
        module->functions[i] = parse_function(rng);
    }
    return module;
}

static uint64_t evaluate(const struct expression *expression);

static uint64_t evaluate_binary(const struct binary *binary)
{
    uint64_t left = evaluate(binary->left);
    uint64_t right = evaluate(binary->right);
    switch (binary->sign) {
    case '+':
        return left + right;
    case '*':
        return left * right;
    default:
        return left ^ right;
    }
}

static uint64_t evaluate_call(const struct call *call)
{
    uint64_t result = call->count;
    for (size_t i = 0; i < call->count; i++) {
        result = result * 31 + evaluate(call->arguments[i]);
    }
    return result;
}

static uint64_t evaluate(const struct expression *expression)
{
    switch (expression->kind) {
    case LITERAL:
        return ((const struct literal *)expression)->value;
    case NAME:
        return (unsigned char)((const struct name *)expression)->text[0];
    case BINARY:
        return evaluate_binary((const struct binary *)expression);
    default:
        return evaluate_call((const struct call *)expression);
    }
}

static uint64_t evaluate_module(const struct module *module)
{
    uint64_t result = 0;
    for (size_t i = 0; i < FUNCTION_COUNT; i++) {
        for (const struct statement *s = module->functions[i]; s != NULL; s = s->next) {
            result += evaluate(s->expression) ^ s->line;
        }
    }
    return result;
}

static void drop(struct expression *expression);

static void drop_call(struct call *call)
{
    for (size_t i = 0; i < call->count; i++) {
        drop(call->arguments[i]);
    }
    free(call->arguments);
}

static void drop(struct expression *expression)
{
    if (expression->kind == NAME) {
        free(((struct name *)expression)->text);
    } else if (expression->kind == BINARY) {
        drop(((struct binary *)expression)->left);
        drop(((struct binary *)expression)->right);
    } else if (expression->kind == CALL) {
        drop_call((struct call *)expression);
    }
    free(expression);
}

static void drop_module(struct module *module)
{
    for (size_t i = 0; i < FUNCTION_COUNT; i++) {
        while (module->functions[i] != NULL) {
            struct statement *statement = module->functions[i];
            module->functions[i] = statement->next;
            drop(statement->expression);
            free(statement);
        }
    }
    free(module);
}

/* Each new module takes the place of one chosen at random, and is evaluated along with another three. */
uint64_t syntax_trees(double scale)
{
    struct module *modules[MODULE_COUNT];
    struct rng rng = {1};
    for (size_t i = 0; i < MODULE_COUNT; i++) {
        modules[i] = parse_module(&rng);
    }
    size_t rounds = scaled(200, scale);
    uint64_t sum = 0;
    for (size_t i = 0; i < rounds; i++) {
        size_t place = rng_below(&rng, MODULE_COUNT);
        drop_module(modules[place]);
        modules[place] = parse_module(&rng);
        for (size_t k = 0; k < 4; k++) {
            sum += evaluate_module(modules[(place + k) % MODULE_COUNT]);
        }
    }
    for (size_t i = 0; i < MODULE_COUNT; i++) {
        drop_module(modules[i]);
    }
    return sum;
}
