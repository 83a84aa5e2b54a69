/*
 * wufei/receipt.h: the receipts that commands write for what they entered. A receipt is two files:
 * NAME.tlog-proof, and beside it NAME.entry with the entry's exact bytes, which the checker needs.
 *
 * Without an option the receipt of the last entry goes to LEDGER.receipts/NUMBER.tlog-proof, beside
 * the ledger's folder and not in it: it is to be kept elsewhere, and to outlive the ledger. The
 * checkpoint in it covers everything that was entered before. --receipt FILE names another place
 * for it; --receipts DIR takes one receipt for each entry that was made, seals included. A receipt
 * of another entry that lies in the folder under the same number, from before the ledger was put
 * back or forked, stays there: the new one is NUMBER-2.tlog-proof.
 */
#ifndef WUFEI_RECEIPT_H
#define WUFEI_RECEIPT_H

#include <limits.h>

#include "command.h"

/* For the table of options of a command that acknowledges. */
#define RECEIPT_OPTION                                                                             \
    {                                                                                              \
        "receipt", 0, "FILE.tlog-proof",                                                           \
            N_("where the receipt goes (else LEDGER.receipts/NUMBER.tlog-proof)")                  \
    }
#define RECEIPTS_OPTION                                                                            \
    {                                                                                              \
        "receipts", 0, "DIR", N_("one receipt for each entry made, in this folder")                \
    }

typedef struct receipt_place {
    const char *file;   /* NULL: not given */
    const char *folder; /* of all receipts; NULL: not given */
    char beside[PATH_MAX];
} receipt_place;

/* "FILE.tlog-proof" to "FILE.entry". */
void receipt_entry_path(char *out, size_t size, const char *proof);
/* A blank and one word, so that a shell reads it as it is. */
void receipt_print_word(FILE *file, const char *word);
/* The wufei-verify command that checks a receipt; the caller frees. NULL: out of memory. */
char *receipt_check_with(const char *vkey, const char *entry, const char *proof);

/* Before the work, so that it is not done in vain: whether the receipt can be written. `file` and
   `folder` are the values of the options above, NULL when not given. */
wf_status receipt_check(arguments *args, receipt_place *out, const char *file, const char *folder);
/* After the work, which made the entries [from, to); when there are none (all were there already)
   the receipt is of the ledger's last entry. Says on standard error, without -q, where it lies and
   how it is checked. A receipt of the same entry that lies there already is left as it is. */
wf_status receipt_write(arguments *args, wf_ledger *ledger, const receipt_place *place,
                        uint64_t from, uint64_t to);

#endif
