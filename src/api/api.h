/*
 * api/api.h: what the files of the public API share: the open ledger and the writing of answers.
 *
 * The API stands on all layers below it (ledger, book, audit, exchange) and holds no knowledge of
 * its own about waste: it asks, joins texts to ids, and answers in tables.
 */
#ifndef API_API_H
#define API_API_H

#include "audit/audit.h"
#include "base/memory.h"
#include "base/number.h"
#include "base/status.h"
#include "base/text.h"
#include "base/time.h"
#include "book/book.h"
#include "book/transitions.h"
#include "ledger.h"
#include "wufei/wufei.h"

/* A folder of ours that goes away with us. */
typedef struct api_scratch {
    char path[1024]; /* "": none */
    int lock;
} api_scratch;

struct wf_ledger {
    ledger *log;
    book *book;
    int utc_offset_minutes;
    unsigned threads;
    bool read_only;
    uint64_t at;         /* it stands at this earlier size; 0: it does not */
    api_scratch scratch; /* then: where its book is */
};

/* ---- answers (answer.c) -------------------------------------------------------------------- */

enum { ANSWER_COLUMNS_MAX = 32 };

/* One table being written. The first failure sticks; later calls do nothing, so that a writer
   checks once, at the end. Cell functions append to the row that answer_row sends off. */
typedef struct answer {
    const wf_sink *sink;
    wf_error *err;
    wf_status status;
    wf_cell cells[ANSWER_COLUMNS_MAX];
    char texts[ANSWER_COLUMNS_MAX][NUMBER_TEXT]; /* what cell functions print into */
    size_t count;                                /* cells of the row so far */
    size_t columns;                              /* of the table */
} answer;

/* title and the columns' titles are msgids, translated here. */
void answer_begin(answer *a, const wf_sink *sink, wf_error *err, const char *name,
                  const char *title, const wf_column *columns, size_t count);
void answer_row(answer *a);
wf_status answer_end(answer *a);

void cell_empty(answer *a);
void cell_text(answer *a, const char *text); /* NULL and "" are empty; borrowed until answer_row */
void cell_integer(answer *a, int64_t value);
void cell_real(answer *a, double value);
void cell_mass(answer *a, int64_t mass_g); /* MASS_NONE is empty */
void cell_time(answer *a, int64_t ms);     /* TIME_NONE is empty */
void cell_day(answer *a, int32_t day);
void cell_degrees(answer *a, int32_t e7);

enum { HASH_TEXT = 2 * HASH_SIZE + 1 };
const char *hash_text(char out[HASH_TEXT], const hash *h); /* hexadecimal */

#define COLUMNS(table) (table), sizeof(table) / sizeof *(table)

/* ---- names (names.c) ----------------------------------------------------------------------- */

/* Texts of the registry by id, each read from the store once: a list of a million manifests asks
   for the same few thousand sites over and over. Hashed, not indexed: who shows one manifest wants
   the name of one weighing, and its number may be in the millions. */
typedef struct name_slot {
    uint64_t thing;   /* kind (a code: OBJECT_KIND_COUNT) << 32 | index */
    const char *text; /* NULL: free */
} name_slot;

typedef struct names {
    book *book;
    store_txn *txn;
    arena memory;
    name_slot *slots;  /* open addressing */
    size_t slot_count; /* a power of two, or 0 */
    size_t used;
    wf_error *err;
    wf_status status; /* the first failure sticks; texts are "" from then on */
} names;

void names_init(names *n, book *b, store_txn *txn, wf_error *err);
void names_free(names *n);
const char *names_key(names *n, enum object_kind kind, uint32_t index); /* "" for BOOK_NONE */
const char *names_code(names *n, code_id code);
/* Any other text; lives until names_free or names_forget. */
const char *names_text(names *n, text_ref ref, arena *a);

/* ---- what an id means (identify.c) ---------------------------------------------------------- */

typedef struct api_thing {
    bool found;
    enum object_kind kind; /* OBJECT_NONE: an entry by its number */
    uint32_t index;
    uint64_t seq; /* of its first entry */
} api_thing;
/* "KIND:ID", "entry:N", an id or an entry's number; `with_mass`: of namesakes, one that carries
   mass. WF_OK and not found when it is nothing of these. */
wf_status api_identify(wf_ledger *ledger, store_txn *txn, const char *id, bool with_mass,
                       api_thing *out, wf_error *err);

/* ---- progress (watch.c) --------------------------------------------------------------------- */

typedef struct api_watch {
    wf_progress progress;
    void *ctx;
    const char *phase;
    ledger_progress below;
} api_watch;
/* What to hand to the layer below; `phase` is a msgid. NULL when the caller wants no progress. */
ledger_progress *api_watch_as(api_watch *watch, const char *phase, wf_progress progress, void *ctx);

/* ---- rebuild.c ------------------------------------------------------------------------------ */

/* wf_rebuild of the ledger in `dir` in a process of its own, which may die of what it reads;
   without an answer. WF_DAMAGED: the book is not that of the log or, without `check`, cannot be
   derived. */
wf_status api_rebuild_apart(const char *dir, bool check, wf_progress progress, void *ctx,
                            wf_error *err);

/* ---- scratch.c, at.c ------------------------------------------------------------------------ */

/* `elsewhere`: nothing may change in the ledger's folder, not even for a while, so it is made in
   the folder for temporary files, where that has the room. Else beside the ledger's store, where
   there is room of the same kind. Removes what others that were killed left there. */
wf_status api_scratch_make(wf_ledger *l, bool elsewhere, api_scratch *out, wf_error *err);
void api_scratch_remove(api_scratch *s);

/* Makes the opened ledger what it was at options->at entries. */
wf_status api_stand_at(wf_ledger *l, const wf_open_options *options, wf_error *err);

/* ---- questions shared by several files ------------------------------------------------------ */

enum { API_SUGGESTIONS = 3 * (64 + 3) };
/* Ids of a kind (OBJECT_NONE: of any) that look like `id`, joined by commas; "" when none does. */
void api_suggest(wf_ledger *ledger, store_txn *txn, enum object_kind only, const char *id,
                 char out[API_SUGGESTIONS]);
/* WF_USAGE "unknown id ..." with what to do. */
wf_status api_unknown_id(wf_ledger *ledger, store_txn *txn, const char *id, wf_error *err);
/* Finds a word of a closed list; WF_USAGE lists the allowed words. NULL text gives 0. */
wf_status api_word(uint32_t *out, const vocabulary *v, const char *text, wf_error *err);
/* What stands in the way of a filter that does not apply: WF_USAGE. */
wf_status api_refuse_filters(const wf_filter *filter, const char *what, const char *allowed,
                             wf_error *err);
/* WF_USAGE when the filter names a site, party, vehicle, district or waste code that is not in the
   ledger. txn NULL: with a snapshot of its own. */
wf_status api_check_names(wf_ledger *ledger, store_txn *txn, const wf_filter *filter,
                          wf_error *err);
/* The entry number of what book_find found. */
wf_status api_row_seq(wf_ledger *ledger, store_txn *txn, enum object_kind kind, uint32_t index,
                      uint64_t *out, wf_error *err);
bool api_within(int64_t ms, int64_t from_ms, int64_t to_ms);

#endif
