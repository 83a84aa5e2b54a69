/*
 * ledger/ledger.h: the log. Append, read, prove, verify. Knows nothing of waste: what a record
 * means is told to it through `ledger_hooks`, which run inside the writer's transaction.
 *
 * A ledger is a folder:
 *     FORMAT         "wufei-ledger 1\n"; a larger number is refused as made by a newer version
 *     store/         the LMDB environment
 *     checkpoint     the last signed checkpoint, replaced atomically after commits
 *     operator.pem   the operator's private key, mode 0600 (absent: reading works, writing not), or
 *                    operator.signer, the socket of who has it (operator_files.c)
 *     meta           copy of the store's first pages, for repair (store_meta.c)
 *     guard          optional: the path of a second copy of the checkpoint, outside (outside.c)
 *     guard.lost     after a restore: what that copy said (outside.c)
 * It is made under a temporary name (".NAME.tmp.PID") beside its place, synced and renamed; what an
 * interrupted attempt left there is removed by the next one for the same place.
 */
#ifndef LEDGER_LEDGER_H
#define LEDGER_LEDGER_H

#include "checkpoint.h"
#include "entry.h"
#include "store.h"
#include "suite.h"
#include "tables.h"

typedef struct ledger ledger;

/* What the layers above do with each statement. All may be NULL except where noted. */
typedef struct ledger_hooks {
    void *ctx;
    const char *const *tables; /* names of further tables, NULL-terminated, or NULL */
    /* Decodes and checks what needs no store; any thread. *prepared lives in the arena. */
    wf_status (*prepare)(void *ctx, arena *a, const statement_view *st, void **prepared,
                         wf_error *err);
    /* Applies to the book, on the writer thread, in its transaction. On WF_REFUSED nothing may have
       been changed; the statement is then not appended and `err` is the reason given to its author.
       Any other failure aborts the whole group. `attested`: sealed or signed by the operator for
       others. */
    wf_status (*apply)(void *ctx, store_txn *txn, uint64_t seq, const statement_view *st,
                       const void *prepared, bool attested, wf_error *err);
    /* A statement's id stands for entry `old_seq`, which has other content: may put a better reason
       into `err`, such as what differs. The statement is refused in any case. */
    void (*conflict)(void *ctx, store_txn *txn, uint64_t old_seq, const void *prepared,
                     wf_error *err);
    wf_status (*before_commit)(void *ctx, store_txn *txn, wf_error *err);
    void (*after_end)(void *ctx,
                      bool committed); /* caches: keep or forget what was not committed */
} ledger_hooks;

typedef struct ledger_options {
    bool read_only;
    bool point_reads; /* store.h */
    bool without_key; /* to write only what replaces the operator's key, which is lost */
    size_t map_size;  /* 0: default */
    unsigned threads; /* workers for signatures and verification; 0: number of processors */
    bool unchecked;   /* for scrubbing and repairing: nothing is compared, nothing is signed */
    const ledger_hooks *hooks;
} ledger_options;

wf_status ledger_create(const char *dir, const char *origin, const char *suite_name,
                        int utc_offset_minutes, const ledger_hooks *hooks, wf_error *err);
/* A process opens a ledger once, for whatever use, and shares the handle: a second one is refused
   with WF_USAGE (store_claim.h says why). A child of fork opens its own. */
wf_status ledger_open(ledger **out, const char *dir, const ledger_options *options, wf_error *err);
/* What a guard cannot be: a file that is there, or one in the ledger itself. */
wf_status ledger_check_guard(const char *dir, const char *path, wf_error *err);
/* Keeps the last signed checkpoint also in the file `path`, outside of the ledger's folder, from
   now on: a whole folder that was put back to an older state is noticed too. Nobody writes
   meanwhile. `lost` (may be NULL) says what is wrong with the copy that was kept so far, in whose
   place this one comes; "": nothing. WF_DAMAGED, and nothing is changed: it can be read, and the
   log does not go on from it. In a child process where it is read: the caller has no other threads.
 */
