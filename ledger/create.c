/*
 * ledger/create.c: a new ledger, whole or not at all.
 *
 * It is made in a temporary folder beside its place (place.h): key, store with the genesis entry,
 * first signed checkpoint; everything is synced before the rename that makes it appear.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/text.h"
#include "ledger_private.h"
#include "place.h"

static wf_status enter_genesis(ledger *l, wf_error *err)
{
    group *g = calloc(1, sizeof *g);
    bool already = false;
    uint64_t seq = 0;
    system_record record = {.kind = SYSTEM_GENESIS, .genesis = l->genesis};
    if (g == NULL)
        return wf_fail(err, WF_SYSTEM, _("out of memory"));
    g->l = l;
    wf_status status = group_begin(g, err);
    /* Its time of author is 0, and so its id is the smallest: an import of last year's records,
       whose ids are older than today, still appends to the table of ids. */
    if (status == WF_OK)
        status = group_enter_system(g, &record, 0, &already, &seq, err);
    if (status == WF_OK)
        status = group_commit(g, err);
    group_free(g);
    free(g);
    return status;
}

static wf_status fill_store(ledger *l, const char *path, const ledger_hooks *hooks, wf_error *err)
{
    const char *tables[STORE_TABLES_MAX + 1];
    ledger_table_names(tables, hooks);
    store_options options = {.create = true, .checked_from = LEDGER_TABLES, .tables = tables};
    wf_status status = store_open(&l->store, path, &options, err);
    if (status == WF_OK)
        status = enter_genesis(l, err);
    if (status == WF_OK)
        status = signed_head_write(l, err);
    store_close(l->store);
    l->store = NULL;
    return status;
}

static wf_status fill(const place *p, const genesis *wanted, const ledger_hooks *hooks,
                      wf_error *err)
{
    static const char format[] = "wufei-ledger 1\n";
    genesis g = *wanted;
    EVP_PKEY *key = NULL;
    ledger *l = calloc(1, sizeof *l);
    char *store_path = folder_path(p->temporary, FOLDER_STORE);
    wf_status status;
    if (l == NULL || store_path == NULL) {
        free(store_path);
        free(l);
        return wf_fail(err, WF_SYSTEM, _("out of memory"));
    }
    l->dir = p->temporary;
    l->lock = -1;
    key_table_init(&l->keys);
    l->keys.loaded = true; /* an empty table is all of an empty store's */
    status = key_generate(&key, suite_find(g.suite), false, p->temporary, err);
    if (status == WF_OK)
        status = signer_of_key(&l->signer, key, err);
    if (status == WF_OK)
        g.operator_key = *signer_public(l->signer);
    if (status == WF_OK)
        status = ledger_take_genesis(l, &g, err);
    if (status == WF_OK && mkdir(store_path, 0777) != 0)
        status = wf_fail_errno(err, "%s", store_path);
    if (status == WF_OK)
        status = fill_store(l, store_path, hooks, err);
    if (status == WF_OK)
        status = folder_sync(store_path, err);
    if (status == WF_OK)
        status = folder_write(p->temporary, FILE_FORMAT, format, sizeof format - 1, 0644, err);
    key_table_free(&l->keys);
    signer_free(l->signer);
    free(store_path);
    free(l);
    return status;
}

static wf_status check_free(const place *p, wf_error *err)
{
    bool is_free = false;
    wf_status status = place_is_free(p, &is_free, err);
    if (status == WF_OK && !is_free)
        status = wf_fail(err, WF_USAGE,
                         _("%s exists and is not empty; a ledger is only made in a new or empty "
                           "folder: name another one, or, when it is a ledger already, use it"),
                         p->dir);
    return status;
}

wf_status ledger_create(const char *dir, const char *origin, const char *suite_name,
                        int utc_offset_minutes, const ledger_hooks *hooks, wf_error *err)
{
    genesis g = {.version = LEDGER_FORMAT, .utc_offset_minutes = utc_offset_minutes};
    place p;
    wf_status status = system_check_origin(origin, err);
    if (status != WF_OK)
        return status;
    if (suite_find(suite_name) == NULL)
        return wf_fail(err, WF_USAGE, _("unknown suite '%s'; allowed: %s, %s"), suite_name,
                       SUITE_ED25519, SUITE_SM2);
    if (utc_offset_minutes < -24 * 60 || utc_offset_minutes > 24 * 60)
        return wf_fail(err, WF_USAGE, _("the offset from UTC is more than a day"));
    strcpy(g.origin, origin);
    strcpy(g.suite, suite_name);
    status = place_init(&p, dir, err);
    if (status == WF_OK)
        status = check_free(&p, err);
    if (status == WF_OK)
        status = place_make(&p, err);
    if (status == WF_OK)
        status = fill(&p, &g, hooks, err);
    if (status == WF_OK)
        status = place_take(&p, err);
    place_free(&p);
    return status;
}
