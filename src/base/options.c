/*
 * The table of options and its parser.
 */
#include "base/options.h"

#include "base/config.h"
#include "base/report.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct options options = {.front = 1,
                          .populate = 1,
                          .dirty_max = SIZE_MAX,
                          .decay_ms = MA_DECAY,
                          .limit = SIZE_MAX,
                          .quarantine = MA_QUARANTINE,
                          .mismatch = 1};

/* One row an option; every value is a number within [minimum, maximum], and may be
 * written "off" for 0, "on" for 1; or, where the row has words, the number of one of these. */
struct option_row {
    const char *key;
    size_t offset; /* of the value within struct options */
    size_t minimum;
    size_t maximum;
    const char *words; /* one after the other, each ended by a space; NULL: none */
};

static const struct option_row table[] = {
    {"stats", offsetof(struct options, stats), 0, 1, NULL},
    {"verbose", offsetof(struct options, verbose), 0, 1, NULL},
    {"deepbind", offsetof(struct options, deepbind), 0, 1, NULL},
    {"front", offsetof(struct options, front), 0, 1, NULL},
    {"populate", offsetof(struct options, populate), 0, 1, NULL},
    {"dirty_max", offsetof(struct options, dirty_max), 0, SIZE_MAX, NULL},
    {"decay_ms", offsetof(struct options, decay_ms), 0, SIZE_MAX, NULL},
    {"limit", offsetof(struct options, limit), MA_GRANULE, SIZE_MAX, NULL},
    {"thp", offsetof(struct options, thp), 0, THP_ALWAYS, "system never large always"},
    {"check", offsetof(struct options, check), 0, 3, NULL},
    {"quarantine", offsetof(struct options, quarantine), 0, SIZE_MAX, NULL},
    {"mismatch", offsetof(struct options, mismatch), 0, 1, NULL},
    {"guard_sample", offsetof(struct options, guard_sample), 0, UINT32_MAX, NULL},
    {"zero", offsetof(struct options, zero), 0, 1, NULL},
    {"leaks", offsetof(struct options, leaks), 0, 1, NULL},
    {"shards", offsetof(struct options, shards), 0, MA_SHARD_MAX, NULL},
};

static bool is_word(const char *word, const char *text, size_t length)
{
    return strlen(word) == length && memcmp(word, text, length) == 0;
}

static const struct option_row *find_row(const char *key, size_t length)
{
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        if (is_word(table[i].key, key, length)) {
            return &table[i];
        }
    }
    return NULL;
}

/* What a letter after a number multiplies it by, as a power of two; 0 for no such letter. */
static unsigned unit_of(char letter)
{
    switch (letter) {
    case 'k':
    case 'K':
        return 10;
    case 'm':
    case 'M':
        return 20;
    case 'g':
    case 'G':
        return 30;
    default:
        return 0;
    }
}

static bool parse_number(const char *text, size_t length, size_t *out)
{
    size_t value = 0;
    unsigned unit = length > 1 ? unit_of(text[length - 1]) : 0;
    length -= unit != 0;
    for (size_t i = 0; i < length; i++) {
        if (text[i] < '0' || text[i] > '9') {
            return false;
        }
        size_t digit = (size_t)(text[i] - '0');
        if (value > (SIZE_MAX - digit) / 10) {
            return false;
        }
        value = value * 10 + digit;
    }
    *out = value << unit;
    return length > 0 && *out >> unit == value;
}

/* The number of a word in the row's list; false where it is not there. */
static bool parse_word(const char *words, const char *text, size_t length, size_t *out)
{
    *out = 0;
    while (words != NULL && *words != '\0') {
        size_t word_length = strcspn(words, " ");
        if (word_length == length && memcmp(words, text, length) == 0) {
            return true;
        }
        words += word_length;
        words += *words == ' ';
        ++*out;
    }
    return false;
}

static bool parse_value(const struct option_row *row, const char *text, size_t length, size_t *out)
{
    if (row->words != NULL) {
        return parse_word(row->words, text, length, out);
    }
    if (is_word("off", text, length) || is_word("on", text, length)) {
        *out = length == strlen("on");
    } else if (!parse_number(text, length, out)) {
        return false;
    }
    return *out >= row->minimum && *out <= row->maximum;
}

/* The name or setting `text[0..length)`, cut to fit a message. */
static const char *quoted(char *out, size_t room, const char *text, size_t length)
{
    size_t kept = length < room - 1 ? length : room - 1;
    memcpy(out, text, kept);
    out[kept] = '\0';
    return out;
}

static void refuse(const struct option_row *row, const char *setting)
{
    if (row->words != NULL) {
        report_line("MA_OPTIONS: '%s' wants %s= one of: %s; ignored", setting, row->key,
                    row->words);
    } else {
        report_line("MA_OPTIONS: '%s' wants %s=N with N from %zu to %zu; ignored", setting,
                    row->key, row->minimum, row->maximum);
    }
}

static void parse_one(struct options *out, const char *setting, size_t length)
{
    char name[64];
    const char *equals = memchr(setting, '=', length);
    size_t key_length = equals != NULL ? (size_t)(equals - setting) : length;
    const struct option_row *row = find_row(setting, key_length);
    if (row == NULL) {
        report_line("MA_OPTIONS: there is no option '%s'; ignored",
                    quoted(name, sizeof(name), setting, key_length));
        return;
    }
    size_t value = 0;
    size_t value_length = equals != NULL ? length - key_length - 1 : 0;
    if (!parse_value(row, setting + length - value_length, value_length, &value)) {
        refuse(row, quoted(name, sizeof(name), setting, length));
        return;
    }
    memcpy((char *)out + row->offset, &value, sizeof(value));
}

void options_parse(struct options *out, const char *text)
{
    while (*text != '\0') {
        size_t length = strcspn(text, ",");
        if (length > 0) {
            parse_one(out, text, length);
        }
        text += length;
        text += *text == ',' ? 1 : 0;
    }
}

void options_settle(struct options *out)
{
    out->is_slow = (out->check | out->zero) != 0;
    out->is_mapped = out->check == 1 && (out->guard_sample | out->zero | out->leaks) == 0;
    out->is_watched = (out->check | out->guard_sample | out->zero | out->leaks) != 0;
}
