/*
 * ledger/ledger_private.h: what the files of ledger/ share and nobody else sees.
 *
 * Who calls whom, top to bottom; who stands in a line calls those below it, and neighbours:
 *     repair/                                           a whole ledger as one thing, from outside
 *     create, open, add_key, key_change, key_list,      what ledger.h promises
 *     writer, system_submit, replay, read, prove, at,
 *     verify, archive_move, tiles_export
 *     writer_batch, prepare, group                      statements: checked, then entered
 *     outside_name                                      another copy outside, and what is wrong
 *     signed_head_write, witnessed, outside,            what was signed; where the bytes are
 *     signed_head, recovery, identity, archive_read
 *     tree, keys/, place, guard, operator_files         what they all work with
 *     format/                                           the bytes of entries, rows and files
 *     store/, proof/                                    know nothing of a ledger
 */
#ifndef LEDGER_PRIVATE_H
#define LEDGER_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>
#include <sys/types.h>

#include <openssl/evp.h>

#include "base/memory.h"
#include "checkpoint.h"
#include "entry.h"
#include "folder.h"
#include "head.h"
#include "key_file.h"
#include "key_rules.h"
#include "key_table.h"
#include "ledger.h"
#include "merkle.h"
#include "node_cache.h"
#include "note.h"
#include "operator_files.h"
#include "signer.h"
#include "store.h"
#include "suite.h"
#include "system.h"

/* ---- tree.c: the Merkle tree in tiles -------------------------------------------------------- */

enum { TREE_LEVELS = 8, TILE_BITS = 8 };

typedef struct tree_level {
    unsigned count;       /* hashes in the partial tile, 0 to 255 */
    hash edge[TILE_BITS]; /* edge[b]: the complete subtree of 2^b hashes, valid if bit b of count */
    hash hashes[TILE_WIDTH];
} tree_level;

/* The right edge of the tree: its partial tiles. */
typedef struct tree {
    hash_kind kind;
    uint64_t size;
    tree_level levels[TREE_LEVELS];
} tree;

void tree_init(tree *t, hash_kind kind);
wf_status tree_load(tree *t, store_txn *txn, hash_kind kind, uint64_t size, wf_error *err);
/* Full tiles are written at once, partial ones by tree_flush, once a commit. */
wf_status tree_append(tree *t, store_txn *txn, const hash *leaf, wf_error *err);
wf_status tree_flush(const tree *t, store_txn *txn, wf_error *err);
void tree_root(hash *out, const tree *t);
/* The stored hashes of a tile; *out->data NULL when it is not there. */
wf_status tile_get(store_txn *txn, unsigned level, uint64_t index, span *out, wf_error *err);

/* A merkle_reader over the tiles; ctx is a tile_reader. `nodes` is for proofs alone, which are
   compared with the root; who looks whether the tiles are right computes all that it needs. And it
   is for reading transactions alone: a writer's may be taken back. */
typedef struct tile_reader {
    store_txn *txn;
    hash_kind kind;
    wf_error *err;
    node_cache *nodes; /* NULL: none are kept */
} tile_reader;
bool tile_read_hash(void *ctx, hash *out, unsigned level, uint64_t index);

/* ---- system_submit.c: entering records about the ledger itself ---------------------------------
 */

/* Signs a record as the operator and submits it. */
wf_status system_submit(ledger *l, const system_record *record, wf_error *err);
/* The same as `author`, by the signer of one of its keys. */
wf_status system_submit_by(ledger *l, const char *author, signer *s, const system_record *record,
                           wf_error *err);

/* ---- the ledger itself ------------------------------------------------------------------------
 */

typedef struct writer writer;

struct ledger {
    char *dir;
    store *store;
    genesis genesis;
    const suite *suite;            /* the genesis names it */
    suite_public_key operator_key; /* the present one, and what follows from it */
    uint8_t operator_id[KEY_ID_SIZE];
    note_key operator_note_key;
    char vkey[NOTE_VKEY_MAX];
    bool read_only;
    uint64_t at;  /* it stands at this earlier size (at.c); 0: it does not */
    store *whole; /* then: its own store, of now, which `store` lies over and closes */
    unsigned threads;
    atomic_size_t group_max; /* entries of one commit */
    ledger_hooks hooks;
    int lock;              /* -1: not the writer */
    signer *signer;        /* NULL: reading only */
    signer *next_signer;   /* of the key that a rotation or revocation is about to bring */
    signer *former_signer; /* others may still use it: freed with the ledger */
    key_table keys;
    struct archive_cache *archive; /* inflated blocks */
    pthread_mutex_t archiving;     /* held while runs are found and moved into the archive */
    node_cache *nodes;             /* of the upper tree, for proofs */
    checkpoint last_signed;        /* the writer's thread only, once there is one */
    pthread_mutex_t start;         /* guards `writer` */
    writer *writer;                /* NULL until the first statement comes */
};

