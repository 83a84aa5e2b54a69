/*
 * service/connections.h: the connections of the HTTP server, and what all of them together may take
 * of it: so many at a time, so long a request, so many bytes that wait to be understood.
 *
 * libevent 2.1 limits a body and the silence of a peer, and nothing else: a peer that sends a byte
 * now and then keeps its connection for ever, a line of a chunk's size may be without end, and who
 * has taken all descriptors keeps everybody else out.
 */
#ifndef SERVICE_CONNECTIONS_H
#define SERVICE_CONNECTIONS_H

#include <stdbool.h>
#include <stddef.h>

struct event_base;
struct evhttp;
struct evhttp_request;

typedef struct connections connections;

/* Every connection of `http` is looked after from here on. A request has `request_s` seconds, from
   the connection or the answer before it to its own last byte. NULL: out of memory. */
connections *connections_new(struct event_base *base, struct evhttp *http, size_t max,
                             unsigned request_s);
/* The time of the next request on this connection begins. */
void connections_answered(connections *c, struct evhttp_request *request);
/* Closes what has ended since it was last looked at: when descriptors are short. */
void connections_look(connections *c);
/* After evhttp_free, before the base is freed. NULL is fine. */
void connections_free(connections *c);

/* As many as the limit of descriptors leaves room for, SERVICE_CONNECTIONS_MAX at most. */
size_t connections_limit(void);

#endif
