/*
 * MA_OPTIONS=key=value,key=value,...
 *
 * The options are read once, at the start, without allocating. A key that is not
 * known or a value that does not fit is one warning on stderr, and the run goes
 * on without it. A set-user-ID program ignores the variable.
 */
#ifndef MA_BASE_OPTIONS_H
#define MA_BASE_OPTIONS_H

#include "base/config.h"

#include <stddef.h>

/* For which memory to ask the system for huge pages. */
enum thp {
    THP_SYSTEM, /* do not ask: as the system is set */
    THP_NEVER,  /* none, even where the system would give them */
    THP_LARGE,  /* large payloads */
    THP_ALWAYS, /* the whole heap */
};

struct options {
    size_t stats;     /* 1: print a summary of the heap at exit */
    size_t verbose;   /* 1: tell of every change of segments */
    size_t deepbind;  /* 1: let dlopen's RTLD_DEEPBIND through */
    size_t front;     /* 0: every request goes to the core */
    size_t populate;  /* 0: each page comes when it is touched */
    size_t dirty_max; /* bytes of free pages that may stay resident in a core, at most */
    size_t decay_ms;  /* for how long they may, while they are not needed */
    size_t limit;     /* bytes that the heap may have, at most */
    size_t thp;       /* enum thp */
    size_t shards;    /* the most cores that serve requests; 0: as many as there are processors */
};

/* Constant after start. */
extern MA_HIDDEN struct options options;

/* Parse `text` (NULL: nothing) into `*out`, over what is there. */
void options_parse(struct options *out, const char *text);

#endif
