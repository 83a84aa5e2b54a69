/*
 * service: what peers can do to the HTTP server: dawdle, come in crowds, send without end, send
 * rubbish. Others are answered at once meanwhile, and what the server holds is limited.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "service/service.h"

enum { REQUEST_S = 1, DESCRIPTORS = 96, CROWD = 200, SOON_MS = 6000, PATIENCE_S = 20 };

#define ASK "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"

static pid_t server;
static unsigned short port;

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- the server: says how many bytes it was sent --------------------------------------------- */

static void answer(void *ctx, const char *method, const char *path, const void *body, size_t size,
                   wf_http_answer *out)
{
    (void)ctx, (void)method, (void)path, (void)body;
    char text[40];
    snprintf(text, sizeof text, "%zu bytes", size);
    out->status = 200;
    out->content_type = "text/plain";
    out->body = strdup(text);
    out->body_size = strlen(text);
}

static void ready(void *ctx, const char *url)
{
    unsigned short found = (unsigned short)atoi(strrchr(url, ':') + 1);
    if (write(*(int *)ctx, &found, sizeof found) != sizeof found)
        _exit(3);
}

static int start_server(void **state)
{
    (void)state;
    int ends[2];
    if (pipe(ends) != 0)
        return -1;
    fflush(NULL);
    server = fork();
    if (server == 0) {
        const struct rlimit few = {DESCRIPTORS, DESCRIPTORS};
        wf_error err = {0};
        const service_server s = {.address = "127.0.0.1:0",
                                  .prefix = "",
                                  .request_s = REQUEST_S,
                                  .answer = answer,
                                  .ready = ready,
                                  .ctx = &ends[1]};
        close(ends[0]);
        if (setrlimit(RLIMIT_NOFILE, &few) != 0 || freopen("/dev/null", "w", stderr) == NULL)
            _exit(3);
        _exit((int)service_listen(&s, &err));
    }
    close(ends[1]);
    ssize_t got = read(ends[0], &port, sizeof port);
    close(ends[0]);
    return server > 0 && got == sizeof port ? 0 : -1;
}

static int stop_server(void **state)
{
    (void)state;
    int how = 0;
    kill(server, SIGTERM);
    waitpid(server, &how, 0);
    return WIFEXITED(how) && WEXITSTATUS(how) == 0 ? 0 : -1;
}

/* ---- peers ----------------------------------------------------------------------------------- */

static int connect_peer(void)
{
    const struct timeval patience = {.tv_sec = PATIENCE_S};
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port)};
    inet_pton(AF_INET, "127.0.0.1", &at.sin_addr);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    assert_int_equal(connect(fd, (const struct sockaddr *)&at, sizeof at), 0);
    return fd;
}

static bool send_text(int fd, const char *text)
{
    return send(fd, text, strlen(text), MSG_NOSIGNAL) == (ssize_t)strlen(text);
}

/* One answer as far as it has come, with a zero behind it. */
static void receive(int fd, char *out, size_t size)
{
    ssize_t got = recv(fd, out, size - 1, 0);
    out[got > 0 ? got : 0] = '\0';
}

static void assert_served_soon(void)
{
    char got[1024];
    int64_t began_ms = now_ms();
    int fd = connect_peer();
    assert_true(send_text(fd, ASK));
    receive(fd, got, sizeof got);
    assert_non_null(strstr(got, "HTTP/1.1 200"));
    assert_non_null(strstr(got, "3 bytes"));
    assert_true(now_ms() - began_ms < SOON_MS);
    close(fd);
}

static bool is_closed(int fd)
{
    char byte;
    ssize_t got = recv(fd, &byte, 1, MSG_DONTWAIT);
    return got == 0 || (got < 0 && errno != EAGAIN && errno != EWOULDBLOCK);
}

/* ---- tests ----------------------------------------------------------------------------------- */

static void a_crowd_keeps_nobody_out(void **state)
{
    (void)state;
    int held[CROWD];
    for (size_t i = 0; i < CROWD; i++)
        held[i] = connect_peer();
    for (size_t i = 0; i < 5; i++)
        assert_served_soon();
    size_t closed = 0;
    for (size_t i = 0; i < CROWD; i++)
        closed += is_closed(held[i]) ? 1 : 0;
    assert_true(closed >= CROWD - DESCRIPTORS);
    for (size_t i = 0; i < CROWD; i++)
        close(held[i]);
    assert_served_soon();
}

static void who_dawdles_is_sent_away(void **state)
{
    (void)state;
    int fd = connect_peer();
    int64_t began_ms = now_ms();
    assert_true(send_text(fd, "GET /e HTTP/1.1\r\nHost: "));
    while (!is_closed(fd) && now_ms() - began_ms < PATIENCE_S * 1000) {
        send_text(fd, "a");
        usleep(50000);
    }
    assert_true(is_closed(fd));
    assert_in_range(now_ms() - began_ms, REQUEST_S * 1000, (REQUEST_S + 3) * 1000);
    close(fd);
    assert_served_soon();
}

/* Its time begins anew with each answer. */
static void who_asks_again_and_again_stays(void **state)
{
    (void)state;
    int fd = connect_peer();
    int64_t began_ms = now_ms();
    while (now_ms() - began_ms < (REQUEST_S + 2) * 1000) {
        char got[1024];
        assert_true(send_text(fd, ASK));
        receive(fd, got, sizeof got);
        assert_non_null(strstr(got, "3 bytes"));
        usleep(200000);
    }
    close(fd);
}

