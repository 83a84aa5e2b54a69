/*
 * service/http_listen.c: a small HTTP server on libevent's evhttp. See service.h.
 *
 * What a peer can take of us is limited: its headers, its body, the time it may be silent or take
 * for a request; and how many there are at a time (connections.h). Should file descriptors run out
 * all the same, accepting rests for a moment instead of failing in a circle.
 */
#include <errno.h>
#include <libintl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/listener.h>

#include "service/connections.h"
#include "service/service.h"

#define _(text) dgettext("wufei", text)

enum {
    REST_US = 100000,
    FINISH_US = 200000,
    HOST_MAX = 256,
    URL_MAX = 512,
    REMARK_SHOWN_MAX = 200
};

typedef struct listener {
    const service_server *server;
    struct event_base *base;
    struct evhttp *http;
    struct evhttp_bound_socket *socket;
    connections *peers;
    struct event *term, *interrupt, *rest;
    bool stopping;
} listener;

/* Signals are the process's, so it has one server. And libevent hands an error of accepting the
   evhttp that it belongs to, whatever was asked for: who serves has to be found otherwise. */
static listener *serving;

static wf_status fail(wf_error *err, wf_status status, const char *format, ...) WF_PRINTF(3, 4);

static wf_status fail(wf_error *err, wf_status status, const char *format, ...)
{
    va_list list;
    err->status = status;
    va_start(list, format);
    vsnprintf(err->text, sizeof err->text, format, list);
    va_end(list);
    return status;
}

/* "HOST:PORT", "[HOST]:PORT" */
static bool split_address(const char *text, char host[HOST_MAX], uint16_t *port)
{
    const char *colon = strrchr(text, ':');
    if (colon == NULL || colon == text || strlen(colon + 1) > 5 || colon[1] == '\0' ||
        strspn(colon + 1, "0123456789") != strlen(colon + 1) || atoi(colon + 1) > UINT16_MAX)
        return false;
    size_t size = (size_t)(colon - text);
    if (text[0] == '[' && text[size - 1] == ']') {
        text++;
        size -= 2;
    } else if (memchr(text, ':', size) != NULL) {
        return false; /* IPv6 without brackets: which colon parts the port? */
    }
    if (size == 0 || size >= HOST_MAX)
        return false;
    memcpy(host, text, size);
    host[size] = '\0';
    *port = (uint16_t)atoi(colon + 1);
    return true;
}

static const char *method_name(struct evhttp_request *request)
{
    switch (evhttp_request_get_command(request)) {
    case EVHTTP_REQ_GET:
        return "GET";
    case EVHTTP_REQ_HEAD:
        return "HEAD";
    case EVHTTP_REQ_POST:
        return "POST";
    default:
        return "OTHER";
    }
}

static void log_request(struct evhttp_request *request, const char *method, int status,
                        const char *remark)
{
    char *peer = NULL, time_text[40];
    uint16_t port = 0;
    struct evhttp_connection *connection = evhttp_request_get_connection(request);
    if (connection != NULL)
        evhttp_connection_get_peer(connection, &peer, &port);
    /* evhttp lets no blank and no control character into a path */
    fprintf(stderr, "%s %s %s %.*s %d %s\n",
            wf_format_time(time_text, wf_now_ms() / 1000 * 1000, 0), peer == NULL ? "-" : peer,
            method, REMARK_SHOWN_MAX, evhttp_request_get_uri(request), status, remark);
}

/* The part of the path behind the prefix; NULL when it is elsewhere. */
static const char *path_of(struct evhttp_request *request, const char *prefix)
{
    const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(request);
    const char *path = uri == NULL ? NULL : evhttp_uri_get_path(uri);
    size_t size = strlen(prefix);
    if (path == NULL || strncmp(path, prefix, size) != 0)
        return NULL;
    return path[size] == '/' ? path + size : NULL;
}

/* The answer to HEAD has the length that GET would get, and no body: evhttp would send one. */
static bool put_answer(struct evhttp_request *request, struct evbuffer *out,
                       const wf_http_answer *answer, bool is_head)
{
    struct evkeyvalq *headers = evhttp_request_get_output_headers(request);
    char length[24];
    snprintf(length, sizeof length, "%zu", answer->body_size);
    if (evhttp_add_header(headers, "Content-Type", answer->content_type) != 0 ||
        (answer->allow != NULL && evhttp_add_header(headers, "Allow", answer->allow) != 0))
        return false;
    if (is_head)
        return evhttp_add_header(headers, "Content-Length", length) == 0;
    return answer->body_size == 0 || evbuffer_add(out, answer->body, answer->body_size) == 0;
}

static void handle(struct evhttp_request *request, void *ctx)
{
    listener *l = ctx;
    wf_http_answer answer = {.status = 404, .content_type = "text/plain; charset=utf-8"};
    const char *method = method_name(request);
    const char *path = path_of(request, l->server->prefix);
    struct evbuffer *in = evhttp_request_get_input_buffer(request);
    size_t size = evbuffer_get_length(in);
    const void *body = size > 0 ? (const void *)evbuffer_pullup(in, -1) : "";
    struct evbuffer *out = evbuffer_new();
    if (path != NULL && body != NULL)
        l->server->answer(l->server->ctx, method, path, body, size, &answer);
    log_request(request, method, answer.status, answer.remark);
    bool ready = out != NULL && put_answer(request, out, &answer, strcmp(method, "HEAD") == 0);
    free(answer.body);
    connections_answered(l->peers, request);
    /* the reason phrase NULL: the standard one of the status */
    evhttp_send_reply(request, ready ? answer.status : 500, NULL, out);
    if (out != NULL)
        evbuffer_free(out);
}

