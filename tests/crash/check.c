/*
 * check.c: see check.h.
 */
#include "check_private.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/evp.h>

enum { CHECK_SECONDS = 60 };

static const struct {
    const char *word;
    int kind;
} words[] = {
    {"may", PROMISE_MAY},           {"ledger", PROMISE_LEDGER},
    {"entry", PROMISE_ENTRY},       {"receipt", PROMISE_RECEIPT},
    {"guard", PROMISE_GUARD},       {"keys", PROMISE_KEYS},
    {"replaced", PROMISE_REPLACED}, {"witnessed", PROMISE_WITNESSED},
    {"witness", PROMISE_WITNESS},   {"cosigned", PROMISE_COSIGNED},
    {"tiles", PROMISE_TILES},       {"exported", PROMISE_EXPORTED},
};
enum { WORDS = sizeof words / sizeof *words };

static bool parse_digest(unsigned char out[32], const char *mark)
{
    char hex[65] = "";
    if (sscanf(mark, "%*s %*s %*s %64s", hex) != 1)
        return false;
    for (size_t i = 0; i < 32; i++) {
        unsigned byte = 0;
        if (sscanf(hex + 2 * i, "%2x", &byte) != 1)
            return false;
        out[i] = (unsigned char)byte;
    }
    return true;
}

bool check_parse(promise *out, const char *mark)
{
    char word[16] = "", third[192] = "";
    size_t at = 0;
    *out = (promise){0};
    int fields = sscanf(mark, "%15s %63s %191s", word, out->name, third);
    while (at < WORDS && strcmp(words[at].word, word) != 0)
        at++;
    if (at == WORDS || fields < 2)
        return false;
    memcpy(&out->kind, &words[at].kind, sizeof words[at].kind);
    out->by_init = strcmp(third, "init") == 0;
    out->copy = strcmp(third, "copy") == 0;
    strcpy(out->folder, third);
    out->seq = strtoull(third, NULL, 10);
    if (out->kind == PROMISE_ENTRY)
        return parse_digest(out->statement, mark);
    return fields == 3 || out->kind == PROMISE_LEDGER || out->kind == PROMISE_MAY ||
           out->kind == PROMISE_GUARD;
}

bool check_is_promised(const expected *e, const promise *p)
{
    return p->at < e->point && strcmp(p->name, e->name) == 0;
}

bool check_fail(check_result *out, const expected *e, const char *what, const wf_error *err)
{
    out->class = CHECK_FAILED;
    snprintf(out->text, sizeof out->text, "%s: %s: %.400s", e->name, what,
             err != NULL ? err->text : "");
    return false;
}

/* ---- all that is there -------------------------------------------------------------------- */

static void take_promise(expected *e, const promise *p)
{
    e->by_init = e->by_init || p->by_init;
    e->copy = e->copy || p->copy;
    switch (p->kind) {
    case PROMISE_LEDGER:
        e->whole = true;
        break;
    case PROMISE_GUARD:
        e->guarded = true;
        break;
    case PROMISE_KEYS:
        e->keys = p->folder;
        break;
    case PROMISE_REPLACED:
        e->replaced = p->seq;
        break;
    case PROMISE_WITNESSED:
        e->witnessed = p->seq;
        break;
    case PROMISE_WITNESS:
        e->witness = true;
        e->folder = p->folder;
        break;
    case PROMISE_TILES:
        e->tiles = true;
        e->folder = p->folder;
        break;
    case PROMISE_EXPORTED:
        e->exported = p->seq;
        break;
    case PROMISE_COSIGNED:
        e->cosigned = p->seq > e->cosigned ? p->seq : e->cosigned;
        break;
    case PROMISE_MAY:
    case PROMISE_ENTRY: /* looked up when they are asked for */
    case PROMISE_RECEIPT:
        break;
    }
}

static void check_all(check_result *out, const char *root, const promise *promises, size_t count,
                      size_t point, bool rebuild, bool write)
{
    expected ledgers[CHECK_LEDGERS];
    size_t known = 0;
    for (size_t i = 0; i < count; i++) {
        const promise *p = &promises[i];
        size_t at = 0;
        if (p->at >= point || p->kind == PROMISE_ENTRY)
            continue;
        while (at < known && strcmp(ledgers[at].name, p->name) != 0)
            at++;
        if (at == known) {
            if (known == CHECK_LEDGERS)
                abort();
            ledgers[known++] = (expected){.name = p->name,
                                          .root = root,
                                          .promises = promises,
                                          .count = count,
                                          .point = point};
            snprintf(ledgers[at].path, sizeof ledgers[at].path, "%s/%s", root, p->name);
        }
        take_promise(&ledgers[at], p);
    }
    out->class = CHECK_OPENED;
    for (size_t i = 0; i < known && out->class != CHECK_FAILED; i++)
        if (ledgers[i].witness)
            check_witness(out, &ledgers[i]);
        else if (ledgers[i].tiles)
            check_tiles(out, &ledgers[i], write);
        else
            check_ledger(out, &ledgers[i], rebuild, write);
    out->finished = true;
}

/* ---- in a process of its own -------------------------------------------------------------- */

void check_warm_up(void)
{
    unsigned char digest[32];
    EVP_Q_digest(NULL, "SHA256", NULL, "", 0, digest, NULL);
    EVP_PKEY_free(EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"));
}

void check_root(check_result *out, const char *root, const promise *promises, size_t count,
                size_t point, bool rebuild, bool write)
{
    int how = 0;
    check_result *shared =
        mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        abort();
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        alarm(CHECK_SECONDS);
        check_all(shared, root, promises, count, point, rebuild, write);
        _exit(0);
    }
    while (child > 0 && waitpid(child, &how, 0) < 0 && errno == EINTR)
        continue;
    *out = *shared;
    munmap(shared, sizeof *shared);
    if (!out->finished) {
        out->class = CHECK_FAILED;
        snprintf(out->text, sizeof out->text, "the check ended in signal %d, status %d",
                 WIFSIGNALED(how) ? WTERMSIG(how) : 0, WIFEXITED(how) ? WEXITSTATUS(how) : 0);
    }
}
