/*
 * ledger/open.c: opening and closing.
 *
 * Opening compares three things that must agree: the head row, the root computed from the tiles,
 * and the signed checkpoint beside the store.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "archive.h"
#include "base/text.h"

static wf_status check_root(const ledger *l, store_txn *txn, const ledger_head *head, wf_error *err)
{
    tree *t = malloc(sizeof *t);
    hash root;
    if (t == NULL)
        return wf_fail(err, WF_SYSTEM, _("out of memory"));
    wf_status status = tree_load(t, txn, l->suite->hash, head->size, err);
    if (status == WF_OK) {
        tree_root(&root, t);
        if (!hash_equal(&root, &head->root))
            status = wf_fail(err, WF_DAMAGED,
                             _("%s: the tree of %llu entries has another root than the head row"),
                             l->dir, (unsigned long long)head->size);
    }
    free(t);
    return status;
}

/* Of a ledger whose first entry is damaged: the origin that its checkpoint names, the suite whose
   keys its table of keys has. */
static wf_status guess_genesis(const ledger *l, genesis *out, store_txn *txn, wf_error *err)
{
    char *text = NULL;
    size_t size = 0;
    note n;
    checkpoint c;
    span key, row = {0};
    store_cursor *cursor = NULL;
    *out = (genesis){.version = LEDGER_FORMAT};
    wf_status status = folder_read(l->dir, FILE_CHECKPOINT, NOTE_MAX, &text, &size, err);
    if (status == WF_OK && text != NULL && note_parse(&n, text, size) == NULL &&
        checkpoint_parse(&c, n.text, n.text_size) == NULL)
        strcpy(out->origin, c.origin);
    free(text);
    if (status == WF_OK)
        status = store_cursor_open(&cursor, txn, TABLE_KEYS, err);
    if (status == WF_OK)
        status = store_cursor_seek(cursor, span_text(OPERATOR_PARTY), &key, &row, err);
    enum { KEY_AT = 8 };
    for (size_t behind = 0; behind <= 9 && status == WF_OK && row.size > KEY_AT; behind += 9) {
        const suite *s =
            row.size > KEY_AT + behind ? suite_of_size(row.size - KEY_AT - behind) : NULL;
        if (s == NULL || out->operator_key.size > 0)
            continue;
        strcpy(out->suite, s->name);
        out->operator_key.size = row.size - KEY_AT - behind;
        memcpy(out->operator_key.bytes, row.data + KEY_AT, out->operator_key.size);
    }
    store_cursor_close(cursor);
    if (status == WF_OK && (out->operator_key.size == 0 || out->origin[0] == '\0'))
        status = wf_fail(err, WF_DAMAGED,
                         _("%s: neither entry 0 nor the checkpoint and the table of keys say which "
                           "ledger it is; restore it from a backup"),
                         l->dir);
    return status;
}

/* For scrubbing: only what is needed to read on, and what can be had of the checkpoint. */
static wf_status take_unchecked(ledger *l, wf_error *err)
{
    store_txn *txn = NULL;
    genesis g;
    wf_error why;
    wf_status status = store_begin(&txn, l->store, false, err);
    if (status == WF_OK && ledger_read_genesis(l, &g, txn, &why) != WF_OK)
        status = guess_genesis(l, &g, txn, err);
    if (status == WF_OK)
        status = ledger_take_genesis(l, &g, err);
    store_abort(txn);
    if (status == WF_OK && signed_head_read(l, &l->last_signed, NULL, NULL) != WF_OK)
        l->last_signed = (checkpoint){0};
    return status;
}

static wf_status check_state(ledger *l, wf_error *err)
{
    store_txn *txn = NULL;
    genesis g;
    ledger_head head;
    operator_key now;
    checkpoint signed_head = {0}, outside;
    bool there = false;
    wf_status status = store_begin(&txn, l->store, false, err);
    if (status == WF_OK)
        status = ledger_read_genesis(l, &g, txn, err);
    if (status == WF_OK)
        status = ledger_take_genesis(l, &g, err);
    store_abort(txn);
    txn = NULL;
    /* The files before the store: a writer beside us commits first and signs after. */
    if (status == WF_OK)
        status = signed_head_read(l, &signed_head, NULL, err);
    if (status == WF_OK)
        status = outside_read(l, &outside, &there, err);
    if (status == WF_OK)
        status = store_begin(&txn, l->store, false, err);
    if (status == WF_OK)
        status = head_get(&head, txn, err);
    if (status == WF_OK)
        status = key_rows_operator(&now, txn, head.size, err);
    if (status == WF_OK)
        ledger_take_operator_key(l, &now.public_key);
    if (status == WF_OK)
        status = check_root(l, txn, &head, err);
    if (status == WF_OK)
        status = signed_head_check(l, &signed_head, txn, &head, err);
    if (status == WF_OK && there)
        status = outside_check(l, &outside, txn, &head, err);
    store_abort(txn);
    l->last_signed = signed_head;
    return status;
}