static void stop(evutil_socket_t signal_number, short what, void *ctx)
{
    listener *l = ctx;
    const struct timeval moment = {.tv_usec = FINISH_US};
    (void)signal_number, (void)what;
    if (!l->stopping)
        evhttp_del_accept_socket(l->http, l->socket);
    l->stopping = true;
    event_base_loopexit(l->base, &moment); /* for answers that are being written */
}

static void go_on(evutil_socket_t fd, short what, void *ctx)
{
    listener *l = ctx;
    (void)fd, (void)what;
    connections_look(l->peers);
    if (!l->stopping)
        evconnlistener_enable(evhttp_bound_socket_get_listener(l->socket));
}

static void cannot_accept(struct evconnlistener *socket, void *ctx)
{
    (void)ctx; /* the evhttp */
    const struct timeval moment = {.tv_usec = REST_US};
    char time_text[40];
    fprintf(stderr, "%s %s: %s\n", wf_format_time(time_text, wf_now_ms() / 1000 * 1000, 0),
            _("a connection cannot be taken"), _(strerror(EVUTIL_SOCKET_ERROR())));
    evconnlistener_disable(socket);
    event_add(serving->rest, &moment);
}

static wf_status tell_ready(listener *l, const char *host, wf_error *err)
{
    struct sockaddr_storage bound = {0};
    socklen_t size = sizeof bound;
    char url[URL_MAX];
    if (getsockname(evhttp_bound_socket_get_fd(l->socket), (struct sockaddr *)&bound, &size) != 0)
        return fail(err, WF_SYSTEM, "%s: %s", l->server->address, _(strerror(errno)));
    uint16_t port = bound.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&bound)->sin6_port
                                                : ((struct sockaddr_in *)&bound)->sin_port;
    bool brackets = strchr(host, ':') != NULL;
    snprintf(url, sizeof url, "http://%s%s%s:%u%s", brackets ? "[" : "", host, brackets ? "]" : "",
             (unsigned)ntohs(port), l->server->prefix);
    l->server->ready(l->server->ctx, url);
    return WF_OK;
}

static wf_status listener_open(listener *l, const char *host, uint16_t port, wf_error *err)
{
    l->base = event_base_new();
    l->http = l->base == NULL ? NULL : evhttp_new(l->base);
    if (l->http == NULL)
        return fail(err, WF_SYSTEM, "%s", _("out of memory"));
    evhttp_set_max_body_size(l->http, SERVICE_BODY_MAX);
    evhttp_set_max_headers_size(l->http, SERVICE_HEADERS_MAX);
    evhttp_set_timeout(l->http, SERVICE_IDLE_S);
    evhttp_set_allowed_methods(l->http, EVHTTP_REQ_GET | EVHTTP_REQ_HEAD | EVHTTP_REQ_POST);
    evhttp_set_gencb(l->http, handle, l);
    l->peers = connections_new(l->base, l->http, connections_limit(),
                               l->server->request_s > 0 ? l->server->request_s : SERVICE_REQUEST_S);
    l->term = evsignal_new(l->base, SIGTERM, stop, l);
    l->interrupt = evsignal_new(l->base, SIGINT, stop, l);
    l->rest = evtimer_new(l->base, go_on, l);
    if (l->peers == NULL || l->term == NULL || l->interrupt == NULL || l->rest == NULL ||
        event_add(l->term, NULL) != 0 || event_add(l->interrupt, NULL) != 0)
        return fail(err, WF_SYSTEM, "%s", _("out of memory"));
    errno = 0;
    l->socket = evhttp_bind_socket_with_handle(l->http, host, port);
    if (l->socket == NULL)
        return fail(err, WF_SYSTEM, _("%s: nobody can be listened to there: %s"),
                    l->server->address,
                    errno != 0 ? _(strerror(errno)) : _("no such address on this machine"));
    evconnlistener_set_error_cb(evhttp_bound_socket_get_listener(l->socket), cannot_accept);
    return WF_OK;
}

static void listener_close(listener *l)
{
    if (l->http != NULL)
        evhttp_free(l->http);
    connections_free(l->peers);
    if (l->term != NULL)
        event_free(l->term);
    if (l->interrupt != NULL)
        event_free(l->interrupt);
    if (l->rest != NULL)
        event_free(l->rest);
    if (l->base != NULL)
        event_base_free(l->base);
}

wf_status service_listen(const service_server *server, wf_error *err)
{
    listener l = {.server = server};
    char host[HOST_MAX];
    uint16_t port = 0;
    if (!split_address(server->address, host, &port))
        return fail(err, WF_USAGE,
                    _("'%s' is not an address to listen on; expected one like 127.0.0.1:8080 or "
                      "[::1]:8080"),
                    server->address);
    serving = &l;
    signal(SIGPIPE, SIG_IGN); /* a peer that went away is a failed write */
    wf_status status = listener_open(&l, host, port, err);
    if (status == WF_OK)
        status = tell_ready(&l, host, err);
    if (status == WF_OK && event_base_dispatch(l.base) < 0)
        status = fail(err, WF_SYSTEM, _("%s: the server stopped by itself"), server->address);
    listener_close(&l);
    serving = NULL;
    return status;
}
