/*
 * ledger/ledger_private.h: what the files of ledger/ share and nobody else sees.
 *
 * Who calls whom, top to bottom:
 *     create, open, writer, verify, replay, prove       what ledger.h promises
 *     prepare, group                                    one statement: checked, then entered
 *     signed_head, tree, head, keys, system, folder     what they work with
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
#include "key_file.h"
#include "key_rules.h"
#include "ledger.h"
#include "merkle.h"
#include "note.h"
#include "signer.h"
#include "store.h"
#include "suite.h"

#define OPERATOR_PARTY "operator"

enum { LEDGER_FORMAT = 1 };

/* ---- folder.c: the files beside the store -------------------------------------------------- */

#define FILE_FORMAT "FORMAT"
#define FILE_CHECKPOINT "checkpoint"
#define FILE_KEY "operator.pem"
#define FILE_SIGNER "operator.signer"
#define FILE_GUARD "guard"           /* names the copy of the checkpoint outside, outside.c */
#define FILE_GUARD_LOST "guard.lost" /* what that copy said when the ledger was restored */
#define FILE_META "meta"             /* copy of the store's first pages */
#define FILE_POLICY "policy"         /* of witnesses */
#define FILE_WITNESSED "witnessed"   /* the last checkpoint that has its quorum of cosignatures */
#define FOLDER_STORE "store"
#define FILE_LOCK "writer.lock" /* in the store's folder */

/* "dir/name" on the heap; NULL when out of memory. */
char *folder_path(const char *dir, const char *name);
/* The other way: returns "b" of "a/b", and "a" on the heap (NULL when out of memory). */
const char *folder_split(const char *path, char **out_folder);
wf_status folder_sync(const char *path, wf_error *err);
/* Replaces dir/name so that after a crash there is the old or the new file, whole. */
wf_status folder_write(const char *dir, const char *name, const void *data, size_t size,
                       mode_t mode, wf_error *err);
/* Reads a small file; *out is malloced and ends in a zero. *out NULL when there is none. */
wf_status folder_read(const char *dir, const char *name, size_t max, char **out, size_t *out_size,
                      wf_error *err);
wf_status folder_check_format(const char *dir, wf_error *err);
/* What a writer that was killed left of a file that it was replacing; for who holds the lock. */
wf_status folder_remove_unfinished(const char *dir, wf_error *err);
/* Takes the one writer's lock; *out is the descriptor that holds it. */
wf_status folder_lock(int *out, const char *dir, wf_error *err);
/* That the folder of this name is still the one whose lock is held. */
wf_status folder_check_lock(const char *dir, int lock, wf_error *err);

/* ---- head.c: the row "head" of TABLE_META --------------------------------------------------- */

typedef struct ledger_head {
    uint64_t size;
    hash last_leaf;
    int64_t last_time_ms;
    hash root;
} ledger_head;

wf_status head_get(ledger_head *out, store_txn *txn, wf_error *err);
wf_status head_put(store_txn *txn, const ledger_head *head, wf_error *err);

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

/* A merkle_reader over the tiles; ctx is a tile_reader. */
typedef struct tile_reader {
    store_txn *txn;
    hash_kind kind;
    wf_error *err;
} tile_reader;
bool tile_read_hash(void *ctx, hash *out, unsigned level, uint64_t index);

/* ---- system.c: records about the ledger itself ----------------------------------------------- */

typedef struct genesis {
    unsigned version;
    char origin[ORIGIN_MAX + 1];
    char suite[32];
    suite_public_key operator_key;
    int utc_offset_minutes;
} genesis;

/* The log was put back from a backup. */
typedef struct recovery {
    uint64_t restored_size; /* its own place */
    hash restored_root;
    bool last_known; /* the largest signed checkpoint that was known then */
    uint64_t last_size;
    hash last_root;
} recovery;

typedef struct system_record {
    enum {
        SYSTEM_GENESIS,
        SYSTEM_SEAL,
        SYSTEM_KEY_ADD,
        SYSTEM_KEY_ROTATE,
        SYSTEM_KEY_REVOKE,
        SYSTEM_KEY_QUORUM,
        SYSTEM_RECOVERY
    } kind;
    genesis genesis;
    uint64_t seal_count;
    hash seal_root;
    char party[AUTHOR_MAX + 1]; /* of a KeyAdd */
    suite_public_key public_key;
    recovery recovery;
    key_change change; /* of a KeyRotate or KeyRevoke */
    key_quorum quorum;
} system_record;