/* ---- identity.c: which ledger this is ----------------------------------------------------------
 */

/* All tables of the ledger and of the hooks, NULL-terminated, in `out`. */
void ledger_table_names(const char *out[STORE_TABLES_MAX + 1], const ledger_hooks *hooks);
/* Takes what a genesis says into the ledger. */
wf_status ledger_take_genesis(ledger *l, const genesis *g, wf_error *err);
wf_status ledger_read_genesis(ledger *l, genesis *out, store_txn *txn, wf_error *err);
/* The operator's key is now this one. */
void ledger_take_operator_key(ledger *l, const suite_public_key *public_key);
/* The change that `next_signer` was for is committed. */
void ledger_take_next_signer(ledger *l);

/* ---- signed_head.c: the checkpoint file --------------------------------------------------------
 */

/* Reads and verifies the file. *text (malloced) may be NULL when not wanted. */
wf_status signed_head_read(ledger *l, checkpoint *out, char **text, wf_error *err);
/* That the log in `txn` holds what was signed, and goes on from there. For a ledger that stands at
   an earlier size also: what was signed goes on from there. */
wf_status signed_head_check(ledger *l, const checkpoint *signed_head, store_txn *txn,
                            const ledger_head *head, wf_error *err);
/* A signed checkpoint of this ledger, wherever it was read: `name` is for the message. */
wf_status signed_head_parse(const ledger *l, checkpoint *out, const char *name, const char *text,
                            size_t size, wf_error *err);
/* The operator's key that signs a checkpoint of `size`, as far as the store knows; *known is how
   many entries that is. */
wf_status signed_head_key(const ledger *l, uint64_t size, note_key *out, uint64_t *known,
                          wf_error *err);
/* signed_head_write.c: reads the file again, compares it with what this process signed last and
   with the log, signs what is committed and replaces the file. */
wf_status signed_head_write(ledger *l, wf_error *err);

/* ---- witnessed.c: the published checkpoint, with the cosignatures of the witnesses --------------
 */

/* The one that may be passed on as witnessed, malloced; *text NULL: there is none. WF_DAMAGED: the
   file is none; WF_REFUSED: it is below the quorum of the ledger's policy. */
wf_status witnessed_read(ledger *l, store_txn *txn, const ledger_head *head, checkpoint *out,
                         char **text, wf_error *err);
/* The same for who does without when it does not hold: then *text is NULL. */
wf_status witnessed_read_if(ledger *l, store_txn *txn, const ledger_head *head, checkpoint *out,
                            char **text, wf_error *err);
/* Compared with nothing but the operator's key: for who replaces it. */
wf_status witnessed_read_signed(const ledger *l, checkpoint *out, char **text, size_t *size,
                                wf_error *err);
/* That the policy, when there is one, can be read. */
wf_status witnessed_check_policy(const char *dir, wf_error *err);

/* ---- outside.c: the same checkpoint kept outside of the ledger's folder -------------------------
 */

/* Where the copy is wanted, malloced; *out NULL when none is. */
wf_status outside_path(const char *dir, char **out, wf_error *err);
/* *there false: none is wanted or, for readers, none can be read. */
wf_status outside_read(const ledger *l, checkpoint *out, bool *there, wf_error *err);
/* That the log goes on from it, or records a recovery and it is the very one that was lost. */
wf_status outside_check(ledger *l, const checkpoint *outside, store_txn *txn,
                        const ledger_head *head, wf_error *err);
wf_status outside_write(const ledger *l, const char *text, size_t size, wf_error *err);
/* Keeps in the folder `fresh` what the copy of `dir` says, which a recovery is about to lose. */
wf_status outside_keep_lost(const char *dir, const char *fresh, wf_error *err);
/* A recovery that is recorded in the log names what it lost: from its own place up to the last
   checkpoint that was known. `exactly`: that it is this last one. */
wf_status outside_is_recorded(bool *out, const checkpoint *c, bool exactly, store_txn *txn,
                              wf_error *err);
/* The file that the path names; *out malloced, NULL when it is not there. */
wf_status outside_read_file(const char *path, char **out, size_t *size, wf_error *err);
wf_status outside_write_file(const char *path, const char *text, size_t size, wf_error *err);
wf_status outside_missing(const ledger *l, const char *path, wf_error *err);
/* Without its signature: the key that made it may be one that a recovery lost. */
bool outside_parse_unsigned(checkpoint *out, const char *text, size_t size);

