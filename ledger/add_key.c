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
    /* Whose key rotates and stays valid for somebody else has not changed it. Of two parties that
       may be meant, an agent signs for several. No rule of the log: what was entered before this
       was asked still holds. */
    if (key->size == l->operator_key.size &&
        memcmp(key->bytes, l->operator_key.bytes, key->size) == 0)
        return wf_fail(err, WF_REFUSED,
                       _("party %s: this is the operator's own key; make another one with: wufei "
                         "key new"),
                       party);
    return system_submit(l, &record, err);
}
