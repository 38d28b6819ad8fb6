/*
 * A server that runs for long: the sizes that it asks for move slowly, so that memory freed in one phase has to
 * serve other sizes in the next. Most objects live for short, some for long, and a few for several phases.
 */
#include "common.h"
#include "workloads.h"

#define LIVE_COUNT 40000
#define SESSION_COUNT 10000

static const size_t mean_sizes[] = {64, 300, 1000, 4000, 1000, 300, 64};
#define PHASE_COUNT (sizeof(mean_sizes) / sizeof(*mean_sizes) - 1)

struct server {
    struct rng rng;
    void *live[LIVE_COUNT];
    void *sessions[SESSION_COUNT]; /* long-lived; the oldest is replaced */
    size_t session_next;
    uint64_t sum;
};

/* Half to one and a half of the mean. */
static void *request(struct server *server, size_t mean)
{
    return allocate_touched(mean / 2 + rng_below(&server->rng, mean));
}

static void put(struct server *server, void **place, void *block)
{
    if (*place != NULL) {
        server->sum += block_first(*place);
        free(*place);
    }
    *place = block;
}

/* The places from the first on are replaced the more often: each half of what is left half as often. */
static void replace_skewed(struct server *server, size_t mean)
{
    uint64_t random = rng_next(&server->rng);
    size_t places = LIVE_COUNT >> rng_level(random, 8);
    put(server, &server->live[rng_scale(random, places)], request(server, mean));
}

static void open_session(struct server *server, size_t mean)
{
    put(server, &server->sessions[server->session_next], request(server, mean));
    server->session_next = (server->session_next + 1) % SESSION_COUNT;
}

/* The mean size moves evenly from `from` to `to`. */
static void phase(struct server *server, size_t from, size_t to, size_t requests)
{
    for (size_t i = 0; i < requests; i++) {
        size_t mean = (from * (requests - i) + to * i) / requests;
        if (i % 64 == 0) {
            open_session(server, mean);
        } else {
            replace_skewed(server, mean);
        }
    }
}

static void drop_all(void **places, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(places[i]);
    }
}

uint64_t drift(double scale)
{
    static struct server server;
    size_t requests = scaled(400000, scale);
    for (size_t i = 0; i < PHASE_COUNT; i++) {
        phase(&server, mean_sizes[i], mean_sizes[i + 1], requests);
    }
    drop_all(server.live, LIVE_COUNT);
    drop_all(server.sessions, SESSION_COUNT);
    return server.sum;
}