wf_status ledger_set_guard(const char *dir, const char *path, wf_error *lost, wf_error *err);
/* Whether the copy outside says what it should, for who only looks and goes on without it. WF_OK:
   it does, or none is wanted; WF_DAMAGED: what is wrong with it. */
wf_status ledger_look_at_guard(ledger *l, bool *wanted, wf_error *err);
void ledger_close(ledger *l); /* stops the writer, writes the last checkpoint; NULL is fine */

const char *ledger_origin(const ledger *l);
int ledger_utc_offset(const ledger *l);
const char *ledger_dir(const ledger *l);
const char *ledger_vkey(const ledger *l); /* the operator's, for wufei-verify --vkey */
store *ledger_store(ledger *l);
uint64_t ledger_size(ledger *l);                                        /* entries committed */
wf_status ledger_size_in(store_txn *txn, uint64_t *out, wf_error *err); /* as the snapshot has it */

/* ---- writing ------------------------------------------------------------------------------ */

typedef enum submit_outcome {
    SUBMIT_ENTERED,
    SUBMIT_ALREADY,  /* same id, same bytes: nothing changed, seq is the old entry */
    SUBMIT_REFUSED,  /* see reason */
    SUBMIT_WITHDRAWN /* nothing is wrong with it, but its batch was refused as a whole */
} submit_outcome;

typedef struct submit_item {
    span statement; /* borrowed until the batch is done */
    span signature; /* data NULL: unsigned, to be sealed */
    uint64_t tag;   /* the caller's, untouched */
    submit_outcome outcome;
    uint64_t seq;
    const char *reason; /* in the batch's arena, NULL unless refused or withdrawn */
} submit_item;

typedef struct submit_batch {
    submit_item *items;
    size_t count;
    arena memory; /* for reasons and prepared records; initialised by the caller, freed by it */
    /* false: each item stands alone, refused ones are left out.
       true: one refusal refuses all, nothing is entered. */
    bool all_or_nothing;
    /* SEAL_BY_OPERATOR: items are unsigned statements of author "operator"; the writer leaves out
       the refused ones and seals the rest with the operator's key.
       SEAL_GIVEN: `seal` is the author's signed seal statement over exactly these items.
       SEAL_NONE: every item carries its signature. */
    enum { SEAL_NONE, SEAL_BY_OPERATOR, SEAL_GIVEN } seal_kind;
    submit_item seal;
    wf_status status; /* of the batch as a whole, with `error` */
    wf_error error;
    void *owner; /* the caller's */
} submit_batch;

/* Enters one batch in one or more commits of at most LEDGER_GROUP_MAX entries each (a seal
   stands in the same commit as what it seals); returns when all of it is durable. WF_OK also when
   single items were refused, unless all_or_nothing: see the items. all_or_nothing is one commit of
   any size, with as many seals as it needs; the items' reasons then name every refusal, not only
   the first. A batch's status other than WF_OK and WF_REFUSED: the items from the failure on are
   not entered, earlier commits of a large batch stand. */
wf_status ledger_submit(ledger *l, submit_batch *batch, wf_error *err);

/* The same through the bounded queue to the writer thread: returns at once (waits while the queue
   is full). `done` runs on the writer thread after the commit and must not submit, drain or prove.
   Several small batches may share a commit. Not WF_OK: the batch was not taken, `done` will not
   run. */
wf_status ledger_submit_async(ledger *l, submit_batch *batch,
                              void (*done)(void *ctx, submit_batch *batch), void *ctx,
                              wf_error *err);
/* Waits until every queued batch is done. */
wf_status ledger_drain(ledger *l, wf_error *err);

/* Most entries of one commit, and most statements under one seal. The design says 1 000 for both;
   but a page that many records touch is written once a commit, and a city of a million manifests
   touches 1 200 pages in each (the accounts of thousands of sites are spread over all of theirs),
   so that a bundle enters faster in large commits. Single acts do not wait for a full group. */
