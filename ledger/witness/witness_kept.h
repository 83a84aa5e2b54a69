/*
 * witness/witness_kept.h: what a ledger keeps of its witnesses, in its own folder.
 *
 *   witnessed        the last checkpoint that had its quorum: the note, with the cosignatures of
 *                    the policy's witnesses behind the log's own signatures
 *   witnesses/<id>   the last checkpoint that one witness cosigned, with its cosignature: the size
 *                    from which it wants the next proof. <id> is SHA-256(its public key) in
 *                    lowercase hex.
 *   witnesses/lock   flock: one who asks at a time
 *
 * Files are replaced whole. One that does not verify counts as absent: the
 * witness tells its size when it is asked.
 */
#ifndef WITNESS_WITNESS_KEPT_H
#define WITNESS_WITNESS_KEPT_H

#include "ledger.h"
#include "witness_key.h"

#define FILE_WITNESSED "witnessed"
#define FOLDER_WITNESSES "witnesses"

/* One cosigned checkpoint. */
typedef struct witness_kept {
    bool there;
    checkpoint checkpoint;
    uint64_t time_s;
    buffer text; /* of the note */
    buffer line; /* the witness's signature: one, so that nobody fills a note with his */
} witness_kept;

void witness_kept_free(witness_kept *kept);

/* Waits for its turn; *out is the descriptor that holds it, to be closed. Makes the folder. */
wf_status witness_kept_lock(int *out, const ledger *l, wf_error *err);
wf_status witness_kept_read(witness_kept *out, const ledger *l, const note_key *key, wf_error *err);
wf_status witness_kept_write(const ledger *l, const note_key *key, span note_bytes, wf_error *err);

/* Reads the note in `bytes`; there is false when it is not a checkpoint that `key` cosigned. */
wf_status witness_kept_parse(witness_kept *out, span bytes, const note_key *key, wf_error *err);

/* Reading it is ledger_witnessed (witnessed.c). */
wf_status witness_publish(const ledger *l, span note_bytes, wf_error *err);

#endif
