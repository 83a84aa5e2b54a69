/*
 * api/handle.c: making, opening and closing a ledger with its book hooked to it.
 */
#include <errno.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <openssl/rand.h>

#include "api/api.h"
#include "crypto_memory.h"
#include "store_fault.h"

static wf_status handle_random_origin(char *out, size_t size, wf_error *err)
{
    uint8_t bytes[5];
    if (RAND_bytes(bytes, sizeof bytes) != 1)
        return wf_fail(err, WF_SYSTEM, _("the system gave no random bytes"));
    snprintf(out, size, "wufei.example/%02x%02x%02x%02x%02x", bytes[0], bytes[1], bytes[2],
             bytes[3], bytes[4]);
    return WF_OK;
}

static wf_status handle_check_init(const wf_init_options *options, wf_error *err)
{
    if (options->suite != NULL && suite_find(options->suite) == NULL)
        return wf_fail(err, WF_USAGE, _("unknown suite '%s'; allowed: %s, %s"), options->suite,
                       SUITE_ED25519, SUITE_SM2);
    if (options->utc_offset_minutes < -18 * 60 || options->utc_offset_minutes > 18 * 60)
        return wf_fail(err, WF_USAGE,
                       _("UTC offset of %d minutes is out of range; expected -18:00 to +18:00"),
                       options->utc_offset_minutes);
    const char *origin = options->origin;
    if (origin == NULL)
        return WF_OK;
    if (origin[0] == '\0' || strlen(origin) > ORIGIN_MAX || strpbrk(origin, " +\t\r\n") != NULL)
        return wf_fail(err, WF_USAGE,
                       _("origin '%s' cannot be used; expected 1 to %d bytes without spaces and "
                         "'+', like city.example/waste"),
                       origin, ORIGIN_MAX);
    return WF_OK;
}

wf_status wf_init(const char *dir, const wf_init_options *options, wf_error *err)
{
    const wf_init_options defaults = {.utc_offset_minutes = 480};
    char origin[64];
    book *b = NULL;
    wf_error_clear(err);
    if (options == NULL)
        options = &defaults;
    wf_status status = handle_check_init(options, err);
    if (status == WF_OK && options->guard != NULL)
        status = ledger_check_guard(dir, options->guard, err);
    if (status == WF_OK && options->origin == NULL)
        status = handle_random_origin(origin, sizeof origin, err);
    if (status == WF_OK)
        status = book_new(&b, options->utc_offset_minutes, err);
    if (status != WF_OK)
        return status;
    ledger_hooks hooks = book_hooks(b);
    status = ledger_create(dir, options->origin == NULL ? origin : options->origin,
                           options->suite == NULL ? SUITE_ED25519 : options->suite,
                           options->utc_offset_minutes, &hooks, err);
    book_free(b);
    if (status == WF_OK && options->guard != NULL)
        status = ledger_set_guard(dir, options->guard, NULL, err);
    return status;
}

static wf_status handle_check_dir(const char *dir, wf_error *err)
{
    struct stat info;
    if (stat(dir, &info) != 0) {
        if (errno == ENOENT || errno == ENOTDIR)
            return wf_fail(err, WF_USAGE,
                           _("no ledger at %s: make one with: wufei init, or name it with -L DIR"),
                           dir);
        return wf_fail_errno(err, _("cannot open the ledger at %s"), dir);
    }
    if (!S_ISDIR(info.st_mode))
        return wf_fail(err, WF_USAGE,
                       _("%s is not a ledger: a ledger is a folder, made with: wufei init"), dir);
    return WF_OK;
}

/* OpenSSL's start registers every cipher and digest by name, for programs that look them up so; we
   fetch the few that we use. Saves most of a millisecond of a process that lives five. */
static void crypto_begin(void)
{
    OPENSSL_init_crypto(OPENSSL_INIT_NO_ADD_ALL_CIPHERS | OPENSSL_INIT_NO_ADD_ALL_DIGESTS |
                            OPENSSL_INIT_NO_LOAD_CRYPTO_STRINGS,
                        NULL);
}

wf_status wf_open(wf_ledger **out, const char *dir, const wf_open_options *options, wf_error *err)
{
    const wf_open_options defaults = {.at = WF_AT_NOW};
    *out = NULL;
    wf_error_clear(err);
    crypto_begin();
    if (options == NULL)
        options = &defaults;
    wf_status status = handle_check_dir(dir, err);
    if (status != WF_OK)
        return status;
    wf_ledger *l = calloc(1, sizeof *l);
    if (l == NULL)
        return wf_fail(err, WF_SYSTEM, _("out of memory"));
    l->threads = options->threads;
    l->read_only = options->read_only;
    status = book_new(&l->book, 0, err);
    if (status == WF_OK) {
        ledger_hooks hooks = book_hooks(l->book);
        ledger_options below = {.read_only = options->read_only,
                                .point_reads = options->point_reads,
                                .without_key = options->without_key,
                                .threads = options->threads,
                                .hooks = &hooks};
        status = ledger_open(&l->log, dir, &below, err);
    }
    if (status == WF_OK) {
        l->utc_offset_minutes = ledger_utc_offset(l->log);
        book_set_utc_offset(l->book, l->utc_offset_minutes);
        if (options->at != WF_AT_NOW)
            status = api_stand_at(l, options, err);
    }
    if (status == WF_OK) {
        status = book_attach(l->book, l->log, err);
    }
    if (status != WF_OK) {
        wf_close(l);
        return status;
    }
    *out = l;
    return WF_OK;
}

void wf_close(wf_ledger *l)
{
    if (l == NULL)
        return;
    ledger_close(l->log);
    api_scratch_remove(&l->scratch);
    book_free(l->book); /* the book outlives the ledger that it was hooked to */
    free(l);
}

void wf_explain_faults(void)
{
    store_fault_install();
}

void wf_end_without_memory(void)
{
    static char words[64]; /* in the language of the moment */
    snprintf(words, sizeof words, "%s\n", _("out of memory"));
    crypto_memory_or_end(words, WF_SYSTEM);
}

const char *wf_origin(const wf_ledger *l)
{
    return ledger_origin(l->log);
}

const char *wf_vkey(const wf_ledger *l)
{
    return ledger_vkey(l->log);
}

int wf_utc_offset(const wf_ledger *l)
{
    return l->utc_offset_minutes;
}

uint64_t wf_size(wf_ledger *l)
{
    return ledger_size(l->log);
}