enum { LEDGER_GROUP_MAX = 16000, LEDGER_SEAL_MAX = 4000 };

/* Smaller commits from here on (1 to LEDGER_GROUP_MAX): for tests that need many of them. */
void ledger_set_group_max(ledger *l, size_t entries);

/* A signed key for a party, entered by the operator (KeyAdd). */
wf_status ledger_add_key(ledger *l, const char *party, const suite_public_key *key, wf_error *err);

/* What becomes the operator's key: the one behind a socket, in a file (which is copied), or, with
   neither, a new one. */
typedef struct ledger_successor {
    const char *socket_path;
    const char *key_path;
    bool encrypt; /* a new one */
} ledger_successor;

/* The operator's present key gives way to the next one. When it returns WF_OK, the checkpoint is
   signed by that. */
wf_status ledger_rotate_operator(ledger *l, const ledger_successor *next, wf_error *err);
wf_status ledger_revoke_operator(ledger *l, const char *reason, const ledger_successor *next,
                                 wf_error *err);
/* A party's, with its private key; next_path NULL: without a successor. */
wf_status ledger_rotate_key(ledger *l, const char *party, const char *key_path,
                            const char *next_path, wf_error *err);
wf_status ledger_revoke_key(ledger *l, const char *party, const char *key_path, const char *reason,
                            const char *next_path, wf_error *err);
/* The first offline keys, `threshold` of which revoke together. */
wf_status ledger_set_quorum(ledger *l, unsigned threshold, const suite_public_key *keys,
                            size_t count, wf_error *err);
/* Orders for the offline keys to sign, as files (key_order_file.c). replacement may be NULL. */
wf_status ledger_order_quorum(ledger *l, buffer *out, unsigned threshold,
                              const suite_public_key *keys, size_t count, wf_error *err);
wf_status ledger_order_revoke(ledger *l, buffer *out, const char *party, const char *key_id,
                              const char *reason, const suite_public_key *replacement,
                              wf_error *err);
/* Enters a signed order; `next` has the private key of the replacement that it names. Of the
   operator's key: also of a ledger that was opened without it. */
wf_status ledger_enter_order(ledger *l, const char *text, size_t size, const ledger_successor *next,
                             wf_error *err);

/* ---- reading ------------------------------------------------------------------------------ */

/* Exact bytes of an entry; its leaf hash is recomputed and compared with the tile, so that a
   flipped bit is never served: WF_DAMAGED names the entry. WF_USAGE when seq >= size. The bytes are
   valid to the end of the transaction or its next write; those of an archived entry are a copy
   that the transaction keeps, so that who reads a whole log uses an entry_reader (archive.h). */
wf_status ledger_read(ledger *l, store_txn *txn, uint64_t seq, span *out, entry_view *view,
                      wf_error *err);
/* The bytes as they are stored, compared with nothing: also of an entry of the transaction itself,
   which is in no tile yet. out->data NULL: it is not there. */
wf_status ledger_peek(ledger *l, store_txn *txn, uint64_t seq, span *out, wf_error *err);
/* *found tells; id is 16 bytes. */
wf_status ledger_find(ledger *l, store_txn *txn, const uint8_t *id, bool *found, uint64_t *seq,
                      wf_error *err);

/* The current signed checkpoint (a note). Malloced text, the caller frees. */
wf_status ledger_checkpoint(ledger *l, char **out, wf_error *err);
/* The last checkpoint that has its quorum of cosignatures: that the log goes on from it, and that
   the ledger's policy, when it has one, is met by signatures that verify. *text malloced, NULL:
   there is none. WF_DAMAGED, WF_REFUSED: what is kept as such is none, and proofs are not made
   under it. */
