/*
 * ledger/keys/signer_serve.c: the process that holds a private key and signs for others of the same
 * user; the protocol is in signer.h.
 *
 * Requests are answered one at a time, as they become whole (signer_clients.h). The key never
 * leaves the process, and the process cannot be dumped or traced by others.
 */
#include "signer.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/text.h"
#include "checkpoint.h"
#include "folder.h"
#include "key_file.h"
#include "signer_clients.h"
#include "signer_memory.h"

enum { REST_MS = 100 };

typedef struct server {
    signer *signer;
    signer_memory memory;
    signer_clients clients;
    int key_lock;  /* -1: none */
    int listening; /* -1: not yet */
    const char *socket_path;
} server;

static volatile sig_atomic_t stopped;

static void stop(int number)
{
    (void)number;
    stopped = 1;
}

/* ---- one request ----------------------------------------------------------------------------- */

static void answer(int fd, enum signer_answer how, const void *data, size_t size)
{
    uint8_t bytes[SIGNER_ANSWER_MAX] = {SIGNER_VERSION, (uint8_t)how};
    if (size > sizeof bytes - 2)
        size = sizeof bytes - 2;
    memcpy(bytes + 2, data, size);
    signer_send(fd, span_of(bytes, 2 + size), "client", NULL); /* gone: that is its own affair */
}

static void refuse(int fd, const char *reason)
{
    answer(fd, SIGNER_REFUSED, reason, strlen(reason));
}

/* What a client wants to have signed. */
typedef struct wish {
    enum signing_kind kind;
    span message;
    bool proved; /* the proof came with it */
    extension_proof proof;
} wish;

/* False: it is not what it says that it is. */
static bool read_wish(wish *out, span request)
{
    enum { AT_FROM = 2, AT_COUNT = 10, AT_HASHES = 11, AT_KIND = 2, AT_MESSAGE = 3 };
    size_t at = AT_MESSAGE;
    *out = (wish){.proved = request.data[1] == SIGNER_EXTEND};
    if (out->proved) {
        if (request.size < AT_HASHES || request.data[AT_COUNT] > MERKLE_PROOF_MAX)
            return false;
        for (size_t i = AT_FROM; i < AT_COUNT; i++)
            out->proof.from = out->proof.from << 8 | request.data[i];
        out->proof.count = request.data[AT_COUNT];
        at = AT_HASHES + out->proof.count * HASH_SIZE;
        if (request.size < at)
            return false;
        memcpy(out->proof.hashes, request.data + AT_HASHES, at - AT_HASHES);
    }
    out->message = span_of(request.data + at, request.size - at);
    out->kind = signing_kind_of(out->message.data, out->message.size);
    return out->proved ? out->kind == SIGN_CHECKPOINT
                       : out->kind != SIGN_NOTHING && request.data[AT_KIND] == (uint8_t)out->kind;
}

/* *from not 0: the proof that begins there is wanting, and nothing else. */
static wf_status check_wish(server *s, const wish *w, uint64_t *from, wf_error *err)
{
    checkpoint c;
    statement_view view;
    span message = w->message;
    span statement = span_of(message.data + sizeof STATEMENT_DOMAIN - 1,
                             message.size - (sizeof STATEMENT_DOMAIN - 1));
    *from = 0;
    if (w->kind == SIGN_STATEMENT && statement_parse(&view, statement, NULL) != WF_OK)
        return wf_fail(err, WF_REFUSED, _("behind its first line this is no statement"));
    if (w->kind == SIGN_CHECKPOINT) {
        hash_kind kind = suite_of_size(signer_public(s->signer)->size)->hash;
        checkpoint_parse(&c, (const char *)message.data, message.size);
        return signer_memory_take(&s->memory, &c, kind, w->proved ? &w->proof : NULL, from, err);
    }
    return WF_OK;
}

