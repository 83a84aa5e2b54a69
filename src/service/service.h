/*
 * service/service.h: HTTP for the wufei command. Two functions, found by name in libwufei-service
 * when a subcommand needs them.
 */
#ifndef SERVICE_SERVICE_H
#define SERVICE_SERVICE_H

#include "wufei/wufei.h"

/* ---- server (http_listen.c) ----------------------------------------------------------------- */

/* A body holds a checkpoint with the hundred signatures that it may have at most, thirty of them of
   the long kind that is to come (ML-DSA). */
enum {
    SERVICE_BODY_MAX = 256 << 10,
    SERVICE_HEADERS_MAX = 16 << 10,
    SERVICE_CONNECTIONS_MAX = 256,
    SERVICE_REQUEST_S = 30, /* a whole request */
    SERVICE_IDLE_S = 15
};

typedef struct service_server {
    const char *address; /* "127.0.0.1:8080", "[::1]:0"; port 0: any that is free */
    const char *prefix;  /* of the paths served, "" or "/w1" */
    unsigned request_s;  /* for a whole request; 0: SERVICE_REQUEST_S */
    /* `path` is what follows the prefix. */
    void (*answer)(void *ctx, const char *method, const char *path, const void *body, size_t size,
                   wf_http_answer *out);
    /* Connections are taken from here on at this URL. */
    void (*ready)(void *ctx, const char *url);
    void *ctx;
} service_server;

/* Serves until SIGTERM or SIGINT; then takes no more connections, finishes the answers under way
   and returns WF_OK. One thread; a line for each request on standard error. What all peers together
   can take is limited (connections.h). */
typedef wf_status service_listen_function(const service_server *server, wf_error *err);
WF_API service_listen_function service_listen;

/* ---- client (http_post.c) ------------------------------------------------------------------- */

enum { SERVICE_ANSWER_MAX = 256 << 10 };

typedef struct service_client {
    unsigned timeout_s; /* of each post, from the connection to the end of the answer */
} service_client;

/* A wf_post_sender; ctx is a service_client. */
typedef wf_status service_post_function(void *ctx, wf_http_post *posts, size_t count,
                                        bool (*answered)(wf_http_post *post), wf_error *err);
WF_API service_post_function service_post;

#endif
