/*
 * ledger/store/store_meta.h: the two meta pages of LMDB 0.9, the kept copy of them, and the check
 * of all pages. Works on the bytes of data.mdb, without LMDB, so that no page can end the process.
 *
 * A meta page says where the trees of one commit begin; commits write them in turn, the one with
 * the larger transaction id counts. LMDB opens nothing when one of the two is not a meta page,
 * although the other would do.
 */
#ifndef LEDGER_STORE_META_H
#define LEDGER_STORE_META_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

enum {
    META_BYTES = 152,
    META_IMAGES_MAX = 6,
    META_REACH = 65536 + META_BYTES /* both pages end before this, however large pages are */
};

typedef struct meta_tree {
    uint16_t flags, depth;
    uint64_t branch_pages, leaf_pages, overflow_pages, entries, root;
} meta_tree;

/* One meta page, as far as LMDB uses it. */
typedef struct meta_image {
    uint8_t bytes[META_BYTES]; /* of page txnid & 1 */
    uint32_t page_size;
    meta_tree free_list, main;
    uint64_t last_page, txnid;
} meta_image;

/* NULL, or what shows that it is no meta page of a store of `file_size` bytes. */
const char *meta_parse(meta_image *out, const uint8_t bytes[META_BYTES], uint64_t file_size);

/* Reads both; problems[i] NULL when it is one. */
wf_status meta_read(int fd, meta_image out[2], const char *problems[2], wf_error *err);

/* Keeps a copy of both pages in "FOLDER/meta", not synced: it is worth nothing to a commit, only to
   a repair. What fails is left. */
void meta_keep(int fd, const char *folder);
/* Images that may be in force: from the file, then from the kept copy; newest first, each once. */
wf_status meta_candidates(int fd, const char *folder, meta_image out[META_IMAGES_MAX],
                          unsigned *count, wf_error *err);
/* Whether "FOLDER/meta" is there and its checksums hold: false when it is damaged. */
bool meta_kept_is_whole(const char *folder);

/* Writes both pages of a closed store, so that `image` is in force: it in its place, and with the
   transaction id before it in the other's. */
wf_status meta_write(int fd, const meta_image *image, wf_error *err);

/* What is wrong with a page of a table, NULL: of what leads to all tables, or free; `page`
   UINT64_MAX: with the whole. */
typedef void (*page_damage)(void *ctx, const char *table, uint64_t page, const char *text);
/* Every page of every tree that the meta page leads to, and the list of free pages: each is of its
   kind and number, used once, its rows in it and in order, the counts right. *found counts. */
wf_status pages_check(int fd, const meta_image *image, page_damage report, void *ctx,
                      uint64_t *found, wf_error *err);

#endif
