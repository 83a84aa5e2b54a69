/*
 * ledger/keys/signer_clients.h: the clients of a signer that have not said all of their request
 * yet. Each is read as far as it has come, so that one that says nothing holds up nobody else.
 */
#ifndef LEDGER_SIGNER_CLIENTS_H
#define LEDGER_SIGNER_CLIENTS_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/memory.h"

enum { SIGNER_CLIENTS_MAX = 64 };

typedef struct signer_client {
    int fd;
    int64_t since_ms;
    uint8_t length[4];
    uint8_t *bytes; /* NULL: its length is not known yet */
    size_t wanted, got;
} signer_client;

typedef struct signer_clients { /* by their age */
    signer_client all[SIGNER_CLIENTS_MAX];
    size_t count;
} signer_clients;

/* Takes the descriptor, which does not block. The oldest client goes when there are too many. */
void signer_clients_add(signer_clients *c, int fd);
/* False when there is none. */
bool signer_clients_drop_oldest(signer_clients *c);
/* What to poll for, one for each client. Returns the milliseconds until one is late, -1: never. */
int signer_clients_watch(const signer_clients *c, struct pollfd *out);
/* After poll, before others are added: reads what has come, hands over the requests that are whole,
   and closes those, the late and the broken. */
void signer_clients_read(signer_clients *c, const struct pollfd *polled,
                         void (*whole)(void *ctx, int fd, span request), void *ctx);
void signer_clients_close(signer_clients *c);

#endif