wf_status system_parse(system_record *out, span bytes, wf_error *err);
void system_write(buffer *out, const system_record *record);
wf_status system_check_origin(const char *origin, wf_error *err);
/* Signs a record as the operator and submits it. */
wf_status system_submit(ledger *l, const system_record *record, wf_error *err);
/* The same as `author`, by the signer of one of its keys. */
wf_status system_submit_by(ledger *l, const char *author, signer *s, const system_record *record,
                           wf_error *err);

/* ---- key_table.c: who may sign; key_rows.c: the same in the store; key_sign.c: what a key does;
   key_file.c: keys on disk; what changes keys is in key_rules.h -------------------------------- */

enum key_end { KEY_STANDS, KEY_ROTATED, KEY_REVOKED };

typedef struct party_key {
    struct party_key *next; /* in its bucket, or in the list of forgotten ones */
    char party[AUTHOR_MAX + 1];
    size_t party_size;
    uint8_t id[KEY_ID_SIZE];
    suite_public_key public_key;
    uint64_t entered; /* the entry that brought it; 0 when read from the store */
    uint64_t valid_from;
    atomic_uint_fast64_t valid_until; /* UINT64_MAX: it stands; else one more than its last entry */
    enum key_end why;
    atomic_bool forgotten; /* its entry was not committed after all */
    const suite *suite;
    EVP_PKEY *pkey;
} party_key;

/* The offline keys that revoke together, from behind entry `seq` on. */
typedef struct quorum_row {
    struct quorum_row *next; /* the one before */
    uint64_t seq;
    unsigned threshold;
    size_t key_count;
    suite_public_key keys[QUORUM_KEYS_MAX];
} quorum_row;

enum { KEY_BUCKETS = 4096 };

typedef struct key_table {
    pthread_rwlock_t lock;
    pthread_mutex_t loading; /* several threads may verify at once */
    bool loaded;
    party_key *buckets[KEY_BUCKETS];
    quorum_row *quorums;  /* the last first */
    party_key *forgotten; /* others may still look at these: freed with the table */
    quorum_row *forgotten_quorums;
} key_table;

/* What one thread verifies with. */
typedef struct key_scratch {
    EVP_MD_CTX *ctx;
    uint8_t *message; /* the domain line, and room for a statement behind it */
} key_scratch;

bool key_scratch_init(key_scratch *s);
void key_scratch_free(key_scratch *s);

bool key_equal(const suite_public_key *a, const suite_public_key *b);
/* That a record brings a public key of the ledger's suite. */
wf_status key_check(const suite *s, const suite_public_key *key, wf_error *err);
/* Writes dir/operator.pem (key_file.h). */
wf_status key_generate(EVP_PKEY **out, const suite *s, bool encrypt, const char *dir,
                       wf_error *err);
const suite *key_suite(const EVP_PKEY *key); /* NULL: of none */
bool key_public(suite_public_key *out, const EVP_PKEY *key);
bool key_sign(uint8_t out[SIGNATURE_MAX], size_t *out_size, EVP_PKEY *key, const void *message,
              size_t size);
bool key_sign_statement(uint8_t out[SIGNATURE_MAX], size_t *out_size, EVP_PKEY *key,
                        span statement);
bool key_verify_statement(const party_key *key, key_scratch *scratch, span statement,
                          span signature);

void key_table_init(key_table *t);
void key_table_free(key_table *t);
wf_status key_table_load(key_table *t, store_txn *txn,
                         wf_error *err); /* once; later calls do nothing */
/* `entered`: the entry that brings it. The key is one of a suite (key_check). */
wf_status key_table_add(key_table *t, span party, const suite_public_key *public_key,
                        uint64_t entered, uint64_t valid_from, wf_error *err);
/* False: there is no such key. */
bool key_table_end(key_table *t, span party, const uint8_t id[KEY_ID_SIZE], uint64_t valid_until,
                   enum key_end why);
