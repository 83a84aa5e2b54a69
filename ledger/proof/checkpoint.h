/*
 * proof/checkpoint.h: C2SP checkpoints (tlog-checkpoint@v1.0.0), tlog-proof@v1 receipts and tile
 * paths (tlog-tiles).
 */
#ifndef PROOF_CHECKPOINT_H
#define PROOF_CHECKPOINT_H

#include "merkle.h"
#include "note.h"

typedef struct checkpoint {
    char origin[NOTE_NAME_MAX + 1];
    uint64_t size;
    hash root;
} checkpoint;

/* Parses the text of a note (three lines, then extension lines). NULL or a reason. */
const char *checkpoint_parse(checkpoint *out, const char *text, size_t size);
/* What can be said once it is known by which hash the log's tree is made. NULL or a reason. */
const char *checkpoint_check(const checkpoint *c, hash_kind kind);
/* Writes the three lines; returns bytes written, 0 when out is too small. */
size_t checkpoint_format(char *out, size_t out_size, const checkpoint *c);

typedef struct tlog_proof {
    const char *extra; /* base64 text, NULL when absent */
    size_t extra_size;
    uint64_t index;
    hash hashes[MERKLE_PROOF_MAX];
    size_t hash_count;
    const char *checkpoint; /* the signed checkpoint, a note */
    size_t checkpoint_size;
} tlog_proof;

const char *tlog_proof_parse(tlog_proof *out, const char *bytes, size_t size);
/* Writes a .tlog-proof; returns bytes written, 0 when out is too small. */
size_t tlog_proof_format(char *out, size_t out_size, uint64_t index, const hash *hashes,
                         size_t hash_count, const char *checkpoint, size_t checkpoint_size);

/* The request by which a witness is asked to cosign (c2sp.org/tlog-witness, add-checkpoint): the
   proof that a checkpoint extends an older tree. Also what "wufei-verify extends" reads; there the
   checkpoint may be left out, since it is given beside it. */
typedef struct witness_request {
    uint64_t old_size;
    hash hashes[MERKLE_PROOF_MAX];
    size_t hash_count;
    const char *checkpoint; /* the signed checkpoint, a note */
    size_t checkpoint_size; /* 0: left out */
} witness_request;

const char *witness_request_parse(witness_request *out, const char *bytes, size_t size);
/* Returns bytes written, 0 when out is too small. */
size_t witness_request_format(char *out, size_t out_size, uint64_t old_size, const hash *hashes,
                              size_t hash_count, const char *checkpoint, size_t checkpoint_size);

enum { TILE_WIDTH = 256, TILE_PATH_MAX = 128 };

/* "tile/<level>/<N>[.p/<width>]", or "tile/entries/..." for level -1. width 256 is a full tile. */
char *tile_path_format(char out[TILE_PATH_MAX], int level, uint64_t index, unsigned width);
/* The other way, strict: one path for a tile. Our programs make paths and are handed none; a server
   of tiles is, and the tests hold with it that nobody could read our paths otherwise. */
bool tile_path_parse(int *level, uint64_t *index, unsigned *width, const char *path);

#endif
