/*
 * ledger/add_key.c: the operator enters a party's key.
 */
#include <string.h>

#include "base/text.h"
#include "ledger_private.h"

wf_status ledger_add_key(ledger *l, const char *party, const suite_public_key *key, wf_error *err)
{
    system_record record = {.kind = SYSTEM_KEY_ADD};
    if (strlen(party) > AUTHOR_MAX)
        return wf_fail(err, WF_REFUSED, _("party %s: the id is longer than %d bytes"), party,
                       AUTHOR_MAX);
    strcpy(record.party, party);
    record.public_key = *key;
    return system_submit(l, &record, err);
}
