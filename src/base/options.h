/*
 * MA_OPTIONS=key=value,key=value,...
 *
 * The options are read once, at the start, without allocating. A key that is not
 * known or a value that does not fit is one warning on stderr, and the run goes
 * on without it. A set-user-ID program ignores the variable.
 */
#ifndef MA_BASE_OPTIONS_H
#define MA_BASE_OPTIONS_H

#include <stddef.h>

struct options {
    size_t stats;    /* 1: print a summary of the heap at exit */
    size_t verbose;  /* 1: tell of every change of segments */
    size_t deepbind; /* 1: let dlopen's RTLD_DEEPBIND through */
    size_t front;    /* 0: every request goes to the core */
    size_t shards;   /* the most cores that serve requests; 0: as many as there are processors */
};

/* Constant after start. */
extern struct options options;

/* Parse `text` (NULL: nothing) into `*out`, over what is there. */
void options_parse(struct options *out, const char *text);

#endif