static void answer_signature(server *s, int fd, span request)
{
    wf_error err = {0};
    uint8_t signature[SIGNATURE_MAX];
    uint8_t wanted[8];
    size_t size = 0;
    uint64_t from;
    wish w;
    if (!read_wish(&w, request)) {
        refuse(fd, _("this is not a statement, checkpoint or key record of wufei, or not what the "
                     "request says that it is"));
        return;
    }
    wf_status status = check_wish(s, &w, &from, &err);
    if (status == WF_OK)
        status = signer_sign(s->signer, w.message.data, w.message.size, signature, &size, &err);
    for (size_t i = 0; i < sizeof wanted; i++)
        wanted[i] = (uint8_t)(from >> (56 - 8 * i));
    if (status == WF_OK)
        answer(fd, SIGNER_DONE, signature, size);
    else if (from > 0)
        answer(fd, SIGNER_PROVE, wanted, sizeof wanted);
    else
        answer(fd, status == WF_REFUSED ? SIGNER_REFUSED : SIGNER_FAILED, err.text,
               strlen(err.text));
}

static bool is_ours(int fd)
{
    struct ucred peer;
    socklen_t size = sizeof peer;
    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && peer.uid == geteuid();
}

static void answer_request(void *ctx, int fd, span request)
{
    server *s = ctx;
    const suite_public_key *key = signer_public(s->signer);
    if (request.data[0] != SIGNER_VERSION)
        refuse(fd, _("this signer speaks version 2 of the protocol"));
    else if (request.data[1] == SIGNER_PUBLIC_KEY && request.size == 2)
        answer(fd, SIGNER_DONE, key->bytes, key->size);
    else if ((request.data[1] == SIGNER_SIGN || request.data[1] == SIGNER_EXTEND) &&
             request.size > 3)
        answer_signature(s, fd, request);
    else
        refuse(fd, _("no such request"));
}

/* ---- the socket ------------------------------------------------------------------------------ */

/* What a killed signer left is taken away; a living one stays. */
static wf_status clear_place(const struct sockaddr_un *at, wf_error *err)
{
    struct stat st;
    if (lstat(at->sun_path, &st) != 0)
        return errno == ENOENT ? WF_OK : wf_fail_errno(err, "%s", at->sun_path);
    if (!S_ISSOCK(st.st_mode))
        return wf_fail(err, WF_USAGE, _("%s exists and is not a socket; name another path"),
                       at->sun_path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return wf_fail_errno(err, "%s", at->sun_path);
    bool lives = connect(fd, (const struct sockaddr *)at, sizeof *at) == 0;
    int why = errno;
    close(fd);
    errno = why;
    if (!lives && errno != ECONNREFUSED && errno != ENOENT) /* who knows whether it does */
        return wf_fail_errno(err, "%s", at->sun_path);
    if (lives)
        return wf_fail(err, WF_SYSTEM, _("another signer listens at %s already"), at->sun_path);
    if (unlink(at->sun_path) != 0 && errno != ENOENT)
        return wf_fail_errno(err, _("%s: cannot be removed"), at->sun_path);
    return WF_OK;
}

static wf_status listen_at(server *s, wf_error *err)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    enum { BACKLOG = 64 };
    if (strlen(s->socket_path) >= sizeof at.sun_path)
        return wf_fail(err, WF_USAGE, _("signer %s: the path of a socket has at most %zu bytes"),
                       s->socket_path, sizeof at.sun_path - 1);
    strcpy(at.sun_path, s->socket_path);
    wf_status status = clear_place(&at, err);
    if (status != WF_OK)
        return status;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    mode_t before = umask(0177); /* 0600 from the first moment */
    int bound = fd < 0 ? -1 : bind(fd, (const struct sockaddr *)&at, sizeof at);
    umask(before);
    if (bound != 0 || listen(fd, BACKLOG) != 0) {
        status = wf_fail_errno(err, "%s", s->socket_path);
        if (fd >= 0)
            close(fd);
        if (bound == 0)
            unlink(s->socket_path);
        return status;
    }
    s->listening = fd;
    return WF_OK;
}

