/*
 * ledger/repair/scrub_source.c: where right bytes of a damaged entry may be had: a backup (or
 * another copy of the ledger), or exported tiles. Whoever made it need not be trusted: only bytes
 * with the hash that the tree holds are taken.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "archive.h"
#include "base/text.h"
#include "scrub.h"

struct scrub_source {
    const char *dir;
    hash_kind kind;
    ledger *l; /* NULL: exported tiles */
    store_txn *txn;
    buffer room;
};

wf_status scrub_source_open(scrub_source **out, const char *dir, hash_kind kind, wf_error *err)
{
    struct stat st;
    ledger_options options = {.read_only = true, .threads = 1, .unchecked = true};
    char *store_path = folder_path(dir, FOLDER_STORE);
    char *tiles = folder_path(dir, "tile/entries");
    scrub_source *s = calloc(1, sizeof *s);
    wf_status status = WF_OK;
    *out = s;
    if (store_path == NULL || tiles == NULL || s == NULL) {
        status = wf_fail(err, WF_SYSTEM, _("out of memory"));
    } else {
        *s = (scrub_source){.dir = dir, .kind = kind};
        if (stat(store_path, &st) == 0)
            status = ledger_open(&s->l, dir, &options, err);
        else if (stat(tiles, &st) != 0)
            status = wf_fail(err, WF_USAGE,
                             _("--from %s: neither a backup (store/) nor exported tiles "
                               "(tile/entries/)"),
                             dir);
        if (status == WF_OK && s->l != NULL)
            status = store_begin(&s->txn, s->l->store, false, err);
    }
    free(store_path);
    free(tiles);
    return status;
}

void scrub_source_close(scrub_source *s)
{
    if (s == NULL)
        return;
    store_abort(s->txn);
    ledger_close(s->l);
    buffer_free(&s->room);
    free(s);
}

/* Entry `i` of a bundle: each is its length in two bytes, big-endian, and its bytes. */
static span entry_of_bundle(span bundle, size_t i)
{
    size_t at = 0;
    for (;; i--) {
        if (at + 2 > bundle.size)
            return (span){NULL, 0};
        size_t size = (size_t)bundle.data[at] << 8 | bundle.data[at + 1];
        if (size > bundle.size - at - 2)
            return (span){NULL, 0};
        if (i == 0)
            return span_of(bundle.data + at + 2, size);
        at += 2 + size;
    }
}

/* The bundle that holds the entry: the full one, else the widest partial one. A file that cannot be
   read, or is none of a bundle, is as one that is not there: another may have the entry, and the
   entries that others have are not to wait for it. */
static void from_tiles(const scrub_source *s, uint64_t seq, const hash *leaf, buffer *out)
{
    enum { BUNDLE_MAX = TILE_WIDTH * (2 + ENTRY_MAX) };
    size_t i = (size_t)(seq % TILE_WIDTH);
    for (unsigned width = TILE_WIDTH; width > i && out->size == 0 && !out->failed; width--) {
        char path[TILE_PATH_MAX];
        char *bytes = NULL;
        size_t size = 0;
        hash found;
        wf_error why;
        tile_path_format(path, -1, seq / TILE_WIDTH, width);
        if (folder_read(s->dir, path, BUNDLE_MAX, &bytes, &size, &why) == WF_OK && bytes != NULL) {
            span entry = entry_of_bundle(span_of(bytes, size), i);
            if (entry.data != NULL) {
                merkle_leaf(&found, s->kind, entry.data, entry.size);
                if (hash_equal(&found, leaf))
                    buffer_append(out, entry.data, entry.size);
            }
        }
        free(bytes);
    }
}

/* Also from a bundle whose tile is damaged there: by what is computed, not by what it says. What
   cannot be read there is not there. */
static void from_ledger(scrub_source *s, uint64_t seq, const hash *leaf, buffer *out)
{
    span bytes = {0};
    hash computed;
    wf_error why;
    bool found = true;
    for (int again = 0; again < 2 && found && out->size == 0; again++) {
        wf_status status = again == 0 ? ledger_fetch(s->l, s->txn, seq, &s->room, &bytes, &why)
                                      : ledger_fetch_again(s->l, s->txn, seq, &found, &bytes, &why);
        if (status != WF_OK || bytes.data == NULL)
            continue;
        merkle_leaf(&computed, s->kind, bytes.data, bytes.size);
        if (hash_equal(&computed, leaf))
            buffer_append(out, bytes.data, bytes.size);
    }
}

wf_status scrub_source_entry(scrub_source *s, uint64_t seq, const hash *leaf, buffer *out,
                             wf_error *err)
{
    buffer_clear(out);
    if (s->l == NULL)
        from_tiles(s, seq, leaf, out);
    else
        from_ledger(s, seq, leaf, out);
    return out->failed ? wf_fail(err, WF_SYSTEM, _("out of memory")) : WF_OK;
}
