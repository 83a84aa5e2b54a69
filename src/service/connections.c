/*
 * service/connections.c: see connections.h.
 *
 * evhttp tells of a connection when it asks for its bufferevent, and never when it ends. So each
 * bufferevent is held here by a reference: one whose callback is gone was let go by evhttp, and is
 * let go here as well, which closes it. A connection is ended as if its peer had been silent for
 * too long.
 *
 * Who comes when there is no room is let in, and the connection whose request is under way for
 * longest has to go: an honest client is done within a moment, and one that holds connections to
 * keep others out loses the oldest of its own.
 */
#include "service/connections.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>

#include "service/service.h"

/* Descriptors that are not connections: standard ones, libevent's, the state, new connections that
   are taken before older ones are closed. */
enum { DESCRIPTORS_ELSE = 16, CONNECTIONS_MIN = 4, MS_PER_S = 1000, NS_PER_MS = 1000000 };

typedef struct connection {
    struct bufferevent *stream; /* a reference of ours */
    int64_t since_ms;
    bool ended;
} connection;

struct connections {
    struct event *look; /* once a second */
    connection *all;
    size_t count, capacity, max;
    int64_t request_ms;
};

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * MS_PER_S + now.tv_nsec / NS_PER_MS;
}

static bool is_gone(const connection *one)
{
    bufferevent_data_cb reads = NULL, writes = NULL;
    bufferevent_event_cb happens = NULL;
    bufferevent_getcb(one->stream, &reads, &writes, &happens, NULL);
    return reads == NULL && writes == NULL && happens == NULL;
}

static void end(connection *one)
{
    evutil_socket_t fd = bufferevent_getfd(one->stream);
    one->ended = true;
    if (fd >= 0)
        shutdown(fd, SHUT_RDWR);
    /* That alone is not noticed where reading rests, because too much waits to be understood.
       Later, because we may stand within libevent's accepting. */
    bufferevent_trigger_event(one->stream, BEV_EVENT_READING | BEV_EVENT_TIMEOUT,
                              BEV_OPT_DEFER_CALLBACKS);
}

/* Lets go of what has ended, and ends what takes too long. The one at the end is new: evhttp has
   not set its callbacks yet. */
static void look_after(connections *c, size_t count)
{
    int64_t now = now_ms();
    size_t kept = 0;
    for (size_t i = 0; i < c->count; i++) {
        if (i < count && is_gone(&c->all[i])) {
            bufferevent_decref(c->all[i].stream);
            continue;
        }
        if (!c->all[i].ended && now - c->all[i].since_ms > c->request_ms)
            end(&c->all[i]);
        c->all[kept++] = c->all[i];
    }
    c->count = kept;
}

static void make_room(connections *c)
{
    connection *oldest = NULL;
    size_t open = 0;
    for (size_t i = 0; i < c->count; i++) {
        if (c->all[i].ended)
            continue;
        open++;
        if (oldest == NULL || c->all[i].since_ms < oldest->since_ms)
            oldest = &c->all[i];
    }
    if (open > c->max)
        end(oldest);
}

static void look(evutil_socket_t fd, short what, void *ctx)
{
    (void)fd, (void)what;
    connections_look(ctx);
}

/* evhttp's wish for the stream of a new connection; on NULL it makes one without us, which is how
   it goes on when memory is short. */
static struct bufferevent *make_stream(struct event_base *base, void *ctx)
{
    connections *c = ctx;
    if (c->count == c->capacity) {
        size_t capacity = c->capacity > 0 ? 2 * c->capacity : CONNECTIONS_MIN;
        connection *larger = realloc(c->all, capacity * sizeof *larger);
        if (larger == NULL)
            return NULL;
        c->all = larger;
        c->capacity = capacity;
    }
    struct bufferevent *stream = bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE);
    if (stream == NULL)
        return NULL;
    /* a whole body waits here, and evhttp takes it at once; more than that is nothing it knows */
    bufferevent_setwatermark(stream, EV_READ, 0, SERVICE_BODY_MAX + 2 * SERVICE_HEADERS_MAX);
    bufferevent_incref(stream);
    c->all[c->count++] = (connection){.stream = stream, .since_ms = now_ms()};
    look_after(c, c->count - 1);
    make_room(c);
    return stream;
}

void connections_look(connections *c)
{
    look_after(c, c->count);
}

void connections_answered(connections *c, struct evhttp_request *request)
{
    struct evhttp_connection *of = evhttp_request_get_connection(request);
    struct bufferevent *stream = of != NULL ? evhttp_connection_get_bufferevent(of) : NULL;
    for (size_t i = 0; i < c->count; i++)
        if (c->all[i].stream == stream)
            c->all[i].since_ms = now_ms();
}

connections *connections_new(struct event_base *base, struct evhttp *http, size_t max,
                             unsigned request_s)
{
    static const struct timeval second = {.tv_sec = 1};
    connections *c = calloc(1, sizeof *c);
    if (c == NULL)
        return NULL;
    c->max = max;
    c->request_ms = (int64_t)request_s * MS_PER_S;
    c->look = event_new(base, -1, EV_PERSIST, look, c);
    if (c->look == NULL || event_add(c->look, &second) != 0) {
        connections_free(c);
        return NULL;
    }
    evhttp_set_bevcb(http, make_stream, c);
    return c;
}

void connections_free(connections *c)
{
    if (c == NULL)
        return;
    for (size_t i = 0; i < c->count; i++)
        bufferevent_decref(c->all[i].stream);
    if (c->look != NULL)
        event_free(c->look);
    free(c->all);
    free(c);
}

size_t connections_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY ||
        limit.rlim_cur >= DESCRIPTORS_ELSE + 2 * (rlim_t)SERVICE_CONNECTIONS_MAX)
        return SERVICE_CONNECTIONS_MAX;
    if (limit.rlim_cur <= DESCRIPTORS_ELSE + 2 * CONNECTIONS_MIN)
        return CONNECTIONS_MIN;
    return (size_t)(limit.rlim_cur - DESCRIPTORS_ELSE) / 2;
}
