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

#include <stdbool.h>
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
    size_t check;     /* 0 to 3: how closely misuse is looked for; see docs/security.md */
    size_t
        quarantine; /* with check=2 and 3, bytes of released blocks that are not used again yet, at most */
    size_t mismatch; /* 1: with check=2 and 3, what `new` gave is to go by `delete`, and so on */
    size_t guard_sample; /* one allocation in so many lies between guard pages; 0: none */
    size_t zero;         /* 1: what is released is cleared */
    size_t leaks;        /* 1: print at exit what is live still, and where it was allocated */
    size_t shards;   /* the most cores that serve requests; 0: as many as there are processors */
    bool is_watched; /* any of check, guard_sample, zero and leaks is set */
    bool is_slow;    /* check or zero is: fast paths would miss what is to be done */
    bool
        is_mapped; /* that is only to look into the maps of live objects: check=1, and nothing else */
};

/* Constant after start. */
extern MA_HIDDEN struct options options;

/* Parse `text` into `*out`, over what is there. */
MA_RARE void options_parse(struct options *out, const char *text);

/* Work out what follows from the options that were set. */
void options_settle(struct options *out);

#endif