/* When descriptors are short the oldest client goes: the new one comes in with the next look. */
static void take_client(server *s)
{
    int fd = accept4(s->listening, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd >= 0 && is_ours(fd))
        signer_clients_add(&s->clients, fd);
    else if (fd >= 0)
        close(fd);
    else if (errno != EAGAIN && errno != ECONNABORTED && !signer_clients_drop_oldest(&s->clients))
        poll(NULL, 0, REST_MS);
}

/* Signals come only while we wait, so that none is lost between a look and a wait. */
static wf_status serve(server *s, const sigset_t *waiting, wf_error *err)
{
    while (!stopped) {
        struct pollfd wanted[1 + SIGNER_CLIENTS_MAX] = {{.fd = s->listening, .events = POLLIN}};
        int left_ms = signer_clients_watch(&s->clients, wanted + 1);
        const struct timespec left = {left_ms / 1000, (long)(left_ms % 1000) * 1000000};
        if (ppoll(wanted, 1 + s->clients.count, left_ms < 0 ? NULL : &left, waiting) < 0) {
            if (errno == EINTR)
                continue;
            return wf_fail_errno(err, "%s", s->socket_path);
        }
        signer_clients_read(&s->clients, wanted + 1, answer_request, s);
        if (wanted[0].revents != 0)
            take_client(s);
    }
    return WF_OK;
}

/* Two processes with one key would not know what the other one signed. */
static wf_status lock_key(server *s, const char *path, wf_error *err)
{
    s->key_lock = open(path, O_RDONLY | O_CLOEXEC);
    if (s->key_lock < 0)
        return wf_fail_errno(err, "%s", path);
    if (flock(s->key_lock, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
        return wf_fail(err, WF_SYSTEM, _("another signer serves the key %s already; stop it first"),
                       path);
    return WF_OK; /* also where a file system knows no locks */
}

static wf_status open_all(server *s, const signer_serve_options *options, wf_error *err)
{
    EVP_PKEY *key = NULL;
    char *beside = folder_path(options->key_path, "signed");
    if (beside == NULL)
        return wf_fail(err, WF_SYSTEM, _("out of memory"));
    beside[strlen(options->key_path)] = '.'; /* KEY.signed */
    wf_status status = key_load(&key, options->key_path, err);
    if (status == WF_OK)
        status = signer_of_key(&s->signer, key, err);
    if (status == WF_OK)
        status = lock_key(s, options->key_path, err);
    if (status == WF_OK)
        status = signer_memory_open(
            &s->memory, options->memory_path != NULL ? options->memory_path : beside, err);
    if (status == WF_OK)
        status = listen_at(s, err);
    free(beside);
    return status;
}

wf_status signer_serve(const signer_serve_options *options, wf_error *err)
{
    server s = {.memory = {.lock = -1},
                .key_lock = -1,
                .listening = -1,
                .socket_path = options->socket_path};
    struct sigaction action = {.sa_handler = stop};
    sigset_t ours, waiting;
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); /* before there is a key to be seen */
    wf_status status = open_all(&s, options, err);
    if (status == WF_OK) {
        sigemptyset(&ours);
        sigaddset(&ours, SIGTERM);
        sigaddset(&ours, SIGINT);
        sigprocmask(SIG_BLOCK, &ours, &waiting);
        sigaction(SIGTERM, &action, NULL);
        sigaction(SIGINT, &action, NULL);
        stopped = 0;
        if (options->ready != NULL)
            options->ready(options->ctx, signer_public(s.signer), s.memory.count);
        status = serve(&s, &waiting, err);
        sigprocmask(SIG_SETMASK, &waiting, NULL);
        unlink(options->socket_path);
    }
    signer_clients_close(&s.clients);
    if (s.listening >= 0)
        close(s.listening);
    if (s.key_lock >= 0)
        close(s.key_lock);
    signer_memory_free(&s.memory);
    signer_free(s.signer);
    return status;
}
