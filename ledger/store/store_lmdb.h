/*
 * ledger/store/store_lmdb.h: what the files of the store on LMDB share. Only they know LMDB:
 *
 *     store_lmdb.c        opening and closing a store, its tables, transactions
 *     store_lmdb_rows.c   rows and cursors
 *     store_lmdb_pages.c  copies, the check of pages, statistics
 *     store_lmdb_env.c    data.mdb and its map, opened with care
 *     store_lmdb_fail.c   what LMDB's error codes mean to people
 */
#ifndef LEDGER_STORE_LMDB_H
#define LEDGER_STORE_LMDB_H

#include <lmdb.h>

#include "store.h"
#include "store_claim.h"

#define STORE_DATA_FILE "data.mdb"
#define STORE_NO_TABLE ((MDB_dbi)-1)
enum { STORE_READERS_MAX = 1024 };

struct store {
    store *under;   /* has the tables of `below`; NULL: this store has all */
    uint64_t below; /* a bit a table */
    MDB_env *env;
    store_claim claim; /* on the folder, for as long as env is open */
    char *path;
    FILE *trace;
    bool read_only;
    bool scratch;
    bool checked;          /* the rows of the tables from checked_from on carry checks */
    unsigned checked_from; /* a table's number */
    unsigned count;
    uint64_t seeds[STORE_TABLES_MAX]; /* of the checks */
    char *names[STORE_TABLES_MAX];
    MDB_dbi tables[STORE_TABLES_MAX]; /* STORE_NO_TABLE: not there, in a store opened for reading */
};

struct store_txn {
    store *owner;
    MDB_txn *txn;
    store_txn *under; /* of the store below */
    bool write;
    arena memory;
};

/* The failure of LMDB's `code` while `what`. */
wf_status store_fail(const store *s, int code, const char *what, wf_error *err);
/* A row of the table is not what was written. */
wf_status store_fail_damaged(const store *s, unsigned table, wf_error *err);

/* Opens s->env at s->path and, unless it is made, sees before that LMDB can trust data.mdb. */
wf_status store_env_open(store *s, const store_options *options, wf_error *err);
/* Lengthens data.mdb to what its meta page counts; the pages between hold nothing. */
void store_env_lengthen(const store *s);

static inline bool store_has_check(const store *s, unsigned table)
{
    return s->checked && table >= s->checked_from;
}

static inline MDB_dbi store_dbi(const store *s, unsigned table)
{
    WF_ASSERT(table < s->count);
    return s->tables[table];
}

/* The transaction that has the table. */
static inline store_txn *store_txn_with(store_txn *txn, unsigned table)
{
    return txn->under != NULL && (txn->owner->below >> table & 1) != 0 ? txn->under : txn;
}

#endif