wf_status ledger_witnessed(ledger *l, checkpoint *out, char **text, wf_error *err);
/* A .tlog-proof for an entry, under the witnessed checkpoint if that covers it, else under the
   current one. The caller frees. */
wf_status ledger_prove(ledger *l, uint64_t seq, char **out, wf_error *err);

typedef struct ledger_receipt {
    uint64_t seq;
    const char *proof; /* a .tlog-proof, ending in a zero; borrowed, like the entry's bytes */
    size_t proof_size;
    span entry;
} ledger_receipt;
typedef wf_status (*ledger_receipt_taker)(void *ctx, const ledger_receipt *receipt, wf_error *err);
/* The same for the entries [from, to), all under one checkpoint. Any other status than WF_OK of
   `take` ends it. */
wf_status ledger_receipts(ledger *l, uint64_t from, uint64_t to, ledger_receipt_taker take,
                          void *ctx, wf_error *err);

/* RFC 9162 consistency proof between two sizes, neither above the committed one; from size 0 and
   between equal sizes it is empty. */
wf_status ledger_prove_consistency(ledger *l, uint64_t size1, uint64_t size2,
                                   hash out[MERKLE_PROOF_MAX], size_t *out_count, wf_error *err);

/* A checkpoint that somebody kept, and the log now. */
typedef struct ledger_extension {
    checkpoint old, now;
    char *now_text; /* the signed checkpoint: with the kept one the evidence, when it is refused */
    char *request;  /* body of C2SP add-checkpoint, which wufei-verify extends reads */
    size_t request_size;
} ledger_extension;
/* The proof that the log extends the checkpoint in `kept`. WF_USAGE: that is not one which this
   ledger signed. WF_REFUSED: the log does not extend it; `out` then has the evidence, with a
   request unless the log is shorter than it was. The caller frees `out` in any case. */
wf_status ledger_extends(ledger *l, const char *kept, size_t kept_size, ledger_extension *out,
                         wf_error *err);
void ledger_extension_free(ledger_extension *e);
/* The verifier key that signed the checkpoint in `kept`, which may not be the present one.
   WF_USAGE: no key of this ledger did. */
wf_status ledger_kept_vkey(ledger *l, const char *kept, size_t kept_size, char out[NOTE_VKEY_MAX],
                           wf_error *err);

typedef struct ledger_progress {
    void (*report)(void *ctx, uint64_t done, uint64_t total);
    void *ctx;
} ledger_progress;

typedef struct ledger_verify_report {
    uint64_t size;       /* entries checked */
    uint64_t bytes;      /* of entries */
    uint64_t signatures; /* checked, 0 unless asked */
    uint64_t seals;      /* checked, 0 unless asked */
    double seconds;
    hash root;
} ledger_verify_report;

/* Everything the log promises: numbering, times, chain, leaf hashes against tiles, the whole tree,
   the signed checkpoint (its signature and that the log extends it), the number of ids; with
   `signatures` also each id, every signature and seal, against the keys valid at its place. In
   parallel, streaming. WF_DAMAGED names the first broken entry. `from`: entries before it are taken
   as checked (their tiles are used). */
wf_status ledger_verify(ledger *l, uint64_t from, bool signatures, ledger_progress *progress,
                        ledger_verify_report *out, wf_error *err);

/* ---- copies ------------------------------------------------------------------------------- */

typedef struct ledger_copy_report {
    uint64_t size;                 /* entries in the copy */
    uint64_t signed_size;          /* of the checkpoint that is in it: a beginning of these */
    uint64_t bytes;                /* of its store */
    hash root;                     /* of all its entries */
    suite_public_key operator_key; /* that its log names at its end */
    bool with_key;
    double seconds;
} ledger_copy_report;

/* A verified copy of the ledger in `dir` appears at `to`, which must not be there, while others go
   on writing: opened for reading it answers like the ledger, ledger_restore puts it back. It is
   read and verified in child processes, so the caller has no other threads. */
