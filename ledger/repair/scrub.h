/*
 * ledger/repair/scrub.h: between scrub.c (phases, each in processes that may die of what they
 * read), scrub_entries.c (entries, tiles, head), scrub_tables.c (the tables that follow from
 * them), scrub_files.c (what lies beside the store), and repair.c, which runs the same with `fix`.
 *
 * An entry and its place in the tile say the same hash; so does the entry behind it (prev_hash),
 * and the tiles above hold the hash of each tile. When they disagree, the one that stands alone is
 * the damaged one.
 */
#ifndef LEDGER_SCRUB_H
#define LEDGER_SCRUB_H

#include "archive.h"
#include "ledger_private.h"
#include "store_meta.h"

enum {
    SCRUB_DAMAGES_MAX = 4096,
    LEVEL_BOOK = 1, /* of a damaged page: it is the book's */
    /* What was being read when a process died: 0 to 255 an entry of the tile, or */
    READING_TILE = TILE_WIDTH,
    READING_ABOVE,
    READING_BEHIND,
    READING_BUNDLE,
    READING_ROW, /* the first of a run whose bundle is poison */
    READING_ENDS,
    READING_NOTHING
};

/* In memory that all processes of one scrub share. */
typedef struct scrub_state {
    ledger_damage damages[SCRUB_DAMAGES_MAX];
    uint64_t damage_count; /* may be larger: those beyond are only counted */
    uint64_t entries_bad;  /* entries that are not what was signed, or cannot be had */
    uint64_t size;         /* entries of the log */
    uint64_t next;         /* first entry of the tile that is to be done */
    unsigned reading;
    bool poison[READING_NOTHING]; /* of this tile: ended the process that read it */
    bool started;
    checkpoint signed_head; /* as it was when the scrub began; size 0: none can be had */
    hash_kind kind;
    merkle_frontier frontier;
    tree_level levels[TREE_LEVELS]; /* computed; level 0 is not kept */
    hash last_leaf;                 /* of the entry before `next` */
    bool last_known;
    int64_t last_time_ms;
    uint64_t entries, bytes, tiles, ids;
    uint64_t aside;      /* damages of files without which the log is what it is */
    uint64_t proved;     /* so many entries are what some signed checkpoint says */
    bool lost;           /* entries that were signed are missing or are others */
    uint64_t missing_to; /* so many are known to have been signed, more than there are */
    bool key_absent;     /* and nobody ever wrote here */
    bool is_signed;      /* the tree at the size of the checkpoint is the one that it signs */
    bool fixed_any;
    uint64_t fixed_count;
} scrub_state;

/* Where right bytes of entries may be had. */
typedef struct scrub_source scrub_source;

/* What one process works with. */
typedef struct scrubber {
    ledger *l;
    store_txn *txn;
    scrub_state *s;
    uint64_t size_now;    /* of the log in this transaction: somebody may write meanwhile */
    bool fix;             /* txn is for writing: put right what can be computed */
    scrub_source *source; /* NULL: none */
    buffer room;
    archive_tools tools;
    archive_run run; /* of the tile at hand, when it is archived */
    ledger_progress *progress;
    wf_error *err;
} scrubber;

void scrub_note(scrub_state *s, enum ledger_damage_kind kind, uint64_t number, unsigned level,
                const hash *leaf, const char *format, ...) WF_PRINTF(6, 7);

/* Entries behind `size` were signed, as `name` says. */
void scrub_note_missing(scrub_state *s, const char *name, uint64_t size, uint64_t signed_size);

/* From s->next to the end, then roots and head. */
wf_status scrub_entries(scrubber *c);
wf_status scrub_tables(scrubber *c);

/* A ledger of which nothing was compared yet, and a transaction of it; with `fix` for writing. */
wf_status scrub_open(scrubber *c, const char *dir, bool fix, wf_error *err);
void scrub_close(scrubber *c); /* aborts what was not committed */
/* ledger_verify in a child. */
wf_status scrub_verify(const char *dir, bool signatures, ledger_progress *progress,
                       ledger_verify_report *out, wf_error *err);

/* ---- scrub_files.c ------------------------------------------------------------------------- */

bool scrub_file_is_there(const char *dir, const char *name);
/* The kept copy of the meta pages. */
void scrub_kept_meta(scrub_state *s, const char *dir);
/* The others, behind scrub_entries. */
wf_status scrub_files(scrubber *c, const char *dir, wf_error *err);

/* ---- scrub_source.c ------------------------------------------------------------------------ */

/* *out is to be closed also when it fails. */
wf_status scrub_source_open(scrub_source **out, const char *dir, hash_kind kind, wf_error *err);
void scrub_source_close(scrub_source *s); /* NULL is fine */
/* The bytes of entry `seq` that have this leaf hash; out->size 0: they are not there. */
wf_status scrub_source_entry(scrub_source *s, uint64_t seq, const hash *leaf, buffer *out,
                             wf_error *err);

#endif
