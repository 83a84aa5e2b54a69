/*
 * ledger/keys/signer_clients.c: see signer_clients.h.
 */
#include "signer_clients.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "signer.h"

enum { LIMIT_MS = SIGNER_TIMEOUT_S * 1000 };

enum progress { MORE_TO_COME, IS_WHOLE, IS_BROKEN };

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void drop(signer_clients *c, size_t i)
{
    close(c->all[i].fd);
    free(c->all[i].bytes);
    c->count--;
    memmove(&c->all[i], &c->all[i + 1], (c->count - i) * sizeof *c->all);
}

bool signer_clients_drop_oldest(signer_clients *c)
{
    if (c->count == 0)
        return false;
    drop(c, 0);
    return true;
}

void signer_clients_add(signer_clients *c, int fd)
{
    if (c->count == SIGNER_CLIENTS_MAX)
        drop(c, 0);
    c->all[c->count++] = (signer_client){.fd = fd, .since_ms = now_ms()};
}

int signer_clients_watch(const signer_clients *c, struct pollfd *out)
{
    for (size_t i = 0; i < c->count; i++)
        out[i] = (struct pollfd){.fd = c->all[i].fd, .events = POLLIN};
    if (c->count == 0)
        return -1;
    int64_t left_ms = c->all[0].since_ms + LIMIT_MS - now_ms();
    return left_ms > 0 ? (int)left_ms : 0;
}

/* Its length is known: makes room for the rest. */
static bool make_room(signer_client *one)
{
    one->wanted = (size_t)one->length[0] << 24 | (size_t)one->length[1] << 16 |
                  (size_t)one->length[2] << 8 | one->length[3];
    one->got = 0;
    if (one->wanted < 2 || one->wanted > SIGNER_REQUEST_MAX)
        return false;
    one->bytes = malloc(one->wanted);
    return one->bytes != NULL;
}

static enum progress read_some(signer_client *one)
{
    for (;;) {
        uint8_t *to = one->bytes != NULL ? one->bytes : one->length;
        size_t wanted = one->bytes != NULL ? one->wanted : sizeof one->length;
        ssize_t received = recv(one->fd, to + one->got, wanted - one->got, MSG_DONTWAIT);
        if (received < 0 && errno == EINTR)
            continue;
        if (received < 0)
            return errno == EAGAIN || errno == EWOULDBLOCK ? MORE_TO_COME : IS_BROKEN;
        if (received == 0)
            return IS_BROKEN;
        one->got += (size_t)received;
        if (one->got < wanted)
            continue;
        if (one->bytes != NULL)
            return IS_WHOLE;
        if (!make_room(one))
            return IS_BROKEN;
    }
}

void signer_clients_read(signer_clients *c, const struct pollfd *polled,
                         void (*whole)(void *ctx, int fd, span request), void *ctx)
{
    int64_t now = now_ms();
    for (size_t i = c->count; i-- > 0;) { /* from the end: dropping moves only what was looked at */
        signer_client *one = &c->all[i];
        enum progress progress = polled[i].revents != 0 ? read_some(one) : MORE_TO_COME;
        if (progress == IS_WHOLE)
            whole(ctx, one->fd, span_of(one->bytes, one->wanted));
        if (progress != MORE_TO_COME || now - one->since_ms >= LIMIT_MS)
            drop(c, i);
    }
}

void signer_clients_close(signer_clients *c)
{
    while (signer_clients_drop_oldest(c))
        continue;
}