wf_status ledger_backup(const char *dir, const char *to, bool with_key, ledger_progress *progress,
                        ledger_copy_report *out, wf_error *err);

typedef struct ledger_restore_options {
    const char *key;  /* the operator's private key; NULL: the backup's, else that of the ledger */
    const char *last; /* a checkpoint or receipt that somebody kept; NULL: none */
    const char *vkey; /* of a key of the operator that may have signed it; NULL: none other */
    ledger_progress *progress;
} ledger_restore_options;

typedef struct ledger_restore_report {
    ledger_copy_report copy;
    uint64_t seq;    /* of the entry that records the recovery */
    bool last_known; /* the largest signed checkpoint that could be found */
    bool last_verified;
    uint64_t last_size;
    char key[2 * KEY_ID_SIZE + 1]; /* the id of the operator's key, which signs again */
    char lost_key[2 * KEY_ID_SIZE +
                  1]; /* of the one that followed it before; "": none, as far as is known */
    char aside[4096]; /* where the ledger that stood there is kept; "": there was none */
} ledger_restore_report;

/* Puts a backup in place as the ledger `dir` and records that in the log. A ledger that stands
   there is kept aside under another name, and what it signed last goes into the record. */
wf_status ledger_restore(const char *backup, const char *dir, const ledger_restore_options *options,
                         ledger_restore_report *out, wf_error *err);

/* Recoveries that the log records, in order: the first at or behind entry `from`. */
typedef struct ledger_recovery {
    uint64_t seq; /* also the size that was restored */
    bool last_known;
    uint64_t
        last_size; /* of the last checkpoint that was known: entries seq to last_size-1 are lost */
} ledger_recovery;
wf_status ledger_next_recovery(ledger *l, uint64_t from, bool *found, ledger_recovery *out,
                               wf_error *err);

typedef struct tiles_options {
    bool check; /* read all that should be there already, and write again what is not right */
    ledger_progress *progress;
} tiles_options;

typedef struct tiles_report {
    uint64_t size_before; /* entries that the folder held */
    uint64_t size;        /* and holds now */
    uint64_t files;       /* written */
    uint64_t mended;      /* of these: were missing or not right */
    uint64_t bytes;
    char *evidence; /* malloced, when refused: the folder's checkpoint, and what we say to it */
} tiles_report;
/* The log as C2SP tlog-tiles in the folder `dir`, which is made, or brought up to the signed
   checkpoint: what is new is written, and what is missing or has another size; the checkpoint last.
   WF_USAGE: the folder is something else, or of another log; WF_REFUSED: the log does not extend
   the checkpoint that it holds. */
wf_status ledger_export_tiles(ledger *l, const char *dir, const tiles_options *options,
                              tiles_report *out, wf_error *err);

/* ---- damage ------------------------------------------------------------------------------- */

enum ledger_damage_kind {
    DAMAGE_FILE,   /* beside the store */
    DAMAGE_STORE,  /* its pages; number: the page, UINT64_MAX: none in particular */
    DAMAGE_ENTRY,  /* number: the entry */
    DAMAGE_TILE,   /* level, number */
    DAMAGE_HEAD,   /* the head row, or the checkpoint */
    DAMAGE_SIGNED, /* entries that were signed are missing or are others */
    DAMAGE_TABLE   /* a table that follows from the entries */
};

typedef struct ledger_damage {
    enum ledger_damage_kind kind;
    unsigned level;
    uint64_t number;
    bool has_leaf; /* of an entry: the hash that its right bytes have, which is still proved */
    hash leaf;
    char text[300]; /* what is wrong, as wf_error says it */
} ledger_damage;

typedef struct ledger_scrub_options {
    bool signatures; /* every signature too, when nothing else is wrong */
    ledger_progress *progress;
    void (*found)(void *ctx, const ledger_damage *damage);
    void *ctx;
} ledger_scrub_options;

