/*
 * The table of options and its parser.
 */
#include "base/options.h"

#include "base/config.h"
#include "base/report.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct options options = {.front = 1};

/* One row an option; every value is a number within [minimum, maximum], and may be
 * written "off" for 0, "on" for 1. */
struct option_row {
    const char *key;
    size_t offset; /* of the value within struct options */
    size_t minimum;
    size_t maximum;
};

static const struct option_row table[] = {
    {"stats", offsetof(struct options, stats), 0, 1},
    {"verbose", offsetof(struct options, verbose), 0, 1},
    {"deepbind", offsetof(struct options, deepbind), 0, 1},
    {"front", offsetof(struct options, front), 0, 1},
    {"shards", offsetof(struct options, shards), 0, MA_SHARD_MAX},
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

static bool parse_number(const char *text, size_t length, size_t *out)
{
    size_t value = 0;
    if (is_word("off", text, length) || is_word("on", text, length)) {
        *out = length == strlen("on");
        return true;
    }
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
    *out = value;
    return length > 0;
}

/* The name or setting `text[0..length)`, cut to fit a message. */
static const char *quoted(char *out, size_t room, const char *text, size_t length)
{
    size_t kept = length < room - 1 ? length : room - 1;
    memcpy(out, text, kept);
    out[kept] = '\0';
    return out;
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
    if (!parse_number(setting + length - value_length, value_length, &value) ||
        value < row->minimum || value > row->maximum) {
        report_line("MA_OPTIONS: '%s' wants %s=N with N from %zu to %zu; ignored",
                    quoted(name, sizeof(name), setting, length), row->key, row->minimum,
                    row->maximum);
        return;
    }
    memcpy((char *)out + row->offset, &value, sizeof(value));
}

void options_parse(struct options *out, const char *text)
{
    while (text != NULL && *text != '\0') {
        size_t length = strcspn(text, ",");
        if (length > 0) {
            parse_one(out, text, length);
        }
        text += length;
        text += *text == ',' ? 1 : 0;
    }
}