/* The operator's key, and a checkpoint of all that is committed: a writer that was
   killed left some of it unsigned. */
static wf_status prepare_to_write(ledger *l, bool without_key, wf_error *err)
{
    wf_status status = without_key ? WF_OK : operator_signer_open(l, err);
    /* Not there or not the right one: the statement that was to be entered is not at fault. */
    if (status == WF_REFUSED && err != NULL) {
        char reason[WF_ERROR_TEXT];
        memcpy(reason, err->text, sizeof reason);
        wf_fail(err, WF_SYSTEM,
                _("%s; put the ledger's own key back from its backup: until then the ledger can "
                  "only be read"),
                reason);
    }
    if (status == WF_REFUSED)
        status = WF_SYSTEM;
    if (status == WF_OK)
        status = folder_remove_unfinished(l->dir, err);
    if (status == WF_OK && !without_key && l->last_signed.size < ledger_size(l))
        status = signed_head_write(l, err);
    return status;
}

static wf_status open_all(ledger *l, const ledger_options *options, wf_error *err)
{
    const char *tables[STORE_TABLES_MAX + 1];
    store_options at = {.read_only = l->read_only,
                        .point_reads = options->point_reads,
                        .map_size = options->map_size,
                        .checked_from = LEDGER_TABLES,
                        .tables = tables};
    ledger_table_names(tables, options->hooks);
    wf_status status = options->unchecked ? WF_OK : folder_check_format(l->dir, err);
    if (status == WF_OK && !l->read_only)
        status = folder_lock(&l->lock, l->dir, err);
    if (status != WF_OK)
        return status;
    char *path = folder_path(l->dir, FOLDER_STORE);
    status = path != NULL ? store_open(&l->store, path, &at, err)
                          : wf_fail(err, WF_SYSTEM, _("out of memory"));
    free(path);
    if (status == WF_OK)
        status = options->unchecked ? take_unchecked(l, err) : check_state(l, err);
    if (status == WF_OK && !l->read_only && !options->unchecked)
        status = prepare_to_write(l, options->without_key, err);
    return status;
}

wf_status ledger_open(ledger **out, const char *dir, const ledger_options *options, wf_error *err)
{
    *out = NULL;
    ledger *l = calloc(1, sizeof *l);
    if (l == NULL || (l->dir = strdup(dir)) == NULL || (l->archive = archive_cache_new()) == NULL ||
        (l->nodes = node_cache_new()) == NULL) {
        if (l != NULL) {
            archive_cache_free(l->archive);
            free(l->dir);
        }
        free(l);
        return wf_fail(err, WF_SYSTEM, _("out of memory"));
    }
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    l->lock = -1;
    l->read_only = options->read_only;
    atomic_init(&l->group_max, LEDGER_GROUP_MAX);
    l->threads =
        options->threads != 0 ? options->threads : (unsigned)(processors > 0 ? processors : 1);
    if (options->hooks != NULL)
        l->hooks = *options->hooks;
    key_table_init(&l->keys);
    pthread_mutex_init(&l->start, NULL);
    pthread_mutex_init(&l->archiving, NULL);
    wf_status status = open_all(l, options, err);
    if (status != WF_OK) {
        ledger_close(l);
        return status;
    }
    *out = l;
    return WF_OK;
}

void ledger_close(ledger *l)
{
    if (l == NULL)
        return;
    writer_close(l);
    if (l->store != NULL && l->lock >= 0)
        store_keep_meta(l->store, l->dir); /* a rebuild commits and signs nothing */
    store_close(l->store);
    archive_cache_free(l->archive);
    node_cache_free(l->nodes);
    if (l->lock >= 0)
        close(l->lock);
    signer_free(l->signer);
    signer_free(l->next_signer);
    signer_free(l->former_signer);
    key_table_free(&l->keys);
    pthread_mutex_destroy(&l->archiving);
    pthread_mutex_destroy(&l->start);
    free(l->dir);
    free(l);
}