/* libevent waits for the end of a line of a chunk's size, however long it is. */
static void a_line_without_end(void **state)
{
    (void)state;
    static const char much[1 << 16] = {0};
    enum { FAR_MORE = 64 << 20 };
    int fd = connect_peer();
    size_t sent = 0;
    assert_true(send_text(fd, "POST /e HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"));
    for (ssize_t n = 1; n > 0 && sent<FAR_MORE; sent += n> 0 ? (size_t)n : 0)
        n = send(fd, much, sizeof much, MSG_NOSIGNAL);
    assert_true(sent < FAR_MORE); /* what the kernel holds for both sides, and no more */
    close(fd);
    assert_served_soon();
}

static void bodies(void **state)
{
    (void)state;
    char got[1024], head[200];
    static const struct {
        const char *head, *answer;
    } cases[] = {
        {"POST /e HTTP/1.1\r\nHost: a\r\n\r\n", "0 bytes"},
        {"POST /e HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
         "5 bytes"},
        {"POST /e HTTP/1.1\r\nContent-Length: -1\r\n\r\n", " 400 "},
        {"POST /e HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n", " 4"},
        {"POST /e HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n", " 4"},
        {"POST /e HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n", " 4"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int fd = connect_peer();
        assert_true(send_text(fd, cases[i].head));
        shutdown(fd, SHUT_WR);
        receive(fd, got, sizeof got);
        if (strstr(got, cases[i].answer) == NULL)
            fail_msg("case %zu: %s", i, got);
        close(fd);
    }
    snprintf(head, sizeof head, "POST /e HTTP/1.1\r\nContent-Length: %d\r\n\r\n",
             SERVICE_BODY_MAX + 1);
    int fd = connect_peer();
    assert_true(send_text(fd, head));
    receive(fd, got, sizeof got);
    assert_non_null(strstr(got, " 413 "));
    close(fd);
    assert_served_soon();
}

static void the_largest_body(void **state)
{
    (void)state;
    static char body[SERVICE_BODY_MAX];
    char got[1024], head[200], said[40];
    int fd = connect_peer();
    snprintf(head, sizeof head, "POST /e HTTP/1.1\r\nContent-Length: %zu\r\n\r\n", sizeof body);
    snprintf(said, sizeof said, "%zu bytes", sizeof body);
    assert_true(send_text(fd, head));
    assert_int_equal(send(fd, body, sizeof body, MSG_NOSIGNAL), sizeof body);
    receive(fd, got, sizeof got);
    assert_non_null(strstr(got, said));
    close(fd);
}

/* The answer to HEAD has no body: what follows on the connection is the next answer. */
static void head_and_then_get(void **state)
{
    (void)state;
    char got[1024];
    int fd = connect_peer();
    assert_true(send_text(fd, "HEAD /e HTTP/1.1\r\nHost: a\r\n\r\n"));
    receive(fd, got, sizeof got);
    assert_non_null(strstr(got, "Content-Length: 7\r\n"));
    assert_null(strstr(got, "0 bytes"));
    assert_true(send_text(fd, "GET /e HTTP/1.1\r\nHost: a\r\n\r\n"));
    receive(fd, got, sizeof got);
    assert_memory_equal(got, "HTTP/1.1 200", 12);
    assert_non_null(strstr(got, "0 bytes"));
    close(fd);
}

/* Bytes changed, lost and doubled in requests that are good; the server lives (stop_server). */
static void rubbish(void **state)
{
    (void)state;
    static const char *const good[] = {
        ASK, "GET /a HTTP/1.1\r\nHost: a\r\n\r\n",
        "POST /e HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nA: b\r\n\r\n",
        "POST /e HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nabcde"};
    uint32_t random = 7;
    for (int round = 0; round < 500; round++) {
        char bytes[512];
        strcpy(bytes, good[round % 4]);
        size_t size = strlen(bytes);
        for (int change = 0; change < 3; change++) {
            random = random * 1664525 + 1013904223;
            size_t at = (random >> 8) % size, much = size - at < 20 ? size - at : 20;
            if (random >> 30 == 0)
                bytes[at] = (char)(bytes[at] ^ 1 << (random & 7));
            else if (random >> 30 == 1 && size > 40)
                memmove(bytes + at, bytes + at + much, (size -= much) - at);
            else if (random >> 30 == 2 && size < 400)
                memmove(bytes + at + much, bytes + at, (size += much) - at - much);
            else
                bytes[at] = (char)random;
        }
        int fd = connect_peer();
        send(fd, bytes, size, MSG_NOSIGNAL);
        shutdown(fd, SHUT_WR);
        while (recv(fd, bytes, sizeof bytes, 0) > 0)
            continue;
        close(fd);
    }
    assert_served_soon();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start_server, stop_server)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_crowd_keeps_nobody_out),
        TEST(who_dawdles_is_sent_away),
        TEST(who_asks_again_and_again_stays),
        TEST(a_line_without_end),
        TEST(bodies),
        TEST(the_largest_body),
        TEST(head_and_then_get),
        TEST(rubbish),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