wf_status key_table_add_quorum(key_table *t, uint64_t seq, const key_quorum *quorum, wf_error *err);
/* Takes back what entries from `from_seq` on changed: they were not committed. */
void key_table_forget(key_table *t, uint64_t from_seq);
/* The first key of `party` behind `after` (NULL: the first of all). */
const party_key *key_table_next(key_table *t, span party, const party_key *after);
/* NULL: it never had such a key. For the writer's thread to change; others only read. */
party_key *key_table_find(key_table *t, span party, const uint8_t id[KEY_ID_SIZE]);
bool key_is_valid(const party_key *key, uint64_t seq);
/* The operator's key at `seq`: it signs that entry, and the checkpoint of that size. */
const party_key *key_table_operator(key_table *t, uint64_t seq);
/* The quorum in force at `seq`; NULL: none. */
const quorum_row *key_table_quorum(key_table *t, uint64_t seq);
wf_status key_row_put(store_txn *txn, span party, const suite_public_key *public_key,
                      uint64_t valid_from, wf_error *err);
wf_status key_row_end(store_txn *txn, span party, const uint8_t id[KEY_ID_SIZE],
                      uint64_t valid_until, enum key_end why, wf_error *err);
/* The rows, and those of quorums, as they were at `size` entries, into the empty tables of another
   store. `brought`: the key that entry size - 1 brought to begin behind it; NULL: none. */
wf_status key_rows_copy(store_txn *from, store_txn *to, uint64_t size,
                        const suite_public_key *brought, wf_error *err);
wf_status quorum_row_put(store_txn *txn, uint64_t seq, const key_quorum *quorum, wf_error *err);
typedef struct operator_key {
    suite_public_key public_key;
    uint64_t valid_from;
} operator_key;
/* The operator's key at `seq`, without the whole table. */
wf_status key_rows_operator(operator_key *out, store_txn *txn, uint64_t seq, wf_error *err);
#define SEQ_ANY UINT64_MAX
/* Finds the key of the statement's author that made `signature`, valid at `seq` (SEQ_ANY: or that
   ever was); NULL: none. */
const party_key *key_table_find_signer(key_table *t, key_scratch *scratch, span party,
                                       span statement, span signature, uint64_t seq);

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
    struct archive_cache *archive; /* inflated runs */
    checkpoint last_signed;        /* the writer's thread only, once there is one */
    pthread_mutex_t start;         /* guards `writer` */
    writer *writer;                /* NULL until the first statement comes */
};

/* All tables of the ledger and of the hooks, NULL-terminated, in `out`. */
void ledger_table_names(const char *out[STORE_TABLES_MAX + 1], const ledger_hooks *hooks);
/* Takes what a genesis says into the ledger. */
wf_status ledger_take_genesis(ledger *l, const genesis *g, wf_error *err);
wf_status ledger_read_genesis(ledger *l, genesis *out, store_txn *txn, wf_error *err);
/* The operator's key is now this one. */
void ledger_take_operator_key(ledger *l, const suite_public_key *public_key);
/* The change that `next_signer` was for is committed. */
void ledger_take_next_signer(ledger *l);
/* Of a private key file. */
wf_status key_signer_of_file(signer **out, const char *path, wf_error *err);

/* ---- signed_head.c: the checkpoint file --------------------------------------------------------
 */

/* Reads and verifies the file. *text (malloced) may be NULL when not wanted. */
wf_status signed_head_read(ledger *l, checkpoint *out, char **text, wf_error *err);
/* That the log in `txn` holds what was signed, and goes on from there. */
wf_status signed_head_check(ledger *l, const checkpoint *signed_head, store_txn *txn,
                            const ledger_head *head, wf_error *err);
/* A signed checkpoint of this ledger, wherever it was read: `name` is for the message. */
wf_status signed_head_parse(const ledger *l, checkpoint *out, const char *name, const char *text,
                            size_t size, wf_error *err);
/* Reads the file again, compares it with what this process signed last and with the log, signs what
   is committed and replaces the file. */
wf_status signed_head_write(ledger *l, wf_error *err);

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

/* That the tree of `head` is a beginning of the one that was signed, which is larger. */
wf_status at_check_signed(ledger *l, const checkpoint *signed_head, store_txn *txn,
                          const ledger_head *head, wf_error *err);
/* Puts the checkpoint of then in the place of the last signed one; without a signature, unless it
   is kept. Does nothing to a ledger that stands at no earlier size. */
wf_status at_checkpoint(ledger *l, store_txn *txn, checkpoint *c, char **text, wf_error *err);

/* ---- writer.c
 * ------------------------------------------------------------------------------------ */

/* Stops the threads after the queue is done; NULL writer is fine. */
void writer_close(ledger *l);

#endif
