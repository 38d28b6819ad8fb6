/*
 * A word index over standard input: a hash table that grows, lists that grow, and threads that
 * each count a share. Prints the commonest words. Compiled, linked and run by the compiler cases.
 */
#include <ctype.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define THREAD_COUNT 4

struct word {
    struct word *next;
    char *text;
    size_t *lines;
    size_t line_count;
    size_t line_room;
};

struct table {
    struct word **slots;
    size_t slot_count;
    size_t word_count;
};

struct share {
    struct table table;
    const char *text;
    size_t first_line;
    size_t last_line;
    pthread_t thread;
};

static void *must(void *memory)
{
    if (memory == NULL) {
        fprintf(stderr, "index: %s\n", strerror(errno));
        exit(1);
    }
    return memory;
}

static size_t hash(const char *text, size_t length)
{
    size_t value = 14695981039346656037u;
    for (size_t i = 0; i < length; i++) {
        value = (value ^ (unsigned char)text[i]) * 1099511628211u;
    }
    return value;
}

static void table_grow(struct table *table)
{
    size_t count = table->slot_count * 2 + 16;
    struct word **slots = must(calloc(count, sizeof(*slots)));
    for (size_t i = 0; i < table->slot_count; i++) {
        struct word *next;
        for (struct word *word = table->slots[i]; word != NULL; word = next) {
            next = word->next;
            size_t slot = hash(word->text, strlen(word->text)) % count;
            word->next = slots[slot];
            slots[slot] = word;
        }
    }
    free(table->slots);
    table->slots = slots;
    table->slot_count = count;
}

static struct word *table_find(struct table *table, const char *text, size_t length)
{
    if (table->word_count >= table->slot_count) {
        table_grow(table);
    }
    struct word **link = &table->slots[hash(text, length) % table->slot_count];
    for (; *link != NULL; link = &(*link)->next) {
        if (strncmp((*link)->text, text, length) == 0 && (*link)->text[length] == '\0') {
            return *link;
        }
    }
    *link = must(calloc(1, sizeof(**link)));
    (*link)->text = must(strndup(text, length));
    table->word_count++;
    return *link;
}

static void word_add_line(struct word *word, size_t line)
{
    if (word->line_count == word->line_room) {
        word->line_room += word->line_room / 2 + 2;
        word->lines = must(realloc(word->lines, word->line_room * sizeof(*word->lines)));
    }
    word->lines[word->line_count++] = line;
}

static void *index_share(void *argument)
{
    struct share *share = argument;
    size_t line = 0;
    for (const char *p = share->text; *p != '\0'; p++) {
        size_t length = 0;
        while (isalnum((unsigned char)p[length])) {
            length++;
        }
        if (length > 0 && line >= share->first_line && line < share->last_line) {
            word_add_line(table_find(&share->table, p, length), line);
        }
        p += length;
        if (*p == '\0') {
            break;
        }
        line += *p == '\n';
    }
    return NULL;
}

/* The main thread takes over, and frees, what the workers allocated. */
static void merge(struct table *into, struct table *from)
{
    for (size_t i = 0; i < from->slot_count; i++) {
        struct word *next;
        for (struct word *word = from->slots[i]; word != NULL; word = next) {
            struct word *mine = table_find(into, word->text, strlen(word->text));
            for (size_t j = 0; j < word->line_count; j++) {
                word_add_line(mine, word->lines[j]);
            }
            next = word->next;
            free(word->lines);
            free(word->text);
            free(word);
        }
    }
    free(from->slots);
}

static int by_count(const void *a, const void *b)
{
    const struct word *first = *(struct word *const *)a, *second = *(struct word *const *)b;
    if (first->line_count != second->line_count) {
        return first->line_count < second->line_count ? 1 : -1;
    }
    return strcmp(first->text, second->text);
}

static void print_top(const struct table *table, size_t limit)
{
    struct word **all = must(malloc((table->word_count + 1) * sizeof(struct word *)));
    size_t count = 0;
    for (size_t i = 0; i < table->slot_count; i++) {
        for (struct word *word = table->slots[i]; word != NULL; word = word->next) {
            all[count++] = word;
        }
    }
    qsort(all, count, sizeof(*all), by_count);
    printf("%zu words\n", count);
    for (size_t i = 0; i < count && i < limit; i++) {
        printf("%s %zu first %zu last %zu\n", all[i]->text, all[i]->line_count, all[i]->lines[0],
               all[i]->lines[all[i]->line_count - 1]);
    }
    free(all);
}

static char *read_all(FILE *file, size_t *line_count)
{
    char *text = NULL, *line = NULL;
    size_t length = 0, room = 0;
    ssize_t got;
    while ((got = getline(&line, &room, file)) > 0) {
        text = must(realloc(text, length + (size_t)got + 1));
        memcpy(text + length, line, (size_t)got + 1);
        length += (size_t)got;
        ++*line_count;
    }
    free(line);
    return text != NULL ? text : must(strdup(""));
}

int main(void)
{
    size_t line_count = 0;
    char *text = read_all(stdin, &line_count);
    struct share shares[THREAD_COUNT] = {0};
    for (size_t i = 0; i < THREAD_COUNT; i++) {
        shares[i].text = text;
        shares[i].first_line = line_count * i / THREAD_COUNT;
        shares[i].last_line = line_count * (i + 1) / THREAD_COUNT;
        if (pthread_create(&shares[i].thread, NULL, index_share, &shares[i]) != 0) {
            return 1;
        }
    }
    struct table table = {0};
    for (size_t i = 0; i < THREAD_COUNT; i++) {
        pthread_join(shares[i].thread, NULL);
        merge(&table, &shares[i].table);
    }
    print_top(&table, 15);
    free(text);
    return 0;
}
