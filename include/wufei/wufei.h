/*
 * wufei/wufei.h: the C API of libwufei. The wufei command stands on this file and nothing beside
 * it.
 *
 * A wf_ledger is one open ledger. Functions may be called from several threads, except on the same
 * wf_ledger while one of them writes. Answers come as tables through a wf_sink: begin(columns),
 * rows, end, once for each table of the answer. All text is UTF-8. Masses are int64_t grams, times
 * int64_t milliseconds since 1970 UTC.
 */
#ifndef WUFEI_WUFEI_H
#define WUFEI_WUFEI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wufei/status.h"

#ifdef __cplusplus
extern "C" {
#endif

#define WUFEI_VERSION "0.1.0"

typedef struct wf_ledger wf_ledger;

#define WF_TIME_NONE INT64_MIN
#define WF_AT_NOW UINT64_MAX

/* ---- answers ------------------------------------------------------------------------------ */

typedef enum wf_cell_kind {
    WF_CELL_EMPTY,
    WF_CELL_TEXT,
    WF_CELL_INTEGER, /* integer */
    WF_CELL_REAL,    /* real */
    WF_CELL_MASS,    /* integer: grams; shown as kilograms */
    WF_CELL_TIME,    /* integer: milliseconds; shown as RFC 3339 at the ledger's offset */
    WF_CELL_DAY      /* integer: days since 1970-01-01; shown as a date */
} wf_cell_kind;

typedef struct wf_cell {
    wf_cell_kind kind;
    union {
        const char *text;
        int64_t integer;
        double real;
    } as;
} wf_cell;

typedef struct wf_column {
    const char *name;  /* machine name, as in the bundle: "manifest_id", "mass_kg" */
    const char *title; /* for people, already translated */
    wf_cell_kind kind; /* what its cells are, when not empty */
} wf_column;

typedef struct wf_sink {
    void *ctx;
    /* A table begins. name is a machine name ("manifests"), title is for people (may be NULL). */
    wf_status (*begin)(void *ctx, const char *name, const char *title, const wf_column *columns,
                       size_t count, wf_error *err);
    /* One row: `count` cells, borrowed until the call returns. */
    wf_status (*row)(void *ctx, const wf_cell *cells, size_t count, wf_error *err);
    wf_status (*end)(void *ctx, wf_error *err);
} wf_sink;

/* Called now and then during long work; total is 0 when not known. */
typedef void (*wf_progress)(void *ctx, const char *phase, uint64_t done, uint64_t total);

/* "en", "zh", or NULL for the locale's; for sentences, titles and messages of this process. */
WF_API void wf_set_language(const char *language);
WF_API const char *wf_version(void);
/* For programs that own their signals, once, after the language was chosen: when damaged pages of a
   store end the process, it says so on standard error and ends with status WF_DAMAGED. Faults
   elsewhere are not touched. */
WF_API void wf_explain_faults(void);
/* For programs, before anything else that uses libcrypto: when it gets no memory, the process says
   so on standard error and ends with status WF_SYSTEM, which no ledger takes harm from. Without
   this OpenSSL may end the process by a signal, or find that a good signature does not hold. */
WF_API void wf_end_without_memory(void);
/* Parses a date or RFC 3339 time; a date is its first moment at the offset. */
WF_API wf_status wf_parse_time(int64_t *out_ms, const char *text, int utc_offset_minutes,
                               wf_error *err);
/* Text forms; `out` has at least 40 bytes; each returns out. */
WF_API char *wf_format_time(char *out, int64_t ms, int utc_offset_minutes);
WF_API char *wf_format_day(char *out, int32_t day);
WF_API char *wf_format_mass_kg(char *out, int64_t mass_g);

/* ---- ledgers ------------------------------------------------------------------------------ */

typedef struct wf_init_options {
    const char *origin;     /* NULL: "wufei.example/<random>"; a DNS-like name is best */
    const char *suite;      /* "ed25519-sha256" (NULL) or "sm2-sm3" */
    int utc_offset_minutes; /* where the ledger's days begin; 480 is +08:00 */
    const char *guard; /* NULL, or a new file outside of `dir`: a copy of the last checkpoint */
} wf_init_options;

/* Atomic: an interrupted init leaves nothing. WF_USAGE when `dir` exists and is not empty. */
WF_API wf_status wf_init(const char *dir, const wf_init_options *options, wf_error *err);

typedef struct wf_open_options {
    bool read_only;
    /* WF_AT_NOW, or 1 to the ledger's size: every question is answered as the ledger stood at that
       many entries. For reading only. Its book is derived from the log first, which takes as long
       as wf_rebuild. Checkpoint and receipts are then without a signature, unless that of just this
       size is kept. */
    uint64_t at;
    wf_progress progress; /* of that; may be NULL */
    void *ctx;
    unsigned threads; /* 0: number of processors */
    bool point_reads; /* a few rows will be asked for: on a large ledger each answer is quicker */
    bool without_key; /* to enter an order that replaces the operator's key, which is lost */
} wf_open_options;

/* A process opens a ledger once at a time, for whatever use: WF_USAGE for a second handle on the
   same folder, because closing either would take the snapshots of the other away. Share the handle,
   or close it first; other processes, and a child of fork, open their own. */
WF_API wf_status wf_open(wf_ledger **out, const char *dir, const wf_open_options *options,
                         wf_error *err);
WF_API void wf_close(wf_ledger *ledger);
WF_API const char *wf_origin(const wf_ledger *ledger);
WF_API const char *wf_vkey(const wf_ledger *ledger);
WF_API int wf_utc_offset(const wf_ledger *ledger);
WF_API uint64_t wf_size(wf_ledger *ledger);

/* ---- records in --------------------------------------------------------------------------- */

typedef enum wf_import_format {
    WF_IMPORT_BUNDLE,
    WF_IMPORT_EMANIFEST,
    WF_IMPORT_MAP
} wf_import_format;

typedef struct wf_import_options {
    wf_import_format format;
    const char *map_path; /* WF_IMPORT_MAP */
    bool all_or_nothing;
    /* One refused row or warning: place is "FILE:LINE: COLUMN" or a JSON path. */
    void (*problem)(void *ctx, const char *place, const char *text, bool warning);
    wf_progress progress;
    void *ctx; /* of both */
} wf_import_options;

/* The summary by file goes to `sink`: file, read, entered, already, refused. WF_REFUSED when rows
   were refused (the rest is in, unless all_or_nothing). */
WF_API wf_status wf_import(wf_ledger *ledger, const char *const *paths, size_t count,
                           const wf_import_options *options, const wf_sink *sink, wf_error *err);

/* ---- questions ---------------------------------------------------------------------------- */

typedef struct wf_filter {
    const char *stream, *state, *site, *party, *vehicle, *district, *code, *rule,
        *kind;              /* NULL: any */
    int64_t from_ms, to_ms; /* half open; WF_TIME_NONE: open */
    uint64_t limit;         /* 0: all */
    const char *about;      /* findings whose subject or related ids include this id; NULL: any */
} wf_filter;

/* what: manifests sites parties vehicles permits scales findings */
WF_API wf_status wf_list(wf_ledger *ledger, const char *what, const wf_filter *filter,
                         const wf_sink *sink, wf_error *err);
/* An id may be given as KIND:ID (site:S1, entry:17) in wf_show, wf_trace and wf_prove. When a plain
   id names several things, `out` gets these forms of it joined by ", ", the one that is meant
   first; else "". `with_mass`: only what wf_trace takes. */
WF_API wf_status wf_meanings(wf_ledger *ledger, const char *id, bool with_mass, char *out,
                             size_t size, wf_error *err);
/* Whether a party of this id was entered. */
WF_API wf_status wf_has_party(wf_ledger *ledger, const char *party, bool *out, wf_error *err);
/* The object, its history with entry numbers, who signed, and what its own record shows wrong with
   it; the audit is not asked, that is wf_audit with the filter's `about`. */
WF_API wf_status wf_show(wf_ledger *ledger, const char *id, const wf_sink *sink, wf_error *err);
typedef enum wf_direction { WF_TRACE_BOTH, WF_TRACE_UP, WF_TRACE_DOWN } wf_direction;
WF_API wf_status wf_trace(wf_ledger *ledger, const char *id, wf_direction direction,
                          const wf_sink *sink, wf_error *err);
/* by: site party code stream district day */
WF_API wf_status wf_balance(wf_ledger *ledger, const char *by, const wf_filter *filter,
                            const wf_sink *sink, wf_error *err);

typedef struct wf_audit_summary {
    uint64_t facts, suspicions;
    int highest_severity; /* 0: no finding */
} wf_audit_summary;
/* Columns exactly as bundle.md, Findings. */
WF_API wf_status wf_audit(wf_ledger *ledger, const wf_filter *filter, const wf_sink *sink,
                          wf_audit_summary *out, wf_error *err);
/* Every input and number of one finding. */
WF_API wf_status wf_explain(wf_ledger *ledger, const char *finding_id, const wf_sink *sink,
                            wf_error *err);
/* The rules: id, names, streams, parameters, sources. */
WF_API wf_status wf_rules(const wf_sink *sink, wf_error *err);

/* ---- proofs ------------------------------------------------------------------------------- */

typedef struct wf_verify_options {
    uint64_t from; /* first entry to check */
    bool signatures;
    wf_progress progress;
    void *ctx;
} wf_verify_options;
/* chain, tree, checkpoint, zero sums and, when asked, signatures; one row a check. A ledger that
   was opened for reading is opened and verified again in a child process, because damaged pages can
   end the process that reads them: here that is WF_DAMAGED. `progress` is called in the child. */
WF_API wf_status wf_verify(wf_ledger *ledger, const wf_verify_options *options, const wf_sink *sink,
                           wf_error *err);
/* The .tlog-proof of an entry number ("17") or of what an id names (its first entry). The caller
   frees *out_proof, and *out_entry (the exact entry bytes, for wufei-verify proof --entry), with
   free. */
WF_API wf_status wf_prove(wf_ledger *ledger, const char *seq_or_id, char **out_proof,
                          size_t *out_proof_size, uint8_t **out_entry, size_t *out_entry_size,
                          uint64_t *out_seq, wf_error *err);
typedef struct wf_receipt {
    uint64_t seq;
    const char *proof; /* a .tlog-proof; borrowed, like the entry's bytes */
    size_t proof_size;
    const uint8_t *entry;
    size_t entry_size;
} wf_receipt;
/* Any other status than WF_OK, with *err set, ends it. */
typedef wf_status (*wf_receipt_taker)(void *ctx, const wf_receipt *receipt, wf_error *err);
/* The receipts of the entries [from, to) in their order, all under one signed checkpoint. */
WF_API wf_status wf_receipts(wf_ledger *ledger, uint64_t from, uint64_t to, wf_receipt_taker take,
                             void *ctx, wf_error *err);
/* The signed checkpoint; the caller frees. */
WF_API wf_status wf_checkpoint(wf_ledger *ledger, char **out, wf_error *err);
/* The proof that the ledger extends the checkpoint in `kept`, for wufei-verify extends; it carries
   the current checkpoint, which is also *out_now. WF_REFUSED: the ledger does not extend it; kept
   and *out_proof (NULL when the ledger is shorter than it was) or *out_now are the evidence.
   WF_USAGE: kept is no checkpoint of this ledger. The caller frees both with free, in any case. */
WF_API wf_status wf_checkpoint_since(wf_ledger *ledger, const char *kept, size_t kept_size,
                                     char **out_proof, char **out_now, wf_error *err);
/* The verifier key that signed the checkpoint in `kept`, which differs from wf_vkey when the key
   was changed since; malloced. WF_USAGE: kept is no checkpoint of this ledger. */
WF_API wf_status wf_checkpoint_vkey(wf_ledger *ledger, const char *kept, size_t kept_size,
                                    char **out, wf_error *err);
typedef struct wf_export_options {
    bool check; /* read all that should be there already too, and write again what is not right */
    wf_progress progress;
    void *ctx;
} wf_export_options;
typedef struct wf_exported {
    uint64_t mended; /* files that were missing or not right, and were written again */
    char *evidence;  /* malloced, else NULL; the caller frees, in any case */
} wf_exported;
/* The whole log as C2SP tlog-tiles (tiles, entry bundles, checkpoint) in the folder `dir`, which is
   made, or brought up to date; one row. WF_REFUSED: the folder holds a checkpoint that the ledger
   does not extend; out->evidence is both and the proof. */
WF_API wf_status wf_export_tiles(wf_ledger *ledger, const char *dir,
                                 const wf_export_options *options, const wf_sink *sink,
                                 wf_exported *out, wf_error *err);
WF_API wf_status wf_rebuild(wf_ledger *ledger, bool check, wf_progress progress, void *ctx,
                            const wf_sink *sink, wf_error *err);
/* Moves the oldest complete runs of 256 entries into compressed bundles; import and the writer do
   so by themselves behind what they enter. `all`: also the last ones, which are asked for most.
   Every answer is the same before and after. */
WF_API wf_status wf_archive(wf_ledger *ledger, bool all, wf_progress progress, void *ctx,
                            const wf_sink *sink, wf_error *err);
WF_API wf_status wf_stat(wf_ledger *ledger, const wf_sink *sink, wf_error *err);

/* ---- copies ------------------------------------------------------------------------------- */

/* These work on folders, not on an open ledger, and read them in child processes: the caller has no
   other threads. `progress` is called in a child. */

typedef struct wf_backup_options {
    bool with_key; /* the operator's private key too; never by itself */
    wf_progress progress;
    void *ctx;
} wf_backup_options;
/* A verified copy of the ledger appears at `to`, where nothing may be, while others go on writing.
 */
WF_API wf_status wf_backup(const char *dir, const char *to, const wf_backup_options *options,
                           const wf_sink *sink, wf_error *err);

typedef struct wf_restore_options {
    const char *key; /* the operator's private key; NULL: the backup's, else the ledger's */
    /* A checkpoint or receipt that somebody kept, the larger the better; NULL: none. */
    const char *last;
    /* Of the operator's key that signed it, when the backup knows it not; NULL: it does. */
    const char *vkey;
    wf_progress progress;
    void *ctx;
} wf_restore_options;
typedef struct wf_restored {
    uint64_t entry;  /* that records the recovery */
    bool lost_known; /* false: nothing shows what was signed since the backup was taken */
    uint64_t lost;   /* entries that were signed and are in neither */
    bool unverified; /* what shows that is by a key that nobody here knows */
    char key[17];    /* the id of the operator's key, by which the recovery is signed */
    /* Of the one that had followed it when the backup was put in place: that change of keys is lost
       as well, and is to be made anew. "": none. */
    char lost_key[17];
    char aside[4096]; /* where the ledger that stood there is kept; "": there was none */
} wf_restored;
/* Puts a backup in place as the ledger `dir` and records that in its log. A ledger that stands
   there is kept aside. */
WF_API wf_status wf_restore(const char *backup, const char *dir, const wf_restore_options *options,
                            const wf_sink *sink, wf_restored *out, wf_error *err);

/* ---- witnesses ---------------------------------------------------------------------------- */

/* The time now, in milliseconds; what the library itself goes by. */
WF_API int64_t wf_now_ms(void);

/* A witness for other ledgers (c2sp.org/tlog-witness) without its network, which is the caller's.
   Any number of threads, and of processes over one folder. */
typedef struct wf_witness wf_witness;

typedef struct wf_witness_options {
    const char *state_dir; /* what it remembers; made when there is none */
    const char *key_path;  /* its private key, of no log */
    const char *name;      /* in its cosignatures, like witness.example/w1 */
    const char *logs_path; /* a policy file, of which the lines "log VKEY" count */
} wf_witness_options;

/* A new private key for a witness. WF_USAGE when there is a file of that name. */
WF_API wf_status wf_witness_new_key(const char *key_path, const char *name, bool encrypt,
                                    wf_error *err);
/* The verifier key that belongs to it; the caller frees. No passphrase is needed. */
WF_API wf_status wf_witness_vkey(char **out, const char *key_path, const char *name, wf_error *err);
WF_API wf_status wf_witness_open(wf_witness **out, const wf_witness_options *options,
                                 wf_error *err);
WF_API void wf_witness_close(wf_witness *witness);

typedef struct wf_http_answer {
    int status;
    const char *content_type;
    const char *allow; /* with 405: the methods that are taken */
    char *body;        /* freed by the caller */
    size_t body_size;
    char remark[WF_ERROR_TEXT]; /* what was asked and what came of it, for the server's log */
} wf_http_answer;
/* path: below the witness's prefix, like "/add-checkpoint". What is answered is on the disk. */
WF_API void wf_witness_answer(wf_witness *witness, const char *method, const char *path,
                              const void *body, size_t size, wf_http_answer *out);

/* One POST and what came of it. */
typedef struct wf_http_post {
    const char *url;
    const void *body;
    size_t body_size;
    int status;            /* 0: no answer came, `failure` says why */
    char content_type[64]; /* "" when there was none */
    const char *answer;    /* borrowed while `answered` runs; ends in a zero */
    size_t answer_size;
    char failure[256];
    void *owner; /* who asks */
} wf_http_post;

/* Sends all posts side by side and calls `answered` as each is done, which returns true when the
   post, with its new body, is to be sent once more. Not WF_OK: nothing could be sent at all. */
typedef wf_status (*wf_post_sender)(void *ctx, wf_http_post *posts, size_t count,
                                    bool (*answered)(wf_http_post *post), wf_error *err);

typedef struct wf_ask_options {
    const char *policy_path; /* NULL: "policy" in the ledger's folder */
    wf_post_sender send;
    void *ctx; /* of send */
} wf_ask_options;

/* Asks every witness of the policy to cosign the current checkpoint. Cosignatures are verified,
   and kept in the ledger's folder; one row a witness goes to `sink`. When they reach the quorum the
   checkpoint is published with them, for wf_witnessed; else WF_REFUSED says what is missing, and
   the last one that had its quorum stays. */
WF_API wf_status wf_ask_witnesses(wf_ledger *ledger, const wf_ask_options *options,
                                  const wf_sink *sink, wf_error *err);
/* The last checkpoint that had its quorum, with the cosignatures; the caller frees. WF_REFUSED when
   there is none, or it is below the quorum of the ledger's own policy; WF_DAMAGED when what is kept
   as such is no beginning of this log, or a signature does not verify. */
WF_API wf_status wf_witnessed(wf_ledger *ledger, char **out, wf_error *err);
/* WF_OK also when there is none. Else it says what is wrong with it: receipts and exported tiles
   are under the ledger's own checkpoint then. */
WF_API wf_status wf_check_witnessed(wf_ledger *ledger, wf_error *err);

/* ---- damage ------------------------------------------------------------------------------- */

typedef struct wf_scrub_options {
    bool signatures; /* every signature too */
    bool book;       /* the book too: derived again and compared */
    wf_progress progress;
    void *ctx;
} wf_scrub_options;
/* Looks at everything that is stored and tells every damage, not only the first, in a table
   "damages" (one row each, and what is still provable); then a table "checks". WF_DAMAGED when
   there is any. On a folder, in child processes, as above; others may write meanwhile. */
WF_API wf_status wf_scrub(const char *dir, const wf_scrub_options *options, const wf_sink *sink,
                          wf_error *err);

typedef struct wf_repair_options {
    const char
        *from; /* a backup, another copy or exported tiles, for damaged entries; NULL: none */
    const char *guard; /* only this: a new copy of the checkpoint outside; NULL: repair */
    /* What must be known beside the table; NULL: nobody wants to. */
    void (*notice)(void *ctx, const char *text);
    wf_progress progress;
    void *ctx;
} wf_repair_options;
/* Puts right what can be known for sure, keeps aside what it replaces, and tells in a table
   "repairs"; then scrubs: WF_DAMAGED when something is left. Nobody writes meanwhile. */
WF_API wf_status wf_repair(const char *dir, const wf_repair_options *options, const wf_sink *sink,
                           wf_error *err);

/* ---- keys --------------------------------------------------------------------------------- */

/* A private key is a PEM file, mode 0600. Passphrases of encrypted ones come from the file that
   $WUFEI_KEY_PASSPHRASE_FILE names (a line each), or are asked for on a terminal. */

typedef struct wf_key_info {
    const char *suite;
    char id[17];         /* 16 hexadecimal digits */
    char public_key[96]; /* base64 */
} wf_key_info;

/* A new private key in a new file. suite NULL: "ed25519-sha256". */
WF_API wf_status wf_key_new(const char *path, const char *suite, bool encrypt, wf_key_info *out,
                            wf_error *err);
/* Of a file with a private or public key. *out_pem (may be NULL): the public key in PEM, malloced.
 */
WF_API wf_status wf_key_read(const char *path, wf_key_info *out, char **out_pem, wf_error *err);

/* The keys of a ledger: party, from and until which entry, why they ended, verifier keys. party
   NULL: all; "operator"; "quorum": the offline keys. */
WF_API wf_status wf_keys(wf_ledger *ledger, const char *party, const wf_sink *sink, wf_error *err);

/* What is to happen to a key. */
typedef struct wf_key_change {
    const char *party;      /* "operator", or a party */
    const char *key_path;   /* the key that ends; NULL for the operator's, which the ledger has */
    const char *new_path;   /* what follows it; the operator's, NULL: a new one is made */
    const char *new_signer; /* or the socket of the process that has it; operator only */
    bool encrypt;           /* a new one of the operator */
    const char *reason;     /* of a revocation */
    const char *key_id;     /* of an order: the key that is to end */
} wf_key_change;

/* The operator enters a party's public key. The party itself may be entered later: wf_has_party. */
WF_API wf_status wf_key_add(wf_ledger *ledger, const char *party, const char *path, wf_error *err);
WF_API wf_status wf_key_rotate(wf_ledger *ledger, const wf_key_change *change, wf_error *err);
/* By the key itself. */
WF_API wf_status wf_key_revoke(wf_ledger *ledger, const wf_key_change *change, wf_error *err);
/* The first offline keys of a ledger. */
WF_API wf_status wf_key_quorum(wf_ledger *ledger, unsigned threshold, const char *const *paths,
                               size_t count, wf_error *err);
/* The text of an order for offline keys to sign: to revoke, or, with `change` NULL, to put other
   offline keys in their place. The caller frees. */
WF_API wf_status wf_key_order(wf_ledger *ledger, const wf_key_change *change, unsigned threshold,
                              const char *const *paths, size_t count, char **out, wf_error *err);

typedef struct wf_key_order_info {
    bool replaces_operator; /* open the ledger with `without_key` to enter it */
    bool is_quorum;
    char origin[256], party[80], key_id[17], reason[256];
    unsigned signatures;
} wf_key_order_info;

WF_API wf_status wf_key_order_read(const char *text, size_t size, wf_key_order_info *out,
                                   wf_error *err);
/* Adds a signature to the file of an order. */
WF_API wf_status wf_key_order_sign(const char *order_path, const char *key_path,
                                   wf_key_order_info *out, wf_error *err);
/* Enters a signed order. new_path or new_signer (else NULL): the private key that it names. */
WF_API wf_status wf_key_order_enter(wf_ledger *ledger, const char *text, size_t size,
                                    const char *new_path, const char *new_signer, wf_error *err);

typedef struct wf_key_serve_options {
    const char *key_path, *socket_path;
    const char *memory_path; /* what it signed last; NULL: KEY.signed */
    /* It listens; may be NULL. `remembered`: ledgers of which it knows what it signed last. */
    void (*ready)(void *ctx, const wf_key_info *key, size_t remembered);
    void *ctx;
} wf_key_serve_options;

/* Signs for other processes of this user until SIGTERM or SIGINT. */
WF_API wf_status wf_key_serve(const wf_key_serve_options *options, wf_error *err);

#ifdef __cplusplus
}
#endif

#endif
