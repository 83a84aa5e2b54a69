/*
 * book/conflict.c: says what is different when an id is entered a second time.
 *
 * The old content is read from the log, which has all of it; the tables leave some out.
 */
#include <inttypes.h>
#include <jansson.h>

#include "book/internal.h"

/* The record of an old entry as JSON; NULL when it cannot be had (then the message says less). */
static json_t *record_json(const Wufei__Record *record, int utc_offset_minutes)
{
    buffer text = {0};
    json_t *json = NULL;
    if (record_to_json(&text, record, utc_offset_minutes, NULL) == WF_OK && !text.failed)
        json = json_loadb((const char *)text.data, text.size, 0, NULL);
    buffer_free(&text);
    return json;
}

static json_t *entry_json(apply_context *x, uint64_t seq)
{
    span bytes = {0};
    entry_view entry;
    statement_view statement;
    Wufei__Record *record = NULL;
    book *b = x->b;
    /* An entry of the group that is being written is not readable yet. */
    if (b->ledger == NULL || seq >= ledger_size(b->ledger) ||
        ledger_read(b->ledger, x->txn, seq, &bytes, &entry, NULL) != WF_OK ||
        statement_parse(&statement, entry.statement, NULL) != WF_OK ||
        record_decode(&record, &b->scratch, statement.record, NULL) != WF_OK)
        return NULL;
    return record_json(record, b->utc_offset_minutes);
}

/* "column old, here new" of the first column that differs; false when none does. */
static bool first_difference(buffer *out, const json_t *old, json_t *here)
{
    const char *column;
    json_t *value;
    for (int pass = 0; pass < 2; pass++) {
        json_t *from = pass == 0 ? (json_t *)(uintptr_t)old : here;
        const json_t *other = pass == 0 ? here : old;
        json_object_foreach(from, column, value)
        {
            json_t *twin = json_object_get(other, column);
            if (json_equal(value, twin))
                continue;
            json_t *first = pass == 0 ? value : twin;
            json_t *second = pass == 0 ? twin : value;
            char *a = first != NULL ? json_dumps(first, JSON_ENCODE_ANY) : NULL;
            char *b = second != NULL ? json_dumps(second, JSON_ENCODE_ANY) : NULL;
            buffer_printf(out, _("%1$s %2$s, here %3$s"), column, a != NULL ? a : _("not given"),
                          b != NULL ? b : _("not given"));
            free(a);
            free(b);
            return true;
        }
    }
    return false;
}

wf_status conflict_refuse(apply_context *x, const char *column, const char *text_id,
                          uint64_t old_seq)
{
    json_t *old = entry_json(x, old_seq);
    json_t *here = record_json(x->record, x->b->utc_offset_minutes);
    buffer difference = {0};
    if (old == NULL || here == NULL)
        wf_fail(x->err, WF_REFUSED, _("%1$s %2$s: already entered as entry %3$" PRIu64), column,
                text_id, old_seq);
    else if (first_difference(&difference, old, here) && !difference.failed)
        wf_fail(
            x->err, WF_REFUSED,
            _("%1$s %2$s: already entered as entry %3$" PRIu64 " with other content (%4$.*5$s)"),
            column, text_id, old_seq, (const char *)difference.data, (int)difference.size);
    else
        wf_fail(x->err, WF_REFUSED,
                _("%1$s %2$s: already entered as entry %3$" PRIu64 " with the same content"),
                column, text_id, old_seq);
    buffer_free(&difference);
    json_decref(old);
    json_decref(here);
    return WF_REFUSED;
}