/* ---- recovery.c: how often, and from where, the log was put back from a backup ------------------
 */

/* Refuses a recovery that does not stand at its place; `root` is of the log before it. */
wf_status recovery_put(store_txn *txn, uint64_t seq, const hash *root, const recovery *r,
                       wf_error *err);
/* That the row of a recovery is what its entry says, and both what the tree says. */
wf_status recovery_check(const ledger *l, store_txn *txn, uint64_t seq, const recovery *r,
                         wf_error *err);
/* The first at or behind entry `from`; *found false: none. */
wf_status recovery_next(store_txn *txn, uint64_t from, bool *found, recovery *out, wf_error *err);

/* ---- copy.c: a copy of a ledger's folder
 * ---------------------------------------------------------
 */

/* Fills the empty folder `to` with what is in force in the ledger `from`, which may be written to
   meanwhile; then verifies the copy. With the operator's key when asked and there. */
wf_status ledger_copy(const char *from, const char *to, bool with_key, ledger_progress *progress,
                      ledger_copy_report *out, wf_error *err);
/* A copy in the ledger's own folder goes where the ledger goes: WF_USAGE. */
wf_status copy_check_outside(const char *dir, const char *to, wf_error *err);
/* "FOLDER/NAME" in both; *there tells whether there was one. */
wf_status copy_small_file(const char *from, const char *to, const char *name, mode_t mode,
                          bool *there, wf_error *err);

/* ---- prepare.c: what can be checked of a statement on any thread -------------------------------
 */

typedef struct prepared {
    statement_view view;
    void *record;         /* the hook's */
    hash leaf;            /* of the statement, when it is to be sealed */
    const party_key *key; /* that signed; NULL: sealed, or not known yet */
    bool has_own_key;     /* signed by the key that its own record brings (key_rules.h) */
    uint8_t own_key[KEY_ID_SIZE];
    wf_status status;
    const char *reason;
} prepared;

void prepare_item(ledger *l, key_scratch *scratch, arena *memory, const submit_batch *batch,
                  const submit_item *item, prepared *out);

/* ---- group.c: what one transaction enters ------------------------------------------------------
 */

typedef struct group {
    ledger *l;
    store_txn *txn;        /* NULL: none open */
    size_t count;          /* entries of this transaction */
    bool operator_changed; /* by the last of them */
    tree tree;             /* as in the transaction */
    tree committed_tree;
    ledger_head head;
    ledger_head committed_head;
    uint8_t last_id[STATEMENT_ID_SIZE]; /* the largest id */
    uint8_t committed_last_id[STATEMENT_ID_SIZE];
    int64_t now_ms;
    buffer entry;
    buffer old; /* an archived entry that has the id of a new one */
    buffer statement;
    buffer record;
} group;

/* One statement as it is to be entered. */
typedef struct group_item {
    const statement_view *view;
    const void *record; /* the hook's, of prepare */
    const uint8_t *author_key;
    span signature; /* data NULL: sealed by what follows */
} group_item;

wf_status group_init(group *g, ledger *l, wf_error *err); /* the tail, from the store */
void group_free(group *g);
wf_status group_begin(group *g, wf_error *err);
/* WF_OK: *already tells which; WF_REFUSED: nothing changed; else the group must be aborted. */
wf_status group_enter(group *g, const group_item *item, bool *already, uint64_t *seq,
                      wf_error *err);
/* Appends an entry that was looked at; for group_enter, and for tests that forge. */
wf_status group_append(group *g, const group_item *item, wf_error *err);
/* Makes, signs and enters a system statement of the operator. */
wf_status group_enter_system(group *g, const system_record *record, int64_t time_ms, bool *already,
                             uint64_t *seq, wf_error *err);
wf_status group_commit(group *g, wf_error *err); /* aborts when it fails; fatal for the writer */
void group_abort(group *g);

/* ---- at.c --------------------------------------------------------------------------------------
 */

/* Puts the checkpoint of then in the place of the last signed one; without a signature, unless it
   is kept. Does nothing to a ledger that stands at no earlier size. */
wf_status at_checkpoint(ledger *l, store_txn *txn, checkpoint *c, char **text, wf_error *err);

/* ---- writer.c
 * ------------------------------------------------------------------------------------ */

/* Stops the threads after the queue is done; NULL writer is fine. */
void writer_close(ledger *l);

#endif
