/*
 * ledger/keys/signer_wire.c: what both sides of the signer's socket share; the protocol is in
 * signer.h.
 */
#include "signer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/text.h"
#include "checkpoint.h"
#include "key_rules.h"

static bool begins(const void *message, size_t size, const char *domain)
{
    return size >= strlen(domain) && memcmp(message, domain, strlen(domain)) == 0;
}

enum signing_kind signing_kind_of(const void *message, size_t size)
{
    checkpoint c;
    if (begins(message, size, STATEMENT_DOMAIN))
        return SIGN_STATEMENT;
    if (begins(message, size, POSSESSION_DOMAIN))
        return SIGN_POSSESSION;
    if (begins(message, size, REVOKE_DOMAIN))
        return SIGN_REVOKE;
    if (begins(message, size, QUORUM_DOMAIN))
        return SIGN_QUORUM;
    return checkpoint_parse(&c, message, size) == NULL ? SIGN_CHECKPOINT : SIGN_NOTHING;
}

static wf_status late_or_broken(const char *what, wf_error *err)
{
    if (errno == EAGAIN || errno == EWOULDBLOCK)
        return wf_fail(err, WF_SYSTEM, _("%s: no answer within %d seconds"), what,
                       SIGNER_TIMEOUT_S);
    return wf_fail_errno(err, "%s", what);
}

static wf_status send_all(int fd, const uint8_t *data, size_t size, const char *what, wf_error *err)
{
    while (size > 0) {
        ssize_t sent = send(fd, data, size, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0)
            return late_or_broken(what, err);
        data += sent;
        size -= (size_t)sent;
    }
    return WF_OK;
}

/* *got < size: the other side closed. */
static wf_status receive_all(int fd, uint8_t *out, size_t size, size_t *got, const char *what,
                             wf_error *err)
{
    for (*got = 0; *got < size;) {
        ssize_t received = recv(fd, out + *got, size - *got, 0);
        if (received < 0 && errno == EINTR)
            continue;
        if (received < 0)
            return late_or_broken(what, err);
        if (received == 0)
            return WF_OK;
        *got += (size_t)received;
    }
    return WF_OK;
}

wf_status signer_send(int fd, span piece, const char *what, wf_error *err)
{
    const uint8_t length[4] = {(uint8_t)(piece.size >> 24), (uint8_t)(piece.size >> 16),
                               (uint8_t)(piece.size >> 8), (uint8_t)piece.size};
    wf_status status = send_all(fd, length, sizeof length, what, err);
    return status == WF_OK ? send_all(fd, piece.data, piece.size, what, err) : status;
}

wf_status signer_receive(int fd, size_t max, uint8_t **out, size_t *size, const char *what,
                         wf_error *err)
{
    uint8_t length[4];
    size_t got = 0;
    *out = NULL;
    *size = 0;
    wf_status status = receive_all(fd, length, sizeof length, &got, what, err);
    if (status != WF_OK || got == 0)
        return status;
    size_t wanted = got < sizeof length ? 0
                                        : (size_t)length[0] << 24 | (size_t)length[1] << 16 |
                                              (size_t)length[2] << 8 | length[3];
    if (wanted < 2 || wanted > max)
        return wf_fail(err, WF_SYSTEM, _("%s: a message of %zu bytes: 2 to %zu were expected"),
                       what, wanted, max);
    *out = malloc(wanted);
    if (*out == NULL)
        return wf_fail(err, WF_SYSTEM, _("out of memory"));
    status = receive_all(fd, *out, wanted, &got, what, err);
    if (status == WF_OK && got < wanted)
        status = wf_fail(err, WF_SYSTEM, _("%s: it closed in the middle of a message"), what);
    if (status != WF_OK) {
        free(*out);
        *out = NULL;
        return status;
    }
    *size = wanted;
    return WF_OK;
}