typedef struct ledger_scrub_report {
    uint64_t damages; /* the first 4 096 were told one by one */
    uint64_t entries_bad;
    uint64_t size; /* of the log; what follows was looked at */
    uint64_t entries, bytes, tiles, ids, signatures;
    bool opens; /* the store can be opened at all */
    hash root;
    double seconds;
    bool is_signed; /* the entries were read, and are those that the checkpoint signs */
    bool lost;      /* entries that were signed are missing or are others */
    uint64_t
        proved; /* the first so many entries are what was signed, as far as anything here says */
    uint64_t aside;  /* damages of files beside the store: the log is what it is without them */
    bool key_absent; /* a folder without the operator's key, in which nobody ever wrote */
} ledger_scrub_report;

/* Looks at everything that is stored but the book: files, pages, entries, tiles, head, ids, keys.
   WF_OK also when there is damage: see the report. In child processes: the caller has no other
   threads. */
wf_status ledger_scrub(const char *dir, const ledger_scrub_options *options,
                       ledger_scrub_report *out, wf_error *err);

typedef struct ledger_repair_options {
    const char *from; /* a backup or exported tiles with right bytes of entries; NULL: none */
    ledger_progress *progress;
    /* Something was put right, or could not be. */
    void (*done)(void *ctx, const char *what, bool repaired, const char *detail);
    void *ctx;
} ledger_repair_options;

/* Puts right what can be known for sure (repair.c); what is replaced is kept aside. See with
   ledger_scrub what is left. Nobody writes meanwhile; the caller has no other threads. */
wf_status ledger_repair(const char *dir, const ledger_repair_options *options, wf_error *err);

/* Runs `work` in a child process and hands back its status, its error and what it left in `result`
   (plain bytes, no pointers). When damaged pages end the child in a signal, that is WF_DAMAGED and
   not the end of this process: for opening and verifying a suspect ledger, inside `work`. The
   caller has no other threads, and `work` uses no ledger that the caller has open. */
typedef wf_status (*ledger_guarded)(void *ctx, void *result, wf_error *err);
wf_status ledger_guard(const char *dir, ledger_guarded work, void *ctx, void *result,
                       size_t result_size, wf_error *err);

/* ---- archive -------------------------------------------------------------------------------- */

/* Complete runs of 256 entries that stay as rows of their own behind the last entry: what was
   entered a moment ago is asked for most. */
enum { LEDGER_ARCHIVE_KEEP = 16 };

typedef struct ledger_archive_report {
    uint64_t entries;        /* moved */
    uint64_t entry_bytes;    /* of these */
    uint64_t archived_bytes; /* their compressed bundles */
} ledger_archive_report;

/* Moves the oldest complete runs that are not archived into compressed bundles, at most `max_runs`,
   all but the last `keep_runs`. Reading is the same before and after. Beside a writer it waits for
   its turn; the writer itself does the same when it has nothing else to do. */
wf_status ledger_archive(ledger *l, uint64_t keep_runs, uint64_t max_runs,
                         ledger_progress *progress, ledger_archive_report *out, wf_error *err);

/* Runs the hooks' apply over the whole log in order, in write transactions of their own; used by
   rebuild after the book's tables were emptied. */
wf_status ledger_replay(ledger *l, const ledger_hooks *into, store *target,
                        ledger_progress *progress, wf_error *err);

/* The first `size` entries only. */
wf_status ledger_replay_to(ledger *l, uint64_t size, const ledger_hooks *into, store *target,
                           ledger_progress *progress, wf_error *err);

/* From here on the ledger, which was opened for reading, is what it was when it had `size` entries
   (1 to its size). `scratch` has the same tables, and the hooks' tables of then in it (by
   ledger_replay_to); when this succeeds it belongs to the ledger. Checkpoints and receipts of then
   are under no signature, unless that of just this size is kept. */
wf_status ledger_stand_at(ledger *l, store *scratch, uint64_t size, wf_error *err);

#endif
