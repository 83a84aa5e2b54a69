/*
 * ledger/format/tables.h: the tables of the store that are the log's, and their keys and values.
 */
#ifndef LEDGER_TABLES_H
#define LEDGER_TABLES_H

/* Tables of the store that belong to the ledger; the book's follow from LEDGER_TABLES on. */
enum ledger_table {
    TABLE_META,    /* "head" etc. */
    TABLE_ENTRIES, /* u64 BE seq -> entry bytes */
    TABLE_IDS,     /* 16-byte statement id -> u64 BE seq */
    TABLE_TILES,   /* u8 level, u64 BE tile -> up to 256 hashes of complete subtrees of 256^level */
    TABLE_KEYS,    /* party || 0x00 || key id -> u64 BE seq from which it is valid || public key */
    TABLE_ARCHIVE, /* u64 BE run of 256 entries -> their compressed bundle (archive.c) */
    LEDGER_TABLES
};

#endif
